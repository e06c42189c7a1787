//! What builds for the implant's processor: rustup's library for the target where it is or can be had, else Debian's
//! compiler, which brings the library's source.
//!
//! Debian's compiler needs the name of a bootstrap in its surroundings to build the library itself; it is set for that
//! command alone. Each compiler has a folder of its own for what it builds.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::FOLDER;
use crate::rooms;
use crate::run::{self, Outcome, SystemProgram, output, run};

/// The implant's processor.
pub const TARGET: &str = "thumbv7em-none-eabihf";
/// Debian's compiler.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
/// The library's source in Debian's package, below the compiler's own folder.
const LIBRARY: &str = "lib/rustlib/src/rust/library/Cargo.lock";

const EMULATOR: SystemProgram = SystemProgram {
    program: "qemu-system-arm",
    package: "qemu-system-arm",
    why: "emulates the board that the image runs on",
};

/// Which compiler builds the image.
pub enum Toolchain {
    /// The one that is in use, with its library for the target.
    Rustup,
    /// Debian's.
    Debian,
}

/// Where images are built, apart from everything else.
pub fn target_folder() -> PathBuf {
    rooms::root().join("target/firmware")
}

/// Installs the emulator where it is missing and may be installed.
pub fn need_emulator() -> Outcome {
    run::need_program(&EMULATOR)
}

impl Toolchain {
    /// Finds a compiler for the target, or fetches one.
    pub fn need() -> Result<Self, String> {
        if has_rustup_target() {
            return Ok(Toolchain::Rustup);
        }
        if has_debian() {
            return Ok(Toolchain::Debian);
        }
        println!("  there is no library for {TARGET} yet");
        if output("rustup", &["target", "add", TARGET]).is_some() && has_rustup_target() {
            return Ok(Toolchain::Rustup);
        }
        let is_root = output("id", &["-u"]).is_some_and(|id| id.trim() == "0");
        if is_root && Path::new("/usr/bin/apt-get").exists() {
            run(Command::new("apt-get").args(["update", "-qq"]))?;
            let packages =
                ["install", "-y", "-qq", "--no-install-recommends", "rustc-web", "cargo-web", "rust-web-src", "lld"];
            run(Command::new("apt-get").env("DEBIAN_FRONTEND", "noninteractive").args(packages))?;
            if has_debian() {
                return Ok(Toolchain::Debian);
            }
        }
        Err(format!(
            "`rustup target add {TARGET}` does not work here, and Debian's packages rustc-web, cargo-web, rust-web-src and \
             lld are not installed and may not be"
        ))
    }

    /// Builds with these words for a board; the folder of what was built.
    pub fn build(&self, board: &str, words: &[&str]) -> Result<PathBuf, String> {
        let built = self
            .build_with(&[&["--package", "firmware", "--no-default-features", "--features", board], words].concat())?;
        // The other board's image has the same name: what was built is put by its own.
        let folder = target_folder().join(board);
        let said = |e: std::io::Error| format!("{}: {e}", folder.display());
        std::fs::create_dir_all(&folder).map_err(said)?;
        for name in ["image", "bringup"] {
            if built.join(name).is_file() {
                std::fs::copy(built.join(name), folder.join(name)).map_err(said)?;
            }
        }
        Ok(folder)
    }

    /// Builds with these words.
    pub fn build_with(&self, words: &[&str]) -> Result<PathBuf, String> {
        let target = target_folder();
        let mut command = match self {
            Toolchain::Rustup => Command::new("cargo"),
            Toolchain::Debian => {
                let mut command = Command::new(DEBIAN_CARGO);
                command.env("RUSTC", DEBIAN_RUSTC).env("RUSTC_BOOTSTRAP", "1");
                command.env("CARGO_TARGET_THUMBV7EM_NONE_EABIHF_LINKER", "ld.lld");
                // The proxy's choice of a compiler must not reach through.
                command.env_remove("RUSTUP_TOOLCHAIN").env_remove("CARGO");
                command
            }
        };
        command.args(["build", "--quiet", "--release", "--target", TARGET]);
        if matches!(self, Toolchain::Debian) {
            command.arg("-Zbuild-std=core");
        }
        command.args(words).current_dir(rooms::root().join(FOLDER)).env("CARGO_TARGET_DIR", &target);
        run(&mut command)?;
        Ok(target.join(TARGET).join("release"))
    }
}

fn has_rustup_target() -> bool {
    let sysroot = output("rustc", &["--print", "sysroot"]).unwrap_or_default();
    Path::new(sysroot.trim()).join("lib/rustlib").join(TARGET).is_dir()
}

fn has_debian() -> bool {
    let sysroot = output(DEBIAN_RUSTC, &["--print", "sysroot"]).unwrap_or_default();
    let has_library = !sysroot.trim().is_empty() && Path::new(sysroot.trim()).join(LIBRARY).is_file();
    has_library && Path::new(DEBIAN_CARGO).exists() && output("ld.lld", &["--version"]).is_some()
}
