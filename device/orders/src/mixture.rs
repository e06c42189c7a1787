//! What is in a fluid: drugs, each with its concentration; the first is the primary drug, which drives the display.

use crate::quantity::Concentration;

/// Most drugs in one mixture, and most that pump, path and windows hold at a time.
pub const DRUGS_MAX: usize = 4;

/// A drug the pump can be told about. The codes are part of the documents' format and never change.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Drug {
    /// Opioid.
    Morphine = 1,
    /// Opioid.
    Hydromorphone = 2,
    /// Opioid.
    Fentanyl = 3,
    /// Opioid.
    Sufentanil = 4,
    /// Local anaesthetic.
    Bupivacaine = 5,
    /// Local anaesthetic.
    Ropivacaine = 6,
    /// Alpha-2 agonist: a stop may cause rebound hypertension.
    Clonidine = 7,
    /// Against spasticity: a stop may kill.
    Baclofen = 8,
    /// Calcium-channel blocker: may be stopped at once.
    Ziconotide = 9,
}

impl Drug {
    /// Every drug, in the order of their codes.
    pub const ALL: [Drug; 9] = [
        Drug::Morphine,
        Drug::Hydromorphone,
        Drug::Fentanyl,
        Drug::Sufentanil,
        Drug::Bupivacaine,
        Drug::Ropivacaine,
        Drug::Clonidine,
        Drug::Baclofen,
        Drug::Ziconotide,
    ];

    /// The code in documents.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The drug of a code; `None` if no drug has it.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.iter().copied().find(|drug| drug.code() == code)
    }

    /// The name as the field writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Drug::Morphine => "morphine",
            Drug::Hydromorphone => "hydromorphone",
            Drug::Fentanyl => "fentanyl",
            Drug::Sufentanil => "sufentanil",
            Drug::Bupivacaine => "bupivacaine",
            Drug::Ropivacaine => "ropivacaine",
            Drug::Clonidine => "clonidine",
            Drug::Baclofen => "baclofen",
            Drug::Ziconotide => "ziconotide",
        }
    }

    /// The drug of a name, letters' case aside; `None` if no drug has it.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|drug| drug.name().eq_ignore_ascii_case(name))
    }

    /// Whether an increase needs watching for breathing, and a gap makes the patient naive.
    pub const fn is_opioid(self) -> bool {
        matches!(self, Drug::Morphine | Drug::Hydromorphone | Drug::Fentanyl | Drug::Sufentanil)
    }
}

/// One drug of a mixture.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Component {
    /// Which.
    pub drug: Drug,
    /// How much of it in each mL.
    pub concentration: Concentration,
}

/// Up to four drugs in one fluid. No drug at all is saline, or the patient's own fluid.
///
/// Drugs and concentrations lie in rows of their own: a pump keeps a mixture for each stretch of fluid in the path.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Mixture {
    drugs: [Option<Drug>; DRUGS_MAX],
    /// Nothing where there is no drug.
    concentrations: [Concentration; DRUGS_MAX],
}

impl Mixture {
    /// A fluid without drug.
    pub const DRUG_FREE: Self = Self { drugs: [None; DRUGS_MAX], concentrations: [Concentration::ZERO; DRUGS_MAX] };

    /// One drug alone.
    pub const fn single(drug: Drug, concentration: Concentration) -> Self {
        let none = Concentration::ZERO;
        Self { drugs: [Some(drug), None, None, None], concentrations: [concentration, none, none, none] }
    }

    /// These drugs, the primary first; `None` if there are more than four, one appears twice or one has no
    /// concentration.
    pub fn of(components: &[Component]) -> Option<Self> {
        let mut mixture = Self::DRUG_FREE;
        for component in components {
            if component.concentration.is_zero() || mixture.of_drug(component.drug).is_some() {
                return None;
            }
            let mut places = mixture.drugs.iter_mut().zip(&mut mixture.concentrations);
            let (drug, concentration) = places.find(|(drug, _)| drug.is_none())?;
            (*drug, *concentration) = (Some(component.drug), component.concentration);
        }
        Some(mixture)
    }

    /// The drugs, the primary first.
    pub fn iter(&self) -> impl Iterator<Item = Component> + '_ {
        let places = self.drugs.iter().zip(&self.concentrations);
        places.filter_map(|(drug, concentration)| Some(Component { drug: (*drug)?, concentration: *concentration }))
    }

    /// How many drugs.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there is no drug in it.
    pub fn is_empty(&self) -> bool {
        self.drugs.iter().all(Option::is_none)
    }

    /// The drug that drives the display; `None` where there is no drug.
    pub fn primary(&self) -> Option<Component> {
        self.iter().next()
    }

    /// The concentration of a drug; `None` where it is absent.
    pub fn of_drug(&self, drug: Drug) -> Option<Concentration> {
        self.iter().find(|component| component.drug == drug).map(|component| component.concentration)
    }

    /// The concentration of a drug, nothing where it is absent.
    pub fn concentration(&self, drug: Drug) -> Concentration {
        self.of_drug(drug).unwrap_or(Concentration::ZERO)
    }

    /// Whether any drug in it is an opioid.
    pub fn has_opioid(&self) -> bool {
        self.iter().any(|component| component.drug.is_opioid())
    }
}
