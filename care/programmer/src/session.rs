//! One person at the device, with one patient's file open, and what is under way with the pump.

use std::time::Duration as Patience;

use exchange::body::PatientFile;
use link::{Keys, Proposed, Settled, Visit};
use orders::DeviceProfile;
use telemetry::message::Ask;
use telemetry::message::answer::Device;
use telemetry::peer::Role;

use crate::form::Fields;
use crate::outbox::{Did, Outbox};
use crate::people::Person;
use crate::reading::Reading;
use crate::refill::Course;
use crate::vault::Vault;
use crate::web::Fault;

/// A person at the device.
pub(crate) struct Session {
    /// What the browser holds.
    pub(crate) cookie: String,
    /// What every form carries.
    pub(crate) token: String,
    /// Rises with every form that was taken: a form of an older page is told so and does nothing.
    pub(crate) turn: u64,
    /// Who.
    pub(crate) person: Person,
    /// What lies sealed.
    pub(crate) vault: Vault,
    /// The device's clock when something was last asked for, ms.
    pub(crate) last_ms: u64,
    /// The device's clock now, ms.
    pub(crate) now_ms: u64,
    /// How long a pump is waited for.
    pub(crate) patience: link::visit::Patience,
    /// The file that is open: one patient and no other.
    pub(crate) open: Option<Open>,
}

/// That two identifiers and the serial number were compared. Only the comparison makes one.
pub(crate) struct Identified(());

/// The file that is open.
pub(crate) struct Open {
    /// The pump.
    pub(crate) serial: u64,
    /// The patient.
    pub(crate) file: PatientFile,
    /// That person, file and pump were compared; nothing changes before.
    pub(crate) identified: Option<Identified>,
    /// What was read last.
    pub(crate) reading: Option<Reading>,
    /// The order as it stands in the form.
    pub(crate) draft: Option<Fields>,
    /// What the pump understood, waiting for signatures.
    pub(crate) waiting: Option<Waiting>,
    /// The refill under way.
    pub(crate) refill: Option<Course>,
    /// The first read after a scan: when, and whether it stood well.
    pub(crate) scan: Option<(u64, bool)>,
    /// Observations under way: what after, until when on the device's clock, which signs.
    pub(crate) watches: Vec<Observation>,
    /// An edit that was left at an earlier visit.
    pub(crate) left: Option<String>,
}

/// Somebody is being watched.
#[derive(Clone)]
pub(crate) struct Observation {
    /// After what.
    pub(crate) after: String,
    /// Until when, ms of the device's clock.
    pub(crate) until_ms: u64,
    /// What to look for.
    pub(crate) signs: Vec<String>,
}

/// A proposal that the pump has answered.
pub(crate) struct Waiting {
    /// It, with the digest to be signed.
    pub(crate) proposed: Proposed,
    /// Why, in the clinician's words.
    pub(crate) reason: String,
    /// What rounding took away from what was typed.
    pub(crate) notes: Vec<String>,
    /// Why soft limits are passed.
    pub(crate) soft_reason: String,
    /// Soft limits that are passed, in words.
    pub(crate) asks: Vec<String>,
    /// Whether one of them is the limit for one step.
    pub(crate) large_step: bool,
    /// What the formulary worked out otherwise than the pump, if it did.
    pub(crate) disagreement: Option<String>,
}

impl Open {
    /// A file just opened.
    pub(crate) fn of(serial: u64, file: PatientFile, left: Option<String>) -> Self {
        Self {
            serial,
            file,
            identified: None,
            reading: None,
            draft: None,
            waiting: None,
            refill: None,
            scan: None,
            watches: Vec::new(),
            left,
        }
    }

    /// Compares what was typed from the person with the file, and the file's serial with the pump that answered.
    ///
    /// # Errors
    /// What does not match.
    //= requirements/programmer.md#right-patient
    //# The programmer MUST refuse every change until two identifiers of the patient and the serial of the pump match the open file.
    pub(crate) fn identify(&mut self, typed: &[(String, String)], answered: u64) -> Result<(), String> {
        let same = |a: &str, b: &str| a.trim().to_lowercase() == b.trim().to_lowercase();
        let matching = self
            .file
            .identifiers
            .iter()
            .filter(|known| typed.iter().any(|(what, value)| same(what, &known.what) && same(value, &known.value)));
        if matching.count() < 2 {
            return Err(
                "two identifiers must match the open file; ask the person for them, do not read them out".to_owned()
            );
        }
        if answered != self.serial {
            return Err(format!(
                "the pump that answers is number {answered}, the open file is of pump {}",
                self.serial
            ));
        }
        self.identified = Some(Identified(()));
        Ok(())
    }

    /// What is proposed, edited or half done and not yet the pump's.
    pub(crate) fn unfinished(&self) -> Option<&'static str> {
        if self.waiting.is_some() {
            return Some("an order was proposed and not committed");
        }
        if self.draft.is_some() {
            return Some("an order is being edited and was not sent");
        }
        self.refill.is_some().then_some("a refill is under way and not finished")
    }

    /// The profile of the pump's model.
    pub(crate) fn profile(&self) -> Result<DeviceProfile, Fault> {
        let told = self.reading.as_ref().map(|reading| &reading.device);
        let device = told.ok_or_else(|| Fault::words("the pump was not read yet; read it first"))?;
        profile_of(device)
    }
}

/// The profile of a model that this program knows.
pub(crate) fn profile_of(device: &Device) -> Result<DeviceProfile, Fault> {
    let known = [DeviceProfile::REFERENCE_20, DeviceProfile::REFERENCE_40];
    known.into_iter().find(|profile| profile.model == device.model).ok_or_else(|| {
        let name = String::from_utf8_lossy(&device.model).trim_end_matches('\0').to_owned();
        Fault::Words(format!("the pump is a {name}, a model that this programmer does not know; update it"))
    })
}

impl Session {
    /// The device's keys.
    pub(crate) fn keys(&self) -> Result<Keys, Fault> {
        let keys = Keys::open_or_make_under(&self.vault.keys_folder(), Role::Programmer, self.vault.cover());
        keys.map_err(|why| Fault::Words(why.to_string()))
    }

    /// The file that is open.
    pub(crate) fn opened(&mut self) -> Result<&mut Open, Fault> {
        self.open.as_mut().ok_or(Fault::NoFile)
    }

    /// Speaks with the open file's pump.
    pub(crate) fn with_pump<T>(
        &mut self,
        act: impl FnOnce(&mut Visit<'_>, &mut Open) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let keys = self.keys()?;
        let patience = self.patience;
        let open = self.opened()?;
        let mut visit = Visit::to(&keys, Some(open.serial), None, patience)?;
        act(&mut visit, open)
    }

    /// Changes the open file's pump: refused until the person and the pump were compared.
    pub(crate) fn change(&mut self, ask: Ask<'_>) -> Result<Settled, Fault> {
        self.with_pump(|visit, open| {
            open.identified.as_ref().ok_or(Fault::NotIdentified)?;
            Ok(visit.ask(ask)?)
        })
    }

    /// Keeps an act of this person at the open pump.
    pub(crate) fn did(&self, verb: &str, about: impl Into<String>, reason: Option<String>) -> Result<(), Fault> {
        let open = self.open.as_ref();
        let order = open.and_then(|open| open.reading.as_ref()).map_or(0, |reading| reading.status.order);
        let pump = (open.map_or(0, |open| open.serial), order);
        let (person, about) = (self.person.number, about.into());
        self.outbox().act(Did { person, verb, about, reason, pump })?;
        Ok(())
    }

    /// The outbox now.
    pub(crate) fn outbox(&self) -> Outbox<'_> {
        Outbox::of(&self.vault, self.now_ms)
    }

    /// Reads the pump anew.
    pub(crate) fn read_pump(&mut self) -> Result<(), Fault> {
        let now_ms = self.now_ms;
        self.with_pump(|visit, open| {
            let from = open.reading.as_ref().map_or(open.file.journal_next, |reading| reading.journal_from);
            open.reading = Some(Reading::of(visit, from, now_ms)?);
            Ok(())
        })
    }

    /// Reads the pump anew after an act. Where it does not answer the act's own end is shown all the same, and the page
    /// says how old what it shows is.
    pub(crate) fn read_after(&mut self) {
        if self.read_pump().is_err()
            && let Some(open) = &mut self.open
            && let Some(reading) = &mut open.reading
        {
            reading.at_ms = 0;
        }
    }

    /// Whether nothing was asked for so long that the session closes by itself.
    pub(crate) fn is_idle(&self, now_ms: u64, limit: Patience) -> bool {
        u128::from(now_ms.saturating_sub(self.last_ms)) >= limit.as_millis()
    }

    /// Closes the file: what was half done is kept for a word at the next visit, and thrown away.
    //= requirements/programmer.md#not-committed
    //# An abandoned edit MUST be reminded of and then discarded.
    pub(crate) fn close_file(&mut self) -> Result<(), Fault> {
        if let Some(what) = self.open.as_ref().and_then(Open::unfinished) {
            let serial = self.opened()?.serial;
            let day = formulary::calendar::Day::new(u32::try_from(self.now_ms / 86_400_000).unwrap_or(u32::MAX));
            self.vault.write(
                &format!("left/{serial}"),
                &format!("On {day} {what}. It was discarded; the pump does not know it."),
            )?;
            self.did("edit-abandoned", what, None)?;
        }
        if self.open.is_some() {
            self.did("file-closed", "the visit ended", None)?;
        }
        self.open = None;
        Ok(())
    }
}
