//! The preview for people: what was made of which column, a table of the first items, the warnings.

use std::io::Write;

use unicode_width::UnicodeWidthChar;
use unicode_width::UnicodeWidthStr;

use crate::cli::exit::Failure;
use crate::cli::preview::Show;
use crate::domain::item::Item;
use crate::domain::item::Page;
use crate::domain::item::Warning;
use crate::text::redact::redact;

/// Items that are shown one by one.
const SHOWN: usize = 20;

/// Warnings that are shown one by one.
const WARNINGS_SHOWN: usize = 20;

/// Widths of the columns: published, rating, id, text.
const WIDTHS: [usize; 4] = [17, 6, 20, 76];

pub(super) struct Table<'a> {
    out: &'a mut dyn Write,
    bold: bool,
    about: Option<Page>,
    columns: Vec<(String, String)>,
    items: Vec<Item>,
    found: usize,
    notes: Vec<String>,
    warnings: Vec<Warning>,
}

impl<'a> Table<'a> {
    pub(super) fn new(out: &'a mut dyn Write, colours: bool) -> Self {
        Self { out, bold: colours, about: None, columns: Vec::new(), items: Vec::new(), found: 0, notes: Vec::new(), warnings: Vec::new() }
    }
}

impl Show for Table<'_> {
    fn page(&mut self, mut page: Page) -> Result<(), Failure> {
        self.found += page.items.len();
        page.warnings.extend(page.wordless());
        let room = SHOWN.saturating_sub(self.items.len());
        self.items.extend(page.items.drain(..).take(room));
        self.warnings.append(&mut page.warnings);
        self.about.get_or_insert(page);
        Ok(())
    }

    fn columns(&mut self, columns: Vec<(String, String)>) {
        self.columns = columns;
    }

    fn note(&mut self, note: String) {
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    fn finish(&mut self) -> Result<(), Failure> {
        let about = self.about.take().unwrap_or_default();
        let from = [about.title.as_deref(), about.link.as_deref()].into_iter().flatten().map(harmless).collect::<Vec<_>>().join(", ");
        let from = if from.is_empty() { from } else { format!(" from {}", fit(&from, 90).trim_end()) };
        let items = if self.found == 1 { "1 item".to_owned() } else { format!("{} items", self.found) };
        writeln!(self.out, "{}: {items}{from}", about.format)?;
        for note in &self.notes {
            writeln!(self.out, "{}", harmless(note))?;
        }
        if !self.columns.is_empty() {
            writeln!(self.out)?;
        }
        for line in columns(&self.columns) {
            writeln!(self.out, "{line}")?;
        }
        if !self.items.is_empty() {
            let heads = ["published", "rating", "id", "text"].iter().zip(WIDTHS).map(|(head, width)| fit(head, width)).collect::<Vec<_>>();
            let (on, off) = if self.bold { ("\u{1b}[1m", "\u{1b}[0m") } else { ("", "") };
            writeln!(self.out, "\n{on}{}{off}", heads.join("  ").trim_end())?;
        }
        for item in &self.items {
            writeln!(self.out, "{}", row(item))?;
        }
        if self.found > self.items.len() {
            writeln!(self.out, "and {} more", self.found - self.items.len())?;
        }
        if !self.warnings.is_empty() {
            writeln!(self.out, "\nWarnings:")?;
        }
        for warning in self.warnings.iter().take(WARNINGS_SHOWN) {
            writeln!(self.out, "  {}", harmless(&warning.to_string()))?;
        }
        if self.warnings.len() > WARNINGS_SHOWN {
            writeln!(self.out, "  and {} more", self.warnings.len() - WARNINGS_SHOWN)?;
        }
        Ok(())
    }
}

/// What became of which column; what is dropped stands together.
fn columns(columns: &[(String, String)]) -> Vec<String> {
    let (kept, dropped): (Vec<_>, Vec<_>) = columns.iter().partition(|(_, role)| !matches!(role.as_str(), "personal" | "not kept"));
    let mut lines: Vec<String> =
        kept.iter().map(|(name, role)| format!("  {role:<12} from {}", fit(&harmless(name), 80).trim_end())).collect();
    for (role, why) in [("personal", "personal data, never kept"), ("not kept", "not kept")] {
        let names = dropped.iter().filter(|(_, other)| other == role).map(|(name, _)| fit(&harmless(name), 40).trim_end().to_owned());
        let names = names.collect::<Vec<_>>();
        if !names.is_empty() {
            lines.push(format!("  {why}: {}", names.join(", ")));
        }
    }
    lines
}

fn row(item: &Item) -> String {
    let published = item.published.map_or_else(|| "-".to_owned(), |at| at.format("%Y-%m-%d %H:%MZ").to_string());
    let rating = item.rating.map_or_else(|| "-".to_owned(), |rating| format!("{}/{}", rating.value, rating.max));
    let text = [item.title.as_str(), item.text.as_str()].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" | ");
    let cells = [published, rating, harmless(&item.id), harmless(&redact(&text))];
    cells.iter().zip(WIDTHS).map(|(cell, width)| fit(cell, width)).collect::<Vec<_>>().join("  ").trim_end().to_owned()
}

/// A text that does nothing to a terminal: line ends are blanks, escapes and marks that turn the
/// direction of writing show as U+FFFD.
pub(super) fn harmless(text: &str) -> String {
    let shown = |letter: char| match letter {
        '\n' | '\r' | '\t' => ' ',
        letter if letter.is_control() || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') => {
            '\u{fffd}'
        }
        letter => letter,
    };
    text.chars().map(shown).collect()
}

/// A text in exactly so many columns of a terminal.
fn fit(text: &str, width: usize) -> String {
    let full = text.width();
    if full <= width {
        return format!("{text}{}", " ".repeat(width - full));
    }
    let mut fitted = String::new();
    let mut used = 0;
    for letter in text.chars() {
        let wide = letter.width().unwrap_or(0);
        if used + wide > width - 1 {
            break;
        }
        used += wide;
        fitted.push(letter);
    }
    fitted.push('…');
    format!("{fitted}{}", " ".repeat(width.saturating_sub(used + 1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_do_nothing_and_widths_hold() {
        assert_eq!(harmless("a\u{1b}[31mb\nc\u{202e}"), "a\u{fffd}[31mb c\u{fffd}");
        assert_eq!(fit("abc", 5), "abc  ");
        assert_eq!(fit("返金の手続き", 6), "返金… ");
        assert_eq!(fit("abcdef", 3), "ab…");
    }
}
