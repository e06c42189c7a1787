//! Sheets for paper: a page that prints on A4 or Letter with its own head, and a card of the size of a bank card.

use maud::{Markup, Render, html};

use crate::words::{Safety, Words};

/// A sheet: on the screen a sheet of paper, on paper the whole page.
pub fn sheet(words: &Words, title: &str, whose: impl Render, printed: &str, body: impl Render) -> Markup {
    html! {
        article.sheet aria-label=(title) {
            header.sheet-head {
                div { p.sheet-kind { "Nepenthe" } h1 { (title) } }
                div.sheet-whose { (whose) }
            }
            (body)
            footer.sheet-foot { span { (words.say(Safety::NotADevice)) } span { (words.say_with("sheet-printed", &[("at", printed.into())])) } }
        }
    }
}

/// One side of a card for the wallet, 85.6 × 54 mm.
pub fn card(label: &str, body: impl Render) -> Markup {
    html! { section.wallet aria-label=(label) { (body) } }
}
