//! Addresses on the web, and names of hosts with their ports.

use core::net::IpAddr;
use core::net::SocketAddr;

use serde_json::json;
use url::Host;
use url::Url;

use crate::config::kind::Kind;
use crate::config::kind::Shown;
use crate::config::kind::quoted;
use crate::config::kind::text;
use crate::config::mask;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::Shape;
use crate::config::tree::Node;

/// An http or https address without a password in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Web {
    /// As written.
    pub text: String,
    /// As understood.
    pub url: Url,
}

/// `host:port`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostPort {
    /// Small letters; an IPv6 address in brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

/// `host` or `host:port`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailHost {
    /// Name or address; an IPv6 address without brackets.
    pub host: String,
    /// The port, if one is given.
    pub port: Option<u16>,
}

/// An address to listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listen(pub SocketAddr);

impl HostPort {
    /// `host:port` of a web address, also where the port is the usual one.
    #[must_use]
    pub fn of(url: &Url) -> Option<Self> {
        Some(Self { host: url.host_str()?.to_lowercase(), port: url.port_or_known_default()? })
    }

    fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let port = port.parse().ok().filter(|port| *port > 0)?;
        Some(Self { host: Host::parse(host).ok()?.to_string(), port })
    }
}

impl std::fmt::Display for HostPort {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Whether a host is this machine.
#[must_use]
pub fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether a web address leads to this machine.
#[must_use]
pub fn leads_home(url: &Url) -> bool {
    url.host_str().is_some_and(is_loopback)
}

/// Reads a web address; what is wrong with it goes to the reader, a password in it is hidden.
pub fn web(node: &Node, reader: &mut Reader<'_>) -> Option<Web> {
    let text = text::line(node, "an address in quotes", reader)?;
    let url = match Url::parse(text) {
        Ok(url) => url,
        Err(error) => {
            if text.contains('@') {
                reader.hide(&node.at);
            }
            if error == url::ParseError::RelativeUrlWithoutBase {
                return without_scheme(text, node, reader);
            }
            return reader.refuse(Code::BadAddress, node, &format!("is no address on the web: {error}"));
        }
    };
    if url.password().is_some() || !url.username().is_empty() {
        reader.hide(&node.at);
        let message = format!("`{}` has a name or a password in it", reader.key());
        reader.report(
            Problem::error(Code::PlainSecret, node.at.clone(), message)
                .label("a secret in the file")
                .help("take out what stands before the `@`; secrets stand in files of their own"),
        );
        return None;
    }
    if !matches!(url.scheme(), "http" | "https") {
        return reader.refuse(Code::BadAddress, node, "must begin with `https://` or `http://`");
    }
    Some(Web { text: text.to_owned(), url })
}

/// Reports an address that lacks its beginning, with the whole one where that is one.
fn without_scheme<T>(text: &str, node: &Node, reader: &mut Reader<'_>) -> Option<T> {
    let whole = format!("https://{}", text.trim_start_matches('/'));
    let host = Url::parse(&whole).ok().and_then(|url| Some(url.host_str()?.contains('.')));
    if host != Some(true) || text.contains('@') || !mask::plain(&whole).is_empty() {
        return reader.refuse(Code::BadAddress, node, "is no address on the web: it does not begin with `https://`");
    }
    let message = format!("`{}` is no address on the web: it does not begin with `https://`", reader.key());
    let problem = Problem::error(Code::BadAddress, node.at.clone(), message).label("refused");
    reader.report(problem.help(format!("write `{} = {}`", reader.key(), quoted(&whole))));
    None
}

impl Kind for Web {
    const SHAPE: Shape = Shape::Value(|| json!({"type": "string", "format": "uri", "pattern": "^[hH][tT][tT][pP][sS]?://"}));

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        web(node, reader)
    }

    fn shown(&self) -> Shown {
        Shown::Inline(quoted(&self.text))
    }
}

impl Kind for HostPort {
    const SHAPE: Shape = Shape::Value(|| json!({"type": "string", "pattern": ":[0-9]+$"}));

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = text::line(node, "`host:port` in quotes", reader)?;
        match Self::parse(text) {
            Some(pair) => Some(pair),
            None => reader.refuse(Code::BadAddress, node, "must be `host:port`"),
        }
    }

    fn shown(&self) -> Shown {
        Shown::Inline(quoted(&self.to_string()))
    }
}

impl Kind for MailHost {
    const SHAPE: Shape = Shape::Value(|| json!({"type": "string", "minLength": 1}));

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = text::line(node, "`host:port` in quotes", reader)?;
        let bare = |host: &str| Host::parse(host).ok().map(|host| host.to_string().trim_matches(['[', ']']).to_owned());
        let read = match HostPort::parse(text) {
            Some(pair) => bare(&pair.host).map(|host| Self { host, port: Some(pair.port) }),
            None => bare(text).map(|host| Self { host, port: None }),
        };
        match read {
            Some(host) => Some(host),
            None => reader.refuse(Code::BadAddress, node, "must be `host:port`, or the host alone"),
        }
    }

    fn shown(&self) -> Shown {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        Shown::Inline(quoted(&format!("{host}{port}")))
    }
}

impl Kind for Listen {
    const SHAPE: Shape = Shape::Value(|| json!({"type": "string", "pattern": ":[0-9]+$"}));

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let text = text::line(node, "`address:port` in quotes", reader)?;
        match text.parse() {
            Ok(address) => Some(Self(address)),
            Err(_) => reader.refuse(Code::BadAddress, node, "must be an address in numbers and a port"),
        }
    }

    fn shown(&self) -> Shown {
        Shown::Inline(quoted(&self.0.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_is_known_by_its_names() {
        for host in ["localhost", "LOCALHOST", "127.0.0.1", "127.9.9.9", "[::1]", "::1"] {
            assert!(is_loopback(host), "{host}");
        }
        for host in ["example.com", "10.0.0.1", "localhost.example.com", "0.0.0.0"] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn a_host_and_port_are_compared_as_one_writes_them() {
        let pair = HostPort::parse("Desk.Example.COM:8080").unwrap();
        assert_eq!(Some(pair), HostPort::of(&Url::parse("http://desk.example.com:8080/feed").unwrap()));
        assert_eq!(HostPort::of(&Url::parse("https://a.example/").unwrap()).unwrap().to_string(), "a.example:443");
        assert_eq!(HostPort::parse("[::1]:80").unwrap().to_string(), "[::1]:80");
        for bad in ["example.com", "example.com:", "example.com:0", "example.com:99999", ":80"] {
            assert_eq!(HostPort::parse(bad), None, "{bad}");
        }
    }
}
