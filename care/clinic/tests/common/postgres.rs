//! A real PostgreSQL for tests: one server for all test processes of this machine, a fresh database for each test.
//!
//! The first test that needs it makes the cluster and starts the server, on a Unix socket in the temporary folder and
//! never as root. Tests hold a lock while they run; a small watcher stops the server when nobody holds it any more.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A database of one test. While it lives, the server does.
pub struct Postgres {
    /// How to reach it.
    pub url: String,
    _in_use: File,
}

/// Where Debian keeps the programs of the server.
const PLACES: &[&str] = &[
    "/usr/lib/postgresql/17/bin",
    "/usr/lib/postgresql/16/bin",
    "/usr/lib/postgresql/15/bin",
    "/usr/local/bin",
    "/usr/bin",
];

fn program(name: &str) -> PathBuf {
    let found = PLACES.iter().map(|place| Path::new(place).join(name)).find(|path| path.exists());
    found.unwrap_or_else(|| panic!("{name} is not installed: apt-get install postgresql"))
}

fn is_root() -> bool {
    fs::metadata("/proc/self").map(|own| own.uid() == 0).unwrap_or(false)
}

/// A command that runs as an ordinary user even where the tests do not.
fn ordinary(program: &Path) -> Command {
    if !is_root() {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]).arg(program);
    command.env("HOME", "/tmp");
    command
}

fn run(mut command: Command) {
    let done = command.stdin(Stdio::null()).output().unwrap_or_else(|why| panic!("{command:?}: {why}"));
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
}

impl Postgres {
    /// A fresh database.
    pub fn fresh(name: &str) -> Self {
        let folder = std::env::temp_dir().join(if is_root() { "nepenthe-postgres-root" } else { "nepenthe-postgres" });
        fs::create_dir_all(&folder).unwrap();
        if is_root() {
            run_plain("chown", &["postgres", &folder.display().to_string()]);
        }
        let lock = folder.join("in-use");
        let in_use = File::options().create(true).append(true).open(&lock).unwrap();
        let starting = File::options().create(true).append(true).open(folder.join("starting")).unwrap();
        in_use.lock_shared().unwrap();
        starting.lock().unwrap();
        let data = folder.join("data");
        if !data.join("PG_VERSION").exists() {
            let mut command = ordinary(&program("initdb"));
            command.args(["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync", "-D"]);
            run({
                command.arg(&data);
                command
            });
        }
        if !answers(&folder) {
            start(&folder, &data, &lock);
        }
        starting.unlock().unwrap();
        let mut command = ordinary(&program("psql"));
        command.args(["-qXU", "postgres", "-h"]).arg(&folder).args(["-c", &format!("CREATE DATABASE {name}")]);
        run(command);
        Self { url: format!("postgres:///{name}?host={}&user=postgres", folder.display()), _in_use: in_use }
    }
}

fn run_plain(program: &str, arguments: &[&str]) {
    let mut command = Command::new(program);
    command.args(arguments);
    run(command);
}

fn answers(folder: &Path) -> bool {
    let mut command = ordinary(&program("pg_isready"));
    command.arg("-qh").arg(folder);
    command.status().is_ok_and(|status| status.success())
}

#[expect(clippy::zombie_processes, reason = "the watcher outlives this test on purpose and belongs to init afterwards")]
fn start(folder: &Path, data: &Path, lock: &Path) {
    // Tests need no durability: what is lost with the machine is the test.
    let options = format!(
        "-k {} -c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=300",
        folder.display()
    );
    let mut command = ordinary(&program("pg_ctl"));
    command.args(["-w", "-s", "-o", &options, "-l"]).arg(folder.join("log")).arg("-D").arg(data).arg("start");
    let done = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(done.success(), "PostgreSQL does not start: see {}/log", folder.display());
    let watch = format!(
        "sleep 20; exec flock -x {} {} -s -m immediate -D {} stop",
        lock.display(),
        program("pg_ctl").display(),
        data.display()
    );
    let mut watcher = ordinary(Path::new("/bin/sh"));
    watcher.args(["-c", &watch]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    watcher.spawn().unwrap();
}
