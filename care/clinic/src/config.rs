//! How the clinic is set up: a file, over it the environment, over that the command line.
//!
//! The file is `clinic.toml` in the data folder. A variable names a place in it: `NEPENTHE_SMTP__HOST` is `host` under
//! `[smtp]`. What is not known is refused with its name, so that a misspelt limit does not silently stay the default.
//! Secrets are never printed.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize, Serializer};

/// Something that is used and never shown.
#[derive(Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_empty() { "(not set)" } else { "(set, not shown)" })
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("{self:?}"))
    }
}

/// The whole set-up.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// What the clinic is called on its pages.
    pub name: String,
    /// Where everything is kept.
    pub data: PathBuf,
    /// Where it listens.
    pub listen: SocketAddr,
    /// How browsers reach it: scheme, host, port. Left out: `http://` and the place it listens at.
    pub url: Option<String>,
    /// A PostgreSQL; left out: the embedded database in the data folder.
    pub database: Option<Secret>,
    /// The zone of its days and times, such as `Europe/Berlin`.
    pub time_zone: String,
    /// Who may read `/metrics` from another machine: whoever shows this as a bearer token.
    pub metrics_token: Option<Secret>,
    /// Refills.
    pub refills: Refills,
    /// Alarms.
    pub alarms: Alarms,
    /// Mail, where there is a server for it.
    pub smtp: Option<Smtp>,
    /// Web hooks that are told of alarms.
    pub hooks: Vec<Hook>,
    /// Sign-in at a provider.
    pub oidc: Option<Oidc>,
}

/// How refills are booked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Refills {
    /// Days between the refill-by date and the worst case of running low.
    pub margin_days: i64,
    /// The same for baclofen, clonidine and whoever had a withdrawal before.
    pub margin_withdrawal_days: i64,
    /// No interval is longer, whatever the arithmetic says.
    pub interval_most_days: i64,
    /// Weekdays on which the clinic is closed, Monday 1.
    pub closed_weekdays: Vec<i8>,
}

impl Default for Refills {
    fn default() -> Self {
        Self { margin_days: 7, margin_withdrawal_days: 14, interval_most_days: 180, closed_weekdays: vec![6, 7] }
    }
}

/// How alarms go from person to person.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alarms {
    /// Minutes until a high alarm goes to the next person.
    pub high_minutes: i64,
    /// Until a medium one does.
    pub medium_minutes: i64,
    /// Until a low one does.
    pub low_minutes: i64,
    /// Hours without a word from a pump that has a monitor before that is an alarm.
    pub silent_hours: i64,
}

impl Default for Alarms {
    fn default() -> Self {
        Self { high_minutes: 15, medium_minutes: 240, low_minutes: 4_320, silent_hours: 48 }
    }
}

/// A mail server.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smtp {
    /// Its host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is secured.
    #[serde(default)]
    pub security: SmtpSecurity,
    /// Who signs in there; left out: nobody.
    pub user: Option<String>,
    /// With what.
    #[serde(default)]
    pub password: Secret,
    /// From whom the mail is.
    pub from: String,
}

/// How the way to a mail server is secured.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SmtpSecurity {
    /// From the first byte.
    #[default]
    Tls,
    /// By STARTTLS, or not at all.
    StartTls,
    /// Not; for a relay on this machine.
    None,
}

/// A web hook.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hook {
    /// Where alarms are posted to.
    pub url: String,
    /// The key of the signature in `x-nepenthe-signature`.
    pub secret: Secret,
}

/// A provider of sign-in.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// What the button says.
    pub name: String,
    /// Its issuer.
    pub issuer: String,
    /// What we are called there.
    pub client_id: String,
    /// What proves it.
    pub client_secret: Secret,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            name: "Nepenthe pain clinic".into(),
            data: PathBuf::from("nepenthe-data"),
            listen: SocketAddr::from(([127, 0, 0, 1], 7205)),
            url: None,
            database: None,
            time_zone: "UTC".into(),
            metrics_token: None,
            refills: Refills::default(),
            alarms: Alarms::default(),
            smtp: None,
            hooks: Vec::new(),
            oidc: None,
        }
    }
}

/// The variables that are read begin with this.
const VARIABLES: &str = "NEPENTHE_";

impl Config {
    /// Reads the file in the data folder, if there is one, and the environment over it. The folder itself comes from the
    /// command line or `NEPENTHE_DATA`.
    ///
    /// # Errors
    /// In words: which file or variable, and what is wrong.
    pub fn read(data: Option<&Path>, variables: impl Iterator<Item = (String, String)>) -> Result<Self, String> {
        let variables: Vec<(String, String)> = variables.filter(|(name, _)| name.starts_with(VARIABLES)).collect();
        let named = variables.iter().find(|(name, _)| name == "NEPENTHE_DATA").map(|(_, folder)| PathBuf::from(folder));
        let folder = data.map(Path::to_path_buf).or(named).unwrap_or(Self::default().data);
        let path = folder.join("clinic.toml");
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(why) if why.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(why) => return Err(format!("{}: {why}", path.display())),
        };
        let mut table: toml::Table = text.parse().map_err(|why| format!("{}: {why}", path.display()))?;
        for (name, value) in &variables {
            set(&mut table, name, value)?;
        }
        table.insert("data".into(), toml::Value::String(folder.display().to_string()));
        let config: Self =
            table.try_into().map_err(|why| format!("{} or a {VARIABLES}… variable: {why}", path.display()))?;
        jiff::tz::TimeZone::get(&config.time_zone).map_err(|why| format!("time_zone {:?}: {why}", config.time_zone))?;
        Ok(config)
    }

    /// How browsers reach it.
    pub fn origin(&self) -> String {
        self.url.as_ref().map_or_else(|| format!("http://{}", self.listen), |url| url.trim_end_matches('/').to_owned())
    }

    /// The host in [`Self::origin`], without port.
    pub fn host(&self) -> String {
        let origin = self.origin();
        let host = origin.split_once("://").map_or(origin.as_str(), |(_, rest)| rest);
        if let Some((host, _)) = host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            return host.to_owned();
        }
        host.split(':').next().unwrap_or(host).to_owned()
    }

    /// Whether browsers reach it by TLS.
    pub fn is_https(&self) -> bool {
        self.origin().starts_with("https://")
    }

    /// Where the embedded database lies.
    pub fn database_file(&self) -> PathBuf {
        self.data.join("clinic.sqlite")
    }

    /// The zone of days and times.
    pub fn zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::get(&self.time_zone).unwrap_or(jiff::tz::TimeZone::UTC)
    }

    /// What is in force, as a file that could be read again, secrets masked.
    pub fn show(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_else(|why| format!("# cannot be shown: {why}\n"))
    }
}

/// Puts a variable's value at the place it names.
fn set(table: &mut toml::Table, name: &str, value: &str) -> Result<(), String> {
    let path = name[VARIABLES.len()..].to_ascii_lowercase();
    let mut parts: Vec<&str> = path.split("__").collect();
    let last = parts.pop().unwrap_or_default();
    let mut here = table;
    for part in parts {
        let inner = here.entry(part).or_insert_with(|| toml::Value::Table(toml::Table::new()));
        here = inner.as_table_mut().ok_or_else(|| format!("{name}: `{part}` is not a table"))?;
    }
    // A number or a truth where it reads as one, else a text.
    let value = match (value.parse::<i64>(), value.parse::<bool>()) {
        (Ok(number), _) => toml::Value::Integer(number),
        (_, Ok(is)) => toml::Value::Boolean(is),
        _ => toml::Value::String(value.to_owned()),
    };
    here.insert(last.to_owned(), value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Config, String> {
        let own = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Config::read(Some(Path::new("/nonexistent/nepenthe")), own)
    }

    #[test]
    fn the_environment_reaches_every_place_and_what_is_shown_hides_the_secrets() {
        let config = read(&[
            ("NEPENTHE_SMTP__HOST", "mail.example"),
            ("NEPENTHE_SMTP__PORT", "587"),
            ("NEPENTHE_SMTP__FROM", "clinic@mail.example"),
            ("NEPENTHE_SMTP__PASSWORD", "hunter2"),
            ("NEPENTHE_REFILLS__MARGIN_DAYS", "9"),
            ("PATH", "/bin"),
        ])
        .unwrap();
        assert_eq!(config.smtp.as_ref().unwrap().port, 587);
        assert_eq!(config.refills.margin_days, 9);
        let shown = config.show();
        assert!(shown.contains("mail.example") && shown.contains("(set, not shown)"), "{shown}");
        assert!(!shown.contains("hunter2"));
    }

    #[test]
    fn a_misspelt_place_is_refused_by_its_name() {
        let why = read(&[("NEPENTHE_REFILS__MARGIN_DAYS", "9")]).unwrap_err();
        assert!(why.contains("refils"), "{why}");
    }
}
