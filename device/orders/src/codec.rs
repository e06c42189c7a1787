//! The documents as bytes: CBOR arrays (RFC 8949) in a fixed order, the version first.
//!
//! There is one way to write a document. Reading writes it again and compares, so that a digest or a signature over
//! the bytes is one over the meaning.

use minicbor::encode::write::Cursor;
use minicbor::{Decoder, Encoder};

use crate::bounds::Field;
use crate::ledger::{Ledger, SLUGS_MAX, Slug};
use crate::mixture::{Component, DRUGS_MAX, Drug, Mixture};
use crate::prescription::{
    BolusStart, Ceiling, DaySet, EmergencyRate, EmergencyRule, HALF_HOURS, Mode, PatientBolus, PeriodicBolus,
    Prescription, Ramp, Schedule,
};
use crate::quantity::{Concentration, Duration, FlowRate, Mass, Permille, Volume};

/// The version that stands first in every document.
const VERSION: u8 = 1;

/// Why bytes are not a document; the field at which reading ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Malformed {
    /// Of another version, or no document at all.
    Version,
    /// Ends early, or holds something else where this field belongs.
    At(Field),
    /// Goes on after its end, or is not written in the one way there is.
    NotCanonical,
}

type Out<'a, 'b> = &'a mut Encoder<Cursor<&'b mut [u8]>>;
/// The buffer was too small; there is nothing else that can fail.
type Written = Result<(), minicbor::encode::Error<minicbor::encode::write::EndOfSlice>>;

impl Prescription {
    /// Longest prescription: three full days of 48 steps at 5 bytes each, and 304 bytes for all else.
    pub const BYTES_MAX: usize = 3 * HALF_HOURS * 5 + 304;

    /// Writes the document; how many bytes, or `None` if `buffer` is too small.
    pub fn encode(&self, buffer: &mut [u8]) -> Option<usize> {
        let mut out = Encoder::new(Cursor::new(buffer));
        self.write(&mut out).ok()?;
        Some(out.into_writer().position())
    }

    fn write(&self, out: Out) -> Written {
        out.array(16)?.u8(VERSION)?.u64(self.order_number)?.u32(self.author)?;
        write_mixture(out, &self.mixture)?;
        write_mode(out, &self.mode)?;
        match &self.ramp {
            None => out.null()?,
            Some(ramp) => {
                out.array(4)?.u16(ramp.first.get())?.u16(ramp.last.get())?.u8(ramp.steps)?.u64(ramp.interval.get())?
            }
        };
        match &self.patient_bolus {
            None => out.null()?,
            Some(bolus) => out
                .array(4)?
                .u64(bolus.volume.get())?
                .u64(bolus.duration.get())?
                .u64(bolus.lockout.get())?
                .u8(bolus.allotment)?,
        };
        match self.bolus_start {
            BolusStart::AfterADay => out.null()?,
            BolusStart::AtOnce { reason } => out.u8(reason)?,
        };
        let drugs = self.mixture.len();
        out.array(u64::try_from(drugs).unwrap_or(0))?;
        for ceiling in self.ceilings.iter().take(drugs) {
            out.array(3)?.u64(ceiling.hour.get())?.u64(ceiling.four_hours.get())?.u64(ceiling.day.get())?;
        }
        out.u64(self.alarm_volume.get())?
            .u8(self.alarm_days)?
            .u64(self.gap_limit.get())?
            .u16(self.front_threshold.get())?;
        out.u64(self.fall_back.get())?;
        let rate = match self.emergency.rate {
            EmergencyRate::MinimumRate => 0,
            EmergencyRate::FallBack => 1,
        };
        out.array(2)?.u8(rate)?;
        if self.emergency.returns_after == EmergencyRule::STAYS {
            out.null()?;
        } else {
            out.array(u64::try_from(drugs).unwrap_or(0))?;
            for after in self.emergency.returns_after.into_iter().take(drugs) {
                match after {
                    None => out.null()?,
                    Some(after) => out.u64(after.get())?,
                };
            }
        }
        out.u8(self.signatures)?;
        Ok(())
    }

    /// Reads a document.
    ///
    /// # Errors
    /// [`Malformed`], naming the field at which reading ended. A document that reads may still break its bounds:
    /// see [`Prescription::check`].
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut from = Decoder::new(bytes);
        head(&mut from, 16)?;
        let order_number = at(Field::OrderNumber, from.u64())?;
        let author = at(Field::Author, from.u32())?;
        let mixture = read_mixture(&mut from)?;
        let mode = read_mode(&mut from)?;
        let ramp = read_ramp(&mut from)?;
        let patient_bolus = read_patient_bolus(&mut from)?;
        let bolus_start = match null(&mut from, Field::BolusLockout)? {
            true => BolusStart::AfterADay,
            false => BolusStart::AtOnce { reason: at(Field::BolusLockout, from.u8())? },
        };
        let mut ceilings = [Ceiling::default(); DRUGS_MAX];
        array(&mut from, mixture.len(), Field::CeilingDay)?;
        for ceiling in ceilings.iter_mut().take(mixture.len()) {
            array(&mut from, 3, Field::CeilingDay)?;
            ceiling.hour = Mass::new(at(Field::CeilingHour, from.u64())?);
            ceiling.four_hours = Mass::new(at(Field::CeilingFourHours, from.u64())?);
            ceiling.day = Mass::new(at(Field::CeilingDay, from.u64())?);
        }
        let alarm_volume = Volume::new(at(Field::AlarmVolume, from.u64())?);
        let alarm_days = at(Field::AlarmDays, from.u8())?;
        let gap_limit = Duration::new(at(Field::GapLimit, from.u64())?);
        let front_threshold = Permille::new(at(Field::FrontThreshold, from.u16())?);
        let fall_back = FlowRate::new(at(Field::FallBack, from.u64())?);
        array(&mut from, 2, Field::EmergencyReturn)?;
        let rate = match at(Field::EmergencyReturn, from.u8())? {
            0 => EmergencyRate::MinimumRate,
            1 => EmergencyRate::FallBack,
            _ => return Err(Malformed::At(Field::EmergencyReturn)),
        };
        let mut returns_after = EmergencyRule::STAYS;
        if !null(&mut from, Field::EmergencyReturn)? {
            array(&mut from, mixture.len(), Field::EmergencyReturn)?;
            for after in returns_after.iter_mut().take(mixture.len()) {
                if !null(&mut from, Field::EmergencyReturn)? {
                    *after = Some(Duration::new(at(Field::EmergencyReturn, from.u64())?));
                }
            }
        }
        let signatures = at(Field::Signatures, from.u8())?;
        let prescription = Self {
            order_number,
            author,
            mixture,
            mode,
            ramp,
            patient_bolus,
            bolus_start,
            ceilings,
            alarm_volume,
            alarm_days,
            gap_limit,
            front_threshold,
            fall_back,
            emergency: EmergencyRule { rate, returns_after },
            signatures,
        };
        let mut again = [0u8; Self::BYTES_MAX];
        let length = prescription.encode(&mut again);
        canonical(bytes, &again, length)?;
        Ok(prescription)
    }
}

impl Ledger {
    /// Longest ledger: 16 slugs of at most 56 bytes, and the head.
    pub const BYTES_MAX: usize = SLUGS_MAX * 56 + 16;

    /// Writes the document; how many bytes, or `None` if `buffer` is too small.
    pub fn encode(&self, buffer: &mut [u8]) -> Option<usize> {
        let mut out = Encoder::new(Cursor::new(buffer));
        self.write(&mut out).ok()?;
        Some(out.into_writer().position())
    }

    fn write(&self, out: Out) -> Written {
        out.array(3)?.u8(VERSION)?.u32(self.number)?;
        out.array(u64::try_from(self.slugs.len()).unwrap_or(0))?;
        for slug in &self.slugs {
            out.array(5)?.u32(slug.volume_nl)?;
            write_mixture(out, &slug.mixture)?;
            out.u32(slug.edge_low_nl)?.u32(slug.edge_high_nl)?.bool(slug.doubt)?;
        }
        Ok(())
    }

    /// Reads a document.
    ///
    /// # Errors
    /// [`Malformed`], naming the field at which reading ended.
    //= requirements/ledger.md#whole-path
    //# A ledger MUST read back unchanged from its bytes and from its JSON.
    pub fn decode(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut from = Decoder::new(bytes);
        head(&mut from, 3)?;
        let mut ledger = Self { number: at(Field::PathVolume, from.u32())?, ..Self::default() };
        let slugs = at(Field::PathVolume, from.array())?.ok_or(Malformed::NotCanonical)?;
        for _ in 0..slugs {
            array(&mut from, 5, Field::PathVolume)?;
            let volume_nl = at(Field::PathVolume, from.u32())?;
            let mixture = read_mixture(&mut from)?;
            let edge_low_nl = at(Field::PathVolume, from.u32())?;
            let edge_high_nl = at(Field::PathVolume, from.u32())?;
            let doubt = at(Field::PathVolume, from.bool())?;
            let slug = Slug { volume_nl, mixture, edge_low_nl, edge_high_nl, doubt };
            ledger.slugs.push(slug).map_err(|_| Malformed::At(Field::PathVolume))?;
        }
        let mut again = [0u8; Self::BYTES_MAX];
        let length = ledger.encode(&mut again);
        canonical(bytes, &again, length)?;
        Ok(ledger)
    }
}

fn write_mixture(out: Out, mixture: &Mixture) -> Written {
    out.array(u64::try_from(mixture.len()).unwrap_or(0))?;
    for component in mixture.iter() {
        out.array(2)?.u8(component.drug.code())?.u32(component.concentration.get())?;
    }
    Ok(())
}

fn write_mode(out: Out, mode: &Mode) -> Written {
    match mode {
        Mode::MinimumRate => {
            out.array(1)?.u8(0)?;
        }
        Mode::Continuous(flow) => {
            out.array(2)?.u8(1)?.u64(flow.get())?;
        }
        Mode::Schedule(schedule) => {
            let sets = schedule.sets().count();
            out.array(2)?.u8(2)?.array(u64::try_from(sets).unwrap_or(0))?;
            for set in schedule.sets() {
                out.array(2)?.u8(set.weekdays)?.array(48)?;
                for flow in set.flows {
                    out.u64(flow.get())?;
                }
            }
        }
        Mode::PeriodicBolus(periodic) => {
            out.array(6)?.u8(3)?.u64(periodic.background.get())?.u64(periodic.volume.get())?;
            out.u64(periodic.duration.get())?.u64(periodic.interval.get())?.u64(periodic.first_after.get())?;
        }
    }
    Ok(())
}

fn at<T>(field: Field, read: Result<T, minicbor::decode::Error>) -> Result<T, Malformed> {
    read.map_err(|_| Malformed::At(field))
}

fn head(from: &mut Decoder, items: u64) -> Result<(), Malformed> {
    let is_ours = matches!(from.array(), Ok(Some(found)) if found == items) && matches!(from.u8(), Ok(VERSION));
    if is_ours { Ok(()) } else { Err(Malformed::Version) }
}

fn array(from: &mut Decoder, items: usize, field: Field) -> Result<(), Malformed> {
    let found = at(field, from.array())?;
    if found == u64::try_from(items).ok() { Ok(()) } else { Err(Malformed::At(field)) }
}

/// Whether nothing stands here; if so it is read.
fn null(from: &mut Decoder, field: Field) -> Result<bool, Malformed> {
    let is_null = at(field, from.datatype())? == minicbor::data::Type::Null;
    if is_null {
        at(field, from.null())?;
    }
    Ok(is_null)
}

fn canonical(bytes: &[u8], again: &[u8], length: Option<usize>) -> Result<(), Malformed> {
    match length {
        Some(length) if again.get(..length) == Some(bytes) => Ok(()),
        Some(_) | None => Err(Malformed::NotCanonical),
    }
}

fn read_mixture(from: &mut Decoder) -> Result<Mixture, Malformed> {
    let drugs = at(Field::Drugs, from.array())?;
    let drugs = drugs.and_then(|count| usize::try_from(count).ok()).ok_or(Malformed::At(Field::Drugs))?;
    let mut components = [Component { drug: Drug::Morphine, concentration: Concentration::ZERO }; DRUGS_MAX];
    for component in components.get_mut(..drugs).ok_or(Malformed::At(Field::Drugs))? {
        array(from, 2, Field::Drugs)?;
        component.drug = Drug::from_code(at(Field::Drugs, from.u8())?).ok_or(Malformed::At(Field::Drugs))?;
        component.concentration = Concentration::new(at(Field::DrugConcentration, from.u32())?);
    }
    components.get(..drugs).and_then(Mixture::of).ok_or(Malformed::At(Field::DrugConcentration))
}

fn read_mode(from: &mut Decoder) -> Result<Mode, Malformed> {
    const FIELD: Field = Field::BasalFlow;
    let items = at(FIELD, from.array())?;
    let mode = match (items, at(FIELD, from.u8())?) {
        (Some(1), 0) => Mode::MinimumRate,
        (Some(2), 1) => Mode::Continuous(FlowRate::new(at(FIELD, from.u64())?)),
        (Some(2), 2) => Mode::Schedule(read_schedule(from)?),
        (Some(6), 3) => Mode::PeriodicBolus(PeriodicBolus {
            background: FlowRate::new(at(FIELD, from.u64())?),
            volume: Volume::new(at(Field::PeriodicVolume, from.u64())?),
            duration: Duration::new(at(Field::PeriodicDuration, from.u64())?),
            interval: Duration::new(at(Field::PeriodicInterval, from.u64())?),
            first_after: Duration::new(at(Field::PeriodicFirst, from.u64())?),
        }),
        (_, _) => return Err(Malformed::At(FIELD)),
    };
    Ok(mode)
}

fn read_schedule(from: &mut Decoder) -> Result<Schedule, Malformed> {
    let sets = at(Field::DaySets, from.array())?;
    let sets = sets.and_then(|count| usize::try_from(count).ok()).ok_or(Malformed::At(Field::DaySets))?;
    let mut schedule = Schedule::EMPTY;
    for _ in 0..sets {
        let mut set = DaySet { weekdays: 0, flows: [FlowRate::ZERO; HALF_HOURS] };
        array(from, 2, Field::DaySets)?;
        set.weekdays = at(Field::Weekdays, from.u8())?;
        array(from, HALF_HOURS, Field::BasalFlow)?;
        for flow in &mut set.flows {
            *flow = FlowRate::new(u64::from(at(Field::BasalFlow, from.u32())?));
        }
        schedule.push(&set).ok_or(Malformed::At(Field::DaySets))?;
    }
    if sets == 0 { Err(Malformed::At(Field::DaySets)) } else { Ok(schedule) }
}

fn read_ramp(from: &mut Decoder) -> Result<Option<Ramp>, Malformed> {
    if null(from, Field::RampSteps)? {
        return Ok(None);
    }
    array(from, 4, Field::RampSteps)?;
    Ok(Some(Ramp {
        first: Permille::new(at(Field::RampShare, from.u16())?),
        last: Permille::new(at(Field::RampShare, from.u16())?),
        steps: at(Field::RampSteps, from.u8())?,
        interval: Duration::new(at(Field::RampInterval, from.u64())?),
    }))
}

fn read_patient_bolus(from: &mut Decoder) -> Result<Option<PatientBolus>, Malformed> {
    if null(from, Field::BolusVolume)? {
        return Ok(None);
    }
    array(from, 4, Field::BolusVolume)?;
    Ok(Some(PatientBolus {
        volume: Volume::new(at(Field::BolusVolume, from.u64())?),
        duration: Duration::new(at(Field::BolusDuration, from.u64())?),
        lockout: Duration::new(at(Field::BolusLockout, from.u64())?),
        allotment: at(Field::BolusAllotment, from.u8())?,
    }))
}
