//! The doors of a virtual pump: listeners, a reader and a writer for each peer, and the second port's lines.
//!
//! What comes in is cut into frames and handed on unread. A length that no frame has ends the stream: nobody can tell where
//! the next frame would begin. A peer that leaves a frame half sent, or reads nothing, is put out in time.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use telemetry::deframe::{self, Deframer};

use super::course::Event;

/// Peers at once.
const LINKS_MAX: usize = 16;
/// Frames that wait for one peer.
const WAITING_MAX: usize = 64;
/// A frame that was begun is whole within this.
const FRAME_WITHIN: Duration = Duration::from_secs(15);
/// A peer that sends nothing for this long is put out.
const QUIET_MAX: Duration = Duration::from_secs(600);
/// A peer takes what it is sent within this.
const WRITE_WITHIN: Duration = Duration::from_secs(5);
/// The longest command of the second port, bytes.
const COMMAND_MAX: u64 = 65_536;

/// The listeners of one pump.
#[derive(Debug)]
pub(super) struct Doors {
    at: Vec<SocketAddr>,
    are_closed: Arc<AtomicBool>,
}

impl Doors {
    pub fn open(telemetry: TcpListener, control: Option<TcpListener>, events: &Sender<Event>) -> Self {
        let are_closed = Arc::new(AtomicBool::new(false));
        let mut doors = Self { at: Vec::new(), are_closed };
        let links = Arc::new(Mutex::new([false; LINKS_MAX]));
        let to = events.clone();
        doors.each(telemetry, move |stream| admit(stream, &links, &to));
        if let Some(control) = control {
            let to = events.clone();
            doors.each(control, move |stream| {
                let to = to.clone();
                thread::spawn(move || {
                    // Whoever asked has gone: nothing is left to tell.
                    let _ = commands(stream, &to);
                });
            });
        }
        doors
    }

    fn each(&mut self, listener: TcpListener, admit: impl Fn(TcpStream) + Send + 'static) {
        self.at.extend(listener.local_addr());
        let are_closed = Arc::clone(&self.are_closed);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if are_closed.load(Ordering::Acquire) {
                    return;
                }
                // One that failed while it came is not there.
                if let Ok(stream) = stream {
                    admit(stream);
                }
            }
        });
    }

    /// Nobody is let in any more.
    pub fn close(&self) {
        self.are_closed.store(true, Ordering::Release);
        for at in &self.at {
            // Wakes the listener, which then sees that it is closed.
            let _ = TcpStream::connect_timeout(at, Duration::from_secs(1));
        }
    }
}

type Links = Arc<Mutex<[bool; LINKS_MAX]>>;

fn admit(stream: TcpStream, links: &Links, events: &Sender<Event>) {
    let mut taken = links.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(place) = taken.iter().position(|is_taken| !is_taken) else {
        // All places are taken: the newcomer is put out, and hears it by the end of the stream.
        let _ = stream.shutdown(Shutdown::Both);
        return;
    };
    let Ok(link) = u8::try_from(place) else { return };
    let set_up = || -> io::Result<(TcpStream, TcpStream)> {
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(WRITE_WITHIN))?;
        Ok((stream.try_clone()?, stream.try_clone()?))
    };
    let Ok((out, to_put_out)) = set_up() else { return };
    taken[place] = true;
    drop(taken);
    let (frames, waiting) = mpsc::sync_channel(WAITING_MAX);
    let (links, events) = (Arc::clone(links), events.clone());
    if events.send(Event::Opened { link, frames, stream: to_put_out }).is_err() {
        return;
    }
    thread::spawn(move || writes(out, &waiting));
    thread::spawn(move || {
        // However it ends, the peer has gone.
        let _ = reads(&stream, link, &events);
        let _ = stream.shutdown(Shutdown::Both);
        let _ = events.send(Event::Closed { link });
        links.lock().unwrap_or_else(PoisonError::into_inner)[place] = false;
    });
}

fn reads(mut stream: &TcpStream, link: u8, events: &Sender<Event>) -> io::Result<()> {
    let mut deframer = Deframer::new();
    let mut chunk = [0; 4_096];
    let mut begun: Option<Instant> = None;
    loop {
        let wait = match begun {
            None => QUIET_MAX,
            Some(since) => FRAME_WITHIN.saturating_sub(since.elapsed()),
        };
        if wait.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(wait))?;
        let length = match stream.read(&mut chunk) {
            Ok(0) => return Ok(()),
            Ok(length) => length,
            Err(why) if why.kind() == ErrorKind::Interrupted => continue,
            Err(why) => return Err(why),
        };
        let mut bytes = &chunk[..length];
        while let Some(frame) = deframer.take(&mut bytes).map_err(|_| io::Error::from(ErrorKind::InvalidData))? {
            let frame = Event::Frame { link, bytes: frame.to_vec() };
            events.send(frame).map_err(|_| io::Error::from(ErrorKind::BrokenPipe))?;
            begun = None;
        }
        begun = if deframer.is_between() { None } else { Some(begun.unwrap_or_else(Instant::now)) };
    }
}

fn writes(mut stream: TcpStream, frames: &Receiver<Vec<u8>>) {
    while let Ok(frame) = frames.recv() {
        let Ok(prefix) = deframe::prefix(frame.len()) else { continue };
        let mut whole = prefix.to_vec();
        whole.extend_from_slice(&frame);
        if stream.write_all(&whole).is_err() {
            break;
        }
    }
    // The reader ends with it.
    let _ = stream.shutdown(Shutdown::Both);
}

/// The second port: a JSON object a line, an answer a line.
fn commands(stream: TcpStream, events: &Sender<Event>) -> io::Result<()> {
    let mut out = stream.try_clone()?;
    let mut lines = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if lines.by_ref().take(COMMAND_MAX).read_line(&mut line)? == 0 {
            return Ok(());
        }
        let answer = match serde_json::from_str::<Value>(&line) {
            Ok(command) => ask(command, events)?,
            Err(why) => Err(format!("not a JSON object on one line: {why}")),
        };
        let answer = answer.map_or_else(|why| json!({"error": why}), |told| json!({"ok": told}));
        writeln!(out, "{answer}")?;
    }
}

fn ask(command: Value, events: &Sender<Event>) -> io::Result<Result<Value, String>> {
    let (reply, answer) = mpsc::channel();
    let ended = |_| io::Error::from(ErrorKind::BrokenPipe);
    events.send(Event::Command { command, reply }).map_err(|_| io::Error::from(ErrorKind::BrokenPipe))?;
    answer.recv().map_err(ended)
}
