//! Apple's public customer-review feed.

/// Which reviews.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Number of the app, as in its address in the store.
    pub app: u64,
    /// Storefronts, two letters each; every one is a shard and becomes the field `country`.
    pub countries: Vec<String>,
    /// Address of the service without a slash at its end, `https://itunes.apple.com`.
    pub base: String,
}
