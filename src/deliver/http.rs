//! Webhooks and the like: one request, no redirects, nothing kept open.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use reqwest::Certificate;
use reqwest::Client;
use reqwest::ClientBuilder;
use reqwest::Proxy;
use reqwest::header::DATE;
use reqwest::header::HeaderMap;
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use url::Host;
use url::Url;

use crate::deliver::CarrierError;
use crate::deliver::Options;
use crate::deliver::guard;
use crate::domain::secret::Secret;
use crate::render::Method;
use crate::render::Reply;
use crate::text::excerpt;

/// Most of an answer that is read.
const ANSWER: usize = 64 * 1024;

/// Sends requests.
#[derive(Debug)]
pub(super) struct Poster {
    /// For the world: public addresses only, through the proxy where there is one.
    world: Client,
    /// For addresses on the list of private ones.
    listed: Client,
    allow_private: Vec<String>,
    proxied: bool,
}

impl Poster {
    pub(super) fn new(options: &Options) -> Result<Self, CarrierError> {
        // Both this client and the fetching one speak TLS by the same library; who comes first sets it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let authorities = match &options.extra_ca {
            Some(pem) => Certificate::from_pem_bundle(pem).map_err(|error| CarrierError::Authority(told(error)))?,
            None => Vec::new(),
        };
        let proxy = options.proxy.as_ref().map(|proxy| Proxy::all(proxy.reveal()).map_err(|_| CarrierError::Proxy)).transpose()?;
        if options.extra_ca.is_some() && authorities.is_empty() {
            return Err(CarrierError::Authority("there is no certificate in it".to_owned()));
        }
        // The proxy resolves the names, and its own address is usually a private one.
        let outward = |builder: ClientBuilder| match &proxy {
            Some(proxy) => builder.proxy(proxy.clone()),
            None => builder.dns_resolver(Arc::new(guard::PublicOnly)),
        };
        let proxied = proxy.is_some();
        Ok(Self {
            world: build(options, &authorities, outward)?,
            listed: build(options, &authorities, |builder| builder)?,
            allow_private: options.allow_private.iter().map(|pair| pair.trim().to_ascii_lowercase()).collect(),
            proxied,
        })
    }

    pub(super) async fn send(&self, method: Method, url: &Secret, headers: &[(String, String)], body: &[u8]) -> Reply {
        let client = match self.client_for(url.reveal()) {
            Ok((client, url)) => {
                headers.iter().fold(client.request(verb(method), url), |request, (name, value)| request.header(name, value))
            }
            Err(why) => return Reply::Unable(why),
        };
        let mut response = match client.body(body.to_vec()).send().await {
            Ok(response) => response,
            Err(error) => return failed(error),
        };
        let (status, retry_after) = (response.status().as_u16(), retry_after(response.headers()));
        let mut answer = Vec::new();
        // The status has decided; a body that breaks off changes nothing.
        while let Ok(Some(chunk)) = response.chunk().await {
            answer.extend_from_slice(&chunk[..chunk.len().min(ANSWER - answer.len())]);
            if answer.len() == ANSWER {
                break;
            }
        }
        Reply::Http { status, retry_after, body: String::from_utf8_lossy(&answer).into_owned() }
    }

    /// The client for an address, or why none may go there.
    fn client_for(&self, url: &str) -> Result<(&Client, Url), String> {
        let url = Url::parse(url).map_err(|error| format!("the address can't be used: {error}"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("the address can't be used: only http and https are spoken".to_owned());
        }
        let pair = format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default());
        if self.allow_private.contains(&pair) {
            return Ok((&self.listed, url));
        }
        let public = match url.host() {
            Some(Host::Ipv4(address)) => guard::is_public(address.into()),
            Some(Host::Ipv6(address)) => guard::is_public(address.into()),
            // Behind a proxy nobody else looks at the name.
            Some(Host::Domain(name)) => !self.proxied || !(name == "localhost" || name.ends_with(".localhost")),
            None => false,
        };
        if !public {
            return Err(private());
        }
        Ok((&self.world, url))
    }
}

/// A client that trusts this host's authorities and further ones. A host that has none at all, as
/// a bare container, can still speak http and to servers of the further ones.
fn build(options: &Options, authorities: &[Certificate], shape: impl Fn(ClientBuilder) -> ClientBuilder) -> Result<Client, CarrierError> {
    let trusting = shape(client(options)).tls_certs_merge(authorities.iter().cloned()).build();
    let client = trusting.or_else(|_| shape(client(options)).tls_certs_only(authorities.iter().cloned()).build());
    client.map_err(|error| CarrierError::Client(told(error)))
}

fn client(options: &Options) -> ClientBuilder {
    Client::builder()
        .redirect(Policy::none())
        .referer(false)
        .no_proxy()
        .connect_timeout(options.connect)
        .timeout(options.deadline)
        // Servers close what idles; a fresh connection costs less than a retry.
        .pool_max_idle_per_host(0)
}

fn verb(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Patch => reqwest::Method::PATCH,
    }
}

fn private() -> String {
    "the address is in a private network: add its `host:port` to `allow_private` under `[fetch]` if that is meant".to_owned()
}

/// No answer came.
fn failed(error: reqwest::Error) -> Reply {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if inner.is::<guard::OnlyPrivate>() {
            return Reply::Unable(private());
        }
        cause = inner.source();
    }
    if error.is_builder() {
        return Reply::Unable(format!("the request can't be made: {}", told(error)));
    }
    Reply::Nothing(if error.is_timeout() { "no answer in time".to_owned() } else { told(error) })
}

/// An error with its causes and without the address.
fn told(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    excerpt::shorten(&text, 300)
}

/// `Retry-After` in seconds, which some write with a fraction, or as a date, which counts from the
/// answer's own `Date`: so two clocks that disagree do no harm.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let moment = |text: &str| DateTime::parse_from_rfc2822(text).ok();
    let now = moment(headers.get(DATE)?.to_str().ok()?)?;
    Some((moment(text)? - now).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::io::AsyncWriteExt;
    use tokio::net::TcpListener;

    use super::*;

    /// Answers one request with `answer` and hands back what it was asked.
    async fn ask(answer: &[u8], options: Options) -> (Reply, String) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let poster = Poster::new(&Options { allow_private: vec![format!("127.0.0.1:{port}")], ..options }).unwrap();
        let url = Secret::new(format!("http://127.0.0.1:{port}/services/secret?key=hush"));
        let headers = [("content-type".to_owned(), "application/json".to_owned()), ("user-agent".to_owned(), "uproar/0".to_owned())];
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = vec![0; 4096];
            let read = stream.read(&mut request).await.unwrap();
            stream.write_all(answer).await.unwrap();
            let _ = stream.shutdown().await;
            String::from_utf8_lossy(&request[..read]).into_owned()
        };
        tokio::join!(poster.send(Method::Post, &url, &headers, b"{}"), serve)
    }

    #[tokio::test]
    async fn a_post_carries_its_headers_and_brings_back_status_and_body() {
        let (reply, request) = ask(b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nok", Options::default()).await;
        assert_eq!(reply, Reply::Http { status: 202, retry_after: None, body: "ok".to_owned() });
        assert!(request.starts_with("POST /services/secret?key=hush HTTP/1.1\r\n"), "{request}");
        assert!(request.contains("user-agent: uproar/0\r\n") && request.contains("content-type: application/json\r\n"), "{request}");
    }

    #[tokio::test]
    async fn a_redirect_is_told_and_not_followed() {
        let (reply, _) = ask(b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n", Options::default()).await;
        assert!(matches!(reply, Reply::Http { status: 302, .. }), "{reply:?}");
    }

    #[tokio::test]
    async fn a_pause_may_be_seconds_a_fraction_or_a_date() {
        let seconds = b"HTTP/1.1 429 Slow\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n";
        let date = b"HTTP/1.1 503 No\r\ndate: Sat, 21 Nov 2026 13:05:00 GMT\r\nretry-after: Sat, 21 Nov 2026 13:06:30 GMT\r\ncontent-length: 0\r\n\r\n";
        let odd = b"HTTP/1.1 503 No\r\nretry-after: soon\r\ncontent-length: 0\r\n\r\n";
        let fraction = b"HTTP/1.1 429 Slow\r\nretry-after: 0.655\r\ncontent-length: 0\r\n\r\n";
        let below = b"HTTP/1.1 429 Slow\r\nretry-after: -1\r\ncontent-length: 0\r\n\r\n";
        let pauses =
            [(&seconds[..], Some(7_000)), (&date[..], Some(90_000)), (&fraction[..], Some(655)), (&odd[..], None), (&below[..], None)];
        for (answer, pause) in pauses {
            let (reply, _) = ask(answer, Options::default()).await;
            let Reply::Http { retry_after, .. } = reply else { panic!("{reply:?}") };
            assert_eq!(retry_after, pause.map(Duration::from_millis));
        }
    }

    #[tokio::test]
    async fn no_more_than_64_kilobytes_of_an_answer_are_read() {
        let mut answer = b"HTTP/1.1 200 OK\r\ncontent-length: 200000\r\n\r\n".to_vec();
        answer.resize(200_000, b'x');
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let poster = Poster::new(&Options { allow_private: vec![format!("127.0.0.1:{port}")], ..Options::default() }).unwrap();
        let url = Secret::new(format!("http://127.0.0.1:{port}/"));
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(&answer).await;
        };
        let (reply, ()) = tokio::join!(poster.send(Method::Post, &url, &[], b""), serve);
        assert!(matches!(&reply, Reply::Http { status: 200, body, .. } if body.len() == ANSWER), "{}", body_len(&reply));
    }

    fn body_len(reply: &Reply) -> usize {
        if let Reply::Http { body, .. } = reply { body.len() } else { 0 }
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_keeps_its_status() {
        let (reply, _) = ask(b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nok", Options::default()).await;
        assert_eq!(reply, Reply::Http { status: 200, retry_after: None, body: "ok".to_owned() });
    }

    #[tokio::test]
    async fn no_answer_is_nothing_and_never_shows_the_address() {
        let (closed, _) = ask(b"", Options::default()).await;
        let silent = Options { deadline: Duration::from_millis(50), ..Options::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let poster = Poster::new(&Options { allow_private: vec![format!("127.0.0.1:{port}")], ..silent }).unwrap();
        let late = poster.send(Method::Post, &Secret::new(format!("http://127.0.0.1:{port}/hush")), &[], b"").await;
        assert_eq!(late, Reply::Nothing("no answer in time".to_owned()));
        drop(listener);
        let refused = poster.send(Method::Post, &Secret::new(format!("http://127.0.0.1:{port}/hush")), &[], b"").await;
        for reply in [closed, refused] {
            assert!(matches!(&reply, Reply::Nothing(why) if !why.contains("hush") && !why.contains("http://")), "{reply:?}");
        }
    }

    #[tokio::test]
    async fn private_addresses_need_to_be_on_the_list() {
        let poster = Poster::new(&Options { allow_private: vec!["127.0.0.1:1".to_owned()], ..Options::default() }).unwrap();
        for url in [
            "http://127.0.0.1:2/x",
            "http://localhost:2/x",
            "http://[::1]:2/",
            "http://169.254.169.254/latest",
            "http://0/x",
            "ftp://h/",
            "x",
        ] {
            let reply = poster.send(Method::Post, &Secret::new(url.to_owned()), &[], b"").await;
            assert!(matches!(&reply, Reply::Unable(why) if !why.contains("/x")), "{url}: {reply:?}");
        }
    }

    #[test]
    fn an_authority_or_proxy_that_is_none_is_told_at_once() {
        let bad = |options| Poster::new(&options).err().map(|error| error.to_string()).unwrap_or_default();
        let ca =
            bad(Options { extra_ca: Some(b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----".to_vec()), ..Options::default() });
        assert!(ca.starts_with("the extra certificate authority can't be read"), "{ca}");
        let proxy = bad(Options { proxy: Some(Secret::new("http://user:hush@".to_owned())), ..Options::default() });
        assert_eq!(proxy, "the proxy can't be used: write `http://host:port`");
    }
}
