//! Styles, scripts and type, embedded in the binary and served under names that hold the hash of their content: a page
//! and its style are always of one version, and a browser may keep both for ever.
//!
//! htmx and the typefaces are others' work, with their licences beside them in `assets/`.

use std::fmt::Write as _;
use std::sync::LazyLock;

use sha2::{Digest, Sha256};

/// Where all assets are served.
pub const FOLDER: &str = "/assets/";

/// A file served as it is.
#[derive(Clone, Debug)]
pub struct Asset {
    /// The name it has here: `pages.css`.
    pub name: &'static str,
    /// The name it is served under: `pages-0123456789ab.css`.
    pub hashed: String,
    /// Its type.
    pub mime: &'static str,
    /// Its content, in which names of other assets are hashed ones.
    pub bytes: Vec<u8>,
}

macro_rules! files {
    ($($name:literal),* $(,)?) => { [$(($name, include_bytes!(concat!("../assets/", $name)).as_slice())),*] };
}

/// In the order of who names whom: the style names the type.
static ALL: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    let files = files![
        "atkinson-latin.woff2",
        "atkinson-latin-ext.woff2",
        "vazirmatn-arabic.woff2",
        "icon.svg",
        "htmx.js",
        "hx-sse.js",
        "pages.js",
        "pages.css",
    ];
    let mut all: Vec<Asset> = Vec::with_capacity(files.len());
    for (name, bytes) in files {
        let asset = asset(name, bytes, &all);
        all.push(asset);
    }
    all
});

/// An asset of a face, in which the names of `known` ones are put in hashed.
pub fn asset(name: &'static str, bytes: &[u8], known: &[Asset]) -> Asset {
    let is_text = name.ends_with(".css") || name.ends_with(".js");
    let bytes = match std::str::from_utf8(bytes) {
        Ok(text) if is_text => {
            known.iter().fold(text.to_owned(), |text, other| text.replace(other.name, &other.hashed)).into_bytes()
        }
        _ => bytes.to_vec(),
    };
    let (stem, end) = name.rsplit_once('.').unwrap_or((name, ""));
    let mut hash = String::new();
    for byte in Sha256::digest(&bytes).iter().take(6) {
        // Writing to a string cannot fail.
        let _ = write!(hash, "{byte:02x}");
    }
    let mime = match end {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        "png" => "image/png",
        _ => "application/octet-stream",
    };
    Asset { name, hashed: format!("{stem}-{hash}.{end}"), mime, bytes }
}

/// Every asset of this crate.
pub fn all() -> &'static [Asset] {
    &ALL
}

/// The asset served under this name, if it is one of this crate's.
pub fn find(hashed: &str) -> Option<&'static Asset> {
    ALL.iter().find(|asset| asset.hashed == hashed)
}

/// The address of one of this crate's assets.
pub fn href(name: &str) -> String {
    let hashed = ALL.iter().find(|asset| asset.name == name).map_or(name, |asset| asset.hashed.as_str());
    format!("{FOLDER}{hashed}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asset_is_found_by_the_address_that_pages_give() {
        let address = href("pages.css");
        let asset = find(address.strip_prefix(FOLDER).unwrap()).unwrap();
        assert_eq!((asset.name, asset.mime), ("pages.css", "text/css; charset=utf-8"));
        assert!(find("pages.css").is_none(), "an unhashed name would be kept by browsers after a change");
    }

    #[test]
    fn the_style_names_its_type_by_hash_and_nothing_from_elsewhere() {
        let style = String::from_utf8(all().iter().find(|a| a.name == "pages.css").unwrap().bytes.clone()).unwrap();
        assert!(style.contains(&href("atkinson-latin.woff2").replace(FOLDER, "")));
        assert!(!style.contains("http") && !style.contains("@import"));
    }

    #[test]
    fn our_script_needs_nothing_that_the_policy_forbids() {
        let script = String::from_utf8(all().iter().find(|a| a.name == "pages.js").unwrap().bytes.clone()).unwrap();
        for bad in ["eval(", "new Function", "innerHTML", ".style.", "setAttribute('style", "http://", "https://"] {
            assert!(!script.contains(bad), "{bad}");
        }
    }
}
