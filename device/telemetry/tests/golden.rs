//! The bytes of version 1. **If a test here fails, do not change the test and do not change the files**: the change that made it fail gives yesterday's bytes
//! another meaning, and pumps that speak them lie in people. A new message gets a new code and a new file; a changed one gets a new version.

#[path = "common/examples.rs"]
mod examples;

use std::fs;
use std::path::PathBuf;

use examples::*;
use telemetry::limits::MESSAGE_MAX;
use telemetry::message::{Answer, Ask, Request};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1")
}

fn expect(name: &str, bytes: &[u8], wrong: &mut String) {
    let file = fs::read_to_string(folder().join(name)).map(|text| unhex(&text));
    if file.as_deref().ok() != Some(bytes) {
        wrong.push_str(&format!("--- {name}\n{}", hex(bytes)));
    }
}

//= requirements/telemetry.md#yesterdays-bytes
//= type=test
//# The bytes of version 1 MUST keep their meaning, as golden files fix them.
#[test]
fn every_message_has_the_bytes_of_its_golden_file_and_reads_back_from_them() {
    let mut wrong = String::new();
    for request in requests() {
        let mut buffer = [0u8; MESSAGE_MAX];
        let len = request.encode(&mut buffer).unwrap();
        expect(&name("ask", request.ask.code(), Ask::ALL), &buffer[..len], &mut wrong);
        assert_eq!(Request::decode(&buffer[..len]), Ok(request));
    }
    for answer in answers() {
        let mut buffer = [0u8; MESSAGE_MAX];
        let len = answer.encode(&mut buffer).unwrap();
        expect(&name("answer", answer.code(), Answer::ALL), &buffer[..len], &mut wrong);
        assert_eq!(Answer::decode(&buffer[..len]), Ok(answer));
    }
    assert!(wrong.is_empty(), "these differ from their files in {}:\n{wrong}", folder().display());
}

#[test]
fn every_code_has_an_example_and_every_file_a_message() {
    let mut names: Vec<String> = Vec::new();
    names.extend(Ask::ALL.iter().map(|(code, _)| name("ask", *code, Ask::ALL)));
    names.extend(Answer::ALL.iter().map(|(code, _)| name("answer", *code, Answer::ALL)));
    assert_eq!(requests().len(), Ask::ALL.len());
    assert_eq!(answers().len(), Answer::ALL.len());
    let mut files: Vec<String> =
        fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    files.sort();
    assert_eq!(files, names);
}
