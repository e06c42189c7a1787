//! The headers that every answer of a face carries, as data: no web framework is named here.

/// What a page may load and do: its own files, nothing inline, no frame around it, forms to itself only.
pub const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Header names and values for every page. Pages hold patients' data and are never kept by a cache.
pub const PAGE: &[(&str, &str)] = &[
    ("content-security-policy", POLICY),
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=(), bluetooth=()"),
    ("x-frame-options", "DENY"),
];

/// Header names and values for an asset, which never changes under its name.
pub const ASSET: &[(&str, &str)] = &[
    ("cache-control", "public, max-age=31536000, immutable"),
    ("x-content-type-options", "nosniff"),
    ("cross-origin-resource-policy", "same-origin"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_inline_and_nothing_from_elsewhere_may_run() {
        assert!(!POLICY.contains("unsafe") && !POLICY.contains("http") && !POLICY.contains('*'));
        assert!(POLICY.contains("script-src 'self'") && POLICY.contains("frame-ancestors 'none'"));
    }
}
