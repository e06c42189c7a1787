//! A virtual pump as a process, its second port, and the people around it.

#![allow(dead_code, reason = "each file of stories uses its part")]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use link::{Change, Keys, Patience, Settled, Visit};
use orders::{DeviceProfile, Mixture, Volume, WallTime};
use serde_json::{Value, json};
use sim::files;
use telemetry::card::Card;
use telemetry::message::{Ask, ask};
use telemetry::peer::Role;

pub const QUICK: Patience = Patience { answer: Duration::from_secs(20), tries: 2 };

/// Of the project.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

pub const DEVICE: &str = "bench/sim/devices/reference-20.toml";
pub const ORDER: &str = "bench/sim/orders/morphine.toml";

/// A folder of a test's own, empty.
pub fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The built command; its exit code, and what it said on both streams.
pub fn nepenthe(args: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_nepenthe")).args(args).stdin(Stdio::null()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8(said).unwrap())
}

/// A virtual pump whose time moves only by hand.
pub struct Process {
    child: Child,
    pub told: BufReader<ChildStdout>,
    pub at: String,
    pub control: String,
    pub card: String,
}

impl Process {
    /// New in this folder, or found there. With what it said first.
    pub fn start(folder: &Path) -> (Self, String) {
        let (device, folder) = (path(DEVICE), folder.join("pump"));
        let mut child = Command::new(env!("CARGO_BIN_EXE_nepenthe"))
            .args(["pump", "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--speed", "0", "--serial", "1000"])
            .arg("--device")
            .arg(device)
            .arg("--state")
            .arg(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut told = BufReader::new(child.stdout.take().unwrap());
        let mut said = String::new();
        let mut line = || {
            let mut line = String::new();
            assert_ne!(told.read_line(&mut line).unwrap(), 0, "the pump ended: {said}");
            said.push_str(&line);
            line.trim_end().to_owned()
        };
        let after = |line: String, words: &str| line.rsplit_once(words).map(|(_, rest)| rest.to_owned()).unwrap();
        // What the pump tells may come between the lines of the process.
        let mut find = |words: &str| loop {
            let line = line();
            if line.contains(words) {
                break after(line, words);
            }
        };
        let at = find("listens on ");
        let control = find("control on ");
        let card = find("card ");
        find("pump is kept: ");
        (Self { child, told, at, control, card }, said)
    }

    /// One command of the second port.
    pub fn tell(&self, command: Value) -> Result<Value, String> {
        let mut stream = TcpStream::connect(&self.control).unwrap();
        writeln!(stream, "{command}").unwrap();
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).map_err(|why| why.to_string())?;
        let answer: Value = serde_json::from_str(&line).map_err(|why| why.to_string())?;
        match answer.get("ok") {
            Some(told) => Ok(told.clone()),
            None => Err(answer["error"].as_str().unwrap().to_owned()),
        }
    }

    pub fn presence(&self, on: bool) {
        self.tell(json!({"presence": if on { "on" } else { "off" }})).unwrap();
    }

    pub fn advance(&self, span: &str) {
        self.tell(json!({"advance": span})).unwrap();
    }

    pub fn truth(&self) -> Value {
        self.tell(json!({"truth": "tell"})).unwrap()
    }

    /// Strokes truly moved.
    pub fn moved(&self) -> u64 {
        self.truth()["strokes"]["moved"].as_u64().unwrap()
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may be dead already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn profile() -> DeviceProfile {
    files::device::read(&path(DEVICE)).unwrap()
}

pub fn done(settled: Settled) {
    assert!(matches!(settled, Settled::Accepted(_)), "{settled:?}");
}

/// The devices of a nurse and of a patient, paired with a pump that runs the morphine order since two days.
pub struct Bed {
    pub nurse: Keys,
    pub patient: Keys,
    pub card: Card,
}

/// Pairs, enrols, installs, fills thrice, sets the clock, programs, primes, resumes, and waits for two days.
pub fn commission(folder: &Path, at: &str, card: &str, tell: &dyn Fn(Value) -> Result<Value, String>) -> Bed {
    let card = Card::parse(card).unwrap();
    let nurse = Keys::open_or_make(&folder.join("nurse"), Role::Programmer).unwrap();
    let patient = Keys::open_or_make(&folder.join("patient"), Role::PatientController).unwrap();
    let order = files::order::read(&path(ORDER), &profile()).unwrap().prescription;
    tell(json!({"presence": "on"})).unwrap();
    Visit::pair(at, &patient, &card, QUICK).unwrap();
    let mut visit = Visit::pair(at, &nurse, &card, QUICK).unwrap();
    let clinician = nurse.clinician(7).unwrap();
    done(visit.enrol(&clinician, &card).unwrap());
    let catheter = Volume::new(176_000);
    done(visit.ask(Ask::Installation(ask::Installation { catheter, path: Mixture::DRUG_FREE })).unwrap());
    for _ in 0..3 {
        let drawn = tell(json!({"needle": "draws off"})).unwrap()["drawn_off_nl"].as_f64().unwrap();
        tell(json!({"needle": "fills", "volume": "18 mL", "mixture": "4 mg/mL morphine"})).unwrap();
        let refill = ask::Refill {
            drawn_off: Volume::new(drawn as u64),
            filled: Volume::new(18_000_000),
            mixture: order.mixture,
            check: ask::FillCheck::Vials,
            checked: Volume::new(18_000_000),
            stability: orders::Duration::from_days(180),
            emptied: true,
            reason: None,
        };
        done(visit.ask(Ask::Refill(refill)).unwrap());
    }
    let wall = WallTime::new(1_772_438_400_000);
    done(visit.ask(Ask::SetClock(ask::SetClock { wall })).unwrap());
    let proposed = visit.propose_order(order, &profile(), None).unwrap();
    assert!(matches!(proposed.change, Change::Order { .. }));
    done(visit.commit(&proposed, &[&clinician]).unwrap());
    let proposed = visit.propose_prime(&profile()).unwrap();
    done(visit.commit(&proposed, &[&clinician]).unwrap());
    done(visit.ask(Ask::Resume(ask::Resume {})).unwrap());
    tell(json!({"presence": "off"})).unwrap();
    tell(json!({"advance": "2 days"})).unwrap();
    Bed { nurse, patient, card }
}

/// A pump process, commissioned.
pub fn at_the_bed(name: &str) -> (PathBuf, Process, Bed) {
    let folder = folder(name);
    let (pump, _) = Process::start(&folder);
    let bed = commission(&folder, &pump.at, &pump.card, &|command| pump.tell(command));
    (folder, pump, bed)
}

pub fn bolus() -> Ask<'static> {
    Ask::AskBolus(ask::AskBolus {})
}

/// A visit by these keys to where the pump listens now.
pub fn visit<'k>(keys: &'k Keys, pump: &Process) -> Visit<'k> {
    Visit::to(keys, None, Some(&pump.at), QUICK).unwrap()
}
