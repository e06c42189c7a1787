//! `nepenthe validate`: the virtual patient and the bench against published numbers.

use std::path::Path;

use patient::protocol::Protocol;
use patient::validate;

/// The course whose picture begins the page.
const SHOWN: (&str, &str) =
    ("morphine-infusion.toml", include_str!("../../body/patient/protocols/morphine-infusion.toml"));

/// Runs every target and prints the report; with a folder, the page with a plot for each. That a target is missed is told
/// and is no error.
///
/// # Errors
/// The words for a data file that is wrong or a folder that cannot be written.
pub fn run(html: Option<&Path>) -> Result<bool, String> {
    let told = |why: patient::sheet::BadInput| why.to_string();
    let outcomes = validate::run(&[]).map_err(told)?;
    if let Some(folder) = html {
        let canal = Protocol::read(SHOWN.0, SHOWN.1).and_then(|protocol| protocol.picture()).map_err(told)?.svg();
        let page = validate::html::page(&outcomes, &canal).map_err(told)?;
        let path = folder.join("index.html");
        std::fs::create_dir_all(folder).map_err(|why| format!("{}: {why}", folder.display()))?;
        std::fs::write(&path, page).map_err(|why| format!("{}: {why}", path.display()))?;
        println!("{}", path.display());
    }
    print!("{}", validate::report(&outcomes));
    Ok(true)
}
