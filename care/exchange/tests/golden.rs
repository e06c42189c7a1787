//! The documents of schema 1. **If a test here fails, do not change the files**: the change that made it fail gives
//! yesterday's documents another meaning, or signs other bytes. `EXCHANGE_WRITE_GOLDEN=1` writes files for new kinds.

mod common;

use std::fs;
use std::path::PathBuf;

use exchange::Envelope;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

#[test]
fn every_document_has_the_bytes_of_its_golden_file_and_reads_back_from_them() {
    let mut wrong = Vec::new();
    for document in common::documents() {
        let (path, bytes) = (folder().join(format!("{}.json", document.body.kind())), document.to_bytes().unwrap());
        if std::env::var_os("EXCHANGE_WRITE_GOLDEN").is_some() && !path.exists() {
            fs::write(&path, &bytes).unwrap();
        }
        if fs::read(&path).ok().as_deref() != Some(&bytes) {
            wrong.push(format!("{}: {}", path.display(), String::from_utf8_lossy(&bytes)));
        }
        assert_eq!(Envelope::parse(&bytes).unwrap(), document);
    }
    assert!(wrong.is_empty(), "these differ from their files:\n{}", wrong.join("\n"));
}

#[test]
fn every_file_has_an_example() {
    let mut files: Vec<String> =
        fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    let mut kinds: Vec<String> =
        common::documents().iter().map(|document| format!("{}.json", document.body.kind())).collect();
    files.sort();
    kinds.sort();
    assert_eq!(files, kinds);
}
