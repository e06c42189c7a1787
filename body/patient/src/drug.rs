//! Drugs: the data files, read and checked.
//!
//! Answers for: eight drugs and one tracer, each with what the model needs; a drug that lacks a number for a body is
//! refused, never filled in from another species. What the numbers do is left to `neuraxis`, `plasma` and `effects`.

use crate::neuraxis::Exchange;
use crate::plasma::{Compartments, Disposition};
use crate::sheet::{BadInput, Section, Sheet};
use crate::species::Species;
use crate::units::Kind;

/// Data files of the drugs, embedded.
const FILES: [(&str, &str); 9] = [
    ("morphine", include_str!("../drugs/morphine.toml")),
    ("hydromorphone", include_str!("../drugs/hydromorphone.toml")),
    ("fentanyl", include_str!("../drugs/fentanyl.toml")),
    ("sufentanil", include_str!("../drugs/sufentanil.toml")),
    ("bupivacaine", include_str!("../drugs/bupivacaine.toml")),
    ("clonidine", include_str!("../drugs/clonidine.toml")),
    ("baclofen", include_str!("../drugs/baclofen.toml")),
    ("ziconotide", include_str!("../drugs/ziconotide.toml")),
    ("dtpa", include_str!("../drugs/dtpa.toml")),
];

/// Names of all drugs that have a file; the last is a tracer.
pub fn names() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

/// What kind of drug it is; decides how drugs act together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Acts on opioid receptors.
    Opioid,
    /// Blocks nerve conduction.
    LocalAnaesthetic,
    /// Clonidine and its like.
    Alpha2,
    /// Baclofen.
    GabaB,
    /// Ziconotide.
    CalciumChannel,
    /// No effect.
    Tracer,
}

/// What a drug may do to a person. The order is the order of output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Relieves pain.
    Analgesia,
    /// Makes drowsy.
    Sedation,
    /// Depresses breathing.
    Respiration,
    /// Relieves spasticity.
    Spasticity,
    /// Weakens the legs.
    MotorBlock,
    /// Lowers blood pressure.
    Pressure,
    /// Causes nausea.
    Nausea,
    /// Causes itching.
    Itching,
    /// Retains urine.
    Retention,
    /// Slows the gut.
    Constipation,
}

impl Action {
    /// All, in order.
    pub const ALL: [Self; 10] = [
        Self::Analgesia,
        Self::Sedation,
        Self::Respiration,
        Self::Spasticity,
        Self::MotorBlock,
        Self::Pressure,
        Self::Nausea,
        Self::Itching,
        Self::Retention,
        Self::Constipation,
    ];

    /// Whether the body gets used to it. The gut and the skin do not.
    pub fn gets_used_to(self) -> bool {
        match self {
            Self::Analgesia | Self::Sedation | Self::Respiration | Self::Spasticity | Self::Nausea => true,
            Self::MotorBlock | Self::Pressure | Self::Itching | Self::Retention | Self::Constipation => false,
        }
    }

    /// Its name in the files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Analgesia => "analgesia",
            Self::Sedation => "sedation",
            Self::Respiration => "respiration",
            Self::Spasticity => "spasticity",
            Self::MotorBlock => "motor_block",
            Self::Pressure => "pressure",
            Self::Nausea => "nausea",
            Self::Itching => "itching",
            Self::Retention => "retention",
            Self::Constipation => "constipation",
        }
    }
}

/// How strongly a drug acts, by the level at which it does half at each site (µg/mL); none where it does not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Potency {
    /// At the cord, as CSF level at rest with it.
    pub half_cord: Option<f64>,
    /// In the cisterns.
    pub half_cisternal: Option<f64>,
    /// In plasma.
    pub half_plasma: Option<f64>,
    /// Rate at which the site follows, 1/min.
    pub delay: f64,
}

/// Fast and slow tolerance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tolerance {
    /// 1/min.
    pub fast_rate: f64,
    /// Share by which full effect raises the needed level in the end.
    pub fast_gain: f64,
    /// 1/min.
    pub slow_rate: f64,
    /// As `fast_gain`.
    pub slow_gain: f64,
}

/// What a stop does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Withdrawal {
    /// How fast the body adapts, 1/min.
    pub adaptation: f64,
    /// Strength of the signs.
    pub strength: f64,
}

/// A drug.
#[derive(Debug, Clone, PartialEq)]
pub struct Drug {
    /// As in its file.
    pub name: String,
    /// What kind.
    pub class: Class,
    /// Octanol to water.
    pub octanol_water: f64,
    /// Exchange along the canal for each calibrated species.
    canal: Vec<(String, Exchange)>,
    plasma: Plasma,
    /// Rise of density per g/mL of drug.
    pub density_slope: f64,
    /// Density of the solvent, g/mL.
    pub density_solvent: f64,
    /// What it does.
    pub actions: Vec<(Action, Potency)>,
    /// Tolerance, if it has any.
    pub tolerance: Option<Tolerance>,
    /// Withdrawal, if it has any.
    pub withdrawal: Option<Withdrawal>,
    /// Loss in the reservoir, 1/min.
    pub decay: f64,
    /// Loss in the reservoir beside another drug, 1/min.
    pub decay_with: Vec<(String, f64)>,
    /// Granuloma: level of half growth (µg/mL) and growth (1/min).
    pub granuloma: Option<(f64, f64)>,
    /// Side effects that no level drives: rate per minute of therapy.
    pub hazards: Vec<(String, f64)>,
}

/// Plasma as the file has it: compartments of a reference body of 70 kg.
#[derive(Debug, Clone, PartialEq)]
struct Plasma {
    volume: f64,
    clearance: f64,
    peripheral: Vec<(f64, f64)>,
}

/// Body mass that the plasma numbers are for, kg.
const REFERENCE_KG: f64 = 70.0;

impl Drug {
    /// The drug of this name.
    ///
    /// # Errors
    /// There is no such file, or the file lacks something.
    pub fn named(name: &str) -> Result<Self, BadInput> {
        let Some((known, text)) = FILES.iter().find(|(known, _)| *known == name) else {
            let all: Vec<_> = names().collect();
            return Err(BadInput::of_call("drug", name, &format!("one of {}", all.join(", "))));
        };
        Self::read(&format!("drugs/{known}.toml"), text)
    }

    /// Reads a drug from a file's text.
    ///
    /// # Errors
    /// Whatever is missing, unknown or does not fit, with file, line, key, value and what would be right.
    pub fn read(file: &str, text: &str) -> Result<Self, BadInput> {
        let sheet = Sheet::parse(file, text)?;
        let top = sheet.top();
        top.only(&[
            "name",
            "class",
            "chemistry",
            "canal",
            "plasma",
            "density",
            "effect",
            "tolerance",
            "withdrawal",
            "stability",
            "granuloma",
            "hazard",
        ])?;
        let chemistry = top.section("chemistry")?;
        chemistry.only(&["molar_mass", "octanol_water", "unbound"])?;
        chemistry.above_zero("molar_mass", Kind::MolarMass)?;
        chemistry.above_zero("unbound", Kind::Share)?;
        let density = top.section("density")?;
        density.only(&["slope", "solvent"])?;
        let stability = top.section("stability")?;
        stability.only(&["decay", "with"])?;
        let granuloma = match top.section_if("granuloma")? {
            Some(part) => {
                part.only(&["half_level", "growth"])?;
                Some((part.above_zero("half_level", Kind::Concentration)?, part.above_zero("growth", Kind::Rate)?))
            }
            None => None,
        };
        Ok(Self {
            name: top.text("name")?.into(),
            class: class(&top)?,
            octanol_water: chemistry.above_zero("octanol_water", Kind::Share)?,
            canal: canal(&top)?,
            plasma: plasma(&top.section("plasma")?)?,
            density_slope: density.number("slope", Kind::Share)?.value,
            density_solvent: density.above_zero("solvent", Kind::Density)?,
            actions: actions(&top)?,
            tolerance: tolerance(&top)?,
            withdrawal: withdrawal(&top)?,
            decay: stability.not_below_zero("decay", Kind::Rate)?,
            decay_with: rates(stability.section_if("with")?)?,
            granuloma,
            hazards: rates(top.section_if("hazard")?)?,
        })
    }

    /// Exchange along the canal of this body.
    ///
    /// # Errors
    /// The drug has no calibration for the species.
    pub fn exchange(&self, species: &Species) -> Result<&Exchange, BadInput> {
        let found = self.canal.iter().find(|(name, _)| *name == species.calibration).map(|(_, exchange)| exchange);
        found.ok_or_else(|| BadInput {
            file: format!("drugs/{}.toml", self.name),
            line: 0,
            key: format!("canal.{}", species.calibration),
            value: "nothing".into(),
            want: format!(
                "a calibration of {} for the {}; there are {}",
                self.name,
                species.calibration,
                self.canal.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
            ),
        })
    }

    /// Puts another calibration in the place of a species' own: for fits.
    pub fn recalibrate(&mut self, species: &Species, exchange: Exchange) {
        if let Some(entry) = self.canal.iter_mut().find(|(name, _)| *name == species.calibration) {
            entry.1 = exchange;
        }
    }

    /// How blood handles it in a body of this mass: volumes with the mass, clearances with its 3/4 power.
    pub fn disposition(&self, mass: f64) -> Disposition {
        let size = mass / REFERENCE_KG;
        let flow = size.sqrt() * size.sqrt().sqrt();
        let peripheral = self.plasma.peripheral.iter().map(|(v, q)| (v * size, q * flow)).collect();
        Compartments { volume: self.plasma.volume * size, clearance: self.plasma.clearance * flow, peripheral }
            .disposition()
    }

    /// How strongly it does something; none where it does not.
    pub fn potency(&self, action: Action) -> Option<&Potency> {
        self.actions.iter().find(|(a, _)| *a == action).map(|(_, potency)| potency)
    }

    /// Loss in the reservoir, 1/min, beside the other drugs there.
    pub fn decay_beside(&self, others: &[&str]) -> f64 {
        let beside = self.decay_with.iter().filter(|(name, _)| others.contains(&name.as_str()));
        beside.map(|(_, rate)| *rate).fold(self.decay, f64::max)
    }
}

fn class(top: &Section<'_>) -> Result<Class, BadInput> {
    Ok(match top.text("class")? {
        "opioid" => Class::Opioid,
        "local anaesthetic" => Class::LocalAnaesthetic,
        "alpha-2 agonist" => Class::Alpha2,
        "GABA-B agonist" => Class::GabaB,
        "N-type calcium channel blocker" => Class::CalciumChannel,
        "tracer" => Class::Tracer,
        other => return Err(top.refuse("class", other, "a class of drug that the effects know")),
    })
}

fn canal(top: &Section<'_>) -> Result<Vec<(String, Exchange)>, BadInput> {
    let all = top.section("canal")?;
    let mut found = Vec::new();
    for name in all.keys() {
        let part = all.section(name)?;
        part.only(&[
            "loss",
            "cord_partition",
            "cord_out",
            "cord_loss",
            "epidural_in",
            "epidural_out",
            "epidural_loss",
        ])?;
        let exchange = Exchange {
            loss: part.above_zero("loss", Kind::Rate)?,
            cord_partition: part.above_zero("cord_partition", Kind::Share)?,
            cord_out: part.above_zero("cord_out", Kind::Rate)?,
            cord_loss: part.not_below_zero("cord_loss", Kind::Rate)?,
            epidural_in: part.above_zero("epidural_in", Kind::Rate)?,
            epidural_out: part.above_zero("epidural_out", Kind::Rate)?,
            epidural_loss: part.above_zero("epidural_loss", Kind::Rate)?,
        };
        found.push((name.to_owned(), exchange));
    }
    Ok(found)
}

/// Either rates between compartments, or volumes and clearances.
fn plasma(part: &Section<'_>) -> Result<Plasma, BadInput> {
    part.only(&[
        "volume_per_mass",
        "volume",
        "clearance",
        "k10",
        "k12",
        "k21",
        "k13",
        "k31",
        "volume_2",
        "clearance_2",
        "volume_3",
        "clearance_3",
    ])?;
    let volume = if part.has("volume_per_mass") {
        part.above_zero("volume_per_mass", Kind::VolumePerBodyMass)? * REFERENCE_KG
    } else {
        part.above_zero("volume", Kind::Volume)?
    };
    let by_rates = part.has("k10");
    let clearance =
        if by_rates { part.above_zero("k10", Kind::Rate)? * volume } else { part.above_zero("clearance", Kind::Flow)? };
    let mut peripheral = Vec::new();
    for (out, back, own, between) in
        [("k12", "k21", "volume_2", "clearance_2"), ("k13", "k31", "volume_3", "clearance_3")]
    {
        if by_rates && part.has(out) {
            let flow = part.above_zero(out, Kind::Rate)? * volume;
            peripheral.push((flow / part.above_zero(back, Kind::Rate)?, flow));
        } else if !by_rates && part.has(own) {
            peripheral.push((part.above_zero(own, Kind::Volume)?, part.above_zero(between, Kind::Flow)?));
        }
    }
    Ok(Plasma { volume, clearance, peripheral })
}

fn actions(top: &Section<'_>) -> Result<Vec<(Action, Potency)>, BadInput> {
    let Some(all) = top.section_if("effect")? else { return Ok(Vec::new()) };
    all.only(&Action::ALL.map(Action::name))?;
    let mut found = Vec::new();
    for action in Action::ALL {
        let Some(part) = all.section_if(action.name())? else { continue };
        part.only(&["delay", "half_cord", "half_cisternal", "half_plasma"])?;
        let half = |key: &str| {
            if part.has(key) { part.above_zero(key, Kind::Concentration).map(Some) } else { Ok(None) }
        };
        let potency = Potency {
            half_cord: half("half_cord")?,
            half_cisternal: half("half_cisternal")?,
            half_plasma: half("half_plasma")?,
            delay: part.above_zero("delay", Kind::Rate)?,
        };
        if potency.half_cord.is_none() && potency.half_cisternal.is_none() && potency.half_plasma.is_none() {
            return Err(all.refuse(action.name(), "no level", "half_cord, half_cisternal or half_plasma"));
        }
        found.push((action, potency));
    }
    Ok(found)
}

fn tolerance(top: &Section<'_>) -> Result<Option<Tolerance>, BadInput> {
    let Some(part) = top.section_if("tolerance")? else { return Ok(None) };
    part.only(&["fast_rate", "fast_gain", "slow_rate", "slow_gain"])?;
    Ok(Some(Tolerance {
        fast_rate: part.above_zero("fast_rate", Kind::Rate)?,
        fast_gain: part.not_below_zero("fast_gain", Kind::Share)?,
        slow_rate: part.above_zero("slow_rate", Kind::Rate)?,
        slow_gain: part.not_below_zero("slow_gain", Kind::Share)?,
    }))
}

fn withdrawal(top: &Section<'_>) -> Result<Option<Withdrawal>, BadInput> {
    let Some(part) = top.section_if("withdrawal")? else { return Ok(None) };
    part.only(&["adaptation", "strength"])?;
    let (adaptation, strength) =
        (part.above_zero("adaptation", Kind::Rate)?, part.above_zero("strength", Kind::Share)?);
    Ok(Some(Withdrawal { adaptation, strength }))
}

fn rates(part: Option<Section<'_>>) -> Result<Vec<(String, f64)>, BadInput> {
    let Some(part) = part else { return Ok(Vec::new()) };
    part.keys().into_iter().map(|key| Ok((key.to_owned(), part.not_below_zero(key, Kind::Rate)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_drug_is_read_and_has_what_the_model_needs_of_it() {
        for name in names() {
            let drug = Drug::named(name).unwrap_or_else(|refusal| panic!("{refusal}"));
            assert_eq!(drug.name, name);
            drug.exchange(&Species::named("adult").unwrap()).unwrap();
            let shares: f64 = drug.disposition(70.0).terms.iter().map(|t| t.share).sum();
            assert!((shares - 1.0).abs() < 1e-9, "{name}");
            assert_eq!(drug.actions.is_empty(), drug.class == Class::Tracer, "{name}");
        }
    }

    #[test]
    fn a_drug_without_a_number_the_model_needs_is_refused_with_its_name() {
        let (_, text) = FILES[0];
        for key in ["loss", "half_level", "k10", "solvent", "decay", "molar_mass", "slow_rate", "adaptation"] {
            let without: String = text.lines().filter(|l| !l.starts_with(key)).map(|l| format!("{l}\n")).collect();
            let told = Drug::read("m.toml", &without).unwrap_err();
            assert!(told.to_string().contains(key) || key == "k10", "{told}");
        }
    }

    #[test]
    fn numbers_of_man_are_never_used_for_a_dog() {
        let dog = Species::named("dog").unwrap();
        let told = Drug::named("fentanyl").unwrap().exchange(&dog).unwrap_err();
        assert!(told.to_string().contains("canal.dog"), "{told}");
    }

    #[test]
    fn a_drug_that_nobody_knows_is_refused_with_those_that_are() {
        let told = Drug::named("aspirin").unwrap_err().to_string();
        assert!(told.contains("aspirin") && told.contains("ziconotide"), "{told}");
    }

    #[test]
    fn ziconotide_does_not_keep_beside_morphine() {
        let drug = Drug::named("ziconotide").unwrap();
        assert!(drug.decay_beside(&["morphine"]) > 4.0 * drug.decay_beside(&[]));
    }
}
