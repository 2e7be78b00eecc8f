//! How many pages one address may ask for: enough for people, too few for whoever tries tickets.
//!
//! Pure but for the address: time is an argument. It holds no more addresses than `MOST`.

use std::collections::HashMap;
use std::net::IpAddr;
use std::net::Ipv6Addr;

use axum::http::HeaderMap;

use crate::domain::Timestamp;

/// Pages at once, and how many of them come back in a minute.
const BURST: f64 = 60.0;
const A_MINUTE: f64 = 60.0;
/// Addresses that are remembered. Further ones share what is left for everybody else.
const MOST: usize = 4096;

/// What each address has left.
#[derive(Debug, Default)]
pub struct Limit {
    left: HashMap<IpAddr, Left>,
}

#[derive(Debug, Clone, Copy)]
struct Left {
    pages: f64,
    at: Timestamp,
}

impl Left {
    fn now(self, now: Timestamp) -> f64 {
        // A clock that is set back gives nothing.
        let passed = (now - self.at).num_milliseconds().max(0) as f64 / 60_000.0;
        (self.pages + passed * A_MINUTE).min(BURST)
    }
}

impl Limit {
    /// Whether an address may have another page.
    pub fn admits(&mut self, address: IpAddr, now: Timestamp) -> bool {
        let mut key = whole(address);
        if self.left.len() >= MOST && !self.left.contains_key(&key) {
            self.left.retain(|_, left| left.now(now) < BURST);
            if self.left.len() >= MOST {
                key = IpAddr::V6(Ipv6Addr::UNSPECIFIED);
            }
        }
        let left = self.left.get(&key).map_or(BURST, |left| left.now(now));
        let admitted = left >= 1.0;
        self.left.insert(key, Left { pages: if admitted { left - 1.0 } else { left }, at: now });
        admitted
    }
}

/// One network of IPv6 is one address: whoever has one has all of it.
fn whole(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        short @ IpAddr::V4(_) => short,
    }
}

/// Who asks. Behind a proxy of the own network it is whom that one names, which is the last of the
/// header: what stands before it anybody may have written.
#[must_use]
pub fn asker(peer: IpAddr, headers: &HeaderMap) -> IpAddr {
    let near = match peer.to_canonical() {
        IpAddr::V4(peer) => peer.is_loopback() || peer.is_private(),
        IpAddr::V6(peer) => peer.is_loopback() || peer.is_unique_local(),
    };
    let named = headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()
        .and_then(|value| value.to_str().ok()?.rsplit(',').next()?.trim().parse().ok());
    named.filter(|_| near).unwrap_or(peer)
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-22T12:00:00Z".parse().unwrap()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_gets_so_many_pages_and_then_one_a_second() {
        let mut limit = Limit::default();
        let anna = address("192.0.2.1");
        let admitted = (0..100).filter(|_| limit.admits(anna, now())).count();
        assert_eq!(admitted, 60);
        assert!(limit.admits(address("192.0.2.2"), now()), "another one is another one");
        assert!(!limit.admits(anna, now() + TimeDelta::milliseconds(900)));
        assert!(limit.admits(anna, now() + TimeDelta::milliseconds(1100)));
        assert!(!limit.admits(anna, now() - TimeDelta::hours(1)), "a clock that is set back gives nothing");
    }

    #[test]
    fn a_network_of_ipv6_is_one_address() {
        let mut limit = Limit::default();
        let admitted = (0..100_u16).filter(|n| limit.admits(address(&format!("2001:db8:1:2::{n:x}")), now())).count();
        assert_eq!(admitted, 60);
        assert!(limit.admits(address("2001:db8:1:3::1"), now()));
    }

    #[test]
    fn a_crowd_of_addresses_takes_no_more_memory() {
        let mut limit = Limit::default();
        let mut admitted = 0;
        for n in 0..20_000_u32 {
            admitted += u32::from(limit.admits(IpAddr::V4((0x0A00_0000 + n).into()), now()));
        }
        assert!(limit.left.len() <= MOST + 1, "{}", limit.left.len());
        assert!(admitted < 5_000, "the rest share one lot: {admitted}");
        assert!(limit.admits(address("192.0.2.7"), now() + TimeDelta::minutes(2)), "later there is room again");
    }

    #[test]
    fn a_proxy_of_the_own_network_is_believed_and_only_for_its_last_word() {
        let named = |peer: &str, header: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("x-forwarded-for", header.parse().unwrap());
            asker(address(peer), &headers).to_string()
        };
        assert_eq!(named("127.0.0.1", "192.0.2.66, 198.51.100.7"), "198.51.100.7");
        assert_eq!(named("203.0.113.9", "198.51.100.7"), "203.0.113.9");
        assert_eq!(named("10.0.0.1", "nonsense"), "10.0.0.1");
        assert_eq!(asker(address("127.0.0.1"), &HeaderMap::new()).to_string(), "127.0.0.1");
    }
}
