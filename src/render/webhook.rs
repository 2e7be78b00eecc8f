//! A signed JSON document, as the Standard Webhooks specification has it.

use crate::domain::secret::Secret;

/// Where the document goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// The address; often a secret itself.
    pub url: Secret,
    /// Signing keys, each `whsec_` and base64; two while one replaces the other.
    pub keys: Vec<Secret>,
}
