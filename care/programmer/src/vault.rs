//! The folder on the disk: each file is written beside, synced and renamed; a kill leaves the old or the new one.
//!
//! ```text
//!   people.json          who may sign in, in the open; their keys wrapped
//!   keys/                the device's key and its pumps, sealed (`link::Keys` under a cover)
//!   files/SERIAL         a checked-out patient file, sealed
//!   left/SERIAL          an edit that was left, for the next visit, sealed
//!   carried/SERIAL       an order of another pump, as a draft for this one, sealed
//!   raised/SERIAL        when this device last saw the dose raised, sealed
//!   outbox/NUMBER        what was done and heard, for the clinic, sealed
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use link::Cover;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::seal::{Key, Unsealed};

/// Why something cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotKept {
    /// The file system.
    #[error("{path}: {why}")]
    File {
        /// Which file.
        path: String,
        /// What it says.
        why: io::Error,
    },
    /// Sealed under another key, or altered.
    #[error("{path}: {why}")]
    Seal {
        /// Which file.
        path: String,
        /// What is wrong.
        why: Unsealed,
    },
    /// It opens and does not read.
    #[error("{path}: {why}")]
    Damaged {
        /// Which file.
        path: String,
        /// What is wrong.
        why: String,
    },
}

fn file(path: &Path, why: io::Error) -> NotKept {
    NotKept::File { path: path.display().to_string(), why }
}

fn damaged(path: &Path, why: impl ToString) -> NotKept {
    NotKept::Damaged { path: path.display().to_string(), why: why.to_string() }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, NotKept> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(why) => Err(file(path, why)),
    }
}

fn replace(path: &Path, bytes: &[u8]) -> Result<(), NotKept> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|why| file(folder, why))?;
    let beside = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&beside).and_then(|mut to| {
        to.write_all(bytes)?;
        to.sync_all()
    });
    written.map_err(|why| file(&beside, why))?;
    fs::rename(&beside, path).map_err(|why| file(path, why))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|why| file(folder, why))
}

/// A file in the open.
pub(crate) fn read_plain<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, NotKept> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).map_err(|why| damaged(path, why))
}

/// Writes a file in the open.
pub(crate) fn write_plain(path: &Path, content: &impl Serialize) -> Result<(), NotKept> {
    replace(path, &serde_json::to_vec_pretty(content).map_err(|why| damaged(path, why))?)
}

/// What lies sealed, while somebody is signed in.
#[derive(Clone)]
pub(crate) struct Vault {
    folder: PathBuf,
    key: Key,
}

impl Vault {
    /// The folder under a data key.
    pub(crate) fn of(folder: &Path, key: Key) -> Self {
        Self { folder: folder.to_owned(), key }
    }

    /// The data key, to be wrapped for a further person.
    pub(crate) const fn key(&self) -> &Key {
        &self.key
    }

    /// Where the device's keys lie.
    pub(crate) fn keys_folder(&self) -> PathBuf {
        self.folder.join("keys")
    }

    /// What covers them.
    pub(crate) fn cover(&self) -> Arc<dyn Cover> {
        Arc::new(Covered(self.key.clone()))
    }

    /// What was sealed under this name.
    pub(crate) fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, NotKept> {
        let path = self.folder.join(name);
        let Some(sealed) = read(&path)? else { return Ok(None) };
        let opened = self.key.open(name, &sealed);
        let bytes = opened.map_err(|why| NotKept::Seal { path: path.display().to_string(), why })?;
        serde_json::from_slice(&bytes).map(Some).map_err(|why| damaged(&path, why))
    }

    /// Seals something under a name.
    //= requirements/programmer.md#sealed-files
    //# The programmer MUST keep patient files and keys encrypted at rest and purge the files after they are synchronised.
    pub(crate) fn write(&self, name: &str, content: &impl Serialize) -> Result<(), NotKept> {
        let path = self.folder.join(name);
        let bytes = serde_json::to_vec(content).map_err(|why| damaged(&path, why))?;
        let sealed = self.key.seal(name, &bytes);
        replace(&path, &sealed.map_err(|why| NotKept::Seal { path: path.display().to_string(), why })?)
    }

    /// Takes something away.
    pub(crate) fn remove(&self, name: &str) -> Result<(), NotKept> {
        let path = self.folder.join(name);
        match fs::remove_file(&path) {
            Err(why) if why.kind() != io::ErrorKind::NotFound => Err(file(&path, why)),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// The names in a folder, sorted.
    pub(crate) fn names(&self, folder: &str) -> Result<Vec<String>, NotKept> {
        let path = self.folder.join(folder);
        let entries = match fs::read_dir(&path) {
            Ok(entries) => entries,
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(why) => return Err(file(&path, why)),
        };
        let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut names: Vec<String> = names.filter(|name| !name.ends_with(".new")).collect();
        names.sort_unstable();
        Ok(names)
    }
}

/// The cover over the device's keys.
struct Covered(Key);

impl Cover for Covered {
    fn seal(&self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        self.0.seal("keys", bytes).map_err(|why| why.to_string())
    }
    fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, String> {
        self.0.open("keys", sealed).map_err(|why| why.to_string())
    }
}
