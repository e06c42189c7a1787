//! `nepenthe patient`: a protocol in the virtual patient, as a table and as a picture.

use std::path::Path;

use patient::protocol::{self, Protocol};

use crate::table;

/// Runs a protocol and writes what was asked for; whether all was written.
///
/// # Errors
/// The words for a protocol that was refused or a file that cannot be written.
pub fn run(path: &Path, out: Option<&Path>, plot: Option<&Path>) -> Result<bool, String> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|why| format!("{name}: {why}"))?;
    // A file that nobody can name is refused before the work, not after it.
    let format = out.map(table::Format::of).transpose()?;
    let protocol = Protocol::read(&name, &text).map_err(|why| why.to_string())?;
    let rows = protocol.run().map_err(|why| why.to_string())?;
    match (out, format) {
        (Some(out), Some(format)) => {
            table::write(out, format, &rows)?;
            println!("{}: {} rows", out.display(), rows.len());
        }
        _ if plot.is_none() => print!("{}", protocol::csv(&rows)),
        _ => {}
    }
    if let Some(plot) = plot {
        let svg = protocol.picture().map_err(|why| why.to_string())?.svg();
        std::fs::write(plot, &svg).map_err(|why| format!("{}: {why}", plot.display()))?;
        println!("{}: the canal over time", plot.display());
    }
    Ok(true)
}
