//! How far the pages behind the first one are followed: on a first poll only, and within limits.
//!
//! What a walk has seen travels with it, in the notes of the request for its next page: a walk that a
//! crash cut goes on under the same limits.

use serde::Deserialize;
use serde::Serialize;
use url::Url;

use crate::domain::http::Get;
use crate::domain::http::Request;
use crate::text::hash;

/// Pages of one walk.
const MOST: usize = 20;

/// What stands before a walk's notes in a request.
const MARK: &str = "walk ";

/// The addresses that a walk has asked for, by their hashes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    seen: Vec<u64>,
}

impl Trail {
    /// A walk that begins with a page.
    #[must_use]
    pub fn from(url: &str) -> Self {
        Self { seen: vec![named(url)] }
    }

    /// The request for an older page, with this walk's notes; `None` where the walk has to end: after
    /// twenty pages, at an address that was asked for already, and at another origin than `here`. A
    /// page that brought nothing new ends it too, which is known when it is stored.
    #[must_use]
    pub fn follow(mut self, older: &Request, here: &str) -> Option<Request> {
        let Request::Get(get) = older else { return None };
        let address = named(&get.url);
        if self.seen.len() >= MOST || self.seen.contains(&address) || !same_origin(here, &get.url) {
            return None;
        }
        self.seen.push(address);
        let notes = serde_json::to_string(&self).unwrap_or_default();
        Some(Request::Get(Get { context: format!("{MARK}{notes}\n{}", get.context), ..get.clone() }))
    }

    /// Takes the notes out of a request, which is then as the source made it.
    #[must_use]
    pub fn taken_from(request: &mut Request) -> Option<Self> {
        let Request::Get(get) = request else { return None };
        let (notes, rest) = get.context.strip_prefix(MARK)?.split_once('\n')?;
        let (trail, rest) = (serde_json::from_str(notes).ok()?, rest.to_owned());
        get.context = rest;
        Some(trail)
    }
}

/// An address without its fragment, which no server sees.
fn named(url: &str) -> u64 {
    hash::of_parts([url.split('#').next().unwrap_or_default()])
}

fn same_origin(one: &str, other: &str) -> bool {
    let (Ok(one), Ok(other)) = (Url::parse(one), Url::parse(other)) else { return false };
    one.origin() == other.origin() && one.origin().is_tuple()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(url: &str) -> Request {
        Request::Get(Get { url: url.to_owned(), accept: String::new(), conditional: false, context: "source's own".to_owned() })
    }

    /// Follows pages from `https://a.example/f` on, through a store each time, as far as they lead.
    fn walked(next: impl Fn(usize) -> String) -> usize {
        let mut trail = Trail::from("https://a.example/f");
        for number in 1..100 {
            let Some(request) = trail.follow(&page(&next(number)), "https://a.example/f") else { return number };
            let stored = serde_json::to_string(&request).unwrap();
            let mut request: Request = serde_json::from_str(&stored).unwrap();
            trail = Trail::taken_from(&mut request).unwrap();
            assert_eq!(request, page(&next(number)));
        }
        100
    }

    #[test]
    fn a_walk_ends_by_itself_whatever_it_is_led_to() {
        for (name, pages, next) in [
            ("pages without end", 20, Box::new(|n| format!("https://a.example/f?page={n}")) as Box<dyn Fn(usize) -> String>),
            ("the first page again", 1, Box::new(|_| "https://a.example/f#2".to_owned())),
            ("two pages in turn", 3, Box::new(|n| format!("https://a.example/f?cursor={}", n % 2))),
            ("another host", 1, Box::new(|n| format!("https://b.example/f?page={n}"))),
            ("another port", 1, Box::new(|n| format!("https://a.example:8443/f?page={n}"))),
            ("no address", 1, Box::new(|_| "data:text/xml,<rss/>".to_owned())),
        ] {
            assert_eq!(walked(next), pages, "{name}");
        }
    }

    #[test]
    fn a_request_of_a_source_has_no_notes_of_a_walk() {
        let mut request = page("https://a.example/f");
        assert_eq!((Trail::taken_from(&mut request), request), (None, page("https://a.example/f")));
    }
}
