//! `nepenthe pump-control`: one command for the second port of a virtual pump.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use serde_json::{Map, Value, json};

/// What the command takes.
#[derive(clap::Args)]
pub struct Args {
    /// The second port of the pump, such as 127.0.0.1:7702
    address: String,
    /// presence on|off · field on|off · truth · time · speed N · advance "3 h" · draw-off · fill "18 mL" --mixture "4 mg/mL
    /// morphine" [--into pocket] · aspirate "0.3 mL" · or a mishap in the words of a scenario, such as: drive stalls --for
    /// "14 min" · magnet comes --for "20 min" · catheter leaks --share "30 %" · battery "browns out" --off "2 min"
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    words: Vec<String>,
}

/// Sends it and prints what came of it; false if the pump said that the command is wrong.
///
/// # Errors
/// The words for what cannot be read or reached.
pub fn run(args: &Args) -> Result<bool, String> {
    let command = command(&args.words)?;
    let reached =
        |why: std::io::Error| format!("{}: {why}; does a virtual pump run there, with --control?", args.address);
    let mut stream = TcpStream::connect(&args.address).map_err(reached)?;
    writeln!(stream, "{command}").map_err(reached)?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).map_err(reached)?;
    let answer: Value = serde_json::from_str(&line).map_err(|why| format!("{}: {why}: {line:?}", args.address))?;
    match (answer.get("ok"), answer.get("error").and_then(Value::as_str)) {
        (Some(told), _) => {
            println!("{}", serde_json::to_string_pretty(told).unwrap_or_else(|_| told.to_string()));
            Ok(true)
        }
        (None, why) => {
            eprintln!("{}", why.unwrap_or("the pump answered neither yes nor no"));
            Ok(false)
        }
    }
}

/// The words as a command of the second port.
fn command(words: &[String]) -> Result<Value, String> {
    let first_field = words.iter().position(|word| word.starts_with("--")).unwrap_or(words.len());
    let (verb, fields) = words.split_at(first_field);
    let verb: Vec<&str> = verb.iter().map(String::as_str).collect();
    let mut command = match verb.as_slice() {
        [json] if json.starts_with('{') => {
            return serde_json::from_str(json).map_err(|why| format!("{json}: {why}"));
        }
        ["truth"] => json!({"truth": "tell"}),
        ["time"] => json!({"time": "tell"}),
        ["speed", speed] => json!({"speed": value(speed)}),
        ["presence" | "field" | "advance", word] => json!({verb[0]: word}),
        ["draw-off"] => json!({"needle": "draws off"}),
        ["fill", volume] => json!({"needle": "fills", "volume": volume}),
        ["aspirate", volume] => json!({"needle": "aspirates", "volume": volume}),
        [actor, rest @ ..] if !rest.is_empty() => json!({*actor: rest.join(" ")}),
        _ => {
            return Err(format!(
                "{}: not understood; for example: truth, presence on, advance \"3 h\", drive stalls --for \"14 min\"",
                words.join(" ")
            ));
        }
    };
    if let Some(into) = command.as_object_mut() {
        add_fields(into, fields)?;
    }
    Ok(command)
}

fn add_fields(into: &mut Map<String, Value>, fields: &[String]) -> Result<(), String> {
    for pair in fields.chunks(2) {
        let [name, given] = pair else { return Err(format!("{}: a value was expected after it", pair[0])) };
        let Some(name) = name.strip_prefix("--") else {
            return Err(format!("{name}: a field such as --for was expected"));
        };
        into.insert(name.replace('-', "_"), value(given));
    }
    Ok(())
}

/// A whole number, or text.
fn value(text: &str) -> Value {
    text.parse::<u64>().map_or_else(|_| Value::from(text), Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(words: &[&str]) -> Result<Value, String> {
        command(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn words_become_the_command_that_they_say() {
        assert_eq!(told(&["presence", "on"]).unwrap(), json!({"presence": "on"}));
        assert_eq!(told(&["speed", "60"]).unwrap(), json!({"speed": 60}));
        assert_eq!(
            told(&["fill", "18 mL", "--mixture", "4 mg/mL morphine"]).unwrap(),
            json!({"needle": "fills", "volume": "18 mL", "mixture": "4 mg/mL morphine"})
        );
        assert_eq!(told(&["drive", "stalls", "--for", "14 min"]).unwrap(), json!({"drive": "stalls", "for": "14 min"}));
        let off = json!({"battery": "browns out", "off": "2 min"});
        assert_eq!(told(&["battery", "browns", "out", "--off", "2 min"]).unwrap(), off);
        assert_eq!(told(&["radio", "loses", "--way", "from the pump", "--count", "2"]).unwrap()["count"], 2);
    }

    #[test]
    fn words_that_say_nothing_are_told_with_what_would() {
        for wrong in [&["dance"][..], &["drive", "stalls", "--for"], &["drive", "stalls", "--for", "1 s", "loud", "x"]]
        {
            assert!(told(wrong).is_err(), "{wrong:?}");
        }
        assert!(told(&["dance"]).unwrap_err().contains("for example"));
    }
}
