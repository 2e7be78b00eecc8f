//! Why a message has its themes.

use std::io::Write as _;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::store::sqlite::Direct;
use crate::store::sqlite::reports::Choice;
use crate::text::excerpt::shorten;
use crate::text::redact::redact;

pub(super) fn message(id: &str, store: &Direct, console: &mut Console) -> Result<Code, Failure> {
    let reader = store.reader();
    let mut found = Vec::new();
    let choice = Choice { item: Some(id.to_owned()), ..Choice::default() };
    reader.export(&choice, |item| {
        found.push(item);
        Ok::<_, Failure>(())
    })?;
    if found.is_empty() {
        return Err(Failure::new(Code::Usage, format!("there is no message `{id}`; `uproar export` shows numbers and ids")));
    }
    for item in found {
        let text = crate::tagging::message(&item.title, &item.text);
        writeln!(console.out, "{} ({}, {}): \"{}\"", item.id, item.source, item.external_id, shorten(&redact(&text), 300))?;
        let tags = reader.tags(item.id)?;
        if tags.is_empty() {
            writeln!(console.out, "  no theme")?;
        }
        for (theme, rule, spans) in tags {
            let spans: Vec<std::ops::Range<usize>> = serde_json::from_str(&spans).unwrap_or_default();
            let words: Vec<String> =
                spans.iter().filter_map(|span| text.get(span.clone())).map(|word| format!("\"{}\"", redact(word))).collect();
            writeln!(console.out, "  {theme}: rule \"{rule}\", by {}", words.join(", "))?;
        }
    }
    Ok(Code::Done)
}
