//! One pump in one simulated person: the real implant on a port, a bedside monitor and a handset that speak to it by the
//! secured protocol, and the virtual patient who feels what truly arrives.
//!
//! What the clinic hears of it, it hears by signed documents of the monitor and the handset, as of any pump. Nothing here
//! tells it anything else.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use exchange::body::{ActiveAlarm, BatteryTold, Diary, DiaryEntry, Felt, Interrogation, JournalPart, StatusTold};
use exchange::value::Document;
use exchange::{Body as Said, Envelope, Kind, Label, Source};
use link::{Clinician, Keys, Patience, Settled, Visit};
use orders::{DeviceProfile, Mixture, Volume, WallTime};
use patient::body::Body;
use patient::person::{Answer, Asker, Person};
use patient::time::Time;
use serde_json::{Value, json};
use sim::files;
use telemetry::message::Ask;
use telemetry::message::ask::{self, FillCheck};
use telemetry::peer::Role;

use super::cast::WithPump;
use crate::virtual_pump::{Host, Options, Speed};

/// The step of the virtual patient, ms.
const FEEL_EVERY: i64 = 10 * 60_000;
/// How often the monitor asks the pump, ms.
const CONTACT_EVERY: i64 = 3_600_000;
/// While the past is made up, it asks this often.
const CONTACT_EVERY_PAST: i64 = 12 * 3_600_000;
/// An hour, ms.
const HOUR: i64 = 3_600_000;
/// Between two devices that speak at once, longer than a contact stays open.
const BETWEEN: &str = "130 s";
/// µg in a fg.
const UG_PER_FG: f64 = 1e-9;

/// A document for the clinic, signed.
pub type Sent = Vec<u8>;

/// The bedside.
pub struct Bedside {
    host: Host,
    monitor: Keys,
    handset: Keys,
    signing: [[u8; 32]; 2],
    serial: u64,
    address: String,
    /// The clinic's time at the pump's birth.
    born_ms: i64,
    now_ms: i64,
    next_feel: i64,
    next_contact: i64,
    next_diary: i64,
    journal_next: u64,
    sent: u64,
    is_plugged: bool,
    sounded: Arc<AtomicBool>,
    flesh: Option<Flesh>,
    has_bolus: bool,
}

/// The person.
struct Flesh {
    body: Body,
    drugs: Vec<String>,
    given: Vec<f64>,
    asker: Asker,
    pain: (f64, u32),
    spasm: f64,
    drowsy: f64,
    is_spastic: bool,
    ahead_ms: i64,
}

/// What is needed to enrol it in the clinic.
pub struct Enrolment {
    /// The pump's serial number.
    pub serial: u64,
    /// Its model.
    pub model: String,
    /// Its journal's key.
    pub journal_key: [u8; 16],
    /// The public keys of monitor and handset.
    pub public: [[u8; 32]; 2],
}

fn words(what: &str, why: impl std::fmt::Display) -> String {
    format!("{what}: {why}")
}

impl Bedside {
    /// Implants a pump at a moment of the clinic's time and starts its order, as the people of a theatre would.
    ///
    /// # Errors
    /// In words.
    pub fn implant(folder: &Path, number: u64, of: &WithPump, born_ms: i64, local_ms: i64) -> Result<Self, String> {
        std::fs::create_dir_all(folder).map_err(|why| words("the demo's folder", why))?;
        let profile_path = folder.join("profile.toml");
        std::fs::write(&profile_path, super::cast::PROFILE).map_err(|why| words("the profile", why))?;
        let profile = files::device::parse("profile", super::cast::PROFILE).map_err(|why| why.to_string())?;
        let sounded = Arc::new(AtomicBool::new(true));
        let hears = Arc::clone(&sounded);
        let options = Options { serial: Some(700_000 + number), speed: Some(1), ..Options::new(profile_path) };
        let tell = Box::new(move |_, told: &str| {
            if told.contains("alarm") {
                hears.store(true, Ordering::Release);
            }
        });
        let host = Host::start(&options, &Speed::default(), tell).map_err(|why| why.to_string())?;
        let device = |name: &str| -> PathBuf { folder.join(format!("{name}-{number}")) };
        let keys = |name: &str, role| Keys::open_or_make(&device(name), role).map_err(|why| why.to_string());
        let (monitor, handset) = (keys("monitor", Role::HomeMonitor)?, keys("handset", Role::PatientController)?);
        let programmer = keys("programmer", Role::Programmer)?;
        let serial = host.card.serial.0;
        let mut bedside = Self {
            address: host.telemetry.to_string(),
            host,
            monitor,
            handset,
            signing: [clinic::secret::fresh(), clinic::secret::fresh()],
            serial,
            born_ms,
            now_ms: born_ms,
            next_feel: 0,
            next_contact: 0,
            next_diary: 0,
            journal_next: 0,
            sent: 0,
            is_plugged: true,
            sounded,
            flesh: None,
            has_bolus: false,
        };
        bedside.set_up(&programmer, of, &profile, local_ms)?;
        bedside.flesh = Some(Flesh::new(of, number, born_ms)?);
        bedside.now_ms = bedside.true_ms()?;
        bedside.next_feel = bedside.now_ms;
        bedside.next_contact = bedside.now_ms;
        bedside.next_diary = bedside.now_ms + 10 * HOUR;
        Ok(bedside)
    }

    /// What the clinic needs to know.
    pub fn enrolment(&self) -> Enrolment {
        let public =
            self.signing.map(|secret| ed25519_dalek::SigningKey::from_bytes(&secret).verifying_key().to_bytes());
        Enrolment { serial: self.serial, model: self.host.model.clone(), journal_key: self.host.journal_key, public }
    }

    /// Where a programmer or a handset reaches the pump, and the card's text.
    pub fn door(&self) -> (String, String) {
        (self.address.clone(), self.host.card.to_string())
    }

    /// Whether somebody holds a programmer at the skin.
    pub fn is_held(&self) -> bool {
        self.host.truth().is_ok_and(|truth| truth["presence"] == json!(true))
    }

    fn command(&self, command: Value) -> Result<Value, String> {
        self.host.command(command)
    }

    fn true_ms(&self) -> Result<i64, String> {
        let told = self.command(json!({"time": "tell"}))?;
        Ok(self.born_ms + told["true_ms"].as_i64().unwrap_or(0))
    }

    fn visit<'k>(&self, keys: &'k Keys) -> Result<Visit<'k>, String> {
        Visit::to(keys, Some(self.serial), Some(&self.address), Patience::default()).map_err(|why| why.to_string())
    }

    fn set_up(
        &mut self,
        programmer: &Keys,
        of: &WithPump,
        profile: &DeviceProfile,
        local_ms: i64,
    ) -> Result<(), String> {
        let pairs = |keys: &Keys| {
            Visit::pair(&self.address, keys, &self.host.card, Patience::default())
                .map(drop)
                .map_err(|why| words("pairing", why))
        };
        self.command(json!({"presence": "on"}))?;
        for keys in [&self.handset, &self.monitor, programmer] {
            pairs(keys)?;
            self.command(json!({"advance": BETWEEN}))?;
        }
        let mut visit = self.visit(programmer)?;
        let done = |settled: Result<Settled, link::NoAnswer>, what: &str| match settled {
            Ok(Settled::Accepted(_)) => Ok(()),
            Ok(other) => Err(words(what, link::words::settled_plainly(&other))),
            Err(why) => Err(words(what, why)),
        };
        let catheter = Volume::new(profile.catheter_per_cm.get() * 80);
        done(visit.ask(Ask::Installation(ask::Installation { catheter, path: Mixture::DRUG_FREE })), "installing")?;
        let mixture = files::mixture(of.order.mixture)?;
        // Filled and drawn off twice before: what no needle reaches would thin the first filling.
        for filled_ml in [18, 18, of.filled_ml] {
            let drawn = self.command(json!({"needle": "draws off"}))?;
            let filled = format!("{filled_ml} mL");
            self.command(json!({"needle": "fills", "volume": filled, "mixture": of.order.mixture}))?;
            let drawn_nl = drawn["drawn_off_nl"].as_f64().unwrap_or(0.0);
            let filled = Volume::new(filled_ml * 1_000_000);
            let refill = ask::Refill {
                drawn_off: Volume::new((drawn_nl / 10_000.0).round() as u64 * 10_000),
                filled,
                mixture,
                check: FillCheck::Vials,
                checked: filled,
                stability: orders::Duration::from_days(90),
                emptied: true,
                reason: Some(1),
            };
            done(visit.ask(Ask::Refill(refill)), "filling")?;
        }
        let read = files::order::parse(of.order.name, of.order.text, profile).map_err(|why| why.to_string())?;
        let order = read.prescription;
        self.has_bolus = order.patient_bolus.is_some();
        let mut signing: Vec<Clinician> = Vec::new();
        for author in [order.author, order.author + 1].iter().take(usize::from(order.signatures.max(1))) {
            let clinician = programmer.clinician(*author).map_err(|why| why.to_string())?;
            done(visit.enrol(&clinician, &self.host.card), "enrolling")?;
            signing.push(clinician);
        }
        let signing: Vec<&Clinician> = signing.iter().collect();
        let wall = WallTime::new(u64::try_from(local_ms).unwrap_or(0));
        done(visit.ask(Ask::SetClock(ask::SetClock { wall })), "setting the clock")?;
        let proposed = visit.propose_order(order, profile, None).map_err(|why| words("proposing", why))?;
        visit.commit(&proposed, &signing).map_err(|why| words("committing", why))?;
        let prime = visit.propose_prime(profile).map_err(|why| words("priming", why))?;
        visit.commit(&prime, &signing).map_err(|why| words("priming", why))?;
        done(visit.ask(Ask::Resume(ask::Resume {})), "starting")?;
        visit.hang_up();
        self.command(json!({"presence": "off"}))?;
        self.command(json!({"advance": BETWEEN})).map(drop)
    }

    /// Something befalls the pump, in the words of the second port.
    ///
    /// # Errors
    /// In words.
    pub fn befalls(&self, what: &str) -> Result<(), String> {
        let what: Value = serde_json::from_str(what).map_err(|why| why.to_string())?;
        self.command(what).map(drop)
    }

    /// Plugs the monitor in, or out.
    pub fn plug(&mut self, is_in: bool) {
        self.is_plugged = is_in;
    }

    /// Whether the monitor is plugged in.
    pub const fn is_plugged(&self) -> bool {
        self.is_plugged
    }

    /// Lives on to a moment of the clinic's time; what the devices send the clinic on the way.
    ///
    /// # Errors
    /// In words; the pump has ended then.
    pub fn live_until(&mut self, until_ms: i64, is_past: bool, offset_min: i16) -> Result<Vec<Sent>, String> {
        let mut sent = Vec::new();
        while self.now_ms < until_ms {
            let next =
                [self.next_feel, self.next_contact, self.next_diary, until_ms].into_iter().min().unwrap_or(until_ms);
            let next = next.max(self.now_ms);
            let ahead = next - self.true_ms()?;
            if ahead > 0 {
                self.command(json!({"advance": format!("{ahead} ms")}))?;
            }
            self.now_ms = next;
            if next >= self.next_feel {
                self.next_feel = next + FEEL_EVERY;
                self.feels()?;
            }
            let sounded = !is_past && self.sounded.swap(false, Ordering::AcqRel);
            if next >= self.next_contact || sounded {
                self.next_contact = next + if is_past { CONTACT_EVERY_PAST } else { CONTACT_EVERY };
                if self.is_plugged {
                    sent.push(self.interrogates(offset_min)?);
                }
            }
            if next >= self.next_diary {
                self.next_diary = next + 12 * HOUR;
                sent.extend(self.writes_diary(offset_min)?);
            }
        }
        Ok(sent)
    }

    /// The monitor's question now, whatever its hour.
    ///
    /// # Errors
    /// In words.
    pub fn interrogates(&mut self, offset_min: i16) -> Result<Sent, String> {
        let mut visit = self.visit(&self.monitor)?;
        let read = |why: link::NoAnswer| words("the monitor", why);
        let mut journal = JournalPart { first: self.journal_next, lost: 0, records: Vec::new() };
        let mut next_place = self.journal_next;
        let reached = visit.journal(self.journal_next, |lost, first, records| {
            if journal.records.is_empty() {
                journal.first = first;
            }
            journal.lost += lost;
            journal.records.extend(records.as_chunks::<32>().0.iter().map(|record| exchange::Hex(*record)));
            next_place = first;
        });
        self.journal_next = reached.map_err(read)?;
        let status = visit.status().map_err(read)?;
        let running = visit.running().map_err(read)?;
        let ledger = visit.ledger().map_err(read)?;
        let alarms = visit.alarms().map_err(read)?;
        let battery = visit.battery().map_err(read)?;
        visit.hang_up();
        let told = Interrogation {
            now_ms: status.now.get(),
            wall_ms: status.wall.map(WallTime::get),
            heard: self.label(offset_min),
            status: StatusTold {
                doing: status.doing.code(),
                level: status.level,
                order: status.order,
                flow_nl_per_day: status.flow.get(),
                reservoir_nl: status.reservoir.get(),
                reservoir_worst_nl: status.reservoir_worst.get(),
                refill_by_ms: status.refill_by.map(orders::Instant::get),
                boluses_24h: status.boluses,
                bolus_not_before_ms: status.bolus_not_before.map(orders::Instant::get),
                last_dose: status.last_dose,
                journal_next: status.journal_next,
            },
            running: running.map(Document),
            ledger: Document(ledger),
            alarms: alarms
                .active
                .iter()
                .map(|one| ActiveAlarm {
                    code: one.alarm.code(),
                    since_ms: one.since.get(),
                    silenced_until_ms: one.silenced_until.map(orders::Instant::get),
                })
                .collect(),
            battery: BatteryTold {
                loaded_mv: battery.loaded_mv,
                used_mj: battery.used_mj,
                capacity_mj: battery.capacity_mj,
            },
            journal,
        };
        self.sends(Kind::Monitor, 0, status.order, Said::Interrogation(Box::new(told)))
    }

    fn label(&self, utc_offset_min: i16) -> Label {
        Label { ms: u64::try_from(self.now_ms).unwrap_or(0), utc_offset_min }
    }

    fn sends(&mut self, kind: Kind, place: usize, base: u64, body: Said) -> Result<Sent, String> {
        let source = Source { kind, id: format!("{}", self.serial) };
        self.sent += 1;
        let number = self.sent;
        let document = Envelope::new(source, number, self.serial, base, body).signed(&self.signing[place]);
        document.and_then(|document| document.to_bytes()).map_err(|why| why.to_string())
    }

    /// What truly arrived since the last look goes into the body; the person feels, and may ask for a bolus.
    fn feels(&mut self) -> Result<(), String> {
        let truth = self.command(json!({"truth": "tell"}))?;
        let Some(flesh) = &mut self.flesh else { return Ok(()) };
        let wants = flesh.lives(&truth);
        if !wants || !self.has_bolus {
            return Ok(());
        }
        let mut visit = self.visit(&self.handset)?;
        let answer = match visit.ask(Ask::AskBolus(ask::AskBolus {})) {
            Ok(Settled::Accepted(_)) => Answer::Granted,
            Ok(_) => Answer::Refused,
            Err(_) => Answer::Silence,
        };
        visit.hang_up();
        if let Some(flesh) = &mut self.flesh {
            let (person, now) = (flesh.body.person().clone(), flesh.body.now());
            flesh.asker.told(&person, now, answer);
        }
        Ok(())
    }

    fn writes_diary(&mut self, offset_min: i16) -> Result<Option<Sent>, String> {
        let label = self.label(offset_min);
        let pump_ms = u64::try_from(self.now_ms - self.born_ms).ok();
        let Some(flesh) = &mut self.flesh else { return Ok(None) };
        let (sum, looks) = std::mem::take(&mut flesh.pain);
        if looks == 0 {
            return Ok(None);
        }
        let entry = |entry| DiaryEntry { entry, at: label, pump_ms };
        let mut entries = Vec::new();
        if flesh.is_spastic {
            entries.push(entry(Felt::Spasm { rating: flesh.spasm.round().clamp(0.0, 4.0) as u8 }));
        }
        entries.push(entry(Felt::Pain { rating: (sum / f64::from(looks)).round().clamp(0.0, 10.0) as u8 }));
        if flesh.drowsy > 0.3 {
            entries.push(entry(Felt::Drowsy { rating: (flesh.drowsy * 3.0).round().clamp(0.0, 3.0) as u8 }));
        }
        self.sends(Kind::Handset, 1, 0, Said::Diary(Diary { entries })).map(Some)
    }

    /// Ends the pump's threads.
    pub fn stop(self) {
        // What it ended with concerns nobody any more.
        let _ = self.host.stop();
    }
}

impl Flesh {
    fn new(of: &WithPump, number: u64, born_ms: i64) -> Result<Self, String> {
        let mixture = files::mixture(of.order.mixture)?;
        let drugs: Vec<String> = mixture.iter().map(|part| part.drug.name().to_owned()).collect();
        let names: Vec<&str> = drugs.iter().map(String::as_str).collect();
        let person = Person::drawn("adult", 7_205, number).map_err(|why| why.to_string())?;
        let tip_cm = person.species.canal.levels.read("T10").ok_or("T10 is no level of this person")?;
        let body = Body::new(person, &names, tip_cm).map_err(|why| why.to_string())?;
        let given = vec![0.0; drugs.len()];
        let is_spastic = drugs.iter().any(|drug| drug == "baclofen");
        // The body's days begin at midnight.
        let ahead_ms = born_ms.rem_euclid(24 * HOUR);
        Ok(Self {
            body,
            drugs,
            given,
            asker: Asker::new(),
            pain: (0.0, 0),
            spasm: 0.0,
            drowsy: 0.0,
            is_spastic,
            ahead_ms,
        })
    }

    /// Takes what arrived; whether the person wants to ask.
    fn lives(&mut self, truth: &Value) -> bool {
        let true_ms = truth["true_ms"].as_i64().unwrap_or(0);
        let at = Time { ms: u64::try_from(true_ms + self.ahead_ms).unwrap_or(0).max(self.body.now().ms) };
        for (place, drug) in self.drugs.iter().enumerate() {
            let arrived = |wanted: &str| {
                let given = truth["given"].as_array().and_then(|all| all.iter().find(|one| one["place"] == wanted));
                given.and_then(|one| one["mass_fg"][drug].as_f64()).unwrap_or(0.0)
            };
            let fresh = arrived("intrathecal") - self.given[place];
            if fresh > 0.0 {
                self.given[place] += fresh;
                // A refusal would be of a time or a mass that cannot be; nothing is given then.
                let _ = self.body.give(at, place, fresh * UG_PER_FG);
            }
        }
        let Some(felt) = self.body.advance(at).ok().and_then(|()| self.body.felt()) else { return false };
        self.pain = (self.pain.0 + felt.pain, self.pain.1 + 1);
        (self.spasm, self.drowsy) = (felt.spasticity, felt.sedation);
        let person = self.body.person().clone();
        self.asker.asks(&person, at, felt.pain)
    }
}
