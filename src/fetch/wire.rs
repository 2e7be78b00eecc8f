//! What carries requests: the HTTP library, set up with our name, our authorities and the proxy.

use std::time::Duration;

use reqwest::ClientBuilder;
use reqwest::Proxy;
use reqwest::header::ACCEPT_ENCODING;
use reqwest::header::HeaderMap;
use reqwest::header::HeaderValue;
use reqwest::redirect::Policy;
use url::Url;

use crate::config::settings::Fetch;
use crate::domain::secret::Secret;
use crate::fetch::FetchError;
use crate::fetch::Kind;
use crate::fetch::decode;
use crate::fetch::guard::PublicOnly;
use crate::fetch::guard::Way;
use crate::fetch::pace::KEPT_FOR;
use crate::fetch::tls;

const CONNECT: Duration = Duration::from_secs(10);
/// Longest silence: before the first byte, and between two pieces.
const SILENCE: Duration = Duration::from_secs(30);
/// Lines of a header block.
const HEADER_LINES: usize = 200;

/// The two ways out.
#[derive(Debug)]
pub(super) struct Wire {
    /// Reaches public addresses only; or all through the proxy, which resolves names itself.
    guarded: reqwest::Client,
    /// Reaches what the owner allowed.
    open: reqwest::Client,
}

impl Wire {
    /// Sets both up as `[fetch]` has it.
    pub(super) fn new(settings: &Fetch) -> Result<Self, FetchError> {
        let tls = tls::config(settings.extra_ca.as_deref())?;
        let agent = agent(settings.contact.as_deref())?;
        let accepted = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(decode::ACCEPTED))]);
        // The environment names no proxy for us, and redirects are followed by hand.
        let plain = || {
            reqwest::Client::builder()
                .no_proxy()
                .redirect(Policy::none())
                .referer(false)
                .user_agent(agent.clone())
                .default_headers(accepted.clone())
                .connect_timeout(CONNECT)
                .read_timeout(SILENCE)
                .pool_max_idle_per_host(1)
                .pool_idle_timeout(KEPT_FOR.to_std().unwrap_or_default())
                .http1_only()
                .http1_max_headers(HEADER_LINES)
                .tls_backend_preconfigured(tls.clone())
        };
        let (guarded, open) = match &settings.proxy {
            Some(address) => {
                let proxy = proxy(address)?;
                (plain().proxy(proxy.clone()), plain().proxy(proxy))
            }
            None => (plain().dns_resolver(PublicOnly::shared()), plain()),
        };
        let build = |builder: ClientBuilder| {
            builder.build().map_err(|error| FetchError::new(Kind::Settings, format!("HTTP cannot be set up: {}", error.without_url())))
        };
        Ok(Self { guarded: build(guarded)?, open: build(open)? })
    }

    /// The one that goes this way.
    pub(super) fn client(&self, way: Way) -> &reqwest::Client {
        match way {
            Way::Open => &self.open,
            Way::Guarded => &self.guarded,
        }
    }
}

/// `Uproar/VERSION (+CONTACT)`: who we are, and whom to write to about us.
fn agent(contact: Option<&str>) -> Result<HeaderValue, FetchError> {
    let version = env!("CARGO_PKG_VERSION");
    let agent = contact.map_or_else(|| format!("Uproar/{version}"), |contact| format!("Uproar/{version} (+{contact})"));
    HeaderValue::from_str(&agent).map_err(|_| {
        FetchError::new(
            Kind::Settings,
            "`contact` in [fetch] cannot be sent in a header; write a plain mail address or the address of a page",
        )
    })
}

/// The proxy for all requests. Its address may hold a password, so no error shows it.
fn proxy(address: &Secret) -> Result<Proxy, FetchError> {
    if address.reveal().is_empty() {
        return Err(FetchError::new(
            Kind::Settings,
            "the secret `proxy` in [fetch] cannot be read here; run this with the secrets of the service",
        ));
    }
    let url = Url::parse(address.reveal()).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    url.and_then(|url| Proxy::all(url).ok()).ok_or_else(|| {
        let message = "`proxy` in [fetch] is not an address of a proxy; write it as in `http://proxy.example.com:3128`";
        FetchError::new(Kind::Settings, message)
    })
}
