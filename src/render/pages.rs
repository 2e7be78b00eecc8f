//! Where the links of a notice lead: to our own pages, each with a ticket that lets the recipient in.

use crate::domain::notice::Facts;
use crate::domain::notice::Quote;

/// Longest address that is shown; more than any page of ours or of a shop has.
const LONGEST: usize = 500;

/// The pages of an incident, for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pages {
    base: String,
    incident: String,
    ticket: String,
}

impl Pages {
    /// `None` where a notice has no ticket or there are no pages: nobody is sent to a closed door.
    pub(super) fn of(facts: &Facts) -> Option<Self> {
        Self::at(facts.base_url.as_deref()?, &facts.incident, facts.ticket.as_deref()?)
    }

    /// The same for any incident and its ticket.
    pub(super) fn at(base: &str, incident: &str, ticket: &str) -> Option<Self> {
        let (incident, ticket) = (command_word(incident), ticket_word(ticket));
        let base = shown_link(base)?.trim_end_matches('/').to_owned();
        (!incident.is_empty() && !ticket.is_empty()).then_some(Self { base, incident, ticket })
    }

    /// Where it is acknowledged.
    pub(super) fn ack(&self) -> String {
        format!("{}/a/{}/{}", self.base, self.incident, self.ticket)
    }

    /// The incident itself.
    pub(super) fn incident(&self) -> String {
        format!("{}/i/{}?k={}", self.base, self.incident, self.ticket)
    }

    /// Where it is made quieter.
    pub(super) fn tune(&self) -> String {
        format!("{}/i/{}/tune?k={}", self.base, self.incident, self.ticket)
    }
}

/// Where the whole of a quote is. With pages of our own, all links go there, and the page shows the
/// original's.
pub(super) fn of_quote(quote: &Quote, facts: &Facts) -> Option<String> {
    let Some(base) = facts.base_url.as_deref().filter(|_| Pages::of(facts).is_some()) else {
        return quote.url.as_deref().and_then(shown_link);
    };
    let base = shown_link(base)?;
    let ticket = ticket_word(quote.ticket.as_deref()?);
    Some(format!("{}/q/{}?k={ticket}", base.trim_end_matches('/'), quote.item?))
}

/// An id as a command takes it; ours are letters, digits and dashes.
pub(super) fn command_word(id: &str) -> String {
    id.chars().filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.')).take(64).collect()
}

/// Letters of base64 for addresses, nothing else.
fn ticket_word(ticket: &str) -> String {
    ticket.chars().filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_')).take(100).collect()
}

/// A link that may be shown: https (or http on this machine), without anybody's address in it, with
/// nothing in it where a mail program would end it.
pub(super) fn shown_link(text: &str) -> Option<String> {
    let url = url::Url::parse(text).ok()?;
    let own = matches!(url.host_str(), Some("127.0.0.1" | "localhost"));
    let fits = (url.scheme() == "https" || (url.scheme() == "http" && own)) && url.username().is_empty() && url.password().is_none();
    let text = String::from(url);
    let personal = text.contains('@') || text.contains("%40");
    if !fits || personal || text.len() > LONGEST || text.contains("://[") {
        return None;
    }
    let mut link = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\'' => link.push_str("%27"),
            '(' => link.push_str("%28"),
            ')' => link.push_str("%29"),
            '[' => link.push_str("%5B"),
            ']' => link.push_str("%5D"),
            other => link.push(other),
        }
    }
    // What ends a sentence is not taken for a part of a link.
    Some(link.trim_end_matches(['.', ',', ';', ':']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::sample;

    #[test]
    fn the_pages_of_an_incident_are_below_its_address_and_carry_the_ticket() {
        let pages = Pages::at("https://uproar.example.com/", "i-7f3k2", "Zx81kQ").unwrap();
        assert_eq!(pages.ack(), "https://uproar.example.com/a/i-7f3k2/Zx81kQ");
        assert_eq!(pages.incident(), "https://uproar.example.com/i/i-7f3k2?k=Zx81kQ");
        assert_eq!(pages.tune(), "https://uproar.example.com/i/i-7f3k2/tune?k=Zx81kQ");
    }

    #[test]
    fn without_a_ticket_or_an_address_there_are_no_pages() {
        for (base, ticket) in [(Some("https://uproar.example.com"), None), (None, Some("Zx")), (Some("ftp://uproar"), Some("Zx"))] {
            let mut facts = sample::opened().facts;
            (facts.base_url, facts.ticket) = (base.map(str::to_owned), ticket.map(str::to_owned));
            assert_eq!(Pages::of(&facts), None);
            assert_eq!(of_quote(&facts.quotes[1], &facts).as_deref(), Some("https://shop.example/reviews/918"));
        }
    }

    #[test]
    fn with_pages_a_quote_links_to_its_own() {
        let facts = sample::linked(sample::opened()).facts;
        assert_eq!(
            of_quote(&facts.quotes[0], &facts).unwrap(),
            "https://uproar.example.com/q/910?k=AAcqQm9vLWFuZC1hLXRpY2tldC1mb3ItcXVvdGU"
        );
        let old = Quote { item: None, ..facts.quotes[0].clone() };
        assert_eq!(of_quote(&old, &facts), None);
    }

    #[test]
    fn only_links_that_are_safe_to_show_are_shown() {
        for (url, shown) in [
            ("https://shop.example/r/1", Some("https://shop.example/r/1")),
            ("https://shop.example/r(1)['x']", Some("https://shop.example/r%281%29%5B%27x%27%5D")),
            ("http://127.0.0.1:8900/x", Some("http://127.0.0.1:8900/x")),
            ("http://shop.example/r/1", None),
            ("https://anna:pw@shop.example/", None),
            ("https://shop.example/?mail=anna%40example.com", None),
            ("javascript:alert(1)", None),
            ("/r/1", None),
        ] {
            assert_eq!(shown_link(url).as_deref(), shown, "{url}");
        }
    }
}
