//! The probe is linked and never run: it begins where it says.

fn main() {
    println!("cargo::rustc-link-arg-bins=-eprobe");
    println!("cargo::rustc-link-arg-bins=--gc-sections");
}
