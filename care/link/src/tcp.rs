//! Frames over a TCP stream: u16 length, little-endian, then the frame. Every wait has an end.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use telemetry::deframe::{self, Deframer};
use telemetry::wire::Malformed;

/// A stream that carries frames.
pub struct Tcp {
    stream: TcpStream,
    deframer: Deframer,
    /// What was read and is not yet a frame's.
    rest: Vec<u8>,
}

impl Tcp {
    /// Connects, and waits no longer than this.
    ///
    /// # Errors
    /// What the system says, for the last of the name's addresses.
    pub fn connect(address: &str, wait: Duration) -> io::Result<Self> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for one in address.to_socket_addrs()? {
            match TcpStream::connect_timeout(&one, wait) {
                Ok(stream) => {
                    stream.set_nodelay(true)?;
                    stream.set_write_timeout(Some(wait))?;
                    return Ok(Self { stream, deframer: Deframer::new(), rest: Vec::new() });
                }
                Err(why) => last = why,
            }
        }
        Err(last)
    }

    /// Sends one frame.
    ///
    /// # Errors
    /// What the system says; `InvalidInput` for a length that no frame has.
    pub fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        let prefix = deframe::prefix(frame.len()).map_err(|why| invalid(io::ErrorKind::InvalidInput, why))?;
        let mut whole = prefix.to_vec();
        whole.extend_from_slice(frame);
        self.stream.write_all(&whole)
    }

    /// The next frame, or `None` if none was whole by then.
    ///
    /// # Errors
    /// `UnexpectedEof` if the other end closed, `InvalidData` if what came is no frame, and what the system says.
    pub fn receive(&mut self, until: Instant) -> io::Result<Option<Vec<u8>>> {
        loop {
            let mut bytes = self.rest.as_slice();
            let frame = self.deframer.take(&mut bytes).map_err(|why| invalid(io::ErrorKind::InvalidData, why))?;
            let frame = frame.map(|frame| frame.to_vec());
            let left = bytes.len();
            self.rest.drain(..self.rest.len() - left);
            if frame.is_some() {
                return Ok(frame);
            }
            let Some(wait) = until.checked_duration_since(Instant::now()).filter(|wait| !wait.is_zero()) else {
                return Ok(None);
            };
            self.stream.set_read_timeout(Some(wait))?;
            let mut chunk = [0; 4_096];
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "the other end closed the stream")),
                Ok(length) => self.rest.extend_from_slice(&chunk[..length]),
                Err(why) if matches!(why.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) => {
                    return Ok(None);
                }
                Err(why) if why.kind() == io::ErrorKind::Interrupted => {}
                Err(why) => return Err(why),
            }
        }
    }
}

fn invalid(kind: io::ErrorKind, why: Malformed) -> io::Error {
    io::Error::new(kind, format!("no frame has this length: {why:?}"))
}
