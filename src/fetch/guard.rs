//! No private addresses: whoever may name a source, or answer with a redirect, must not reach the
//! services behind our firewall.
//!
//! Names are judged where they are resolved, on the addresses that are then connected to, so that
//! a name cannot change its mind between check and use. One private address among many refuses the
//! name. Addresses in numbers are judged after the `url` crate has read them, which knows decimal,
//! octal, hexadecimal and short forms.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::Addrs;
use reqwest::dns::Name;
use reqwest::dns::Resolve;
use reqwest::dns::Resolving;
use url::Host;
use url::Url;

use crate::domain::private::is_public;
use crate::domain::private::private;
use crate::fetch::FetchError;
use crate::fetch::Kind;
use crate::fetch::error::shown;

/// How an address may be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Only at public addresses.
    Guarded,
    /// The owner named this host and port: wherever it leads.
    Open,
}

/// Knows the hosts that the owner allowed.
#[derive(Debug, Default)]
pub(super) struct Guard {
    allowed: BTreeSet<(String, u16)>,
}

/// A name that leads to a private address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("it leads to {0}, which is not a public address")]
pub(super) struct PrivateAddress(pub IpAddr);

impl Guard {
    /// A guard that allows these `host:port` pairs.
    pub(super) fn new(allow_private: &[String]) -> Result<Self, FetchError> {
        let allowed = allow_private.iter().map(|entry| {
            let pair = entry.rsplit_once(':').and_then(|(host, port)| Some((Host::parse(host).ok()?.to_string(), port.parse().ok()?)));
            pair.ok_or_else(|| {
                FetchError::new(
                    Kind::Settings,
                    format!("`{entry}` in `allow_private` of [fetch] is not `host:port`; write it as in `127.0.0.1:8080`"),
                )
            })
        });
        Ok(Self { allowed: allowed.collect::<Result<_, _>>()? })
    }

    /// How `url` may be reached, or why it may not.
    pub(super) fn way(&self, url: &Url) -> Result<Way, FetchError> {
        let (Some(host), Some(port), "http" | "https") = (url.host(), url.port_or_known_default(), url.scheme()) else {
            return Err(FetchError::new(Kind::Refused, format!("{} was not asked: only http and https addresses are", shown(url))));
        };
        if self.allowed.contains(&(host.to_string(), port)) {
            return Ok(Way::Open);
        }
        // Behind a proxy names are resolved elsewhere; what is private without asking is so everywhere.
        private(&host).map_or(Ok(Way::Guarded), |ip| Err(FetchError::private(url, &PrivateAddress(ip).to_string())))
    }
}

/// Resolves names to public addresses only.
#[derive(Debug, Clone, Copy)]
pub(super) struct PublicOnly;

impl PublicOnly {
    pub(super) fn shared() -> Arc<Self> {
        Arc::new(Self)
    }
}

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            Ok(all_public(found.collect())?)
        })
    }
}

fn all_public(found: Vec<SocketAddr>) -> Result<Addrs, PrivateAddress> {
    match found.iter().find(|address| !is_public(address.ip())) {
        Some(private) => Err(PrivateAddress(private.ip())),
        None => Ok(Box::new(found.into_iter())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fetch::tls;

    fn way(allow: &[&str], url: &str) -> Result<Way, Kind> {
        let allow = allow.iter().map(|&entry| entry.to_owned()).collect::<Vec<_>>();
        let guard = Guard::new(&allow).unwrap();
        guard.way(&Url::parse(url).unwrap()).map_err(|error| error.kind)
    }

    #[test]
    fn private_addresses_are_refused_in_every_spelling() {
        for url in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://0177.0.0.1/",
            "http://0/",
            "http://127.0.0.1./",
            "http://%31%32%37.0.0.1/",
            "http://\u{2460}\u{2461}\u{2466}.0.0.1/",
            "http://0xa000007/",
            "http://012.0.0.7/",
            "http://192.168.257/",
            "http://2852039166/",
            "http://0.1.2.3/",
            "http://192.0.0.1/",
            "http://192.0.2.1/",
            "http://192.88.99.1/",
            "http://198.51.100.1/",
            "http://203.0.113.1/",
            "http://240.0.0.1/",
            "http://10.0.0.7/",
            "http://100.64.0.1/",
            "http://169.254.169.254/",
            "http://172.31.255.255/",
            "http://192.168.1.1/",
            "http://198.18.0.1/",
            "http://224.0.0.1/",
            "http://255.255.255.255/",
            "http://[::1]/",
            "http://[::]/",
            "http://[::ffff:93.184.216.34]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::127.0.0.1]/",
            "http://[::ffff:0:127.0.0.1]/",
            "http://[64:ff9b::1]/",
            "http://[64:ff9b::93.184.216.34]/",
            "http://[64:ff9b:1::1]/",
            "http://[100::1]/",
            "http://[2001::1]/",
            "http://[3fff::1]/",
            "http://[5f00::1]/",
            "http://[fec0::1]/",
            "http://[ff02::1]/",
            "http://[2002:7f00:1::]/",
            "http://[fe80::1]/",
            "http://[fd00::1]/",
            "http://[2001:db8::1]/",
            "http://localhost/",
            "http://LOCALHOST./",
            "http://a.localhost/",
            "ftp://example.com/",
            "file:///etc/hosts",
            "javascript:alert(1)",
            "data:,x",
        ] {
            assert_eq!(way(&[], url), Err(Kind::Refused), "{url}");
        }
    }

    #[test]
    fn public_addresses_pass() {
        for url in
            ["https://example.com/", "http://93.184.216.34/", "http://172.32.0.1/", "http://100.128.0.1/", "http://[2606:2800:21f::1]/"]
        {
            assert_eq!(way(&[], url), Ok(Way::Guarded), "{url}");
        }
    }

    #[test]
    fn only_the_very_host_and_port_are_allowed() {
        let allow = &["127.0.0.1:8080", "[::1]:81", "Intranet.example:80", "localhost:9"];
        for url in ["http://127.0.0.1:8080/x", "http://[::1]:81/", "http://intranet.example/", "http://localhost:9/"] {
            assert_eq!(way(allow, url), Ok(Way::Open), "{url}");
        }
        for url in ["http://127.0.0.1:8081/", "http://127.0.0.2:8080/", "http://[::1]/", "http://localhost/"] {
            assert_eq!(way(allow, url), Err(Kind::Refused), "{url}");
        }
        assert_eq!(way(allow, "https://intranet.example/"), Ok(Way::Guarded), "another port is resolved and checked");
    }

    #[test]
    fn one_private_address_refuses_the_whole_name() {
        let public = SocketAddr::from(([93, 184, 216, 34], 0));
        let private = SocketAddr::from(([10, 0, 0, 1], 0));
        assert_eq!(all_public(vec![public]).map(Iterator::count).ok(), Some(1));
        assert_eq!(all_public(vec![public, private]).err(), Some(PrivateAddress(private.ip())));
    }

    #[tokio::test]
    async fn a_name_is_refused_where_it_is_resolved() {
        let client = reqwest::Client::builder().no_proxy().dns_resolver(PublicOnly::shared());
        let client = client.tls_backend_preconfigured(tls::config(None).unwrap()).build().unwrap();
        let error = client.get("http://localhost:1/").send().await.unwrap_err();
        let error = FetchError::of_exchange(&error, &Url::parse("http://rebound.example/").unwrap());
        assert_eq!(error.kind, Kind::Refused, "{error}");
        assert!(error.message.contains("which is not a public address"), "{error}");
    }

    #[test]
    fn an_entry_without_a_port_is_an_error() {
        for entry in ["127.0.0.1", "host:", "host:99999", ":80", "a b:80"] {
            let error = Guard::new(&[entry.to_owned()]).unwrap_err();
            assert_eq!(error.kind, Kind::Settings, "{entry}");
        }
    }
}
