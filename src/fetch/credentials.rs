//! What of a login goes along with a call, and where it may go.

use reqwest::header::AUTHORIZATION;
use reqwest::header::HeaderName;
use reqwest::header::HeaderValue;
use url::Url;

use crate::domain::login::Login;
use crate::domain::login::Place;
use crate::domain::secret::Secret;

/// A login with the token that is good now.
#[derive(Debug)]
pub(super) struct Credentials<'a> {
    /// Whose.
    pub login: &'a Login,
    /// The token, where the login has one.
    pub token: Option<Secret>,
}

impl Credentials<'_> {
    /// Whether they are for an address: its scheme, host and port are those of the login's home.
    pub(super) fn are_for(&self, url: &Url) -> bool {
        Url::parse(&self.login.home).is_ok_and(|home| home.origin() == url.origin() && home.has_host())
    }

    /// Puts those into an address that go there.
    pub(super) fn in_query(&self, url: &mut Url) {
        for stamp in self.login.stamps.iter().filter(|stamp| stamp.place == Place::Query) {
            url.query_pairs_mut().append_pair(&stamp.name, stamp.value.reveal());
        }
    }

    /// Those that go into headers. A secret that cannot be a header is left out: the service says then
    /// that it is missing.
    pub(super) fn headers(&self) -> Vec<(HeaderName, HeaderValue)> {
        let stamps = self.login.stamps.iter().filter(|stamp| stamp.place == Place::Header);
        let mut headers: Vec<_> =
            stamps.filter_map(|stamp| Some((HeaderName::from_bytes(stamp.name.as_bytes()).ok()?, hidden(stamp.value.reveal())?))).collect();
        let bearer = self.token.as_ref().and_then(|token| hidden(&format!("Bearer {}", token.reveal())));
        headers.extend(bearer.map(|bearer| (AUTHORIZATION, bearer)));
        headers
    }
}

/// A header's value that no log shows.
fn hidden(value: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_str(value.trim()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_for_the_home_of_the_login_alone() {
        let login = Login::at("https://api.example/v2").with_query("key", Secret::new("hush hush".to_owned()));
        let credentials = Credentials { login: &login, token: Some(Secret::new("t".to_owned())) };
        for (url, expected) in [
            ("https://api.example/v1/x", true),
            ("https://api.example:443/", true),
            ("http://api.example/v2", false),
            ("https://api.example:8443/v2", false),
            ("https://api.example.evil.example/v2", false),
            ("https://evil.example/?u=https://api.example/v2", false),
        ] {
            assert_eq!(credentials.are_for(&Url::parse(url).unwrap()), expected, "{url}");
        }
        let mut url = Url::parse("https://api.example/x?a=1").unwrap();
        credentials.in_query(&mut url);
        assert_eq!(url.as_str(), "https://api.example/x?a=1&key=hush+hush");
        let headers = credentials.headers();
        assert_eq!(headers[0].1, "Bearer t");
        assert!(headers[0].1.is_sensitive());
        let nobody = Login::at("nonsense");
        assert!(!Credentials { login: &nobody, token: None }.are_for(&Url::parse("https://api.example/").unwrap()));
    }
}
