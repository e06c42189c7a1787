//! The handset as a whole: what it holds, and how it is started and stopped.

use std::path::PathBuf;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use exchange::Body;
use link::{KeyError, Keys, Patience};
use pages::Catalogue;
use pages::words::Unusable;
use telemetry::peer::Role;

use crate::asked::{Book, Press};
use crate::diary::{Diary, Entry};
use crate::outbox::Outbox;
use crate::person::Person;
use crate::practice::Practice;
use crate::radio::{self, Command};
use crate::seen::{Reading, Seen};
use crate::store::{Store, StoreError, random};
use crate::tongue;

/// How a handset is to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the pump is reached; the address of the pairing if left out.
    pub pump: Option<String>,
    /// The folder with keys and memory.
    pub data: PathBuf,
    /// Where documents for the clinic go; kept until there is one.
    pub clinic: Option<String>,
    /// How long to wait for answers, and how often to try.
    pub patience: Patience,
    /// Between two readings, ms.
    pub every_ms: u64,
}

/// Why a handset does not start.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    /// Its memory.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Its keys.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// Its words.
    #[error(transparent)]
    Words(#[from] Unusable),
}

/// How the pump is reached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LinkState {
    /// No pump was paired with.
    NotPaired,
    /// Nothing was tried yet.
    NotYet,
    /// The last contact was whole.
    Good,
    /// The last contact failed; in words.
    Failing {
        /// Why.
        why: String,
    },
}

/// What pages show and the radio changes.
#[derive(Debug)]
pub struct Shared {
    /// What the pump said last.
    pub seen: Option<Seen>,
    /// How it is reached.
    pub link: LinkState,
    /// Requests for doses.
    pub book: Book,
    /// Until when the handset's own sound is off, ms since 1970 UTC.
    pub quiet_until_ms: Option<i64>,
    /// The lesson that is on.
    pub practice: Option<Practice>,
    /// Whose handset it is.
    pub person: Person,
    /// What the patient told.
    pub diary: Diary,
    /// What is still to be sent.
    pub outbox: Outbox,
    /// Alarm codes and since when, that the clinic was told of.
    pub alarms_told: Vec<(u8, u64)>,
    /// Wrong numbers in a row at the locked view.
    pub wrong_pins: u32,
    /// Until when no number is tried at the locked view.
    pub pin_not_before_ms: i64,
    /// The session that is open, where a number locks the view.
    pub session: Option<String>,
}

/// A handset.
#[derive(Debug)]
pub struct App {
    /// How it runs.
    pub options: Options,
    /// Its words.
    pub catalogue: Catalogue,
    /// Its own name in documents.
    pub name: String,
    pub(crate) store: Store,
    shared: Mutex<Shared>,
    radio: Mutex<Sender<Command>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// ms since 1970 UTC by the handset's own clock.
pub fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// Minutes by which the handset's local time is ahead of UTC.
pub fn offset_min() -> i16 {
    i16::try_from(jiff::tz::TimeZone::system().to_offset(jiff::Timestamp::now()).seconds() / 60).unwrap_or(0)
}

impl App {
    /// Starts it: reads what it kept, and asks the pump for what was left open.
    ///
    /// # Errors
    /// [`NotStarted`].
    pub fn start(options: Options) -> Result<Arc<App>, NotStarted> {
        let store = Store::open(&options.data)?;
        let catalogue = tongue::catalogue()?;
        let keys = Keys::open_or_make(&options.data.join("keys"), Role::PatientController)?;
        let name = match store.read::<String>("name")? {
            Some(name) => name,
            None => {
                let fresh: [u8; 6] = random()?;
                let name = fresh.iter().fold("h-".to_owned(), |name, byte| format!("{name}{byte:02x}"));
                store.keep("name", &name)?;
                name
            }
        };
        let shared = Shared {
            seen: store.read::<Reading>("reading")?.and_then(|reading| reading.open()),
            link: LinkState::NotYet,
            book: store.read("asked")?.unwrap_or_default(),
            quiet_until_ms: None,
            practice: None,
            person: store.read("person")?.unwrap_or_default(),
            diary: store.read("diary")?.unwrap_or_default(),
            outbox: store.read("outbox")?.unwrap_or_default(),
            alarms_told: store.read("alarms-told")?.unwrap_or_default(),
            wrong_pins: 0,
            pin_not_before_ms: 0,
            session: None,
        };
        let (sender, inbox) = mpsc::channel();
        let app = Arc::new(App {
            options,
            catalogue,
            name,
            store,
            shared: Mutex::new(shared),
            radio: Mutex::new(sender),
            thread: Mutex::new(None),
        });
        let thread = std::thread::spawn({
            let app = Arc::downgrade(&app);
            move || radio::run(&app, keys, &inbox)
        });
        *app.thread.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread);
        Ok(app)
    }

    /// What pages show. A page that panicked while holding it has changed nothing by halves: every change is one step.
    pub fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the radio.
    pub fn tell(&self, command: Command) {
        let radio = self.radio.lock().unwrap_or_else(PoisonError::into_inner);
        // A radio that has ended is on its way out with the whole handset.
        let _ = radio.send(command);
    }

    /// Ends the radio and waits for it.
    pub fn stop(&self) {
        self.tell(Command::Stop);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A thread that panicked has said so itself.
            let _ = thread.join();
        }
    }

    /// Takes a press: kept before anything is sent.
    ///
    /// # Errors
    /// [`StoreError`]: nothing is sent.
    pub fn press(&self, token: &str, held_ms: u64) -> Result<Press, StoreError> {
        let press = {
            let mut shared = self.shared();
            let mut book = shared.book.clone();
            let press = book.press(token, held_ms, now_ms());
            if press == Press::New {
                //= requirements/handset.md#intent-kept
                //# The handset MUST store a request and its id before sending it.
                self.store.keep("asked", &book)?;
                shared.book = book;
            }
            press
        };
        if press == Press::New {
            self.tell(Command::Ask);
        }
        Ok(press)
    }

    /// Changes the requests, on disk first.
    ///
    /// # Errors
    /// [`StoreError`]: nothing changed.
    pub fn change_book(&self, change: impl FnOnce(&mut Book)) -> Result<(), StoreError> {
        let mut shared = self.shared();
        let mut book = shared.book.clone();
        change(&mut book);
        self.store.keep("asked", &book)?;
        shared.book = book;
        Ok(())
    }

    /// Keeps a diary entry, and lets it wait for the clinic.
    ///
    /// # Errors
    /// What went wrong, ready to be shown: the entry was not taken.
    pub fn write(&self, entry: Entry) -> Result<(), String> {
        let mut shared = self.shared();
        let mut diary = shared.diary.clone();
        let document = entry.document();
        diary.entries.push(entry);
        self.post(&mut shared, document)?;
        self.store.keep("diary", &diary).map_err(|why| why.to_string())?;
        shared.diary = diary;
        drop(shared);
        self.tell(Command::Send);
        Ok(())
    }

    /// Lets a document wait for the clinic, on disk first.
    ///
    /// # Errors
    /// What went wrong, ready to be shown.
    pub(crate) fn post(&self, shared: &mut Shared, body: Body) -> Result<(), String> {
        let (pump, order) = shared.seen.as_ref().map_or((0, 0), |seen| (seen.device.serial, seen.status.order));
        let mut outbox = shared.outbox.clone();
        outbox.put(&self.name, pump, order, body).map_err(|why| why.to_string())?;
        self.store.keep("outbox", &outbox).map_err(|why| why.to_string())?;
        shared.outbox = outbox;
        Ok(())
    }

    /// Changes whose handset it is.
    ///
    /// # Errors
    /// [`StoreError`]: nothing changed.
    pub fn change_person(&self, person: Person) -> Result<(), StoreError> {
        self.store.keep("person", &person)?;
        self.shared().person = person;
        Ok(())
    }
}

impl Drop for App {
    fn drop(&mut self) {
        self.tell(Command::Stop);
    }
}
