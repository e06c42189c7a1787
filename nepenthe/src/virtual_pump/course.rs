//! The pump's own thread: events in, the pump turned at each deadline, frames and words out.

use std::collections::BTreeMap;
use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender};
use std::time::Duration;

use serde_json::{Value, json};
use sim::virtual_pump::control::{NotDone, advance_of};
use sim::virtual_pump::{Out, VirtualPump};

use super::{Tell, wall_ms};

/// Time moved on by hand goes in parts of this, ms, so that what happens is told as it happens.
const ADVANCE_PART_MS: u64 = 3_600_000;

/// The longest sleep: a wall clock that is set is noticed.
const SLEEP_MAX: Duration = Duration::from_secs(1);

/// Something for the pump's thread.
#[derive(Debug)]
pub(super) enum Event {
    /// A peer came.
    Opened {
        /// The link it was given.
        link: u8,
        /// Frames for it.
        frames: SyncSender<Vec<u8>>,
        /// To put it out.
        stream: TcpStream,
    },
    /// A peer sent a frame.
    Frame {
        /// By which link.
        link: u8,
        /// The frame.
        bytes: Vec<u8>,
    },
    /// A peer has gone.
    Closed {
        /// Which.
        link: u8,
    },
    /// A command of the second port.
    Command {
        /// The command.
        command: Value,
        /// Where its answer goes.
        reply: Sender<Result<Value, String>>,
    },
    /// All pumps go at this speed.
    Speed(u32),
    /// It ends.
    Stop,
}

/// The pump and those who speak with it.
pub(super) struct Course {
    pump: VirtualPump,
    inbox: Receiver<Event>,
    peers: BTreeMap<u8, (SyncSender<Vec<u8>>, TcpStream)>,
    tell: Tell,
}

impl Course {
    pub fn new(pump: VirtualPump, inbox: Receiver<Event>, tell: Tell) -> Self {
        Self { pump, inbox, peers: BTreeMap::new(), tell }
    }

    /// Until it is stopped or its folder fails.
    pub fn run(mut self) -> io::Result<()> {
        let ended = self.go_on();
        self.flush();
        for (_, stream) in self.peers.values() {
            // It may be closed already.
            let _ = stream.shutdown(Shutdown::Both);
        }
        ended
    }

    fn go_on(&mut self) -> io::Result<()> {
        loop {
            self.pump.turn(wall_ms())?;
            self.flush();
            let wait = self.pump.deadline().map(|at| Duration::from_millis(at.saturating_sub(wall_ms())));
            let event = self.inbox.recv_timeout(wait.unwrap_or(SLEEP_MAX).min(SLEEP_MAX));
            match event {
                Ok(Event::Stop) | Err(RecvTimeoutError::Disconnected) => return Ok(()),
                Ok(event) => self.event(event)?,
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn event(&mut self, event: Event) -> io::Result<()> {
        match event {
            Event::Opened { link, frames, stream } => drop(self.peers.insert(link, (frames, stream))),
            Event::Closed { link } => drop(self.peers.remove(&link)),
            Event::Frame { link, bytes } => self.pump.frame(wall_ms(), link, &bytes)?,
            Event::Command { command, reply } => {
                let answer = match self.command(&command) {
                    Ok(answer) => Ok(answer),
                    Err(NotDone::Wrong(why)) => Err(why),
                    Err(NotDone::Folder(why)) => return Err(why),
                };
                self.flush();
                // Who asked may have gone.
                let _ = reply.send(answer);
            }
            Event::Speed(speed) => match self.pump.control(wall_ms(), &json!({"speed": speed})) {
                Ok(_) | Err(NotDone::Wrong(_)) => {}
                Err(NotDone::Folder(why)) => return Err(why),
            },
            Event::Stop => {}
        }
        self.flush();
        Ok(())
    }

    fn command(&mut self, command: &Value) -> Result<Value, NotDone> {
        let Some(mut left) = advance_of(command)? else { return self.pump.control(wall_ms(), command) };
        while left > ADVANCE_PART_MS {
            self.pump.advance(wall_ms(), ADVANCE_PART_MS)?;
            self.flush();
            left -= ADVANCE_PART_MS;
        }
        self.pump.advance(wall_ms(), left)?;
        self.pump.control(wall_ms(), &json!({"time": "tell"}))
    }

    fn flush(&mut self) {
        while let Some(out) = self.pump.poll() {
            match out {
                Out::Told { at, words } => (self.tell)(at, &words),
                Out::Frame { link, bytes } => {
                    let Some((frames, stream)) = self.peers.get(&link) else { continue };
                    if frames.try_send(bytes).is_err() {
                        // It does not read what it asked for: put out, so that it holds nothing up.
                        let _ = stream.shutdown(Shutdown::Both);
                        self.peers.remove(&link);
                    }
                }
            }
        }
    }
}
