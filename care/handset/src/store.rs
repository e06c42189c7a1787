//! The handset's memory: small files, each encrypted and replaced whole, so that a kill leaves the old or the new one.
//!
//! ```text
//!   store.key     32 random bytes, readable by the owner alone; on a telephone this belongs into its key store
//!   NAME.sealed   12 bytes of nonce, then ChaCha20-Poly1305 of the JSON; the name is sealed in, so files cannot be swapped
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, Key, KeyInit, Nonce};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Bytes of nonce before the sealed text.
const NONCE: usize = 12;

/// Why something could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system.
    #[error("{path}: {why}")]
    File {
        /// Which file.
        path: String,
        /// What it says.
        why: io::Error,
    },
    /// Not written by this handset, or damaged.
    #[error("{path}: cannot be opened with this handset's key; it is damaged or another's. Put it aside to begin anew")]
    Sealed {
        /// Which file.
        path: String,
    },
    /// The content is of another version.
    #[error("{path}: {why}")]
    Content {
        /// Which file.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// The system gave no randomness.
    #[error("the system gave no randomness: {0}")]
    Randomness(String),
}

/// The folder.
pub struct Store {
    folder: PathBuf,
    cipher: ChaCha20Poly1305,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({})", self.folder.display())
    }
}

/// Fresh random bytes.
///
/// # Errors
/// [`StoreError::Randomness`].
pub fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|why| StoreError::Randomness(why.to_string()))?;
    Ok(bytes)
}

impl Store {
    /// The folder, made with a fresh key if it is new.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(folder: &Path) -> Result<Store, StoreError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder).map_err(|why| file_error(folder, why))?;
        let path = folder.join("store.key");
        let key: [u8; 32] = match fs::read(&path) {
            Ok(bytes) => bytes.try_into().map_err(|_| StoreError::Sealed { path: path.display().to_string() })?,
            Err(why) if why.kind() == io::ErrorKind::NotFound => {
                let key = random()?;
                replace(&path, &key)?;
                key
            }
            Err(why) => return Err(file_error(&path, why)),
        };
        Ok(Store { folder: folder.into(), cipher: ChaCha20Poly1305::new(Key::from_slice(&key)) })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.sealed"))
    }

    /// What was kept under this name.
    ///
    /// # Errors
    /// [`StoreError`]; a file that is not there is no error.
    pub fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, StoreError> {
        let path = self.path(name);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(why) if why.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(why) => return Err(file_error(&path, why)),
        };
        let sealed = || StoreError::Sealed { path: path.display().to_string() };
        let (nonce, text) = bytes.split_at_checked(NONCE).ok_or_else(sealed)?;
        let payload = Payload { msg: text, aad: name.as_bytes() };
        let plain = self.cipher.decrypt(Nonce::from_slice(nonce), payload).map_err(|_| sealed())?;
        let content =
            |why: serde_json::Error| StoreError::Content { path: path.display().to_string(), why: why.to_string() };
        serde_json::from_slice(&plain).map(Some).map_err(content)
    }

    /// Keeps it under this name, durably.
    ///
    /// # Errors
    /// [`StoreError`]: what was there stays.
    pub fn keep(&self, name: &str, content: &impl Serialize) -> Result<(), StoreError> {
        let path = self.path(name);
        let plain = serde_json::to_vec(content)
            .map_err(|why| StoreError::Content { path: path.display().to_string(), why: why.to_string() })?;
        let nonce: [u8; NONCE] = random()?;
        let payload = Payload { msg: &plain, aad: name.as_bytes() };
        //= requirements/handset.md#locked-view
        //# The locked view MUST NOT show drug names, and data at rest are encrypted.
        let text = self
            .cipher
            .encrypt(Nonce::from_slice(&nonce), payload)
            .map_err(|_| StoreError::Sealed { path: path.display().to_string() })?;
        replace(&path, &[&nonce[..], &text].concat())
    }
}

fn file_error(path: &Path, why: io::Error) -> StoreError {
    StoreError::File { path: path.display().to_string(), why }
}

/// Beside, synced, renamed.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()
    });
    written.map_err(|why| file_error(&beside, why))?;
    fs::rename(&beside, path).map_err(|why| file_error(path, why))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|why| file_error(folder, why))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("handset-store-{}-{name}", std::process::id()));
        // A folder left by an earlier run is no matter.
        let _ = fs::remove_dir_all(&folder);
        folder
    }

    #[test]
    fn what_lies_on_the_disk_tells_a_thief_nothing_and_the_handset_everything() {
        let folder = folder("thief");
        let store = Store::open(&folder).unwrap();
        store.keep("diary", &"itching on baclofen").unwrap();
        let raw = fs::read(folder.join("diary.sealed")).unwrap();
        assert!(!String::from_utf8_lossy(&raw).contains("baclofen"));
        let again = Store::open(&folder).unwrap();
        assert_eq!(again.read::<String>("diary").unwrap().as_deref(), Some("itching on baclofen"));
        assert_eq!(again.read::<String>("outbox").unwrap(), None);
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn a_file_that_was_altered_or_put_in_another_s_place_is_refused() {
        let folder = folder("altered");
        let store = Store::open(&folder).unwrap();
        store.keep("diary", &1).unwrap();
        fs::copy(folder.join("diary.sealed"), folder.join("person.sealed")).unwrap();
        assert!(matches!(store.read::<u32>("person"), Err(StoreError::Sealed { .. })));
        let mut raw = fs::read(folder.join("diary.sealed")).unwrap();
        *raw.last_mut().unwrap() ^= 1;
        fs::write(folder.join("diary.sealed"), raw).unwrap();
        assert!(matches!(store.read::<u32>("diary"), Err(StoreError::Sealed { .. })));
        fs::remove_dir_all(folder).unwrap();
    }
}
