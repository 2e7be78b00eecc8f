//! The preview as one JSON object, written while the pages come.

use std::io::Write;

use chrono::SecondsFormat;
use serde_json::Number;
use serde_json::Value;
use serde_json::json;

use crate::cli::exit::Failure;
use crate::cli::preview::Show;
use crate::domain::Timestamp;
use crate::domain::item::Item;
use crate::domain::item::Page;
use crate::domain::item::Warning;
use crate::text::hash;

/// Authors of a preview are hashed under a key that is no secret: nothing is stored, and the
/// installation's own key stays where it is.
const PREVIEW_KEY: &[u8] = b"uproar preview";

pub(super) struct Json<'a> {
    out: &'a mut dyn Write,
    items: u64,
    begun: bool,
    warnings: Vec<Warning>,
}

impl<'a> Json<'a> {
    pub(super) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, items: 0, begun: false, warnings: Vec::new() }
    }

    fn begin(&mut self, page: &Page) -> Result<(), Failure> {
        if self.begun {
            return Ok(());
        }
        self.begun = true;
        write!(self.out, "{{\"format\":{},\"title\":{},\"link\":{},\"items\":[", json!(page.format), json!(page.title), json!(page.link))?;
        Ok(())
    }
}

impl Show for Json<'_> {
    fn page(&mut self, page: Page) -> Result<(), Failure> {
        self.begin(&page)?;
        for item in &page.items {
            let comma = if self.items == 0 { "\n" } else { ",\n" };
            write!(self.out, "{comma}{}", shown(item))?;
            self.items += 1;
        }
        self.warnings.extend(page.wordless().into_iter().chain(page.warnings));
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Failure> {
        self.begin(&Page::default())?;
        writeln!(self.out, "\n],\"warnings\":{}}}", json!(self.warnings))?;
        Ok(())
    }
}

fn shown(item: &Item) -> Value {
    json!({
        "id": item.id,
        "link": item.url,
        "title": item.title,
        "text": item.text,
        "author": item.author.as_deref().map(|author| hash::of_author(PREVIEW_KEY, author)),
        "published": item.published.map(time),
        "updated": item.updated.map(time),
        "rating": item.rating.map(|rating| number(rating.value)),
        "rating_max": item.rating.map(|rating| number(rating.max)),
        "lang": item.lang,
        "fields": item.fields,
    })
}

fn time(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Without `.0` where nothing is lost by it.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        return Value::from(value as i64);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}
