//! The folder with a device's keys. Every file is readable by its owner alone, and one that is not is refused.
//!
//! ```text
//!   device.json        the device's key and its role
//!   pump-SERIAL.json   what pairing left, and where the pump was reached
//!   asker-SERIAL.bin   the request whose outcome is open, and the last id used: written before anything is sent
//!   clinician-N.json   the signing key of the clinician with this number
//! ```

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use telemetry::contact::KnownPump;
use telemetry::peer::{Psk, PublicKey, Role, SecretKey, Serial};
use telemetry::sign::{self, ClinicianKey};

/// Why keys cannot be used, ready to be shown.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file system.
    #[error("{path}: {why}")]
    File {
        /// Which file.
        path: String,
        /// What it says.
        why: io::Error,
    },
    /// Others than the owner can read it.
    #[error("{path}: others on this machine can read this key (mode {mode:03o}); run: chmod 600 {path}")]
    Open {
        /// Which file.
        path: String,
        /// Its mode.
        mode: u32,
    },
    /// Not one of ours.
    #[error("{path}: {why}")]
    Damaged {
        /// Which file.
        path: String,
        /// What is wrong.
        why: String,
    },
    /// There is none.
    #[error("{folder}: no device has its keys here; pair first (nepenthe pair)")]
    NoDevice {
        /// The folder.
        folder: String,
    },
    /// The device has another role.
    #[error("{folder}: the device here is paired as {is}, not as {asked}; give each device its own folder")]
    Role {
        /// The folder.
        folder: String,
        /// What it is.
        is: &'static str,
        /// What was asked.
        asked: &'static str,
    },
    /// Which pump is meant is not clear.
    #[error("{folder}: {count} pumps have been paired with; say which one by its serial number{known}")]
    WhichPump {
        /// The folder.
        folder: String,
        /// How many.
        count: usize,
        /// Their numbers.
        known: String,
    },
    /// No such pump or clinician.
    #[error("{path}: there is no such file; {what}")]
    Missing {
        /// Which file.
        path: String,
        /// What to do.
        what: &'static str,
    },
    /// The system gave no randomness.
    #[error("the system gave no randomness: {0}")]
    Randomness(String),
}

/// A role's word on disk and on the command line.
pub const fn role_word(role: Role) -> &'static str {
    match role {
        Role::PatientController => "patient",
        Role::Programmer => "programmer",
        Role::HomeMonitor => "monitor",
        Role::Emergency => "emergency",
    }
}

/// The role of a word.
pub fn role_of(word: &str) -> Option<Role> {
    Role::ALL.into_iter().find(|role| role_word(*role) == word)
}

/// 32 fresh random bytes.
///
/// # Errors
/// [`KeyError::Randomness`].
pub fn fresh() -> Result<[u8; 32], KeyError> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).map_err(|why| KeyError::Randomness(why.to_string()))?;
    Ok(bytes)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct DeviceFile {
    device: u32,
    role: String,
    secret: [u8; 32],
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PumpFile {
    pump: u32,
    serial: u64,
    public: [u8; 32],
    psk: [u8; 32],
    address: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClinicianFile {
    clinician: u32,
    author: u32,
    secret: [u8; 32],
}

/// A pump that was paired with.
#[derive(Debug, Clone)]
pub struct Paired {
    /// Its number and what pairing left.
    pub pump: KnownPump,
    /// Where it was reached.
    pub address: String,
}

/// A clinician's signing key. It signs digests and is shown by nothing.
#[derive(Clone)]
pub struct Clinician {
    /// The clinician's number, as orders name it.
    pub author: u32,
    secret: SecretKey,
}

impl Clinician {
    /// The public half.
    pub fn public(&self) -> ClinicianKey {
        sign::public(&self.secret.0)
    }

    /// Signs a digest.
    pub fn sign(&self, digest: sign::Digest) -> sign::SignatureBy {
        sign::sign(&self.secret.0, digest)
    }

    /// The key with this secret, which the caller keeps.
    pub const fn of(author: u32, secret: [u8; 32]) -> Self {
        Self { author, secret: SecretKey(secret) }
    }

    /// Reads a key's file.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let file: ClinicianFile = read_json(&Bare, path, "make one with: nepenthe enrol")?;
        Ok(Self { author: file.author, secret: SecretKey(file.secret) })
    }
}

/// How a file lies on the disk: as its owner's programs can read it, or sealed by whoever holds the key for that.
pub trait Cover: Send + Sync {
    /// What is written in place of these bytes.
    ///
    /// # Errors
    /// Why they cannot be sealed, in words.
    fn seal(&self, bytes: &[u8]) -> Result<Vec<u8>, String>;
    /// The bytes that were sealed.
    ///
    /// # Errors
    /// Why they cannot be opened, in words.
    fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, String>;
}

/// Nothing over it.
struct Bare;

impl Cover for Bare {
    fn seal(&self, bytes: &[u8]) -> Result<Vec<u8>, String> {
        Ok(bytes.to_vec())
    }
    fn open(&self, sealed: &[u8]) -> Result<Vec<u8>, String> {
        Ok(sealed.to_vec())
    }
}

/// A device's folder of keys.
pub struct Keys {
    folder: PathBuf,
    cover: Arc<dyn Cover>,
    /// What the device is.
    pub role: Role,
    pub(crate) secret: SecretKey,
}

impl Keys {
    /// The keys in this folder.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn open(folder: &Path) -> Result<Self, KeyError> {
        Self::open_under(folder, Arc::new(Bare))
    }

    /// The keys in this folder, whose files lie under a cover.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn open_under(folder: &Path, cover: Arc<dyn Cover>) -> Result<Self, KeyError> {
        let path = folder.join("device.json");
        if !path.exists() {
            return Err(KeyError::NoDevice { folder: folder.display().to_string() });
        }
        let file: DeviceFile = read_json(&*cover, &path, "")?;
        let role = role_of(&file.role).ok_or_else(|| {
            damaged(&path, format!("role {:?}: patient, programmer, monitor or emergency", file.role))
        })?;
        Ok(Self { folder: folder.into(), cover, role, secret: SecretKey(file.secret) })
    }

    /// The keys in this folder, made if there are none.
    ///
    /// # Errors
    /// [`KeyError`]; [`KeyError::Role`] if the device there has another role.
    pub fn open_or_make(folder: &Path, role: Role) -> Result<Self, KeyError> {
        Self::open_or_make_under(folder, role, Arc::new(Bare))
    }

    /// The same under a cover.
    ///
    /// # Errors
    /// As [`Keys::open_or_make`].
    pub fn open_or_make_under(folder: &Path, role: Role, cover: Arc<dyn Cover>) -> Result<Self, KeyError> {
        match Self::open_under(folder, cover.clone()) {
            Ok(keys) if keys.role == role => Ok(keys),
            Ok(keys) => Err(KeyError::Role {
                folder: folder.display().to_string(),
                is: role_word(keys.role),
                asked: role_word(role),
            }),
            Err(KeyError::NoDevice { .. }) => {
                make_folder(folder)?;
                let secret = fresh()?;
                let file = DeviceFile { device: 1, role: role_word(role).into(), secret };
                write_json(&*cover, &folder.join("device.json"), &file)?;
                Ok(Self { folder: folder.into(), cover, role, secret: SecretKey(secret) })
            }
            Err(why) => Err(why),
        }
    }

    /// The pump of this number, or the only one.
    ///
    /// # Errors
    /// [`KeyError::WhichPump`], [`KeyError::Missing`] and what the file system says.
    pub fn pump(&self, serial: Option<u64>) -> Result<Paired, KeyError> {
        let serial = match serial {
            Some(serial) => serial,
            None => self.only_pump()?,
        };
        let path = self.folder.join(format!("pump-{serial}.json"));
        let file: PumpFile = read_json(&*self.cover, &path, "this device has never paired with that pump")?;
        let pump = KnownPump { serial: Serial(file.serial), public: PublicKey(file.public), psk: Psk(file.psk) };
        Ok(Paired { pump, address: file.address })
    }

    fn only_pump(&self) -> Result<u64, KeyError> {
        let entries = fs::read_dir(&self.folder).map_err(|why| file_error(&self.folder, why))?;
        let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
        let mut known: Vec<u64> =
            names.filter_map(|name| name.strip_prefix("pump-")?.strip_suffix(".json")?.parse().ok()).collect();
        known.sort_unstable();
        match known.as_slice() {
            [one] => Ok(*one),
            all => Err(KeyError::WhichPump {
                folder: self.folder.display().to_string(),
                count: all.len(),
                known: if all.is_empty() { String::new() } else { format!(": {all:?}") },
            }),
        }
    }

    /// Keeps a pump that was just paired with. Ids begin anew: the pump counts a new pairing's from zero.
    ///
    /// # Errors
    /// [`KeyError::File`].
    pub fn keep_pump(&self, pump: &KnownPump, address: &str) -> Result<(), KeyError> {
        let file = PumpFile {
            pump: 1,
            serial: pump.serial.0,
            public: pump.public.0,
            psk: pump.psk.0,
            address: address.into(),
        };
        let asker = self.asker_path(pump.serial);
        if asker.exists() {
            fs::remove_file(&asker).map_err(|why| file_error(&asker, why))?;
        }
        write_json(&*self.cover, &self.folder.join(format!("pump-{}.json", pump.serial.0)), &file)
    }

    fn asker_path(&self, serial: Serial) -> PathBuf {
        self.folder.join(format!("asker-{}.bin", serial.0))
    }

    /// The record of what was asked of this pump; `None` if nothing was.
    ///
    /// # Errors
    /// [`KeyError::File`].
    pub fn asked(&self, serial: Serial) -> Result<Option<Vec<u8>>, KeyError> {
        let path = self.asker_path(serial);
        match fs::read(&path) {
            Ok(bytes) => self.cover.open(&bytes).map(Some).map_err(|why| damaged(&path, why)),
            Err(why) if why.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(why) => Err(file_error(&path, why)),
        }
    }

    /// Keeps the record in place of the last one, durably.
    ///
    /// # Errors
    /// [`KeyError::File`]: nothing may be sent.
    pub fn keep_asked(&self, serial: Serial, record: &[u8]) -> Result<(), KeyError> {
        let path = self.asker_path(serial);
        let sealed = self.cover.seal(record).map_err(|why| damaged(&path, why))?;
        replace(&path, &sealed)
    }

    /// The signing key of the clinician with this number, made if there is none.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn clinician(&self, author: u32) -> Result<Clinician, KeyError> {
        let path = self.clinician_path(author);
        if !path.exists() {
            write_json(&Bare, &path, &ClinicianFile { clinician: 1, author, secret: fresh()? })?;
        }
        Clinician::read(&path)
    }

    /// Where that key lies.
    pub fn clinician_path(&self, author: u32) -> PathBuf {
        self.folder.join(format!("clinician-{author}.json"))
    }
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Keys({}, {})", self.folder.display(), role_word(self.role))
    }
}

impl std::fmt::Debug for Clinician {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Clinician({})", self.author)
    }
}

fn file_error(path: &Path, why: io::Error) -> KeyError {
    KeyError::File { path: path.display().to_string(), why }
}

fn damaged(path: &Path, why: String) -> KeyError {
    KeyError::Damaged { path: path.display().to_string(), why }
}

fn make_folder(folder: &Path) -> Result<(), KeyError> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|why| file_error(folder, why))
}

fn read_json<T: for<'de> Deserialize<'de>>(
    cover: &dyn Cover,
    path: &Path,
    otherwise: &'static str,
) -> Result<T, KeyError> {
    let metadata = match fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(why) if why.kind() == io::ErrorKind::NotFound => {
            return Err(KeyError::Missing { path: path.display().to_string(), what: otherwise });
        }
        Err(why) => return Err(file_error(path, why)),
    };
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
        if mode & 0o077 != 0 {
            return Err(KeyError::Open { path: path.display().to_string(), mode });
        }
    }
    #[cfg(not(unix))]
    let _ = metadata;
    let sealed = fs::read(path).map_err(|why| file_error(path, why))?;
    let bytes = cover.open(&sealed).map_err(|why| damaged(path, why))?;
    serde_json::from_slice(&bytes).map_err(|why| damaged(path, why.to_string()))
}

fn write_json(cover: &dyn Cover, path: &Path, content: &impl Serialize) -> Result<(), KeyError> {
    let bytes = serde_json::to_vec(content).map_err(|why| damaged(path, why.to_string()))?;
    let sealed = cover.seal(&bytes).map_err(|why| damaged(path, why))?;
    replace(path, &sealed)
}

/// Beside, synced, renamed: a kill leaves the old or the new one.
fn replace(path: &Path, bytes: &[u8]) -> Result<(), KeyError> {
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
