//! Which parts of a message are not the writer's own words.
//!
//! A review page shows the vendor's answer below the complaint, a mail drags the mails before it
//! along, a phone signs for its owner, a spider brings home "verify you are human" in place of a
//! review. None of that is a complaint, and some of it is full of the words that complaints have
//! ("we are sorry that you still wait for your refund").
//!
//! One automaton looks for *cues*, and only where one stands the lines around it are read. A cue
//! alone proves nothing: "their reply from Monday was rude" is the customer. What the customer
//! quotes within his own sentences stays his. In doubt words are the writer's.

use std::ops::Range;

use crate::text::foreign::cues::Cue;
use crate::text::foreign::lines::Lines;

mod answers;
mod cues;
mod lines;
mod mails;
mod noise;
mod posts;
mod signatures;

/// What of a text is not the writer's own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Foreign {
    /// Bytes of the text with the reason, in order, none overlapping another.
    pub parts: Vec<(Range<usize>, Origin)>,
    /// The text as a whole is no message of a customer. There may be parts beside.
    pub whole: Option<Noise>,
}

/// Whose words a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// An answer of the vendor below or within the message.
    VendorAnswer,
    /// An earlier mail that was quoted.
    QuotedMail,
    /// "From, sent, to, subject" above a mail that is the message itself.
    MailHeader,
    /// A post that was repeated together with the writer's remark on it.
    QuotedPost,
    /// Greetings at the end with a name, and what a program signs.
    Signature,
}

impl Origin {
    /// For people: "the vendor's answer".
    #[must_use]
    pub fn as_words(self) -> &'static str {
        match self {
            Self::VendorAnswer => "the vendor's answer",
            Self::QuotedMail => "a quoted mail",
            Self::MailHeader => "the head of a mail",
            Self::QuotedPost => "a quoted post",
            Self::Signature => "a signature",
        }
    }
}

/// Why a whole text is no message of a customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Noise {
    /// A page that asks for proof of a human, a login or scripts.
    Captcha,
    /// An out-of-office note, a bounce, a receipt that no person wrote.
    Automatic,
    /// Advertising.
    Spam,
}

impl Noise {
    /// For people: "an advertisement".
    #[must_use]
    pub fn as_words(self) -> &'static str {
        match self {
            Self::Captcha => "a page for robots",
            Self::Automatic => "an automatic message",
            Self::Spam => "an advertisement",
        }
    }
}

impl Foreign {
    /// Everything is the writer's own.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.parts.is_empty() && self.whole.is_none()
    }

    /// The part that holds this byte, if it is not the writer's own.
    #[must_use]
    pub fn at(&self, byte: usize) -> Option<Origin> {
        let next = self.parts.partition_point(|(part, _)| part.end <= byte);
        self.parts.get(next).filter(|(part, _)| part.start <= byte).map(|(_, origin)| *origin)
    }
}

/// What of `text` is not its writer's own words.
///
/// Time is linear in the length; nothing is allocated where no cue stands.
#[must_use]
pub fn foreign(text: &str) -> Foreign {
    let mut found = Foreign::default();
    let mut signs = noise::Signs::default();
    let lines = Lines(text);
    let mut done = 0;
    for (cue, place) in cues::all_in(text) {
        signs.note(cue, &place);
        if place.start < done {
            continue;
        }
        let part = match cue {
            Cue::Heading => answers::below_heading(lines, place, true).map(|part| (part, Origin::VendorAnswer)),
            Cue::Reply => answers::below_heading(lines, place, false).map(|part| (part, Origin::VendorAnswer)),
            Cue::Opening => answers::letter(lines, place).map(|part| (part, Origin::VendorAnswer)),
            Cue::Wrote => mails::below_attribution(lines, place).map(|part| (part, Origin::QuotedMail)),
            Cue::Original => mails::below_rule(lines, place),
            Cue::Sender => mails::head(lines, place),
            Cue::Arrow => mails::arrows(lines, place).map(|part| (part, Origin::QuotedMail)),
            Cue::Post => posts::quoted(lines, place).map(|part| (part, Origin::QuotedPost)),
            Cue::Dashes => signatures::below_dashes(lines, place).map(|part| (part, Origin::Signature)),
            Cue::Device => signatures::of_device(lines, place).map(|part| (part, Origin::Signature)),
            Cue::Closing => signatures::closing(lines, place).map(|part| (part, Origin::Signature)),
            Cue::Notice => signatures::notice(lines, place).map(|part| (part, Origin::Signature)),
            _ => None,
        };
        if let Some((part, origin)) = part {
            let part = part.start.max(done)..part.end;
            if part.start < part.end {
                done = part.end;
                found.parts.push((part, origin));
            }
        }
    }
    found.whole = signs.verdict(text);
    found
}
