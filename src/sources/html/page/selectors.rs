//! What the configuration says of where what stands on a page.

use crate::sources::file::DateOrder;

/// What stands where. `item` picks the records, the others are relative to one: `sel`, `sel@attribute`,
/// `@attribute` of the item itself, each with ` | /expression/` behind it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Selectors {
    /// One review.
    pub item: String,
    /// Its own id.
    pub id: Option<String>,
    /// Its text; the whole item without it.
    pub text: Option<String>,
    /// Its headline.
    pub title: Option<String>,
    /// Its rating.
    pub rating: Option<String>,
    /// Best value of ratings.
    pub rating_max: Option<f64>,
    /// When it was written.
    pub date: Option<String>,
    /// Its permalink.
    pub url: Option<String>,
    /// Who wrote it: hashed, never kept.
    pub author: Option<String>,
    /// Something that is there when the list is empty.
    pub empty: Option<String>,
    /// The link to the next page.
    pub next: Option<String>,
}

impl Selectors {
    /// Reads selectors as the configuration has them, written as a JSON object, with the order of dates
    /// that stands among them.
    ///
    /// # Errors
    ///
    /// A sentence that says what is wrong.
    pub fn of_json(json: &str) -> Result<(Self, Option<DateOrder>), String> {
        let map: serde_json::Map<String, serde_json::Value> =
            serde_json::from_str(json).map_err(|error| format!("no JSON object: {error}"))?;
        let (mut selectors, mut order) = (Self::default(), None);
        for (name, value) in map {
            let text = value.as_str().map(str::to_owned);
            let place = match name.as_str() {
                "rating_max" => {
                    selectors.rating_max = Some(value.as_f64().ok_or("`rating_max` is a number")?);
                    continue;
                }
                "date_order" => {
                    order = Some(match text.as_deref() {
                        Some("dmy") => DateOrder::DayMonthYear,
                        Some("mdy") => DateOrder::MonthDayYear,
                        Some("ymd") => DateOrder::YearMonthDay,
                        _ => return Err("`date_order` is \"dmy\", \"mdy\" or \"ymd\"".to_owned()),
                    });
                    continue;
                }
                "item" => {
                    selectors.item = text.ok_or("`item` is a text")?;
                    continue;
                }
                "id" => &mut selectors.id,
                "text" => &mut selectors.text,
                "title" => &mut selectors.title,
                "rating" => &mut selectors.rating,
                "date" => &mut selectors.date,
                "url" => &mut selectors.url,
                "author" => &mut selectors.author,
                "empty" => &mut selectors.empty,
                "next" => &mut selectors.next,
                other => return Err(format!("there is no selector `{}`", other.chars().take(40).collect::<String>())),
            };
            *place = Some(text.ok_or_else(|| format!("`{name}` is a text"))?);
        }
        if selectors.item.is_empty() { Err("`item` is missing: it picks the reviews".to_owned()) } else { Ok((selectors, order)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_are_read_from_json_as_the_configuration_names_them() {
        let (selectors, order) = Selectors::of_json(r#"{"item": "li", "text": "p", "rating_max": 10, "date_order": "mdy"}"#).unwrap();
        assert_eq!((selectors.item.as_str(), selectors.text.as_deref(), selectors.rating_max), ("li", Some("p"), Some(10.0)));
        assert_eq!(order, Some(DateOrder::MonthDayYear));
        for (json, why) in [
            ("[]", "no JSON object"),
            ("{}", "`item` is missing"),
            (r#"{"item": 1}"#, "`item` is a text"),
            (r#"{"item": "li", "txt": "p"}"#, "there is no selector `txt`"),
            (r#"{"item": "li", "date_order": "x"}"#, "`date_order` is"),
        ] {
            assert!(Selectors::of_json(json).unwrap_err().starts_with(why), "{json}");
        }
    }
}
