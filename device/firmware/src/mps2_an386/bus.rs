//! The bus to the bench: the bytes of `implant::host` through two blocking pipes.

use implant::Input;
use implant::host::{MESSAGE_MAX, Outgoing, message_length, read_input, write_outgoing};

use super::semihosting::{File, create, existing};

/// Both pipes, and the message that is on its way in one of them. An answer is taken before the next message is
/// written, so that one buffer holds both.
pub struct Bus {
    to_image: File,
    from_image: File,
    buffer: [u8; MESSAGE_MAX],
    length: usize,
}

impl Bus {
    pub fn open() -> Self {
        let Some(to_image) = existing("to-image") else { panic!("the bench has no pipe") };
        Self { to_image, from_image: create("from-image"), buffer: [0; MESSAGE_MAX], length: 0 }
    }

    pub fn send(&mut self, now: u64, outgoing: &Outgoing<'_>) {
        let Some(length) = write_outgoing(now, outgoing, &mut self.buffer) else {
            panic!("every action fits a message")
        };
        self.from_image.write(self.buffer.get(..length).unwrap_or(&[]));
    }

    /// Waits for a message and returns its time; `None` when the bench has hung up.
    pub fn receive_message(&mut self) -> Option<u64> {
        self.length = 0;
        loop {
            match message_length(self.buffer.get(..self.length).unwrap_or(&[])) {
                Ok(Some(_)) => break,
                Ok(None) => {}
                Err(_) => panic!("the bench sends messages of its own kind"),
            }
            let read = self.to_image.read(self.buffer.get_mut(self.length..)?);
            if read == 0 {
                return None;
            }
            self.length = self.length.saturating_add(read);
        }
        self.message().map(|(now, _)| now)
    }

    /// The message that was received last.
    pub fn message(&self) -> Option<(u64, Input<'_>)> {
        read_input(self.buffer.get(..self.length)?).ok()
    }

    pub fn receive(&mut self) -> Option<(u64, Input<'_>)> {
        self.receive_message()?;
        self.message()
    }
}
