//! `cargo xtask firmware build|run|test|size`: the image on the microcontroller.
//!
//! Answers for: the words of the command, and what each of them does, in order. Leaves to `toolchain` finding or
//! fetching what builds for the implant's processor, to `emulator` the board that is emulated, to `replay` holding the
//! image against the host, and to `size` the budgets.
//!
//! Terms. A *trace* is a story as the host told it: every input and every action with its bytes, life after life; a
//! *life* lasts from a restart until the power goes.

mod emulator;
mod replay;
mod size;
mod toolchain;

use std::path::PathBuf;

use crate::rooms;
use crate::run::{Outcome, cargo, run};
use emulator::Emulator;
use toolchain::Toolchain;

/// The folder of the firmware, from the root.
const FOLDER: &str = "device/firmware";

/// The board that is emulated.
const BOARD: &str = "mps2-an386";

/// Does what the word says.
pub fn main(words: &[String]) -> Outcome {
    let rest = words.get(1..).unwrap_or(&[]);
    match words.first().map(String::as_str) {
        Some("build") => build(&Toolchain::need()?),
        Some("run") => story(rest),
        Some("test") => test(),
        Some("size") => size::main(&Toolchain::need()?),
        Some(other) => Err(format!("firmware does not know `{other}`: build, run, test, size")),
        None => Err("say which: build, run, test, size".to_owned()),
    }
}

/// Builds the image.
fn build(toolchain: &Toolchain) -> Outcome {
    let image = toolchain.build(BOARD, &["--bin", "image"])?.join("image");
    println!("  {BOARD}: {}", image.display());
    Ok(())
}

/// Tells a story on the host and on the image.
fn story(words: &[String]) -> Outcome {
    let with = Toolchain::need()?;
    toolchain::need_emulator()?;
    let images = with.build(BOARD, &["--bin", "image"])?;
    let name = words.first().map_or("week", String::as_str);
    let trace = recorded(name)?;
    let told = replay::run(&images.join("image"), &trace)?;
    told.print(name);
    Ok(())
}

/// The trace of a story as the host tells it.
fn recorded(name: &str) -> Result<Vec<u8>, String> {
    let path = rooms::root().join("target/firmware").join(format!("{name}.trace"));
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    let place: PathBuf = path.clone();
    let mut tell = cargo(&["run", "--quiet", "--package", "implant", "--example", "trace", "--", name]);
    run(tell.arg(&place))?;
    std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))
}

/// What the test run asks: a machine that has neither the target nor a way to it says so and goes on.
pub fn smoke() -> Outcome {
    match Toolchain::need().and_then(|toolchain| toolchain::need_emulator().map(|()| toolchain)) {
        Ok(toolchain) => all(&toolchain),
        Err(why) => {
            println!("  the image was NOT built and not run on this machine: {why}");
            Ok(())
        }
    }
}

fn test() -> Outcome {
    let found = Toolchain::need()?;
    toolchain::need_emulator()?;
    all(&found)
}

fn all(with: &Toolchain) -> Outcome {
    let mut host = cargo(&["test", "--quiet", "--lib"]);
    run(host.current_dir(rooms::root().join(FOLDER)).env("CARGO_TARGET_DIR", rooms::root().join("target")))?;
    size::probe(with)?;
    let images = with.build(BOARD, &["--bins"])?;
    Emulator::bring_up(&images.join("bringup"))?;
    let name = "week";
    let trace = recorded(name)?;
    let told = replay::run(&images.join("image"), &trace)?;
    told.print(name);
    size::image(&images.join("image"), told.stack)
}
