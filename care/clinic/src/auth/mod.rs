//! Who somebody is, and what somebody may do.
//!
//! - [`role`]: roles and permissions, one table
//! - [`password`]: argon2id, and the lock-out of guessing
//! - [`session`]: a signed-in browser, its limits, its form token
//! - [`oidc`]: sign-in at the hospital's own provider
//! - [`passkey`]: WebAuthn without a password
//! - [`relation`]: care team and break-glass: which patients' records a person may open

pub mod oidc;
pub mod passkey;
pub mod password;
pub mod relation;
pub mod role;
pub mod session;

pub use role::{Permission, Role};

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub struct Person {
    /// The staff's id.
    pub id: String,
    /// Their name, for pages; never for logs.
    pub name: String,
    /// Their role.
    pub role: Role,
    /// What every form of this session carries.
    pub form_token: String,
    /// The session, by the hash of its cookie.
    pub session: Vec<u8>,
}
