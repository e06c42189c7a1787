//! Colour where a terminal shows it and nobody has asked for none.

use std::io::IsTerminal;

/// How something is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// As it is.
    Plain,
    /// Something to look at: an alarm, a refusal, a mishap.
    Notable,
    /// Something is wrong.
    Wrong,
}

/// What a stream can show.
#[derive(Clone, Copy)]
pub struct Terminal {
    has_colour: bool,
}

impl Terminal {
    /// What standard output can show. `NO_COLOR` in the environment means none (no-color.org).
    pub fn of_output() -> Self {
        let is_unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { has_colour: std::io::stdout().is_terminal() && !is_unwanted }
    }

    /// The text, coloured if it can be. Colour never says what the words do not.
    pub fn show(self, look: Look, text: &str) -> String {
        match (self.has_colour, look) {
            (true, Look::Notable) => format!("\x1b[33m{text}\x1b[0m"),
            (true, Look::Wrong) => format!("\x1b[1;31m{text}\x1b[0m"),
            (false, _) | (true, Look::Plain) => text.into(),
        }
    }
}

/// A line on standard error that shows how far a run has come; nothing where no terminal is.
pub struct Bar {
    is_shown: bool,
    shown: u64,
}

impl Bar {
    /// Width of the bar in characters.
    const WIDTH: u64 = 40;

    /// A bar, if both streams are terminals (else its line would stand among the story's).
    pub fn new() -> Self {
        let is_shown = std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
        Self { is_shown, shown: u64::MAX }
    }

    /// Shows that so much of the whole is done.
    pub fn show(&mut self, done: u64, whole: u64) {
        let part = done.saturating_mul(Self::WIDTH).checked_div(whole).unwrap_or(0).min(Self::WIDTH);
        if self.is_shown && part != self.shown {
            self.shown = part;
            let (full, rest) = ("#".repeat(part as usize), ".".repeat((Self::WIDTH - part) as usize));
            eprint!("\r[{full}{rest}]");
        }
    }

    /// Takes the bar away, before a line of the story or at the end.
    pub fn hide(&mut self) {
        if self.is_shown && self.shown != u64::MAX {
            eprint!("\r{}\r", " ".repeat(Self::WIDTH as usize + 2));
            self.shown = u64::MAX;
        }
    }
}
