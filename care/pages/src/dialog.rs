//! Acts that take two steps: a first press opens a read-back of what will happen, a second one does it.
//!
//! Without the script the opener is a link to the dialog's place, where it then stands open in the page; with it, the
//! dialog is modal, takes the focus, closes with Escape and gives the focus back. Nothing here needs a press to be held.

use maud::{Markup, html};

use crate::buttons::Weight;
use crate::form;
use crate::icon::{Icon, icon};
use crate::words::Words;

/// An act that is confirmed.
#[derive(Clone, Debug)]
pub struct Confirm<'a> {
    /// An id in the page.
    pub id: &'a str,
    /// What the opener says.
    pub ask: &'a str,
    /// The opener's icon.
    pub sign: Option<Icon>,
    /// How much it weighs.
    pub weight: Weight,
    /// The question of the dialog.
    pub title: &'a str,
    /// The read-back: what exactly will happen.
    pub readback: Markup,
    /// What the button says that does it; names the act, never "OK".
    pub proceed: &'a str,
    /// What the button says that does not.
    pub leave: &'a str,
    /// Where the form goes.
    pub action: &'a str,
    /// What goes with it, such as the token that makes a repeat harmless.
    pub unseen: &'a [(&'a str, &'a str)],
}

/// The opener and its dialog.
pub fn confirm(words: &Words, act: &Confirm<'_>) -> Markup {
    let opener = match act.weight {
        Weight::Primary => "button is-primary",
        Weight::Plain => "button",
        Weight::Grave => "button is-grave",
        Weight::Quiet => "button is-quiet",
    };
    let doer = if act.weight == Weight::Grave { Weight::Grave } else { Weight::Primary };
    html! {
        a class=(opener) href={ "#" (act.id) } data-opens=(act.id) role="button" aria-haspopup="dialog" {
            @if let Some(sign) = act.sign { (icon(sign)) } span { (act.ask) }
        }
        dialog.dialog id=(act.id) aria-labelledby={ (act.id) "-title" } {
            h2 id={ (act.id) "-title" } { (act.title) }
            div.readback { (act.readback) }
            (form::form(act.action, html! {
                @for (name, value) in act.unseen { (form::unseen(name, value)) }
                div.dialog-acts {
                    (crate::buttons::submit(doer, None, act.proceed))
                    a.button href="#" data-closes="" role="button" { (act.leave) }
                }
            }))
            p.hidden { (words.say("dialog-hint")) }
        }
    }
}

/// The same as a page of its own: for acts whose read-back needs the pump's answer first.
pub fn confirm_page(act: &Confirm<'_>, leave_href: &str) -> Markup {
    let doer = if act.weight == Weight::Grave { Weight::Grave } else { Weight::Primary };
    html! {
        section.confirm aria-labelledby={ (act.id) "-title" } {
            h1 id={ (act.id) "-title" } { (act.title) }
            div.readback { (act.readback) }
            (form::form(act.action, html! {
                @for (name, value) in act.unseen { (form::unseen(name, value)) }
                div.dialog-acts {
                    (crate::buttons::submit(doer, act.sign, act.proceed))
                    (crate::buttons::link(Weight::Plain, leave_href, None, act.leave))
                }
            }))
        }
    }
}
