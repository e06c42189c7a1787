//! Buttons and links that act.

use maud::{Markup, Render, html};

use crate::icon::{Icon, icon};

/// How much a button weighs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Weight {
    /// The one act that the page is for.
    Primary,
    /// Any other act.
    #[default]
    Plain,
    /// An act that takes something away from a patient or cannot be taken back.
    Grave,
    /// As quiet as a link.
    Quiet,
}

impl Weight {
    const fn class(self) -> &'static str {
        match self {
            Weight::Primary => "button is-primary",
            Weight::Plain => "button",
            Weight::Grave => "button is-grave",
            Weight::Quiet => "button is-quiet",
        }
    }
}

/// A button that sends the form it stands in.
pub fn submit(weight: Weight, sign: Option<Icon>, label: impl Render) -> Markup {
    html! { button class=(weight.class()) type="submit" { (face(sign, &label)) } }
}

/// A button that sends the form with one of several answers.
pub fn submit_as(weight: Weight, name: &str, value: &str, label: impl Render) -> Markup {
    html! { button class=(weight.class()) type="submit" name=(name) value=(value) { (label) } }
}

/// A link that looks like a button: it leads somewhere and changes nothing.
pub fn link(weight: Weight, href: &str, sign: Option<Icon>, label: impl Render) -> Markup {
    html! { a class=(weight.class()) href=(href) { (face(sign, &label)) } }
}

fn face(sign: Option<Icon>, label: &impl Render) -> Markup {
    html! { @if let Some(sign) = sign { (icon(sign)) } span { (label) } }
}

/// Prints the page. Works by the script; without it the key of the browser does.
pub fn print(label: impl Render) -> Markup {
    html! { button.button.needs-script type="button" data-act="print" { (icon(Icon::Print)) span { (label) } } }
}
