//! The formulary as a whole: what the program brings, and what a clinic puts in its place.

use std::collections::BTreeMap;

use ed25519_dalek::{Signature, Verifier, VerifyingKey};
use orders::Drug;

use crate::conversion::Ratio;
use crate::emergency::Procedure;
use crate::entry::DrugEntry;
use crate::fields::{Unusable, Why};
use crate::stability::MixtureKeeps;

/// What a reviewer's signature over an entry begins with, so that it can be taken for nothing else.
const SIGNED_AS: &[u8] = b"nepenthe formulary entry 1\0";

/// The files that the program brings. They are as trusted as the program itself.
const SHIPPED: [(Drug, &str); 9] = [
    (Drug::Morphine, include_str!("../data/morphine.toml")),
    (Drug::Hydromorphone, include_str!("../data/hydromorphone.toml")),
    (Drug::Fentanyl, include_str!("../data/fentanyl.toml")),
    (Drug::Sufentanil, include_str!("../data/sufentanil.toml")),
    (Drug::Bupivacaine, include_str!("../data/bupivacaine.toml")),
    (Drug::Ropivacaine, include_str!("../data/ropivacaine.toml")),
    (Drug::Clonidine, include_str!("../data/clonidine.toml")),
    (Drug::Baclofen, include_str!("../data/baclofen.toml")),
    (Drug::Ziconotide, include_str!("../data/ziconotide.toml")),
];

/// An entry that a clinic offers in place of the one in use.
#[derive(Clone, Copy, Debug)]
pub struct Submitted<'a> {
    /// Which drug it is for.
    pub drug: Drug,
    /// The file.
    pub text: &'a str,
    /// The reviewer's Ed25519 signature over [`signing_bytes`].
    pub signature: Option<[u8; 64]>,
}

/// Who may release entries, and which editions were in use before.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// The keys of the reviewers.
    pub reviewers: Vec<VerifyingKey>,
    /// The edition last in use here, drug by drug.
    pub in_use: BTreeMap<Drug, u32>,
}

/// What a reviewer signs to release an entry: its drug and the whole of its text.
pub fn signing_bytes(drug: Drug, text: &str) -> Vec<u8> {
    [SIGNED_AS, &[drug.code()], text.as_bytes()].concat()
}

/// All that is known here.
#[derive(Clone, Debug)]
pub struct Formulary {
    drugs: BTreeMap<Drug, Result<DrugEntry, Unusable>>,
    ratios: Vec<Ratio>,
    mixtures: MixtureKeeps,
    procedures: Vec<Procedure>,
}

impl Formulary {
    /// What the program brings.
    ///
    /// # Errors
    /// The first file that is not about one drug and could not be read; a drug's own file that cannot be used makes
    /// that drug unusable and no other.
    pub fn shipped() -> Result<Self, Unusable> {
        Ok(Self {
            drugs: SHIPPED.into_iter().map(|(drug, text)| (drug, DrugEntry::read(drug, text))).collect(),
            ratios: Ratio::read_all("conversions.toml", include_str!("../data/conversions.toml"))?,
            mixtures: MixtureKeeps::read("mixtures.toml", include_str!("../data/mixtures.toml"))?,
            procedures: Procedure::read_all("emergencies.toml", include_str!("../data/emergencies.toml"))?,
        })
    }

    /// With a clinic's entries in place of those it brings. An entry that is damaged, unsigned or older makes its drug
    /// unusable: falling back to another entry without a word would be a limit that nobody chose.
    #[must_use]
    pub fn with_entries(mut self, submitted: &[Submitted], trust: &Trust) -> Self {
        for one in submitted {
            self.drugs.insert(one.drug, admitted(one, trust));
        }
        self
    }

    /// The entry of a drug.
    ///
    /// # Errors
    /// Why the drug cannot be used here.
    //= requirements/formulary.md#missing-means-refused
    //# A drug entry that is missing, damaged, unsigned or older than the one in use MUST refuse what depends on it.
    pub fn entry(&self, drug: Drug) -> Result<&DrugEntry, Unusable> {
        match self.drugs.get(&drug) {
            Some(Ok(entry)) => Ok(entry),
            Some(Err(why)) => Err(why.clone()),
            None => Err(Unusable::at(format!("{}.toml", drug.name()), Why::Missing)),
        }
    }

    /// The published ratios between routes and drugs.
    pub fn ratios(&self) -> &[Ratio] {
        &self.ratios
    }

    /// How long mixtures keep.
    pub const fn mixtures(&self) -> &MixtureKeeps {
        &self.mixtures
    }

    /// What to do in an emergency.
    pub fn procedures(&self) -> &[Procedure] {
        &self.procedures
    }
}

fn admitted(one: &Submitted, trust: &Trust) -> Result<DrugEntry, Unusable> {
    let file = || format!("{}.toml", one.drug.name());
    let signed = signing_bytes(one.drug, one.text);
    let is_signed = one.signature.is_some_and(|bytes| {
        let signature = Signature::from_bytes(&bytes);
        trust.reviewers.iter().any(|key| key.verify(&signed, &signature).is_ok())
    });
    if !is_signed {
        return Err(Unusable::at(file(), Why::Unsigned));
    }
    let entry = DrugEntry::read(one.drug, one.text)?;
    let in_use = trust.in_use.get(&one.drug).copied().unwrap_or(0);
    if entry.edition < in_use {
        return Err(Unusable::at(file(), Why::Older { offered: entry.edition, in_use }));
    }
    Ok(entry)
}
