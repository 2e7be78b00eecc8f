//! `[source.zendesk]`

use crate::config::kind::address::Web;
use crate::config::kind::choice::Choice;
use crate::config::kind::choice::Words;
use crate::config::kind::list::List;
use crate::config::kind::secret::Kept;
use crate::config::kind::text::Line;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::source::Common;
use crate::config::shape::source::ServiceTable;
use crate::config::tree::Placed;
use crate::domain::secret::Secret;
use crate::sources;
use crate::sources::zendesk::Access;
use crate::sources::zendesk::What;

table! {
    /// A source that is a help desk at Zendesk: its tickets, and how customers rated them.
    Zendesk "[source.zendesk]" one_of(token oauth_token) {
        /// The desk: what stands before `.zendesk.com`.
        subdomain: Line, required = "example";
        /// "tickets", "satisfaction" or both. With both, an answer counts as a message of its own and not
        /// with its ticket.
        what: List<Choice<What>>, default = ["tickets"];
        /// Mail address of the admin whose `token` it is.
        email: Line, optional = "bot@example.com";
        /// Token for programs, with `email`.
        token: Kept, optional = { credential = "zendesk_token" };
        /// Token of an OAuth client instead; it needs the scope `read`.
        oauth_token: Kept, optional = { credential = "zendesk_oauth" };
        /// Only tickets that came in this way; all without it.
        channels: List<Line>, default = [], such_as = ["chat", "email", "web"];
        /// Only tickets of brands with these ids; all without it.
        brands: List<Line>, default = [], such_as = ["360000123456"];
        /// What of a ticket is its text: "first_comment", "subject_and_comment", or "customer_comments",
        /// which takes a call more for each ticket.
        text: Choice<sources::zendesk::Words>, default = "first_comment";
        /// No tickets that somebody of the team wrote.
        skip_staff: bool, default = true;
        /// What is deleted there is deleted here.
        follow_deletions: bool, default = true;
        /// Address of the desk, where it is not its own.
        base_url: Web, optional = "https://example.zendesk.com";
    }
}

impl Words for What {
    const WORDS: &'static [(&'static str, Self)] = &[("tickets", Self::Tickets), ("satisfaction", Self::Satisfaction)];
}

impl Words for sources::zendesk::Words {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("first_comment", Self::FirstComment),
        ("subject_and_comment", Self::SubjectAndComment),
        ("customer_comments", Self::CustomerComments),
    ];
}

impl ServiceTable for Zendesk {
    fn base_url(&self) -> Option<&Placed<Web>> {
        self.base_url.as_ref()
    }

    fn settings(&self, common: &Common<'_>, reader: &mut Reader<'_>) -> Option<sources::Settings> {
        let subdomain = self.subdomain(reader);
        let what = self.what(reader);
        let access = self.access(reader);
        let subdomain = subdomain?;
        let texts = |list: &Placed<List<Line>>| list.value.iter().map(|line| line.value.0.clone()).collect();
        let base = self.base_url.as_ref().map_or_else(|| format!("https://{subdomain}.zendesk.com"), |web| web.value.text.clone());
        let settings = sources::zendesk::Settings {
            subdomain,
            what,
            access: access?,
            channels: texts(&self.channels),
            brands: texts(&self.brands),
            text: self.text.value.0,
            skip_staff: self.skip_staff.value,
            follow_deletions: self.follow_deletions.value,
            since: common.since,
            base: base.trim_end_matches('/').to_owned(),
        };
        Some(settings.into())
    }
}

impl Zendesk {
    /// The name alone, also where the whole host was written.
    fn subdomain(&self, reader: &mut Reader<'_>) -> Option<String> {
        let written = self.subdomain.as_ref()?;
        let text = written.value.0.trim().to_lowercase();
        let host = text.split_once("://").map_or(text.as_str(), |(_, rest)| rest).split('/').next().unwrap_or_default();
        let name = host.trim_end_matches(".zendesk.com").to_owned();
        if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return Some(name);
        }
        reader.report(
            Problem::error(Code::BadName, written.at.clone().unwrap_or_default(), "`subdomain` is no name of a desk")
                .label("refused")
                .help("write what stands before `.zendesk.com` in its address, such as `subdomain = \"example\"`"),
        );
        None
    }

    /// Each part once.
    fn what(&self, reader: &mut Reader<'_>) -> Vec<What> {
        let mut what: Vec<What> = Vec::new();
        for part in self.what.value.iter() {
            if what.contains(&part.value.0) {
                reader.report(
                    Problem::error(Code::NameTwice, part.at.clone().unwrap_or_default(), "the same part is listed twice in `what`")
                        .label("the second one")
                        .help("keep one of them"),
                );
            } else {
                what.push(part.value.0);
            }
        }
        if what.is_empty() && !reader.is_spoilt("what") {
            reader.report(
                Problem::error(Code::OutOfRange, self.what.at.clone().unwrap_or_default(), "`what` is empty")
                    .label("nothing would be read")
                    .help("for example `what = [\"tickets\"]`"),
            );
        }
        what
    }

    fn access(&self, reader: &mut Reader<'_>) -> Option<Access> {
        // What could not be read was reported.
        let secret = |kept: &Placed<Kept>| kept.value.secret.clone().unwrap_or_else(|| Secret::new(String::new()));
        if let Some(token) = &self.token {
            if let Some(email) = self.email.as_ref().filter(|email| !is_address(email.value.0.trim())) {
                let at = email.at.clone().unwrap_or_default();
                reader.report(
                    Problem::error(Code::BadMailAddress, at, "`email` is no mail address").label("whose token is it?").help(
                        "write the mail address of the admin whose token it is, and nothing behind it: `email = \"bot@example.com\"`",
                    ),
                );
            }
            if self.email.is_none() && !reader.is_spoilt("email") {
                reader.report(
                    Problem::error(Code::Missing, token.at.clone().unwrap_or_default(), "`token` needs an `email` beside it")
                        .label("`email` is missing")
                        .help("write the mail address of the admin whose token it is: `email = \"bot@example.com\"`"),
                );
            }
            return Some(Access::Token { email: self.email.as_ref()?.value.0.clone(), token: secret(token) });
        }
        self.oauth_token.as_ref().map(|token| Access::OAuth(secret(token)))
    }
}

/// Whether it may be a mail address, without the `/token` that the interface wants behind it.
fn is_address(text: &str) -> bool {
    let plain = !text.contains(|letter: char| letter.is_whitespace() || "/<>,;".contains(letter));
    plain && text.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'))
}
