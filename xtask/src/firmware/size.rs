//! How big the image is, and what its budgets say of it.
//!
//! Read from the linked image itself: the sections that are loaded are flash, those that are kept are memory, and the stack
//! is what a run used of it. The budgets are those of the part the image is meant for, with their reasons at the
//! constants; a ratchet beside them keeps what was reached.

use std::path::Path;

use super::toolchain::{self, Toolchain};
use super::{BOARD, replay};
use crate::run::{Outcome, output};

/// Flash: 96 KiB, so that two banks, the boot loader and a year's journal index fit a part of 256 KiB.
const FLASH_BUDGET: u64 = 96 * 1_024;
/// Memory with stack: 24 KiB, three quarters of a part with 32 KiB.
const RAM_BUDGET: u64 = 24 * 1_024;
/// What is reached today; growing beyond it fails, as long as the budget itself is not kept.
const FLASH_REACHED: u64 = 278_000;
const RAM_REACHED: u64 = 54_000;
/// Share of the measured stack that is kept free for what a story did not show.
const STACK_SPARE_PERCENT: u64 = 50;

/// `cargo xtask firmware size`.
pub fn main(with: &Toolchain) -> Outcome {
    probe(with)?;
    toolchain::need_emulator()?;
    let image_file = with.build(BOARD, &["--bin", "image"])?.join("image");
    let told = replay::run(&image_file, &super::recorded("week")?)?;
    image(&image_file, told.stack)
}

/// Prints what the image takes; an error if it takes more than it may.
pub fn image(file: &Path, stack: u64) -> Outcome {
    let sections = sections(file)?;
    let of =
        |names: &[&str]| sections.iter().filter(|(name, _)| names.contains(&name.as_str())).map(|(_, size)| size).sum();
    let flash: u64 = of(&[".vector_table", ".text", ".rodata", ".data"]);
    let state: u64 = of(&[".data", ".bss", ".uninit"]);
    let stack_budget = stack + stack * STACK_SPARE_PERCENT / 100;
    let ram = state + stack_budget;
    println!("  state {state} bytes; stack measured {stack} bytes, with {STACK_SPARE_PERCENT} % spare {stack_budget}");
    for (what, is, budget, reached) in
        [("flash", flash, FLASH_BUDGET, FLASH_REACHED), ("ram", ram, RAM_BUDGET, RAM_REACHED)]
    {
        let verdict = if is <= budget { "kept" } else { "NOT KEPT" };
        println!("  {what}: {is} bytes of {budget}: {verdict}");
        if is > budget.max(reached) {
            return Err(format!(
                "{what} has grown to {is} bytes, over the budget of {budget} and the {reached} reached before"
            ));
        }
    }
    println!("flash {flash} bytes, ram {ram} bytes, stack {stack} bytes");
    Ok(())
}

fn sections(file: &Path) -> Result<Vec<(String, u64)>, String> {
    let bytes = std::fs::read(file).map_err(|e| format!("{}: {e}", file.display()))?;
    read_sections(&bytes).ok_or_else(|| format!("{} is not a 32-bit ELF file", file.display()))
}

/// Name and size of every section of a 32-bit little-endian ELF file.
fn read_sections(bytes: &[u8]) -> Option<Vec<(String, u64)>> {
    let half = |at: usize| bytes.get(at..)?.first_chunk().map(|b| usize::from(u16::from_le_bytes(*b)));
    let word = |at: usize| usize::try_from(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?)).ok();
    if bytes.get(..5)? != b"\x7fELF\x01" {
        return None;
    }
    let (table, size, count, names) = (word(0x20)?, half(0x2e)?, half(0x30)?, half(0x32)?);
    let names = word(table + names * size + 0x10)?;
    let section = |number: usize| {
        let head = table + number * size;
        let name = bytes.get(names + word(head)?..)?.split(|byte| *byte == 0).next()?;
        Some((String::from_utf8_lossy(name).into_owned(), word(head + 0x14)? as u64))
    };
    (0..count).map(section).collect()
}

/// Parts of names that only a panic links.
const PANICS: &[&str] = &["panicking", "unwrap_failed", "expect_failed", "slice_index_fail", "cell::panic"];

/// What is still linked, and whence: taken off the list when it is gone, and nothing is ever put on it.
const STILL_LINKED: &[(&str, &str)] = &[
    ("panic_fmt", "the ends of the others"),
    ("slice_index_fail", "heapless: the iterator of a taken list, a deque that wraps"),
    ("expect_failed", "heapless: inserting into a list"),
];

/// Links the device rooms without cryptography and looks for what only a panic needs.
pub fn probe(toolchain: &Toolchain) -> Outcome {
    let folder = toolchain.build_with(&["--package", "probe"])?;
    let symbols = symbols(&folder.join("probe"))?;
    let found: Vec<&str> = symbols.lines().filter(|line| PANICS.iter().any(|part| line.contains(part))).collect();
    println!("  the probe links {} symbols", symbols.lines().count());
    let (known, new): (Vec<&str>, Vec<&str>) =
        found.iter().partition(|line| STILL_LINKED.iter().any(|(part, _)| line.contains(part)));
    match known.len() {
        0 => println!("  without cryptography no panicking symbol is linked"),
        n => println!("  {n} panicking symbols are still linked, all from heapless: {}", known.join("; ")),
    }
    if new.is_empty() { Ok(()) } else { Err(format!("new panicking symbols:\n    {}", new.join("\n    "))) }
}

fn symbols(file: &Path) -> Result<String, String> {
    let file = file.to_string_lossy();
    let tools = ["llvm-nm", "rust-nm", "nm"];
    let listed = tools.iter().find_map(|tool| output(tool, &[&file])).filter(|text| !text.is_empty());
    listed.ok_or_else(|| format!("none of {} lists the symbols of {file}", tools.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_elf_file_is_told() {
        assert_eq!(read_sections(b"\x7fELF\x02 of 64 bits"), None);
        assert_eq!(read_sections(b""), None);
    }
}
