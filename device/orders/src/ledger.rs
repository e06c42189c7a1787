//! The fluid ledger, version 1: what lies where between reservoir and catheter tip, as a document.
//!
//! An ordered list of slugs. The first is the reservoir's content, the last lies at the tip. The pump keeps one and
//! moves it stroke by stroke, the bench's plant holds the truth, pages draw it. The edge of a slug is its tip-ward
//! front; it has mixed with the slug before it, so it is a band: it may be as far as `edge_low` ahead of the nominal
//! place, and as far as `edge_high` behind it.

use core::fmt;

use heapless::Vec;

use crate::mixture::Mixture;
use crate::quantity::Volume;

/// Most slugs in a ledger; two that touch are joined before a seventeenth is made.
pub const SLUGS_MAX: usize = 16;

/// A stretch of one fluid.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Slug {
    /// How much of it, in nL.
    pub volume_nl: u32,
    /// What it is.
    pub mixture: Mixture,
    /// How far ahead of its nominal place the tip-ward edge may be, in nL.
    pub edge_low_nl: u32,
    /// How far behind its nominal place the tip-ward edge may be, in nL.
    pub edge_high_nl: u32,
    /// Whether anybody is sure of what it is.
    pub doubt: bool,
}

impl Slug {
    /// A stretch whose edges are sharp and which nobody doubts.
    pub const fn sharp(volume_nl: u32, mixture: Mixture) -> Self {
        Self { volume_nl, mixture, edge_low_nl: 0, edge_high_nl: 0, doubt: false }
    }
}

/// What lies where from reservoir to tip.
//= requirements/ledger.md#whole-path
//# A ledger MUST hold at most 16 slugs from reservoir to tip whose volumes sum to path and reservoir.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Ledger {
    /// Rises with every change other than a stroke.
    pub number: u32,
    /// Reservoir first, tip last.
    pub slugs: Vec<Slug, SLUGS_MAX>,
}

impl Ledger {
    /// Everything between reservoir and tip.
    pub fn total(&self) -> Volume {
        self.slugs.iter().fold(Volume::ZERO, |sum, slug| sum.saturating_add(Volume::new(u64::from(slug.volume_nl))))
    }

    /// Whether any slug is in doubt.
    pub fn in_doubt(&self) -> bool {
        self.slugs.iter().any(|slug| slug.doubt)
    }

    /// Writes the document as JSON, one slug a line, the same content as the bytes.
    pub fn write_json(&self, out: &mut impl fmt::Write) -> fmt::Result {
        write!(out, "{{\n  \"ledger\": 1,\n  \"number\": {},\n  \"slugs\": [", self.number)?;
        for (index, slug) in self.slugs.iter().enumerate() {
            out.write_str(if index == 0 { "\n" } else { ",\n" })?;
            write!(out, "    {{\"volume_nl\": {}, \"mixture\": [", slug.volume_nl)?;
            for (place, component) in slug.mixture.iter().enumerate() {
                out.write_str(if place == 0 { "" } else { ", " })?;
                let (name, concentration) = (component.drug.name(), component.concentration.get());
                write!(out, "{{\"drug\": \"{name}\", \"concentration_ng_per_ml\": {concentration}}}")?;
            }
            let (low, high, doubt) = (slug.edge_low_nl, slug.edge_high_nl, slug.doubt);
            write!(out, "], \"edge_low_nl\": {low}, \"edge_high_nl\": {high}, \"doubt\": {doubt}}}")?;
        }
        out.write_str("\n  ]\n}\n")
    }
}
