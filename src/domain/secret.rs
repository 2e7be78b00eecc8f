//! Values that cannot print themselves.

use std::fmt;

use secrecy::ExposeSecret;
use secrecy::SecretString;

/// A password, token or key. Prints as `[secret]`; reading it out is [`Secret::reveal`], which is
/// easy to search for.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Takes a value in.
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(SecretString::from(value))
    }

    /// The value itself: for the one place that sends it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.reveal() == other.reveal()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

/// An address fit for a log: scheme, host and port. Path and query often carry a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownUrl(String);

impl ShownUrl {
    /// Keeps what may be shown of `url`; anything unreadable shows as `[address]`.
    #[must_use]
    pub fn of(url: &str) -> Self {
        let shown = url::Url::parse(url).ok().and_then(|parsed| {
            let host = parsed.host_str()?.to_owned();
            let port = parsed.port().map(|port| format!(":{port}")).unwrap_or_default();
            Some(format!("{}://{host}{port}", parsed.scheme()))
        });
        Self(shown.unwrap_or_else(|| "[address]".to_owned()))
    }
}

impl fmt::Display for ShownUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_prints_as_secret_only() {
        let secret = Secret::new("hunter2".to_owned());
        assert_eq!(format!("{secret} {secret:?}"), "[secret] [secret]");
    }

    #[test]
    fn an_address_shows_neither_path_nor_password() {
        let shown = ShownUrl::of("https://ann:pw@hooks.example.com:8443/services/T0/secret?k=1");
        assert_eq!(shown.to_string(), "https://hooks.example.com:8443");
        assert_eq!(ShownUrl::of("no address").to_string(), "[address]");
    }
}
