//! The emulated board: started in a folder of its own, spoken to through two pipes, ended for sure.
//!
//! One message: u16 length of what follows, u8 kind, u64 now in ms, body; `implant::host` says what is in it. Here only
//! the frame is read: what the bytes mean is for the two implants that are compared.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use super::toolchain::target_folder;
use crate::run::Outcome;

/// The kind of the message that says: asleep until.
pub const SLEEP: u8 = 72;
const RESTART: u8 = 1;
const TICK: u8 = 2;
const ENABLE: u8 = 66;
const WRITE: u8 = 69;
/// A run that takes longer hangs.
const LONGEST: Duration = Duration::from_secs(120);

/// An emulator at work.
pub struct Emulator {
    folder: PathBuf,
    to_image: Option<File>,
    from_image: File,
    held: Vec<u8>,
    child: Arc<Mutex<Child>>,
}

/// One message, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message(pub Vec<u8>);

impl Message {
    /// A message of this kind.
    pub fn new(kind: u8, now: u64, body: &[u8]) -> Message {
        let length = u16::try_from(9 + body.len()).unwrap_or(u16::MAX);
        Message([&length.to_le_bytes()[..], &[kind], &now.to_le_bytes(), body].concat())
    }

    /// The first whole message of these bytes, and how long it is.
    pub fn first(bytes: &[u8]) -> Option<Message> {
        let length = bytes.first_chunk::<2>().map(|l| usize::from(u16::from_le_bytes(*l)))?;
        bytes.get(..length + 2).filter(|_| length >= 9).map(|m| Message(m.to_vec()))
    }

    /// Its kind.
    pub fn kind(&self) -> u8 {
        self.0[2]
    }

    /// What stands in place of the time.
    pub fn now(&self) -> u64 {
        self.0.get(3..).and_then(<[u8]>::first_chunk).map_or(0, |bytes| u64::from_le_bytes(*bytes))
    }

    /// What follows kind and time.
    pub fn body(&self) -> &[u8] {
        &self.0[11..]
    }

    /// Whether it is the image's first word after a start: asleep, without a time and a deadline.
    pub fn is_hello(&self) -> bool {
        self.kind() == SLEEP && self.now() == 0 && self.body() == [0xff; 8]
    }
}

impl Emulator {
    /// Starts an image; `files` lie in its folder.
    pub fn start(image: &Path, files: &[(&str, &[u8])]) -> Result<Emulator, String> {
        // A folder for each: who watches an emulator that has ended must not open the next one's pipe.
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let folder = target_folder().join("run").join(format!("{}-{number}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        let said = |e: std::io::Error| format!("{}: {e}", folder.display());
        fs::create_dir_all(&folder).map_err(said)?;
        for (name, bytes) in files {
            fs::write(folder.join(name), bytes).map_err(said)?;
        }
        let pipes = ["to-image", "from-image"].map(|name| folder.join(name));
        let made = Command::new("mkfifo").args(&pipes).status().map_err(|e| format!("mkfifo: {e}"))?;
        if !made.success() {
            return Err("mkfifo does not make pipes here".to_owned());
        }
        let child = Command::new("qemu-system-arm")
            .args(["-M", "mps2-an386", "-cpu", "cortex-m4", "-display", "none", "-monitor", "none", "-serial", "none"])
            .args(["-icount", "shift=0,sleep=off", "-semihosting-config", "enable=on,target=native", "-kernel"])
            .arg(image)
            .current_dir(&folder)
            .stdin(Stdio::null())
            .spawn()
            .map_err(|e| format!("qemu-system-arm: {e}"))?;
        let child = Arc::new(Mutex::new(child));
        watch(Arc::clone(&child), pipes[1].clone());
        // Opened both ways it waits for nobody; the other pipe waits until the image opens it, or until the emulator is gone.
        let to_image = OpenOptions::new().read(true).write(true).open(&pipes[0]).map_err(said)?;
        let from_image = File::open(&pipes[1]).map_err(said)?;
        Ok(Emulator { folder, to_image: Some(to_image), from_image, held: Vec::new(), child })
    }

    /// The next message from the image; `None` when it has ended.
    pub fn hear(&mut self) -> Result<Option<Message>, String> {
        loop {
            if let Some(message) = Message::first(&self.held) {
                self.held.drain(..message.0.len());
                return Ok(Some(message));
            }
            let mut bytes = [0u8; 65_536];
            match self.from_image.read(&mut bytes) {
                Ok(0) => return Ok(None),
                Ok(read) => self.held.extend_from_slice(&bytes[..read]),
                Err(e) => return Err(format!("the image's pipe: {e}")),
            }
        }
    }

    /// Sends a message.
    pub fn say(&mut self, message: &Message) -> Outcome {
        let pipe = self.to_image.as_mut().ok_or("the pipe to the image is closed")?;
        pipe.write_all(&message.0).map_err(|e| format!("the pipe to the image: {e}"))
    }

    /// Takes away the file that asks for a fault: it is made once.
    pub fn behave(&self) {
        let _ = fs::remove_file(self.folder.join("deliberate"));
    }

    /// Hangs up, waits for the image's report and reads it.
    pub fn end(mut self) -> Result<BTreeMap<String, u64>, String> {
        self.to_image = None;
        while self.hear()?.is_some() {}
        let report = fs::read_to_string(self.folder.join("report")).map_err(|e| format!("the image's report: {e}"))?;
        let lines = report.lines().filter_map(|line| line.split_once(' '));
        Ok(lines.filter_map(|(name, value)| Some((name.to_owned(), value.parse().ok()?))).collect())
    }

    /// The first program on a board, and every fault it can be asked for.
    pub fn bring_up(image: &Path) -> Outcome {
        let report = brought_up(image, None)?.1;
        let day = 86_400_000;
        let slept = report.get("all_ms").copied().unwrap_or(0);
        if slept < day || report.get("late_max_ms") != Some(&0) {
            return Err(format!("the image's clock does not agree with the bench's after a day: {report:?}"));
        }
        println!("  bringup: a day slept, never a millisecond late, {} sleeps", report.get("sleeps").unwrap_or(&0));
        // Codes of `pump::events::Cause`: power came, watchdog, the processor could not go on.
        for (letter, what, cause) in [("p", "panic", 4), ("h", "hang", 2), ("s", "stack without end", 4)] {
            let (causes, _) = brought_up(image, Some(&format!("{letter}2")))?;
            if causes != [0, cause] {
                return Err(format!(
                    "a {what} on purpose: restarts told the causes {causes:?} instead of [0, {cause}]"
                ));
            }
            println!("  bringup: a {what} on purpose cut the enable, kept its cause and restarted");
        }
        Ok(())
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        if let Ok(mut child) = self.child.lock() {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Ends an emulator that hangs, and opens the pipe once when it is gone, so that nobody waits for it in vain.
fn watch(child: Arc<Mutex<Child>>, pipe: PathBuf) {
    std::thread::spawn(move || {
        let begun = Instant::now();
        loop {
            std::thread::sleep(Duration::from_millis(20));
            let Ok(mut child) = child.lock() else { break };
            if !matches!(child.try_wait(), Ok(None)) {
                break;
            }
            if begun.elapsed() > LONGEST {
                let _ = child.kill();
            }
        }
        let _ = OpenOptions::new().read(true).write(true).open(pipe);
    });
}

/// Restarts' causes as the image told them, and its report.
type BroughtUp = (Vec<u8>, BTreeMap<String, u64>);

/// Lets `bringup` sleep through a day in odd steps.
fn brought_up(image: &Path, deliberate: Option<&str>) -> Result<BroughtUp, String> {
    let files: Vec<(&str, &[u8])> = deliberate.iter().map(|what| ("deliberate", what.as_bytes())).collect();
    let mut emulator = Emulator::start(image, &files)?;
    let (mut now, mut causes, mut enable) = (1_000u64, Vec::new(), Vec::new());
    let end = now + 86_400_000;
    while let Some(message) = emulator.hear()? {
        match message.kind() {
            ENABLE => enable.push(message.body() == [1]),
            WRITE if message.body().get(4) != Some(&0x10) => causes.extend(message.body().get(4)),
            SLEEP if message.is_hello() => {
                emulator.behave();
                emulator.say(&Message::new(RESTART, now, &[&[0u8, 1][..], &now.to_le_bytes()].concat()))?;
            }
            SLEEP if now >= end => break,
            SLEEP => {
                now += 3_599_977;
                emulator.say(&Message::new(TICK, now, &now.to_le_bytes()))?;
            }
            _ => {}
        }
    }
    if enable.is_empty() {
        return Err("bringup never worked the enable line".to_owned());
    }
    Ok((causes, emulator.end()?))
}
