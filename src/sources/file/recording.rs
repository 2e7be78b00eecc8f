//! One line of a recording: the keys are fixed, so nothing has to be found out first.

use std::collections::BTreeMap;

use crate::domain::item::Item;
use crate::domain::item::Rating;
use crate::sources::file::json::Record;
use crate::sources::times;
use crate::sources::times::Zone;
use crate::text::hash;

/// Reads a line. A blank one is `Err(None)`, one that is no record says why.
pub(in crate::sources) fn read(line: &[u8]) -> Result<Item, Option<String>> {
    if line.iter().all(u8::is_ascii_whitespace) {
        return Err(None);
    }
    let Record(cells) = serde_json::from_slice(line).map_err(|error| Some(format!("left out: {error}")))?;
    let mut item = Item { fields: BTreeMap::new(), ..Item::default() };
    let (mut value, mut max) = (None, None);
    for (key, cell) in cells {
        if cell.trim().is_empty() {
            continue;
        }
        match key.as_ref() {
            "id" | "external_id" => item.id = cell.into_owned(),
            "ts" | "date" | "published" | "created_at" => item.published = moment(&cell),
            "updated" | "updated_at" => item.updated = moment(&cell),
            "title" => item.title = cell.into_owned(),
            "text" | "body" => item.text = cell.into_owned(),
            "author" => item.author = Some(cell.into_owned()),
            "url" | "link" => item.url = Some(cell.into_owned()),
            "lang" | "language" => item.lang = Some(cell.into_owned()),
            "rating" => value = number(&cell),
            "rating_max" => max = number(&cell),
            "country" | "version" | "product" | "channel" | "source" | "platform" | "region" => {
                item.fields.insert(key.into_owned(), cell.into_owned());
            }
            _ => {}
        }
    }
    item.rating = value.and_then(|value| {
        let max = max.unwrap_or(if value <= 5.0 { 5.0 } else { 10.0 });
        (0.0..=max).contains(&value).then_some(Rating { value, max })
    });
    if item.id.is_empty() {
        item.id = format!("h1:{:016x}", hash::of_parts([String::from_utf8_lossy(line).trim()]));
    }
    Ok(item)
}

fn moment(cell: &str) -> Option<crate::domain::Timestamp> {
    Some(times::certain(cell)?.moment(Zone::utc())).filter(|moment| times::believable(*moment))
}

fn number(cell: &str) -> Option<f64> {
    cell.trim().parse().ok()
}
