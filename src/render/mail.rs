//! Mail: a text part that reads well at 72 columns and an HTML part that reads on a phone.
//!
//! The same row gives the same bytes: the boundary is made of the row's id, `Date` is the time of
//! the change, and nothing asks a clock. Controls and marks of direction are out of every value
//! before lettre sees it: it panics on a line break in a name and loses a sender with a NUL.

use std::sync::Arc;
use std::time::SystemTime;

use lettre::Address;
use lettre::Message;
use lettre::message::Attachment;
use lettre::message::Mailbox as Sender;
use lettre::message::MultiPart;
use lettre::message::SinglePart;
use lettre::message::header::ContentTransferEncoding;
use lettre::message::header::ContentType;
use lettre::message::header::HeaderName;
use lettre::message::header::HeaderValue;

use crate::domain::Timestamp;
use crate::domain::incident::Kind;
use crate::domain::notice::Event;
use crate::domain::notice::Facts;
use crate::domain::notice::Row;
use crate::domain::secret::Secret;
use crate::render::Channel;
use crate::render::DeliveryError;
use crate::render::Parcel;
use crate::render::Reply;
use crate::render::address::Mailbox;
use crate::render::digest;
use crate::render::judge;
use crate::render::kinds;
use crate::render::parts::Parts;
use crate::render::storm;
use crate::render::template::Look;
use crate::text::excerpt;

/// Where mail goes and through which server.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// Recipients; each gets a message of their own.
    pub to: Vec<String>,
    /// `Uproar <uproar@example.com>`
    pub from: String,
    /// The server.
    pub server: Server,
    /// Envelope sender, where bounces go; the address of `from` without one.
    pub bounce: Option<String>,
    /// What the operator made of mails.
    pub look: Arc<Look>,
}

/// An SMTP server.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// Name and password, if it wants them.
    pub login: Option<(String, Secret)>,
}

/// Protection of an SMTP connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// STARTTLS, and nothing is sent if the server does not offer it.
    Required,
    /// TLS from the first byte.
    Implicit,
    /// None: only for a server on this machine.
    Plain,
}

impl Settings {
    /// The same with what the operator made of mails.
    #[must_use]
    pub fn with(self, look: &Arc<Look>) -> Self {
        Self { look: Arc::clone(look), ..self }
    }
}

impl Channel for Settings {
    fn recipients(&self) -> Vec<String> {
        self.to.clone()
    }

    fn gathers(&self) -> bool {
        true
    }

    fn pack(&self, row: &Row, _: Timestamp) -> Parcel {
        let address = |text: &str| Mailbox::parse(text).map_or_else(|_| text.to_owned(), |mailbox| mailbox.address);
        Parcel::Mail {
            server: self.server.clone(),
            from: address(self.bounce.as_ref().unwrap_or(&self.from)),
            to: address(&row.recipient),
            bytes: message(row, &self.from, &row.recipient, &self.look),
        }
    }

    fn judge(&self, _: &Row, reply: &Reply) -> Result<String, DeliveryError> {
        judge::reply(reply)
    }
}

/// A mail above this goes without its picture: 100 kB is what some programs cut, and it is to be read
/// on the way.
const LARGEST: usize = 95_000;

/// The whole message as it is sent. An address that can't be read becomes one that goes nowhere;
/// the carrier refuses it by its own name.
pub(super) fn message(row: &Row, from: &str, to: &str, look: &Look) -> Vec<u8> {
    let picture = format!("chart-{}@{}", token(&row.id), mailbox(from).domain());
    let whole = written(row, from, to, look, &picture);
    if whole.len() <= LARGEST {
        return whole;
    }
    let small = written(row, from, to, look, "");
    // Only templates of the operator's can make it so large: then it is told in our own words.
    if small.len() <= LARGEST { small } else { written(row, from, to, &Look::default(), "") }
}

fn written(row: &Row, from: &str, to: &str, look: &Look, picture: &str) -> Vec<u8> {
    let facts = &row.facts;
    let (from, to) = (mailbox(from), mailbox(to));
    let domain = from.domain().to_owned();
    let id = format!("<{}@{domain}>", token(&row.id));
    let root = row.root().map(|root| format!("<{}@{domain}>", token(root)));
    let mut builder = Message::builder()
        .from(sender(&from))
        .to(sender(&to))
        .subject(subject(row, &look.texts.subject_prefix))
        .date(date(facts.at))
        .message_id(Some(id))
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header("X-Auto-Response-Suppress", "All"))
        .raw_header(header("List-Id", &format!("Uproar alerts <alerts.{domain}>")));
    if let Some(root) = root {
        builder = builder.in_reply_to(root.clone()).references(root);
    }
    for (name, value) in facts_headers(facts) {
        builder = builder.raw_header(header(name, &value));
    }
    let parts = Parts::of(row, look, picture);
    let body = MultiPart::alternative()
        .boundary(format!("uproar-{}-alternative", token(&row.id)))
        .singlepart(part(ContentType::TEXT_PLAIN, parts.text));
    let html = part(ContentType::TEXT_HTML, parts.html);
    let body = match parts.picture {
        None => body.singlepart(html),
        Some(png) => {
            let related = MultiPart::related().boundary(format!("uproar-{}-related", token(&row.id)));
            let kind = ContentType::parse("image/png").expect("a type and a subtype");
            body.multipart(related.singlepart(html).singlepart(Attachment::new_inline(picture.to_owned()).body(png, kind)))
        }
    };
    builder.multipart(body).expect("sender and recipient are set above, and nothing else can be missing").formatted()
}

/// Characters of a subject, and what stands around theme and watch beside the prefix.
const SUBJECT: usize = 78;
const AROUND: usize = "Re:   - ".len();

/// `[Uproar] login fails - app reviews`, the same for the whole incident but for a `Re: `, at most
/// 78 characters with it.
fn subject(row: &Row, prefix: &str) -> String {
    let facts = &row.facts;
    let prefix = clipped(prefix, 40);
    let room = SUBJECT.saturating_sub(prefix.chars().count() + AROUND);
    match facts.event {
        Event::Test => return format!("{prefix} Test of {}", clipped(&row.target, room - 8)),
        Event::Storm => return format!("{prefix} {}", clipped(&storm::subject(facts), room)),
        Event::Digest => return format!("{prefix} {}", clipped(&digest::subject(facts), room)),
        _ => {}
    }
    let re = if facts.event == Event::Opened { "" } else { "Re: " };
    if facts.kind == Kind::NoData {
        return format!("{re}{prefix} {}", clipped(&kinds::subject(facts), room));
    }
    let (theme, watch) = (clipped(&kinds::subject(facts), room), clipped(&facts.watch, room));
    // The theme is cut first, but never to less than a third: it is what people know it by.
    let theme = clipped(&theme, room.saturating_sub(watch.chars().count()).max(room / 3));
    let watch = clipped(&watch, room - theme.chars().count());
    format!("{re}{prefix} {theme} - {watch}")
}

/// Headers by which people filter.
fn facts_headers(facts: &Facts) -> Vec<(&'static str, String)> {
    let mut headers = vec![("X-Uproar-Event", facts.event.word().to_owned())];
    // A storm is of many incidents, and news of Uproar itself of none.
    let many = matches!(facts.event, Event::Storm | Event::Digest);
    let incident = token(&facts.incident);
    if !incident.is_empty() && !many {
        headers.push(("X-Uproar-Incident", incident));
    }
    if facts.event != Event::Test && !many {
        headers.push(("X-Uproar-Watch", clipped(&facts.watch, 100)));
        headers.push(("X-Uproar-Theme", clipped(&facts.theme, 100)));
    }
    match facts.event {
        Event::Test | Event::Digest => {}
        Event::Storm => headers.push(("X-Uproar-Level", storm::level(facts).word().to_owned())),
        _ => headers.push(("X-Uproar-Level", facts.level.word().to_owned())),
    }
    headers.push(("X-Uproar-Revision", facts.revision.to_string()));
    headers
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), tame(value))
}

/// A header's value on one line, without what a reader would take for an encoded word.
fn tame(value: &str) -> String {
    excerpt::one_line(value).replace("=?", "= ?")
}

/// At most so many characters (code points, as the length of a header is counted) of a tamed value.
fn clipped(text: &str, most: usize) -> String {
    let text = tame(text);
    let text = if text.is_empty() { "-".to_owned() } else { text };
    let fits = |short: &String| short.chars().count() <= most;
    (1..=most).rev().map(|length| excerpt::shorten(&text, length)).find(fits).unwrap_or_default()
}

/// Letters, digits, dashes and points of an id: safe in a header, a boundary and a file's name.
pub(super) fn token(id: &str) -> String {
    id.chars().filter(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.')).take(40).collect()
}

fn mailbox(text: &str) -> Mailbox {
    Mailbox::parse(text).unwrap_or_else(|_| Mailbox { name: String::new(), address: "unreadable@invalid.invalid".to_owned() })
}

fn sender(mailbox: &Mailbox) -> Sender {
    let (local, domain) = mailbox.address.rsplit_once('@').unwrap_or(("unreadable", "invalid.invalid"));
    let name = (!mailbox.name.is_empty()).then(|| tame(&mailbox.name));
    Sender::new(name, Address::new(local, domain).unwrap_or_else(|_| Address::new_dangerous("unreadable", "invalid.invalid")))
}

/// The time of the change, within the years that a date in a header can have.
fn date(at: Timestamp) -> SystemTime {
    const LAST: i64 = 253_402_300_799; // the last second of the year 9999
    SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(at.timestamp().clamp(0, LAST) as u64)
}

fn part(kind: ContentType, body: String) -> SinglePart {
    SinglePart::builder().header(kind).header(ContentTransferEncoding::QuotedPrintable).body(body)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::render::sample;

    fn packed(row: &Row) -> String {
        String::from_utf8(message(row, "Uproar <uproar@example.com>", &row.recipient, &Look::default())).unwrap()
    }

    fn head(row: &Row) -> String {
        let text = packed(row);
        text.split("\r\n\r\n").next().unwrap().replace("\r\n", "\n")
    }

    #[test]
    fn the_head_of_an_opened_mail_is_what_filters_and_readers_expect() {
        insta::assert_snapshot!(head(&sample::opened()), @r##"
        From: Uproar <uproar@example.com>
        To: leads@example.com
        Subject: [Uproar] login fails - app reviews
        Date: Sat, 21 Nov 2026 13:05:00 +0000
        Message-ID: <k0q7v2m4hxopened@example.com>
        Auto-Submitted: auto-generated
        X-Auto-Response-Suppress: All
        List-Id: Uproar alerts <alerts.example.com>
        X-Uproar-Event: opened
        X-Uproar-Incident: i-7f3k2
        X-Uproar-Watch: app reviews
        X-Uproar-Theme: login_fails
        X-Uproar-Level: high
        X-Uproar-Revision: 1
        MIME-Version: 1.0
        Content-Type: multipart/alternative;
         boundary="uproar-k0q7v2m4hxopened-alternative"
        "##);
    }

    #[test]
    fn a_follow_up_joins_the_thread_of_the_opened_mail() {
        let head = head(&sample::worse());
        assert!(head.contains("\nSubject: Re: [Uproar] login fails - app reviews\n"), "{head}");
        assert!(head.contains("\nIn-Reply-To: <k0q7v2m4hxopened@example.com>\n"), "{head}");
        assert!(head.contains("\nReferences: <k0q7v2m4hxopened@example.com>\n"), "{head}");
    }

    #[test]
    fn the_same_row_gives_the_same_bytes() {
        for row in [sample::opened(), sample::worse(), sample::resolved(), sample::test(), sample::hostile()] {
            let again = Row { attempts: 3, ..row.clone() };
            assert_eq!(packed(&row), packed(&again));
        }
    }

    #[test]
    fn the_bodies_are_an_alternative_of_text_and_html() {
        let text = packed(&sample::opened());
        assert_eq!(text.matches("--uproar-k0q7v2m4hxopened-alternative").count(), 3);
        assert!(text.find("text/plain; charset=utf-8").unwrap() < text.find("text/html; charset=utf-8").unwrap());
        assert_eq!(text.matches("Content-Transfer-Encoding: quoted-printable").count(), 2);
        assert!(text.is_ascii() && text.len() < 100_000, "{}", text.len());
    }

    #[test]
    fn a_long_subject_keeps_its_base_over_the_incident() {
        let mut row = sample::opened();
        row.facts.theme_title = "Sendungsverfolgung zeigt seit Tagen denselben Stand und nichts geschieht".to_owned();
        row.facts.watch = "Bewertungen aller Läden in Österreich, Deutschland und der Schweiz".to_owned();
        let first = subject(&row, "[Uproar]");
        row.facts.event = Event::Worse;
        assert_eq!(subject(&row, "[Uproar]"), format!("Re: {first}"));
        assert!(subject(&row, "[Uproar]").chars().count() <= 78, "{first}");
        assert_eq!(first, "[Uproar] Sendungsverfolgung… - Bewertungen aller Läden in Österreich…");
    }

    #[test]
    fn an_international_domain_is_sent_in_ascii() {
        let settings = Settings {
            to: vec!["Leads <post@müller.example>".to_owned()],
            from: "Größe <uproar@größe.example>".to_owned(),
            server: Server { host: "localhost".to_owned(), port: 25, tls: Tls::Plain, login: None },
            bounce: None,
            look: Arc::default(),
        };
        let row = Row { recipient: settings.recipients()[0].clone(), ..sample::opened() };
        let Parcel::Mail { from, to, bytes, .. } = settings.pack(&row, row.created) else { panic!("a mail was expected") };
        assert_eq!((from.as_str(), to.as_str()), ("uproar@xn--gre-6ka8i.example", "post@xn--mller-kva.example"));
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.is_ascii() && text.contains("To: Leads <post@xn--mller-kva.example>\r\n"), "{text}");
    }

    #[test]
    fn a_hostile_row_adds_no_header() {
        let head = head(&sample::hostile());
        let names: Vec<&str> = head.lines().filter(|line| !line.starts_with(' ')).map(|line| line.split(':').next().unwrap()).collect();
        assert_eq!(names, head_names(), "{head}");
        assert!(head.is_ascii() && head.lines().all(|line| line.len() <= 998), "{head}");
    }

    fn head_names() -> Vec<String> {
        let head = head(&sample::opened());
        head.lines().filter(|line| !line.starts_with(' ')).map(|line| line.split(':').next().unwrap().to_owned()).collect()
    }

    #[test]
    fn an_unreadable_address_is_kept_for_the_carrier_to_refuse() {
        let settings = Settings {
            to: vec!["nobody".to_owned()],
            from: "\r\n".to_owned(),
            server: Server { host: "localhost".to_owned(), port: 25, tls: Tls::Plain, login: None },
            bounce: None,
            look: Arc::default(),
        };
        let row = Row { recipient: "nobody".to_owned(), ..sample::opened() };
        let Parcel::Mail { to, bytes, .. } = settings.pack(&row, row.created) else { panic!("a mail was expected") };
        assert_eq!(to, "nobody");
        assert!(String::from_utf8(bytes).unwrap().contains("To: unreadable@invalid.invalid\r\n"));
    }

    proptest! {
        #[test]
        fn no_name_breaks_a_header(watch in "\\PC{0,120}|[\\x00-\\x7f]{0,120}", theme in "\\PC{0,120}", from in "[^<>@]{0,20}") {
            let mut row = sample::opened();
            (row.facts.watch, row.facts.theme_title) = (watch, theme);
            prop_assert!(subject(&row, "[Uproar]").chars().count() <= 74);
            let text = String::from_utf8(message(&row, &format!("{from} <uproar@example.com>"), "leads@example.com", &Look::default())).unwrap();
            let head = text.split("\r\n\r\n").next().unwrap();
            prop_assert!(head.is_ascii());
            prop_assert!(!head.contains('\0') && !head.replace("\r\n", "").contains(['\r', '\n']));
            let names: Vec<String> = head.lines().filter(|line| !line.starts_with(' ')).map(|line| line.split(':').next().unwrap().to_owned()).collect();
            prop_assert_eq!(names, head_names());
        }
    }
}
