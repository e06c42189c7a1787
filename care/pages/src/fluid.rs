//! The fluid ledger drawn: what lies where, from the reservoir through pump tubing and catheter to the tip.
//!
//! The reservoir is drawn as a vessel with its level, the path as a line on which every slug has the length of its
//! volume. Where the border of two fluids is not known exactly, it is drawn as wide as it may be.

use maud::{Markup, html};

use crate::quantity::Quantity;
use crate::status::{Level, callout};
use crate::table::{Column, Table};
use crate::words::Words;

/// A stretch of one fluid in the path.
#[derive(Clone, Debug)]
pub struct Slug {
    /// What it is: drug and concentration, or saline.
    pub fluid: String,
    /// How much, nL.
    pub volume_nl: u64,
    /// How far the border towards the reservoir may lie to either side, nL.
    pub edge_nl: (u64, u64),
    /// Which of up to four patterns it has; the same fluid has the same.
    pub pattern: usize,
    /// Whether what it is has been doubted.
    pub doubt: bool,
}

/// What lies where.
#[derive(Clone, Debug)]
pub struct Fluid {
    /// What the reservoir holds.
    pub reservoir: Slug,
    /// What the reservoir can hold, nL.
    pub capacity_nl: u64,
    /// What always stays in it, nL.
    pub residual_nl: u64,
    /// The volume of the tubing inside the pump, nL; what follows is catheter.
    pub tubing_nl: u64,
    /// The path's slugs, the first next to the reservoir, the last at the tip.
    pub path: Vec<Slug>,
}

impl Fluid {
    /// The figure with its table.
    pub fn html(&self, words: &Words) -> Markup {
        let doubt = self.reservoir.doubt || self.path.iter().any(|slug| slug.doubt);
        html! {
            figure.fluid {
                figcaption { (words.say("fluid-title")) }
                (self.draw(words, 760.0, "chart-wide"))
                (self.draw(words, 340.0, "chart-narrow"))
                @if doubt { (callout(Level::Unknown, words.say("fluid-doubt"), html! { p { (words.say("fluid-doubt-means")) } })) }
                (self.table(words))
            }
        }
    }

    fn draw(&self, words: &Words, width: f64, class: &str) -> Markup {
        let total: u64 = self.path.iter().map(|slug| slug.volume_nl).sum();
        let vessel = if width > 500.0 { 150.0 } else { 84.0 };
        let (begin, end) = (vessel + 26.0, width - 30.0);
        let share = |nl: u64| nl as f64 / total.max(1) as f64;
        let x = |nl: u64| begin + share(nl).min(1.0) * (end - begin);
        let level = (self.reservoir.volume_nl as f64 / self.capacity_nl.max(1) as f64).clamp(0.0, 1.0);
        let residual = (self.residual_nl as f64 / self.capacity_nl.max(1) as f64).clamp(0.0, 1.0);
        let (top, deep) = (26.0, 96.0);
        let mut at = 0u64;
        let slugs: Vec<(u64, &Slug)> = self
            .path
            .iter()
            .map(|slug| {
                let from = at;
                at = at.saturating_add(slug.volume_nl);
                (from, slug)
            })
            .collect();
        html! {
            svg class={ "plot fluid-plot " (class) } viewBox={ "0 0 " (width) " 150" } aria-hidden="true" focusable="false" {
                rect class={ "slug p" (self.reservoir.pattern % 4) } x="10" y=(format!("{:.1}", top + deep * (1.0 - level))) width=(vessel - 10.0) height=(format!("{:.1}", deep * level)) {}
                rect.vessel x="10" y=(top) width=(vessel - 10.0) height=(deep) rx="9" {}
                path.residual d=(format!("M12 {:.1}H{:.1}", top + deep * (1.0 - residual), vessel - 2.0)) {}
                text.lane-name x="10" y="16" { (words.say("fluid-reservoir")) }
                text.vessel-volume x=(format!("{:.1}", 5.0 + vessel / 2.0)) y=(format!("{:.1}", top + deep * 0.5 + 6.0)) { (Quantity::volume_nl(self.reservoir.volume_nl).places(1).text(words.language())) }
                path.pipe d=(format!("M{vessel:.1} 88H{begin:.1}")) {}
                @for (from, slug) in &slugs {
                    rect class={ "slug p" (slug.pattern % 4) } x=(format!("{:.1}", x(*from))) y="78" width=(format!("{:.1}", x(from + slug.volume_nl) - x(*from))) height="20" {}
                }
                @for (from, slug) in slugs.iter().skip(1) {
                    @if slug.edge_nl != (0, 0) {
                        rect.edge x=(format!("{:.1}", x(from.saturating_sub(slug.edge_nl.0)))) y="74" width=(format!("{:.1}", x(from + slug.edge_nl.1) - x(from.saturating_sub(slug.edge_nl.0)))) height="28" {}
                    }
                    path.front d=(format!("M{:.1} 72V104", x(*from))) {}
                }
                rect.vessel x=(format!("{begin:.1}")) y="78" width=(format!("{:.1}", end - begin)) height="20" {}
                @let joint = x(self.tubing_nl);
                path.joint d=(format!("M{joint:.1} 66V110")) {}
                text.lane-name x=(format!("{begin:.1}")) y="60" { (words.say("fluid-tubing")) }
                text.lane-name x=(format!("{:.1}", joint.max(begin + if width > 500.0 { 130.0 } else { 60.0 }))) y=(if width > 500.0 { "60" } else { "128" }) { (words.say("fluid-catheter")) }
                path.tip d=(format!("M{end:.1} 88h6m3 0c0-3 4-3 6-7c2 4 6 4 6 7a6 6 0 0 1-12 0z")) {}
                text.tip-name x=(width - 4.0) y="60" { (words.say("fluid-tip")) }
            }
        }
    }

    fn table(&self, words: &Words) -> Markup {
        let row = |place: String, slug: &Slug| {
            let edge = slug.edge_nl.0.max(slug.edge_nl.1);
            vec![
                html! { svg.key viewBox="0 0 20 12" aria-hidden="true" { rect class={ "slug p" (slug.pattern % 4) } x="1" y="1" width="18" height="10" {} } " " (slug.fluid) @if slug.doubt { " " (crate::status::status(Level::Unknown, words.say("fluid-doubted"))) } },
                html! { (place) },
                html! { (Quantity::volume_nl(slug.volume_nl).html(words)) @if edge > 0 { " ± " (Quantity::volume_nl(edge).html(words)) } },
            ]
        };
        let mut rows = vec![row(words.say("fluid-reservoir"), &self.reservoir)];
        let last = self.path.len().saturating_sub(1);
        rows.extend(self.path.iter().enumerate().map(|(n, slug)| {
            let key = match n {
                _ if n == last => "fluid-at-tip",
                0 => "fluid-next",
                _ => "fluid-between",
            };
            row(words.say(key), slug)
        }));
        let columns = vec![
            Column::words(words.say("fluid-what")),
            Column::words(words.say("fluid-where")),
            Column { number: true, ..Column::words(words.say("fluid-how-much")) },
        ];
        Table { caption: words.say("fluid-title"), quiet_caption: true, columns, rows, empty: String::new() }
            .html(words)
    }
}
