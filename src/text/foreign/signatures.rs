//! What stands below a message: greetings with a name, what a phone or a lawyer adds.

use std::ops::Range;

use crate::text::foreign::lines::Lines;
use crate::text::foreign::lines::words;

/// A signature is not longer, in bytes, lines and words a line.
const LONGEST: usize = 500;
const LINES: usize = 8;
const WORDS: usize = 8;

/// Words of which one stands in what a device signs.
const DEVICES: &[&str] = &[
    "iphone|ipad|android|samsung|galaxy|huawei|xiaomi|pixel|nokia|phone|mobile|outlook|yahoo|gmail|mail|blackberry|tablet",
    "puhelim|telefon|handy|mobil|móvil|movil|téléphone|smartphone|proton|cihaz|ios",
];

/// The block below `-- `, when it is short and not prose.
pub(super) fn below_dashes(lines: Lines<'_>, dashes: Range<usize>) -> Option<Range<usize>> {
    let end = lines.end(dashes.end)?;
    let rule = &lines.0[dashes.start + 1..end];
    let standard = rule.trim_end_matches('\r') == "-- ";
    let like_one = matches!(rule.trim_end(), "--" | "---" | "__" | "___");
    let block = lines.0.get(end..)?;
    (standard && block.len() <= LONGEST || like_one && is_block(block))
        .then(|| dashes.start + 1..lines.len())
        .filter(|_| !block.trim().is_empty())
}

/// "Sent from my phone": the whole line.
pub(super) fn of_device(lines: Lines<'_>, words: Range<usize>) -> Option<Range<usize>> {
    let end = lines.end(words.end).filter(|end| end - words.start <= 100)?;
    let line = lines.0[words.start..end].to_lowercase();
    let device = DEVICES.iter().flat_map(|row| row.split('|')).any(|device| line.contains(device)) && !line.contains(['?', '€', '$']);
    let short = line.split_whitespace().count() <= 9;
    let start = match lines.opens_line(words.start) {
        Some(start) => start,
        // Without line feeds it is the end of the text.
        None if end == lines.len() && lines.opens_sentence(words.start) && end - words.start <= 60 => words.start,
        None => return None,
    };
    (device && short).then_some(start..end)
}

/// "Kind regards" to the end, when no more than a name and how to reach it follow.
pub(super) fn closing(lines: Lines<'_>, words: Range<usize>) -> Option<Range<usize>> {
    let block = lines.0.get(words.end..)?;
    let opens = lines.opens_line(words.start).is_some() || lines.opens_sentence(words.start);
    let above = lines.before(words.start, 400).chars().filter(|c| c.is_alphabetic()).take(12).count() == 12;
    (opens && above && is_block(block)).then_some(words.start..lines.len())
}

/// "This e-mail is confidential": its paragraph.
pub(super) fn notice(lines: Lines<'_>, words: Range<usize>) -> Option<Range<usize>> {
    let start = lines.opens_line(words.start)?;
    let rest = lines.after(words.end, 2_000);
    let end = rest.find("\n\n").map_or(words.end + rest.len(), |at| words.end + at);
    // A mail's notice stands below the mail, and is long.
    (start > 0 && end - start >= 100).then_some(start..end)
}

/// Short lines, none of them a sentence.
fn is_block(block: &str) -> bool {
    block.len() <= LONGEST
        && block.lines().filter(|line| !line.trim().is_empty()).count() <= LINES
        && block.lines().all(|line| words(line) <= WORDS && !line.trim_end().ends_with(['?', '!', ':']))
        && words(block) <= 30
}
