//! Mail addresses as the configuration has them, made fit for every server.

use crate::text::excerpt;

/// A person or list with an address in ASCII: the domain in its punycode form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// `Uproar`; empty where there is only the address.
    pub name: String,
    /// `uproar@example.com`
    pub address: String,
}

/// Why a text is no usable address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// No `@`, or nothing on one of its sides.
    #[error("`{0}` is no mail address: write `name@example.com` or `Name <name@example.com>`")]
    NoAddress(String),
    /// Letters beyond ASCII, blanks or marks before the `@`.
    #[error("`{0}` can't be used: before the `@` only ASCII letters, digits and .!#$%&'*+/=?^_`{{|}}~- are carried by every server")]
    Local(String),
    /// Not a host's name.
    #[error("`{0}` can't be used: what stands behind the `@` is no domain")]
    Domain(String),
}

impl Mailbox {
    /// Reads `name@example.com` or `Name <name@example.com>`.
    ///
    /// # Errors
    ///
    /// [`AddressError`] where it is not an address, or not one that every server carries.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let (name, address) = match text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
            Some((name, address)) => (name.trim().trim_matches('"'), address.trim()),
            None => ("", text),
        };
        let (local, domain) = address.rsplit_once('@').ok_or_else(|| AddressError::NoAddress(excerpt::shorten(text, 80)))?;
        if local.is_empty() || domain.is_empty() {
            return Err(AddressError::NoAddress(excerpt::shorten(text, 80)));
        }
        if !is_local(local) {
            return Err(AddressError::Local(excerpt::shorten(address, 80)));
        }
        let domain = ascii_domain(domain).ok_or_else(|| AddressError::Domain(excerpt::shorten(address, 80)))?;
        Ok(Self { name: excerpt::shorten(name, 80), address: format!("{local}@{domain}") })
    }

    /// What stands behind the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.address.rsplit_once('@').map_or("invalid", |parts| parts.1)
    }
}

/// A dot-atom of RFC 5322 3.2.3, at most 64 octets.
fn is_local(local: &str) -> bool {
    let atom =
        |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte));
    local.len() <= 64 && local.split('.').all(atom)
}

fn ascii_domain(domain: &str) -> Option<String> {
    let url::Host::Domain(ascii) = url::Host::parse(domain).ok()? else { return None };
    let label = |part: &str| (1..=63).contains(&part.len()) && !part.starts_with('-') && !part.ends_with('-');
    let plain = ascii.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-'));
    (plain && ascii.len() <= 253 && ascii.split('.').all(label)).then_some(ascii)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_with_and_without_a_name() {
        let read = |text| Mailbox::parse(text).map(|found| (found.name, found.address));
        let pair = |name: &str, address: &str| Ok((name.to_owned(), address.to_owned()));
        assert_eq!(read("uproar@example.com"), pair("", "uproar@example.com"));
        assert_eq!(read(" \"Uproar, the\" <uproar+a@Example.COM>"), pair("Uproar, the", "uproar+a@example.com"));
        assert_eq!(read("Größe <post@müller.example>"), pair("Größe", "post@xn--mller-kva.example"));
        assert_eq!(read("root@localhost"), pair("", "root@localhost"));
        assert_eq!(read("A\r\nBcc: x\u{202e} <a@b.example>"), pair("A Bcc: x", "a@b.example"));
    }

    #[test]
    fn what_some_servers_would_refuse_is_no_address() {
        for text in [
            "",
            "anna",
            "@b.example",
            "a@",
            "jürgen@b.example",
            "a b@c.example",
            "a..b@c.example",
            "a@1.2.3.4",
            "a@b_c.example",
            "a@-b.example",
            "a@b\r\nc",
        ] {
            assert!(Mailbox::parse(text).is_err(), "{text:?}");
        }
    }
}
