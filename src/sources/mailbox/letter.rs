//! One mail: who wrote it, when and what, and whether a person wrote it at all.

use mail_parser::Message;
use mail_parser::MessageParser;
use mail_parser::MessagePart;
use mail_parser::PartType;

use crate::domain::Timestamp;
use crate::domain::item::Item;
use crate::sources::html;
use crate::sources::markup::cut;
use crate::sources::times;
use crate::text::hash;

/// Longest text and headline in bytes.
const LONGEST: usize = 256 * 1024;
const LONGEST_TITLE: usize = 1024;
/// Parts of a mail whose text is taken.
const MOST_PARTS: usize = 32;

/// What a mail is.
#[derive(Debug, PartialEq)]
pub(super) enum Read {
    /// Of a person.
    Message(Box<Item>),
    /// A reply of a program, a mass mail, a failed delivery.
    Automatic,
    /// Of ourselves.
    Own,
    /// No mail at all.
    Nothing,
}

pub(super) fn read(bytes: &[u8], skip_from: &[String]) -> Read {
    let Some(message) = MessageParser::default().parse(bytes) else { return Read::Nothing };
    let from = message.from().and_then(|from| from.iter().find_map(|one| one.address())).map(|from| from.trim().to_lowercase());
    if is_automatic(&message, from.as_deref()) {
        return Read::Automatic;
    }
    if from
        .as_deref()
        .is_some_and(|from| skip_from.iter().any(|skip| if skip.starts_with('@') { from.ends_with(skip.as_str()) } else { from == skip }))
    {
        return Read::Own;
    }
    let title = cut(message.subject().unwrap_or_default().trim(), LONGEST_TITLE).replace(['\r', '\n', '\0'], " ");
    let text = text(&message);
    let published =
        message.date().and_then(|date| Timestamp::from_timestamp(date.to_timestamp(), 0)).filter(|date| times::believable(*date));
    let id = match message.message_id().map(str::trim).filter(|id| !id.is_empty()) {
        Some(id) => named("id", id),
        None if from.is_none() && published.is_none() && title.is_empty() => return Read::Nothing,
        None => {
            let date = published.map(|at| at.timestamp().to_string()).unwrap_or_default();
            named("words", &[date.as_str(), from.as_deref().unwrap_or_default(), &title, &text].join("\n"))
        }
    };
    Read::Message(Box::new(Item { id, title, text, author: from, published, ..Item::default() }))
}

/// A name that says nothing: a Message-ID holds a host, and often an address.
fn named(kind: &str, text: &str) -> String {
    format!("m1:{:016x}{:016x}", hash::of_parts([kind, text]), hash::of_parts(["second", kind, text]))
}

/// RFC 3834 and what was usual before it.
fn is_automatic(message: &Message<'_>, from: Option<&str>) -> bool {
    let header = |name: &'static str| message.header_raw(name).map(|value| value.trim().to_ascii_lowercase()).unwrap_or_default();
    let word = |name| header(name).split([';', ' ', '(']).next().unwrap_or_default().to_owned();
    let submitted = word("Auto-Submitted");
    let is_report = message.parts.first().is_some_and(|part| {
        let kind = part
            .headers
            .iter()
            .find(|header| header.name().eq_ignore_ascii_case("Content-Type"))
            .and_then(|header| header.value().as_content_type());
        kind.is_some_and(|kind| {
            kind.ctype().eq_ignore_ascii_case("multipart") && kind.subtype().is_some_and(|kind| kind.eq_ignore_ascii_case("report"))
        })
    });
    let of_server = from.is_some_and(|from| matches!(from.split('@').next(), Some("mailer-daemon" | "postmaster" | "mail-daemon")));
    !submitted.is_empty() && submitted != "no"
        || matches!(word("Precedence").as_str(), "bulk" | "junk" | "auto_reply")
        || ["X-Autoreply", "X-Autorespond", "X-Autoreply-From", "X-Mail-Autoreply"].iter().any(|name| message.header_raw(*name).is_some())
        || header("Return-Path") == "<>"
        || is_report
        || of_server
}

/// What is written in a mail: its plain parts, or its HTML where they are not there or say nothing.
fn text(message: &Message<'_>) -> String {
    let plain = joined(message.text_bodies());
    if plain.is_empty() { joined(message.html_bodies()) } else { plain }
}

fn joined<'a>(parts: impl Iterator<Item = &'a MessagePart<'a>>) -> String {
    let mut text = String::new();
    for part in parts.take(MOST_PARTS) {
        let piece = match &part.body {
            PartType::Text(plain) => cut(plain, LONGEST).to_owned(),
            PartType::Html(rich) => html::to_text(rich),
            _ => continue,
        };
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(piece.trim());
        if text.len() >= LONGEST {
            break;
        }
    }
    cut(&text.replace("\r\n", "\n").replace('\0', ""), LONGEST).trim().to_owned()
}
