//! What a document asks of those who poll it: how often, when not, and where older items are.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use url::Url;

use crate::domain::http::Get;
use crate::domain::http::Request;
use crate::domain::item::Rhythm;
use crate::sources::feed::outline::Piece;
use crate::sources::markup::Token;
use crate::sources::markup::Tokens;

/// What is asked for.
pub(super) const ACCEPT: &str = "application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, */*;q=0.5";

/// Longer wishes are taken for this.
const LONGEST_MINUTES: i64 = 24 * 60;

/// `ttl`, the syndication module of RSS 1.0, `skipHours` and `skipDays`. What cannot be read or is
/// not above zero is no wish; hours and days that leave nothing are none either.
pub(super) fn rhythm(head: &[Piece<'_>]) -> Rhythm {
    let text = |name: &str| head.iter().find(|piece| piece.name == name).map(|piece| piece.text.trim());
    let ttl = text("ttl").and_then(|minutes| minutes.parse::<i64>().ok());
    let frequency = text("sy:updatefrequency").map_or(Some(1), |times| times.parse::<i64>().ok()).filter(|times| *times > 0);
    let period = text("sy:updateperiod").and_then(minutes_of).zip(frequency).map(|(minutes, times)| minutes / times);
    let minutes = [ttl, period].into_iter().flatten().filter(|minutes| *minutes > 0).max();
    let hour = |text: &str| text.parse::<u32>().ok().filter(|hour| *hour <= 24).map(|hour| hour % 24);
    let skip_hours = listed(head, "skiphours", hour);
    let skip_days = listed(head, "skipdays", day_of);
    Rhythm {
        every: minutes.map(|minutes| TimeDelta::minutes(minutes.min(LONGEST_MINUTES))),
        skip_hours: if skip_hours.len() < 24 { skip_hours } else { BTreeSet::new() },
        skip_days: if skip_days.len() < 7 { skip_days } else { BTreeSet::new() },
    }
}

/// The page with older items that `rel="next"` names: RFC 5005, in RSS by an element of Atom.
pub(super) fn older(head: &[Piece<'_>], address: Option<&Url>) -> Option<Request> {
    let next = |piece: &&Piece<'_>| {
        matches!(piece.name.as_ref(), "link" | "atom:link")
            && piece.attributes.get("rel").is_some_and(|rel| rel.trim().eq_ignore_ascii_case("next"))
    };
    older_at(head.iter().find(next)?.attributes.get("href")?, address)
}

/// The page at `href`, seen from the document: on the same server only, and never the document
/// itself.
pub(super) fn older_at(href: &str, address: Option<&Url>) -> Option<Request> {
    let address = address?;
    let mut url = address.join(href.trim()).ok()?;
    url.set_fragment(None);
    let mut own = address.clone();
    own.set_fragment(None);
    let web = matches!(url.scheme(), "http" | "https");
    // A login in the address would be one that the document chose.
    let same = url.origin() == own.origin() && url.username() == own.username() && url.password() == own.password();
    (web && same && url != own)
        .then(|| Request::Get(Get { url: url.into(), accept: ACCEPT.to_owned(), conditional: false, context: String::new() }))
}

fn minutes_of(period: &str) -> Option<i64> {
    let days = match period.to_ascii_lowercase().as_str() {
        "hourly" => return Some(60),
        "daily" => 1,
        "weekly" => 7,
        "monthly" => 30,
        "yearly" => 365,
        _ => return None,
    };
    Some(days * 24 * 60)
}

fn day_of(name: &str) -> Option<u32> {
    let name = name.to_ascii_lowercase();
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    days.iter().position(|day| name.starts_with(day)).map(|at| at as u32)
}

/// What the elements within a piece say.
fn listed(head: &[Piece<'_>], name: &str, read: impl Fn(&str) -> Option<u32>) -> BTreeSet<u32> {
    let Some(piece) = head.iter().find(|piece| piece.name == name) else {
        return BTreeSet::new();
    };
    let texts = Tokens::of(&piece.text).filter_map(|token| match token {
        Token::Text(text) | Token::Verbatim(text) => read(text.trim()),
        _ => None,
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::feed::outline::Outline;

    fn shown(head: &str) -> String {
        let text = format!("<rss version='2.0' xmlns:s='http://purl.org/rss/1.0/modules/syndication/'><channel>{head}</channel></rss>");
        let rhythm = rhythm(&Outline::of(&text).unwrap().head);
        let every = rhythm.every.map_or("-".to_owned(), |every| every.num_minutes().to_string());
        format!("{every} {:?} {:?}", rhythm.skip_hours, rhythm.skip_days)
    }

    #[test]
    fn the_longest_wish_counts_and_nonsense_is_none() {
        for (head, rhythm) in [
            ("<ttl> 90 </ttl>", "90 {} {}"),
            ("<ttl>-5</ttl>", "- {} {}"),
            ("<ttl>0</ttl>", "- {} {}"),
            ("<ttl>soon</ttl>", "- {} {}"),
            ("<ttl>99999999</ttl>", "1440 {} {}"),
            ("<ttl>99999999999999999999999</ttl>", "- {} {}"),
            ("<ttl>10</ttl><s:updatePeriod>Daily</s:updatePeriod><s:updateFrequency>6</s:updateFrequency>", "240 {} {}"),
            ("<s:updatePeriod>hourly</s:updatePeriod>", "60 {} {}"),
            ("<s:updatePeriod>weekly</s:updatePeriod>", "1440 {} {}"),
            ("<s:updatePeriod>daily</s:updatePeriod><s:updateFrequency>0</s:updateFrequency>", "- {} {}"),
            ("<s:updatePeriod>often</s:updatePeriod>", "- {} {}"),
            ("<skipHours><hour>24</hour><hour> 3 </hour><hour>x</hour><hour>25</hour></skipHours>", "- {0, 3} {}"),
            ("<skipDays><day>Sunday</day><day>monday</day><day>Never</day></skipDays>", "- {} {0, 6}"),
        ] {
            assert_eq!(shown(head), rhythm, "{head}");
        }
        let all = (0..24).map(|hour| format!("<hour>{hour}</hour>")).collect::<Vec<_>>().concat();
        assert_eq!(shown(&format!("<skipHours>{all}</skipHours>")), "- {} {}");
    }

    #[test]
    fn older_items_are_looked_for_on_the_same_server_only() {
        let address = Url::parse("https://x.test/feed?page=1#top").unwrap();
        let older = |href: &str| match older_at(href, Some(&address)) {
            Some(Request::Get(get)) => Some((get.url, get.conditional)),
            _ => None,
        };
        let at = |url: &str| Some((url.to_owned(), false));
        assert_eq!(older("?page=2"), at("https://x.test/feed?page=2"));
        assert_eq!(older(" /feed/2#x "), at("https://x.test/feed/2"));
        for href in [
            "",
            "#x",
            "https://x.test/feed?page=1",
            "http://x.test/2",
            "https://y.test/2",
            "https://x.test:444/2",
            "https://a:b@x.test/2",
            "mailto:x@x.test",
        ] {
            assert_eq!(older(href), None, "{href}");
        }
        assert_eq!(older_at("https://x.test/2", None), None);
    }
}
