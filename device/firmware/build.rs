//! Puts the memory map of the chosen board where the linker finds it.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=boards");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() != Ok("none") {
        return;
    }
    let boards = ["mps2-an386"];
    let chosen = |board: &&str| {
        let name = board.to_uppercase().replace('-', "_");
        env::var_os(format!("CARGO_FEATURE_{name}")).is_some()
    };
    let chosen: Vec<&str> = boards.into_iter().filter(chosen).collect();
    let [board] = chosen[..] else { panic!("choose one board of {boards:?}, not {chosen:?}") };
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names a folder for what is built"));
    fs::copy(format!("boards/{board}.x"), out.join("memory.x")).expect("the board's memory map is copied");
    println!("cargo::rustc-link-search={}", out.display());
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
}
