//! The rooms of the project and the files in them.
//!
//! Answers for: where the project stands on this disk, which crates it has, and how text files are found and read.
//! Leaves to `tidy` which arrows between rooms are allowed.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders that hold what machines made.
const NOT_OURS: &[&str] = &["target", "node_modules", "corpus", "artifacts", "mutants.out", "mutants.out.old"];

/// Rooms whose code runs in the body: no standard library, no allocation, no panic path.
pub const DEVICE: &[&str] = &["orders", "pump", "telemetry", "implant"];

/// A file of the project: its path from the root, with forward slashes, and its text.
#[derive(Debug, Clone)]
pub struct File {
    /// Path from the root.
    pub path: String,
    /// The whole text.
    pub text: String,
}

/// A crate of the workspace.
#[derive(Debug, Clone)]
pub struct Room {
    /// Its package name.
    pub name: String,
    /// Its folder from the root.
    pub folder: String,
    /// Its manifest.
    pub manifest: toml::Table,
}

/// The root of the workspace.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Every crate the workspace's manifest lists.
pub fn rooms(root: &Path) -> Result<Vec<Room>, String> {
    let workspace = manifest(&root.join("Cargo.toml"))?;
    let members = workspace.get("workspace").and_then(|w| w.get("members")).and_then(|m| m.as_array());
    let members = members.ok_or("Cargo.toml lists no members")?;
    let mut rooms = Vec::new();
    for member in members {
        let folder = member.as_str().ok_or("a member of Cargo.toml is not a text")?.to_owned();
        let manifest = manifest(&root.join(&folder).join("Cargo.toml"))?;
        let name = manifest.get("package").and_then(|p| p.get("name")).and_then(|n| n.as_str());
        let name = name.ok_or_else(|| format!("{folder}/Cargo.toml names no package"))?.to_owned();
        rooms.push(Room { name, folder, manifest });
    }
    Ok(rooms)
}

fn manifest(path: &Path) -> Result<toml::Table, String> {
    let text = fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))?;
    text.parse().map_err(|e| format!("{}: {e}", path.display()))
}

/// Every file below `folder` whose name ends in one of `ends`, sorted by path. A folder that does not exist has none.
pub fn files(root: &Path, folder: &str, ends: &[&str]) -> Vec<File> {
    let mut paths = Vec::new();
    collect(&root.join(folder), &mut paths);
    let mut found: Vec<File> = paths
        .iter()
        .filter(|p| ends.iter().any(|end| p.to_string_lossy().ends_with(end)))
        .filter_map(|p| {
            let path = p.strip_prefix(root).ok()?.to_string_lossy().replace('\\', "/");
            Some(File { path, text: String::from_utf8_lossy(&fs::read(p).ok()?).into_owned() })
        })
        .collect();
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && !NOT_OURS.contains(&name.as_str()) && (!name.starts_with('.') || name == ".ci") {
            collect(&path, into);
        } else if kind.is_file() {
            into.push(path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_workspace_has_its_rooms_and_this_file() {
        let rooms = rooms(&root()).unwrap();
        assert!(rooms.iter().any(|r| r.name == "pump" && r.folder == "device/pump"));
        assert!(files(&root(), "xtask/src", &[".rs"]).iter().any(|f| f.path == "xtask/src/rooms.rs"));
        assert!(files(&root(), "no such folder", &[".rs"]).is_empty());
    }
}
