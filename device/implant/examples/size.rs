//! How much memory the implant's state takes, part by part. `cargo xtask size` runs it.

fn main() {
    let mut named = 0usize;
    for (what, bytes) in implant::size::parts() {
        println!("    {what:<44} {bytes:>6} bytes");
        named += bytes;
    }
    println!("    {:<44} {:>6} bytes", "the rest: numbers, flags, gaps", implant::size::STATE - named);
    println!(
        "    {:<44} {:>6} bytes of at most {}",
        "all of the state",
        implant::size::STATE,
        implant::size::STATE_MAX
    );
    let is_kept = implant::size::STATE <= implant::size::STATE_MAX;
    assert!(is_kept, "the state takes more than it may: make a part smaller, or state why more is needed");
}
