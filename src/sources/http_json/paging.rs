//! From one page to the next: by a cursor, a link, an address, a number. A walk ends on an empty page,
//! on a page that was there before, on a cursor that was there before, and after [`MOST_PAGES`].

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::Serialize;
use url::Url;

use crate::domain::Timestamp;
use crate::domain::http::Call;
use crate::domain::http::Method;
use crate::domain::http::Reply;
use crate::domain::item::Warning;
use crate::sources::ReadError;
use crate::sources::api;
use crate::sources::http_json::Next;
use crate::sources::http_json::Settings;
use crate::sources::http_json::SinceFormat;
use crate::sources::http_json::mapping::Sent;
use crate::text::hash;

/// Pages of one walk, at most, over however many polls it goes on: some servers never come to an end.
pub(super) const MOST_PAGES: u32 = 500;

/// What comes after a page.
#[derive(Debug)]
pub(super) enum Step {
    /// Another one.
    On(Call),
    /// Nothing: it was the last one.
    End,
    /// There is more, which is not read.
    Cut,
}

/// Where a walk is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Walk {
    /// Pages before this one.
    pub pages: u32,
    /// What is new is asked for from then on, in milliseconds since 1970.
    pub since: i64,
    /// The latest time seen so far, in milliseconds since 1970.
    pub newest: Option<i64>,
    /// Records before this page.
    pub records: u64,
    /// Lists of a page whose parts were as many as were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lists: Option<u64>,
    /// What the server counts are the parts of lists.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub counts_parts: bool,
    /// Hashes of pages and cursors that were there.
    #[serde(default)]
    pub seen: BTreeSet<u64>,
}

impl Walk {
    /// Goes on behind what was sent, of at most `limit` records.
    fn pass(&mut self, sent: Sent, limit: u64) {
        let (fewest, innermost) = (sent.fewest as u64, sent.innermost as u64);
        // A page that begins too early brings something twice, one that begins too late loses something: parts of
        // lists count only when pages had exactly as many as were asked for, in other numbers of lists.
        if innermost == limit && fewest < limit {
            self.counts_parts |= self.lists.replace(fewest).is_some_and(|before| before != fewest);
        }
        // Servers give fewer than one asks for as they like. More than `limit` are no records of their list.
        let passed = if self.counts_parts { innermost.max(fewest) } else { fewest };
        self.records = self.records.saturating_add(passed.min(limit));
    }
}

impl Settings {
    /// The first request of a walk.
    pub(super) fn first_call(&self, walk: &Walk) -> Call {
        let mut call = self.call(&self.url, "", walk);
        match &self.next {
            Next::Page { param, start } => set(&mut call.url, param, &start.to_string()),
            Next::Offset { param, .. } => set(&mut call.url, param, "0"),
            _ => {}
        }
        call
    }

    /// A request with everything filled in.
    fn call(&self, url: &str, cursor: &str, walk: &Walk) -> Call {
        let moment = Timestamp::from_timestamp_millis(walk.since).unwrap_or_default();
        let since = match self.since_format {
            SinceFormat::Rfc3339 => api::stamp(moment),
            SinceFormat::Unix => moment.timestamp().to_string(),
            SinceFormat::UnixMs => moment.timestamp_millis().to_string(),
            SinceFormat::Date => moment.format("%Y-%m-%d").to_string(),
        };
        let start = if let Next::Page { start, .. } = self.next { start } else { 1 };
        let page = (start + u64::from(walk.pages)).to_string();
        let offset = walk.records.to_string();
        let filled = |text: &str, escape: fn(&str) -> String| {
            let values = [("{since}", since.as_str()), ("{cursor}", cursor), ("{page}", &page), ("{offset}", &offset)];
            values
                .iter()
                .fold(text.to_owned(), |text, (name, value)| if text.contains(name) { text.replace(name, &escape(value)) } else { text })
        };
        let body = filled(&self.body, |value| {
            // Inside quotes of a JSON text.
            let quoted = serde_json::Value::from(value).to_string();
            quoted[1..quoted.len() - 1].to_owned()
        });
        let mut headers = self.headers.clone();
        let has = |headers: &[(String, String)], name: &str| headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name));
        if !has(&headers, "accept") {
            headers.push(api::accept());
        }
        if !body.is_empty() && !has(&headers, "content-type") {
            let kind = if body.trim_start().starts_with(['{', '[']) { "application/json" } else { "application/x-www-form-urlencoded" };
            headers.push(("Content-Type".to_owned(), kind.to_owned()));
        }
        Call {
            method: if self.post { Method::Post } else { Method::Get },
            url: filled(url, |value| url::form_urlencoded::byte_serialize(value.as_bytes()).collect()),
            headers,
            body: if self.post { body } else { String::new() },
            context: api::written(walk),
            ..Call::default()
        }
    }

    /// The request for the page after this one, if there is one. `given` is what the program for it gave.
    ///
    /// # Errors
    ///
    /// [`ReadError`] where it is on another host: that gets no credentials, and nothing else either.
    pub(super) fn next_call(
        &self,
        reply: &Reply,
        mut walk: Walk,
        sent: Sent,
        given: Option<String>,
        warnings: &mut Vec<Warning>,
    ) -> Result<Step, ReadError> {
        if sent.fewest == 0 {
            return Ok(Step::End);
        }
        if !walk.seen.insert(hash::of_bytes(&reply.body)) {
            // So servers answer that are asked for more pages than they have.
            warnings.push(Warning::new("repeated_page", "", "the same page came again: the walk ends here"));
            return Ok(Step::End);
        }
        // What lies behind was not read.
        let circle = |warnings: &mut Vec<Warning>, message: &str| {
            warnings.push(Warning::new("repeated_cursor", "", message));
            Ok(Step::Cut)
        };
        walk.pages += 1;
        let limit = if let Next::Offset { limit, .. } = self.next { limit } else { u64::MAX };
        walk.pass(sent, limit);
        let next = match &self.next {
            Next::None => return Ok(Step::End),
            Next::Cursor { param, .. } => {
                let Some(cursor) = given else { return Ok(Step::End) };
                if !walk.seen.insert(hash::of_parts(["cursor", cursor.as_str()])) {
                    return circle(warnings, "the same cursor came again: the walk ends here");
                }
                let mut call = self.call(&self.url, &cursor, &walk);
                if let Some(param) = param {
                    set(&mut call.url, param, &cursor);
                }
                call
            }
            Next::Page { param, start } => {
                let mut call = self.call(&self.url, "", &walk);
                set(&mut call.url, param, &(start + u64::from(walk.pages)).to_string());
                call
            }
            Next::Offset { param, .. } => {
                let mut call = self.call(&self.url, "", &walk);
                set(&mut call.url, param, &walk.records.to_string());
                call
            }
            Next::Link | Next::Url(_) => {
                let written = if self.next == Next::Link { next_link(&reply.link) } else { given };
                let Some(written) = written else { return Ok(Step::End) };
                let here = if reply.url.is_empty() { &reply.call.url } else { &reply.url };
                let next = Url::parse(here).and_then(|here| here.join(&written)).map_err(|_| {
                    ReadError::new("the reply names a next page that has no address", "look at a reply of the server and write `next` anew")
                })?;
                self.at_home(&next)?;
                if !walk.seen.insert(hash::of_parts(["url", next.as_str()])) {
                    return circle(warnings, "the same next page was named again: the walk ends here");
                }
                self.call(next.as_str(), "", &walk)
            }
        };
        if walk.pages >= MOST_PAGES {
            let message = format!("more than {MOST_PAGES} pages: the rest is not read; ask for larger pages, or by `{{since}}`");
            warnings.push(Warning::new("page_cap", "", message));
            return Ok(Step::Cut);
        }
        Ok(Step::On(next))
    }

    fn at_home(&self, next: &Url) -> Result<(), ReadError> {
        if Url::parse(&self.url).is_ok_and(|home| api::stays(next, &home)) {
            return Ok(());
        }
        let host: String = next.host_str().unwrap_or("none").chars().take(80).collect();
        Err(ReadError::new(
            format!("the reply names a next page on another host, `{host}`: nothing is sent there"),
            "if the API has moved, write its new address as `url`",
        ))
    }
}

/// Sets a parameter of the query.
fn set(url: &mut String, param: &str, value: &str) {
    let Ok(mut parsed) = Url::parse(url) else { return };
    let others: Vec<(String, String)> = parsed.query_pairs().into_owned().filter(|(name, _)| name != param).collect();
    parsed.query_pairs_mut().clear().extend_pairs(others).append_pair(param, value);
    *url = parsed.into();
}

/// The address with `rel="next"` of a `Link` header (RFC 8288).
fn next_link(header: &str) -> Option<String> {
    let mut rest = header;
    while let Some(start) = rest.find('<') {
        let (address, after) = rest[start + 1..].split_once('>')?;
        // The parameters end with the comma before the next address.
        let end = after.find(", <").or_else(|| after.find(",<")).unwrap_or(after.len());
        let is_next = after[..end].split(';').any(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            name.trim().eq_ignore_ascii_case("rel")
                && value
                    .trim()
                    .trim_end_matches(',')
                    .trim_matches('"')
                    .split_whitespace()
                    .any(|relation| relation.eq_ignore_ascii_case("next"))
        });
        if is_next {
            return Some(address.trim().to_owned());
        }
        rest = &after[end..];
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_is_found_among_others() {
        for (header, next) in [
            ("<https://x.test/?c=2>; rel=\"next\"", Some("https://x.test/?c=2")),
            (
                "<https://x.test/1>; rel=\"first\", <https://x.test/?a=1,2>; title=\"a, b\"; rel=\"last next\"",
                Some("https://x.test/?a=1,2"),
            ),
            ("</2>;rel=next,</9>;rel=last", Some("/2")),
            ("<https://x.test/1>; rel=prev", None),
            ("<https://x.test/1", None),
            ("", None),
        ] {
            assert_eq!(next_link(header).as_deref(), next, "{header}");
        }
    }

    #[test]
    fn a_parameter_is_set_once() {
        let mut url = "https://x.test/a?b=1&page=1&c=%20".to_owned();
        set(&mut url, "page", "2 3");
        assert_eq!(url, "https://x.test/a?b=1&c=+&page=2+3");
    }
}
