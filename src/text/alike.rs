//! Which messages are one person's complaint, however often it was posted.
//!
//! A copy must not count as a further voice: an author who posts the same review in three shops,
//! or a long text that somebody has a dozen accounts post, is one complaint. Short texts are left
//! alone, for many people write "worst service ever" by themselves.

use crate::text::hash;
use crate::text::normalise;

/// From this many characters on, two people do not come to the same words by themselves.
const TELLING_LENGTH: usize = 120;

/// Messages with the same key are one voice; `None` stands for itself alone.
///
/// Equal keys: the same plain text (see [`normalise::plain`]; digits are text) of at least 120
/// characters whoever wrote it, or a shorter one by the same author.
#[must_use]
pub fn voice_key(author_hash: Option<&str>, text: &str) -> Option<u64> {
    let plain = normalise::plain(text);
    if plain.chars().nth(TELLING_LENGTH - 1).is_some() {
        return Some(hash::of_parts([plain.as_str()]));
    }
    let author = author_hash.filter(|author| !author.is_empty() && !plain.is_empty())?;
    Some(hash::of_parts([author, plain.as_str()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: &str = "I have been a customer of this shop for nine years, and in all that time nobody has ever \
                        answered a letter of mine, not even when parcel 4711 went missing.";

    #[test]
    fn an_author_who_repeats_himself_is_one_voice() {
        assert_eq!(voice_key(Some("a"), "No refund!"), voice_key(Some("a"), "no  REFUND https://x.example"));
        assert_ne!(voice_key(Some("a"), "No refund!"), voice_key(Some("b"), "No refund!"));
        assert_ne!(voice_key(Some("a"), "No refund!"), voice_key(Some("a"), "No reply!"));
    }

    #[test]
    fn a_long_text_is_one_voice_whoever_posts_it() {
        assert_eq!(voice_key(Some("a"), LONG), voice_key(None, &LONG.to_uppercase()));
        assert_ne!(voice_key(None, LONG), voice_key(None, &LONG.replace("4711", "4712")));
    }

    #[test]
    fn a_short_text_of_nobody_known_stands_for_itself() {
        assert_eq!(voice_key(None, "No refund!"), None);
        assert_eq!(voice_key(Some(""), "No refund!"), None);
    }

    #[test]
    fn a_text_without_words_stands_for_itself() {
        assert_eq!(voice_key(Some("a"), "👎👎 https://x.example"), None);
    }
}
