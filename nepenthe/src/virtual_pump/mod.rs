//! A virtual pump on sockets: its telemetry on one port, people's hands and mishaps on a second one.
//!
//! Answers for threads, sockets and the wall clock, and for peers that are slow, many, or send garbage: none of them can
//! hold the pump up. What the pump does is `sim::virtual_pump`'s affair, run by one thread that alone touches it.
//!
//! ```text
//!   accept ── reader ──┐                       ┌── writer (a queue; who does not read is put out)
//!   accept ── reader ──┼──> the pump's thread ─┤
//!   control ── reader ─┘   (until its deadline)└── answers of the second port
//! ```
//!
//! [`Host::start`] runs it within any process: the demo of the clinic starts several on ports of their own under one
//! [`Speed`].

mod course;
mod sockets;

use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::path::PathBuf;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use sim::files;
use sim::virtual_pump::made::Made;
use sim::virtual_pump::{Randomness, VirtualPump};
use telemetry::card::Card;
use telemetry::peer::Serial;

use course::{Course, Event};
use sockets::Doors;

/// How a virtual pump is to run.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it is kept; without a folder it is gone when the process ends.
    pub folder: Option<PathBuf>,
    /// The device profile's file, for a new pump; a kept one is held against it.
    pub device: Option<PathBuf>,
    /// How long the catheter of a new pump is, cm.
    pub catheter_cm: u64,
    /// The number of a new pump; drawn if left out.
    pub serial: Option<u64>,
    /// Where it listens, such as `127.0.0.1:7701`; port 0 for any free one.
    pub listen: String,
    /// Where hands and mishaps come in; loopback only. None: no second port.
    pub control: Option<String>,
    /// How fast time goes; a kept pump's own speed if left out, 1 for a new one.
    pub speed: Option<u32>,
}

impl Options {
    /// A new pump of this profile on any free port, kept nowhere, with a second port.
    pub fn new(device: impl Into<PathBuf>) -> Self {
        Self {
            folder: None,
            device: Some(device.into()),
            catheter_cm: 80,
            serial: None,
            listen: "127.0.0.1:0".into(),
            control: Some("127.0.0.1:0".into()),
            speed: None,
        }
    }
}

/// Why a pump does not run, ready to be shown.
#[derive(Debug, thiserror::Error)]
pub enum NotRun {
    /// The device profile.
    #[error(transparent)]
    Profile(#[from] files::FileError),
    /// What was asked.
    #[error("{0}")]
    Asked(String),
    /// The folder.
    #[error("{folder}: {why}")]
    Folder {
        /// Which.
        folder: String,
        /// What is wrong.
        why: io::Error,
    },
    /// A port.
    #[error("{address}: {why}")]
    Port {
        /// Which address.
        address: String,
        /// What the system says.
        why: io::Error,
    },
}

/// How fast time goes for all pumps that were started with it: ×1, ×60, ×3600, or standing still.
#[derive(Debug, Clone, Default)]
pub struct Speed(Arc<Mutex<Shared>>);

#[derive(Debug, Default)]
struct Shared {
    speed: Option<u32>,
    pumps: Vec<Sender<Event>>,
}

impl Speed {
    /// One speed from the beginning.
    pub fn of(speed: u32) -> Self {
        Self(Arc::new(Mutex::new(Shared { speed: Some(speed), pumps: Vec::new() })))
    }

    /// Sets it for every pump that runs.
    pub fn set(&self, speed: u32) {
        if let Ok(mut shared) = self.0.lock() {
            shared.speed = Some(speed);
            // Those that have ended are forgotten.
            shared.pumps.retain(|pump| pump.send(Event::Speed(speed)).is_ok());
        }
    }

    fn join(&self, pump: &Sender<Event>) -> Option<u32> {
        let mut shared = self.0.lock().ok()?;
        shared.pumps.push(pump.clone());
        shared.speed
    }
}

/// What a pump tells of itself: true time in ms, and words.
pub type Tell = Box<dyn FnMut(u64, &str) + Send>;

/// A virtual pump that runs.
#[derive(Debug)]
pub struct Host {
    /// Where its telemetry is.
    pub telemetry: SocketAddr,
    /// Where its second port is.
    pub control: Option<SocketAddr>,
    /// The card that goes with the patient.
    pub card: Card,
    /// Its model.
    pub model: String,
    /// The key of its journal's tags, for the clinic that follows it; it opens nothing else.
    pub journal_key: [u8; 16],
    /// Whether it was found in its folder: else it is new.
    pub was_kept: bool,
    events: Sender<Event>,
    course: JoinHandle<io::Result<()>>,
    doors: Doors,
}

impl Host {
    /// Starts it. `tell` hears what the pump writes in its journal and sounds, as it happens.
    ///
    /// # Errors
    /// [`NotRun`]; nothing runs.
    pub fn start(options: &Options, speed: &Speed, tell: Tell) -> Result<Self, NotRun> {
        let (events, inbox) = mpsc::channel();
        let shared = speed.join(&events).or(options.speed);
        let (mut pump, was_kept) = find_or_make(options, shared)?;
        if let Some(speed) = shared {
            let command = serde_json::json!({"speed": speed});
            pump.control(wall_ms(), &command).map_err(|why| NotRun::Asked(why.to_string()))?;
        }
        let telemetry = listen(&options.listen)?;
        let control = options.control.as_deref().map(listen_on_loopback).transpose()?;
        let at = |listener: &TcpListener| {
            listener.local_addr().map_err(|why| NotRun::Port { address: options.listen.clone(), why })
        };
        let (card, model) = (pump.made().card(), pump.made().device.model_name().to_owned());
        let journal_key = pump.made().journal.0;
        let (telemetry_at, control_at) = (at(&telemetry)?, control.as_ref().map(at).transpose()?);
        let doors = Doors::open(telemetry, control, &events);
        let course = std::thread::spawn(move || Course::new(pump, inbox, tell).run());
        Ok(Self {
            telemetry: telemetry_at,
            control: control_at,
            card,
            model,
            journal_key,
            was_kept,
            events,
            course,
            doors,
        })
    }

    /// Does what a command of the second port says.
    ///
    /// # Errors
    /// What is wrong with the command, or that the pump has ended.
    pub fn command(&self, command: Value) -> Result<Value, String> {
        let (reply, answer) = mpsc::channel();
        let ended = || "the pump has ended".to_owned();
        self.events.send(Event::Command { command, reply }).map_err(|_| ended())?;
        answer.recv().map_err(|_| ended())?
    }

    /// Everything that is true, as JSON.
    ///
    /// # Errors
    /// That the pump has ended.
    pub fn truth(&self) -> Result<Value, String> {
        self.command(serde_json::json!({"truth": "tell"}))
    }

    /// Waits until it ends by itself: only when its folder fails.
    ///
    /// # Errors
    /// What the file system said.
    pub fn wait(self) -> io::Result<()> {
        let ended = self.course.join().unwrap_or_else(|_| Err(io::Error::other("the pump's thread ended by a bug")));
        self.doors.close();
        ended
    }

    /// Ends it: the supply goes as by a kill, and a kept pump can be started again.
    ///
    /// # Errors
    /// What the file system said before.
    pub fn stop(self) -> io::Result<()> {
        // A pump that has ended already is not told.
        let _ = self.events.send(Event::Stop);
        self.wait()
    }
}

fn find_or_make(options: &Options, speed: Option<u32>) -> Result<(VirtualPump, bool), NotRun> {
    let folder = options.folder.as_deref();
    if let Some(folder) = folder.filter(|folder| folder.join("made.json").exists()) {
        let failed = |why| NotRun::Folder { folder: folder.display().to_string(), why };
        let pump = VirtualPump::open(folder, wall_ms(), randomness()).map_err(failed)?;
        if let Some(path) = &options.device
            && !pump.made().is_of(&files::device::read(path)?)
        {
            return Err(NotRun::Asked(format!(
                "{}: the pump kept in {} was made of another profile ({}); leave --device out, or choose another folder",
                path.display(),
                folder.display(),
                pump.made().device.model_name(),
            )));
        }
        return Ok((pump, true));
    }
    let Some(path) = &options.device else {
        return Err(NotRun::Asked(
            "a new pump needs a device profile; for example --device \
             bench/sim/devices/reference-20.toml"
                .into(),
        ));
    };
    let text = files::text_of(path)?;
    let mut entropy = randomness();
    let serial = Serial(options.serial.unwrap_or_else(|| {
        let mut bytes = [0; 4];
        entropy(&mut bytes);
        100_000 + u64::from(u32::from_le_bytes(bytes)) % 900_000
    }));
    let made = Made::new(&path.display().to_string(), &text, options.catheter_cm, serial, &mut entropy)?;
    let failed =
        |why| NotRun::Folder { folder: folder.map_or_else(String::new, |folder| folder.display().to_string()), why };
    let pump = VirtualPump::new(made, folder, wall_ms(), speed.unwrap_or(1), entropy).map_err(failed)?;
    Ok((pump, false))
}

fn listen(address: &str) -> Result<TcpListener, NotRun> {
    TcpListener::bind(address).map_err(|why| NotRun::Port { address: address.into(), why })
}

/// Nobody holds a magnet to a pump over a network.
fn listen_on_loopback(address: &str) -> Result<TcpListener, NotRun> {
    let resolved = address.to_socket_addrs().map_err(|why| NotRun::Port { address: address.into(), why })?;
    if resolved.into_iter().any(|one| !one.ip().is_loopback()) {
        return Err(NotRun::Asked(format!(
            "--control {address}: hands, magnets and mishaps come from this machine alone; give a loopback address such \
             as 127.0.0.1:7702"
        )));
    }
    listen(address)
}

/// The system's randomness.
fn randomness() -> Randomness {
    Box::new(|bytes| {
        // Without randomness no key may be made and no contact begun: the process ends rather than go on with zeros.
        if let Err(why) = getrandom::fill(bytes) {
            eprintln!("the system gave no randomness: {why}");
            std::process::exit(1);
        }
    })
}

/// The wall clock, ms.
fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
