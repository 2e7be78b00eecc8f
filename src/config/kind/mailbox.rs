//! Mail addresses, with or without a name before them.

use serde_json::json;
use url::Host;

use crate::config::kind::Kind;
use crate::config::kind::Shown;
use crate::config::kind::quoted;
use crate::config::kind::text;
use crate::config::problem::Code;
use crate::config::reader::Reader;
use crate::config::shape::Shape;
use crate::config::tree::Node;

/// `uproar@example.com` or `Uproar <uproar@example.com>`, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox(pub String);

impl Kind for Mailbox {
    const SHAPE: Shape = Shape::Value(|| json!({"type": "string", "pattern": "@"}));

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = text::line(node, "a mail address in quotes", reader)?;
        match check(text) {
            Ok(()) => Some(Self(text.trim().to_owned())),
            Err(why) => reader.refuse(Code::BadMailAddress, node, &format!("is no mail address: {why}")),
        }
    }

    fn shown(&self) -> Shown {
        Shown::Inline(quoted(&self.0))
    }
}

/// Says what is wrong with an address.
///
/// Only what every server takes is let through: a local part of ASCII (others need SMTPUTF8, which
/// many servers lack, and the failure would come with the first alert), in RFC 5321 sizes.
fn check(text: &str) -> Result<(), String> {
    let (name, address) = split(text)?;
    if name.chars().any(|letter| "<>\"@".contains(letter)) {
        return Err("the name before it has a `<`, `>`, `@` or quotes in it".to_owned());
    }
    let (local, domain) = address.rsplit_once('@').ok_or("there is no `@` in it")?;
    if !local.is_ascii() {
        return Err("what stands before the `@` must be plain letters, without accents".to_owned());
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    let dotted = local.split('.').all(|part| !part.is_empty() && part.bytes().all(plain));
    if !dotted || local.len() > 64 {
        return Err(format!("`{local}` cannot stand before the `@`"));
    }
    check_domain(domain)
}

/// The name before an address in angle brackets, and the address.
fn split(text: &str) -> Result<(&str, &str), String> {
    let text = text.trim();
    if let Some(rest) = text.strip_suffix('>') {
        let (name, address) = rest.split_once('<').ok_or("there is a `>` without a `<`")?;
        return Ok((name.trim().trim_matches('"'), address.trim()));
    }
    Ok(("", text))
}

fn check_domain(domain: &str) -> Result<(), String> {
    if let Some(number) = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let number = number.strip_prefix("IPv6:").unwrap_or(number);
        return number.parse::<core::net::IpAddr>().map(|_| ()).map_err(|_| format!("`{domain}` is no host"));
    }
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && !part.starts_with('-')
            && !part.ends_with('-')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    if !domain.is_ascii() {
        let plain = Host::parse(domain).map_err(|_| format!("`{domain}` is no host"))?;
        return Err(format!("write the host as `{plain}`"));
    }
    if domain.len() > 253 || !domain.split('.').all(label) {
        return Err(format!("`{domain}` is no host"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_addresses_pass() {
        for good in [
            "a@example.com",
            "first.last+tag@mail.example.co.uk",
            "Uproar <uproar@example.com>",
            "\"Support, leads\" <leads@example.com>",
            "Jörg Müller <joerg@example.com>",
            "root@localhost",
            "ops@[127.0.0.1]",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn bad_addresses_say_why() {
        for (bad, why) in [
            ("nobody", "there is no `@` in it"),
            ("jörg@example.com", "what stands before the `@` must be plain letters, without accents"),
            ("a..b@example.com", "`a..b` cannot stand before the `@`"),
            ("a@exa mple.com", "`exa mple.com` is no host"),
            ("a@-x.com", "`-x.com` is no host"),
            ("a@müller.example", "write the host as `xn--mller-kva.example`"),
            ("A > a@b.c>", "there is a `>` without a `<`"),
            ("a@b@c <x@example.com>", "the name before it has a `<`, `>`, `@` or quotes in it"),
        ] {
            assert_eq!(check(bad), Err(why.to_owned()), "{bad}");
        }
    }
}
