//! Prints the validation report: `cargo run --release -p patient --example validate`.

fn main() {
    match patient::validate::run(&[]) {
        Ok(outcomes) => print!("{}", patient::validate::report(&outcomes)),
        Err(refusal) => {
            eprintln!("{refusal}");
            std::process::exit(2);
        }
    }
}
