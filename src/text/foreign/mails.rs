//! Mails within mails: the lines above an earlier one, its head, its lines with `>`.

use std::ops::Range;

use crate::text::foreign::Origin;
use crate::text::foreign::lines::Lines;
use crate::text::foreign::lines::has_word;
use crate::text::foreign::lines::small_in_place;
use crate::text::foreign::lines::words;

/// The head of a mail is not longer.
const HEAD: usize = 700;
/// Letters that a message has above an earlier mail; with fewer it is a mail passed on.
const OWN: usize = 12;

/// Words for sender, time, receiver and subject of a mail.
const FIELDS: &[[&[&str]; 3]] = &[
    [&["sent:", "date:"], &["to:"], &["subject:"]],
    [&["gesendet:", "datum:"], &["an:"], &["betreff:"]],
    [&["skickat:", "datum:"], &["till:"], &["ämne:"]],
    [&["enviado:", "enviado el:", "fecha:"], &["para:"], &["asunto:"]],
    [&["envoyé :", "envoyé:", "date :", "date:"], &["à :", "à:"], &["objet :", "objet:"]],
    [&["inviato:", "data:"], &["a:"], &["oggetto:"]],
    [&["verzonden:", "datum:"], &["aan:"], &["onderwerp:"]],
    [&["enviado:", "enviada em:", "enviado em:", "data:"], &["para:"], &["assunto:"]],
    [&["sendt:", "dato:"], &["til:"], &["emne:"]],
    [&["lähetetty:", "päivämäärä:", "päiväys:"], &["vastaanottaja:"], &["aihe:"]],
    [&["wysłano:", "data:"], &["do:"], &["temat:"]],
    [&["gönderildi:", "tarih:", "gönderme tarihi:"], &["kime:", "alıcı:"], &["konu:"]],
];

/// Verbs of the lines above quoted mails.
const WROTE: &[&str] = &["wrote|schrieb|skrev|escribió|écrit|scritto|schreef|escreveu|kirjoitti|napisał|napisała|napisał(a)|yazdı"];

/// Whoever says "I wrote:" quotes himself.
const MYSELF: &[&str] =
    &["i", "we", "ich", "wir", "jag", "vi", "yo", "je", "j'ai", "ho", "ik", "eu", "jeg", "minä", "ben", "he", "she", "they"];

/// From "On Monday, 3 June 2024 at 10:12, X wrote:" to the end of the mail.
pub(super) fn below_attribution(lines: Lines<'_>, verb: Range<usize>) -> Option<Range<usize>> {
    let end = lines.end(verb.end)?;
    if !lines.0[verb.end..end].trim().is_empty() {
        return None;
    }
    let start = lines.start(verb.start)?;
    // Long addresses break the line in two.
    let start = if start > 0 && verb.end - start < 45 { lines.start(start - 1).unwrap_or(start) } else { start };
    let line = lines.0[start..verb.end].to_lowercase();
    let dated = line.bytes().filter(u8::is_ascii_digit).count() >= 3;
    let addressed = line.contains('@') || line.contains('<');
    if !has_word(&line, WROTE) || has_word(&line, MYSELF) || !(dated || addressed) || words(&line) > 24 {
        return None;
    }
    let below = lines.next_line(end)?;
    if lines.0[below.clone()].starts_with('>') {
        return Some(start..end_of_arrows(lines, below.start));
    }
    Some(start..lines.len())
}

/// From "-----Original Message-----" to the end. Where nothing stands above, the mail was passed on
/// and is itself the message; then only its head goes.
pub(super) fn below_rule(lines: Lines<'_>, words: Range<usize>) -> Option<(Range<usize>, Origin)> {
    let start = lines.start(words.start).filter(|start| words.start - start <= 40).unwrap_or(words.start);
    let before = lines.before(words.start, 8);
    let after = lines.after(words.end, 8);
    let ruled = before.trim_end().ends_with(['-', '_', '=', '*']) && after.trim_start().starts_with(['-', '_', '=', '*', ':']);
    let begin = lines.before(words.start, 24).ends_with("Begin ") || lines.before(words.start, 24).ends_with("begin ");
    if !(ruled || begin && after.starts_with(':')) {
        return None;
    }
    let start = if lines.0[start..words.start].contains(char::is_alphanumeric) && !begin { first_dash(lines, words.start) } else { start };
    Some(passed_on(lines, start, words.end))
}

/// From "From: … Sent: … To: … Subject: …" to the end, or the head alone where nothing stands above.
pub(super) fn head(lines: Lines<'_>, sender: Range<usize>) -> Option<(Range<usize>, Origin)> {
    let before = lines.before(sender.start, 4);
    if !(before.is_empty() || before.ends_with([' ', '\n', '\t', '*', '_', '-', '>'])) {
        return None;
    }
    head_end(lines, sender.end)?;
    let start = lines.opens_line(sender.start).unwrap_or(sender.start);
    Some(passed_on(lines, start, sender.start))
}

/// Everything from `start` on, or the head from there where the text above is next to nothing.
fn passed_on(lines: Lines<'_>, start: usize, head: usize) -> (Range<usize>, Origin) {
    let own = lines.before(start, 400).chars().filter(|c| c.is_alphabetic()).take(OWN).count();
    if own >= OWN {
        return (start..lines.len(), Origin::QuotedMail);
    }
    let end = head_end(lines, head).or_else(|| lines.end(head)).unwrap_or(head);
    (start..end, Origin::MailHeader)
}

/// Where the head ends whose sender stands at `at`: time and subject, or receiver and subject, follow.
fn head_end(lines: Lines<'_>, at: usize) -> Option<usize> {
    let window = lines.after(at, HEAD);
    if window.bytes().filter(|byte| *byte == b':').take(2).count() < 2 {
        return None;
    }
    let small = small_in_place(window);
    let field = |names: &[&str]| names.iter().filter_map(|name| field_at(&small, name)).min();
    FIELDS.iter().find_map(|[sent, to, subject]| {
        let subject = field(subject)?;
        let others = [field(sent), field(to)];
        let last = others.into_iter().flatten().chain([subject]).max()?;
        others.iter().all(Option::is_some).then(|| lines.end(at + last).unwrap_or(at + last))
    })
}

/// Where a field's name stands as a word of its own, and where its value begins.
fn field_at(small: &str, name: &str) -> Option<usize> {
    let mut places = small.match_indices(name);
    places.find(|(at, _)| !small[..*at].ends_with(char::is_alphanumeric)).map(|(at, _)| at + name.len())
}

fn first_dash(lines: Lines<'_>, at: usize) -> usize {
    let before = lines.before(at, 24);
    at - (before.len() - before.trim_end_matches(['-', '_', '=', '*', ' ']).len())
}

/// What is remembered of a text while its rows of quoted lines are looked at, so that none of it is
/// read again at each of them.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Where the first letter stands that is no blank, once somebody asked.
    opening: Option<usize>,
    /// The end of the last row, whether it was a quotation or not.
    seen: usize,
}

impl Rows {
    /// Lines with `>` in a row. Two of them are a quotation; one is, where it says more than a number.
    pub(super) fn arrows(&mut self, lines: Lines<'_>, arrow: Range<usize>) -> Option<Range<usize>> {
        let start = arrow.end - 1;
        let above = lines.before(start, 300).trim_end();
        // The row was looked at from its first line.
        if start < self.seen || above.rsplit('\n').next().is_some_and(|line| line.starts_with('>')) {
            return None;
        }
        let end = end_of_arrows(lines, start);
        self.seen = end;
        let quoted = &lines.0[start..end];
        let first = quoted.trim_start_matches(['>', ' ']).chars().next()?;
        let spaced = quoted.starts_with("> ") || quoted.starts_with(">>");
        // "My complaints:" introduces a list, and arrows are its dots.
        let list = above.ends_with(':');
        // Texts of nothing but such lines are lists or a way of writing.
        let opening = *self.opening.get_or_insert_with(|| lines.len() - lines.0.trim_start().len());
        let alone = opening >= start && lines.after(end, 80).trim().is_empty();
        (first.is_alphabetic() && spaced && !list && !alone).then_some(start..end)
    }
}

/// The end of the last line with `>` of a row that begins at `at`. Two empty lines between are of it.
fn end_of_arrows(lines: Lines<'_>, at: usize) -> usize {
    let mut end = at;
    let mut next = at;
    let mut empty = 0;
    for line in lines.0[at..].split_inclusive('\n') {
        next += line.len();
        empty = if line.starts_with('>') { 0 } else { empty + 1 };
        if empty == 0 {
            end = next;
        } else if empty > 2 || !line.trim().is_empty() {
            break;
        }
    }
    end
}
