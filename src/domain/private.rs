//! Which hosts are not of the public internet: those that a source may only name where the owner
//! allows it.
//!
//! Here, because two ask: the guard before every request, and the check of a configuration, which
//! can tell from the words alone that an address in numbers will never be read.

use core::net::IpAddr;
use core::net::Ipv4Addr;
use core::net::Ipv6Addr;

use url::Host;

/// The private address that a host is, as far as that is certain without asking anybody: an address
/// in numbers, and `localhost`, which is private everywhere (RFC 6761).
#[must_use]
pub fn private(host: &Host<&str>) -> Option<IpAddr> {
    match *host {
        Host::Ipv4(ip) => (!is_public(ip.into())).then_some(IpAddr::V4(ip)),
        Host::Ipv6(ip) => (!is_public(ip.into())).then_some(IpAddr::V6(ip)),
        Host::Domain(name) => is_localhost(name).then_some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
    }
}

/// Whether an address is of the public internet: the IANA special-purpose registries, read
/// strictly. IPv4 inside IPv6 is refused too, for it hides where it leads.
#[must_use]
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_localhost(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    name == "localhost" || name.ends_with(".localhost")
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = matches!(
        (a, b, c),
        (0 | 10 | 127 | 224..=255, _, _)
            | (100, 64..=127, _)
            | (169, 254, _)
            | (172, 16..=31, _)
            | (192, 0, 0 | 2)
            | (192, 88, 99)
            | (192, 168, _)
            | (198, 18 | 19, _)
            | (198, 51, 100)
            | (203, 0, 113)
    );
    !special
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    // Only 2000::/3 is given out; within it: protocol assignments with Teredo (2001::/23),
    // documentation (2001:db8::/32, 3fff::/20), and 6to4 (2002::/16).
    let global = a & 0xe000 == 0x2000;
    let special = (a == 0x2001 && (b < 0x0200 || b == 0x0db8)) || a == 0x2002 || (a == 0x3fff && b < 0x1000);
    global && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_certain_without_asking_is_known_and_a_name_is_not() {
        for (text, expected) in [
            ("127.0.0.1", Some("127.0.0.1")),
            ("192.168.1.4", Some("192.168.1.4")),
            ("[::1]", Some("::1")),
            ("localhost", Some("127.0.0.1")),
            ("desk.localhost.", Some("127.0.0.1")),
            ("93.184.216.34", None),
            ("[2606:2800:21f::1]", None),
            ("intranet.example", None),
        ] {
            let host = Host::parse(text).unwrap();
            let host = match &host {
                Host::Domain(name) => Host::Domain(name.as_str()),
                Host::Ipv4(ip) => Host::Ipv4(*ip),
                Host::Ipv6(ip) => Host::Ipv6(*ip),
            };
            assert_eq!(private(&host).map(|ip| ip.to_string()).as_deref(), expected, "{text}");
        }
    }
}
