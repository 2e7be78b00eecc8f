//! The way of a poll over redirects: where it may lead, and whether it is the way for good.

use url::Url;

use crate::fetch::FetchError;
use crate::fetch::Kind;
use crate::fetch::error::shown;

/// The addresses of one poll, in order.
#[derive(Debug)]
pub(super) struct Route {
    /// The address as configured, with the name and password that are for its own origin only.
    home: Url,
    /// Those that redirected.
    seen: Vec<Url>,
    /// The one to ask.
    here: Url,
    most: usize,
    /// Nothing but permanent redirects so far.
    permanent: bool,
}

impl Route {
    /// A way that begins at `address` and may take `most` redirects.
    pub(super) fn start(address: &str, most: usize) -> Result<Self, FetchError> {
        let home = Url::parse(address)
            .map_err(|error| FetchError::new(Kind::Refused, format!("not an address: {error}; write it with https://")))?;
        Ok(Self { here: bare(home.clone()), home, seen: Vec::new(), most, permanent: true })
    }

    /// The address to ask: without login and fragment, as it is compared and stored.
    pub(super) fn here(&self) -> &Url {
        &self.here
    }

    /// The address to ask with the login of the configured one, if it is of the same origin. The
    /// client takes it out again and makes a header of it.
    pub(super) fn with_login(&self) -> Url {
        let mut url = self.here.clone();
        if self.has_login() && url.origin() == self.home.origin() {
            // Both only fail for addresses without a host, which the guard has turned away.
            let _ = url.set_username(self.home.username());
            let _ = url.set_password(self.home.password());
        }
        url
    }

    /// Goes on to `next`, unless that leads in circles, too far, out of https, or out of the web.
    pub(super) fn follow(&mut self, next: Url, permanent: bool) -> Result<(), FetchError> {
        if !matches!(next.scheme(), "http" | "https") {
            let scheme: String = next.scheme().chars().take(20).collect();
            return self
                .refuse(Kind::Refused, &format!("redirects to a `{scheme}:` address, and only http and https are asked; tell its owner"));
        }
        let next = bare(next);
        if next.scheme() != "https" && self.here.scheme() == "https" {
            return self.refuse(Kind::Refused, "redirects from https to an address without; ask its owner, or use another address");
        }
        let circle = next == self.here || self.seen.contains(&next);
        if circle || self.seen.len() >= self.most {
            let most = self.most;
            return self.refuse(Kind::Network, &format!("redirects in circles or more than {most} times; check the address of the source"));
        }
        self.permanent &= permanent;
        self.seen.push(std::mem::replace(&mut self.here, next));
        Ok(())
    }

    /// Where permanent redirects alone have led. Nowhere from an address with a login, which would
    /// be lost on the way.
    pub(super) fn moved_to(&self) -> Option<String> {
        (self.permanent && !self.seen.is_empty() && !self.has_login()).then(|| self.here.to_string())
    }

    fn has_login(&self) -> bool {
        !self.home.username().is_empty() || self.home.password().is_some()
    }

    fn refuse(&self, kind: Kind, what: &str) -> Result<(), FetchError> {
        Err(FetchError::new(kind, format!("{} {what}", shown(self.seen.first().unwrap_or(&self.here)))))
    }
}

/// An address without login and fragment.
fn bare(mut url: Url) -> Url {
    url.set_fragment(None);
    if !url.username().is_empty() || url.password().is_some() {
        let _ = url.set_username("");
        let _ = url.set_password(None);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What became of a way from `home` over these hops, `!` before the permanent ones.
    fn walked(home: &str, hops: &[&str]) -> Result<(String, Option<String>), String> {
        let mut route = Route::start(home, 3).map_err(|error| error.to_string())?;
        for hop in hops {
            let (hop, permanent) = hop.strip_prefix('!').map_or((*hop, false), |hop| (hop, true));
            let next = route.here().join(hop).unwrap();
            route.follow(next, permanent).map_err(|error| format!("{:?}: {error}", error.kind))?;
        }
        Ok((route.here().to_string(), route.moved_to()))
    }

    #[test]
    fn only_permanent_redirects_move_an_address() {
        for (name, home, hops, wanted) in [
            ("none", "http://a.example/", vec![], None),
            ("one", "http://a.example/", vec!["!/b#top"], Some("http://a.example/b")),
            ("several, to https", "http://a.example/", vec!["!/b", "!https://b.example/c?d"], Some("https://b.example/c?d")),
            ("one among them is not", "http://a.example/", vec!["!/b", "/c", "!/d"], None),
            ("a login on the way is taken off", "http://a.example/", vec!["!http://x:y@b.example/"], Some("http://b.example/")),
            ("a login of its own", "http://ann:pw@a.example/", vec!["!/b"], None),
        ] {
            assert_eq!(walked(home, &hops).unwrap().1.as_deref(), wanted, "{name}");
        }
    }

    #[test]
    fn a_way_that_must_not_be_taken_is_refused_in_words() {
        insta::assert_snapshot!(walked("https://a.example/s?k=1", &["file:///etc/passwd"]).unwrap_err(), @"Refused: https://a.example redirects to a `file:` address, and only http and https are asked; tell its owner");
        insta::assert_snapshot!(walked("https://a.example/s?k=1", &["javascript:alert(1)"]).unwrap_err(), @"Refused: https://a.example redirects to a `javascript:` address, and only http and https are asked; tell its owner");
        insta::assert_snapshot!(walked("https://a.example/s?k=1", &["/b", "http://a.example/s"]).unwrap_err(), @"Refused: https://a.example redirects from https to an address without; ask its owner, or use another address");
        insta::assert_snapshot!(walked("https://a.example/s?k=1", &["/b", "/s?k=1"]).unwrap_err(), @"Network: https://a.example redirects in circles or more than 3 times; check the address of the source");
        insta::assert_snapshot!(walked("https://a.example/s?k=1", &["/b", "/b"]).unwrap_err(), @"Network: https://a.example redirects in circles or more than 3 times; check the address of the source");
        insta::assert_snapshot!(walked("https://a.example/s?k=1", &["/1", "/2", "/3", "/4"]).unwrap_err(), @"Network: https://a.example redirects in circles or more than 3 times; check the address of the source");
        insta::assert_snapshot!(walked("a feed", &[]).unwrap_err(), @"not an address: relative URL without a base; write it with https://");
    }

    #[test]
    fn a_login_goes_to_its_own_origin_only() {
        let mut route = Route::start("https://ann:p%40w@a.example/s", 3).unwrap();
        assert_eq!((route.here().as_str(), route.with_login().as_str()), ("https://a.example/s", "https://ann:p%40w@a.example/s"));
        route.follow(Url::parse("https://a.example:444/").unwrap(), true).unwrap();
        assert_eq!(route.with_login().as_str(), "https://a.example:444/");
    }
}
