//! Copies of the record while the service runs, and their way back.
//!
//! A copy is whole and consistent, carries its own audit chain, and is looked through before it counts as one: the engine's
//! own integrity check and a walk along the chain. Bringing one back never overwrites: it goes into a folder that has no
//! database yet. For PostgreSQL `pg_dump` does this.

use std::path::{Path, PathBuf};

use crate::audit::{self, Verdict};
use crate::clock::wall_ms;
use crate::db::Db;

/// Copies kept; older ones are removed after a new one was found good.
const KEPT: usize = 14;

/// Makes a copy in a folder and looks through it.
///
/// # Errors
/// In words; then there is no new copy.
pub async fn make(db: &Db, folder: &Path) -> Result<(PathBuf, Verdict), String> {
    std::fs::create_dir_all(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    let path = folder.join(format!("clinic-{}.sqlite", wall_ms()));
    db.copy_to(&path).await.map_err(|why| why.to_string())?;
    let verdict = look_through(&path).await;
    let verdict = match verdict {
        Ok(verdict) if verdict.wrong.is_none() => verdict,
        Ok(Verdict { wrong, .. }) => {
            return Err(format!("{}: the copy's audit is broken: {}", path.display(), wrong.unwrap_or_default()));
        }
        Err(why) => return Err(format!("{}: {why}", path.display())),
    };
    let copies = std::fs::read_dir(folder).map_err(|why| why.to_string())?;
    let mut copies: Vec<PathBuf> = copies
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "sqlite"))
        .collect();
    copies.sort();
    for old in copies.iter().rev().skip(KEPT) {
        std::fs::remove_file(old).map_err(|why| format!("{}: {why}", old.display()))?;
    }
    Ok((path, verdict))
}

/// Opens a copy of a copy and walks its chain, so that the copy itself is not touched.
async fn look_through(path: &Path) -> Result<Verdict, String> {
    let aside = path.with_extension("looked-through");
    std::fs::copy(path, &aside).map_err(|why| why.to_string())?;
    let looked = async {
        let db = Db::open_file(&aside).await.map_err(|why| why.to_string())?;
        let sound = db.first("PRAGMA integrity_check", vec![]).await.map_err(|why| why.to_string())?;
        let sound = sound.and_then(|row| row.text(0).ok()).unwrap_or_default();
        let verdict = audit::verify(&db).await.map_err(|why| why.to_string())?;
        db.close().await;
        if sound == "ok" { Ok(verdict) } else { Err(format!("the copy is damaged: {sound}")) }
    };
    let looked = looked.await;
    for end in ["looked-through", "looked-through-wal", "looked-through-shm"] {
        // The last two are there only sometimes.
        let _ = std::fs::remove_file(path.with_extension(end));
    }
    looked
}

/// Brings a copy back into a data folder that has no database.
///
/// # Errors
/// In words; then the folder is as it was.
pub async fn bring_back(copy: &Path, database: &Path) -> Result<Verdict, String> {
    if database.exists() {
        return Err(format!(
            "{} is there already; bring the copy back into an empty folder and compare before you change over",
            database.display()
        ));
    }
    let verdict = look_through(copy).await?;
    if let Some(wrong) = verdict.wrong {
        return Err(format!("{}: its audit is broken: {wrong}", copy.display()));
    }
    if let Some(folder) = database.parent() {
        std::fs::create_dir_all(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
    }
    std::fs::copy(copy, database).map_err(|why| format!("{}: {why}", database.display()))?;
    Ok(verdict)
}
