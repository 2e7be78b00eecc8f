//! Countries by their codes.

use serde_json::json;

use crate::calendar::holidays;
use crate::config::kind::Kind;
use crate::config::kind::Shown;
use crate::config::kind::quoted;
use crate::config::kind::text;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::Shape;
use crate::config::suggest;
use crate::config::tree::Node;

/// A country whose days off are known, by its code of ISO 3166: `SE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Country(pub holidays::Country);

impl Kind for Country {
    const SHAPE: Shape = Shape::Value(|| json!({"enum": holidays::Country::all().map(holidays::Country::code).collect::<Vec<_>>()}));

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let written = text::text(node, "the code of a country in quotes", reader)?;
        if let Some(country) = holidays::Country::of_code(written).filter(|country| country.code() == written) {
            return Some(Self(country));
        }
        let known = || holidays::Country::all().map(holidays::Country::code).collect::<Vec<_>>().join(", ");
        let guess = meant(written).map(|country| format!("did you mean \"{}\"?", country.code()));
        let help = guess.unwrap_or_else(|| format!("days off are known for {}", known()));
        let message = format!("`{}` cannot be \"{written}\"", reader.key());
        reader.report(Problem::error(Code::UnknownWord, node.at.clone(), message).label("no such country").help(help));
        None
    }

    fn shown(&self) -> Shown {
        Shown::Inline(quoted(self.0.code()))
    }
}

/// The country that was probably meant: its code in small letters, its name, what people call it.
fn meant(written: &str) -> Option<holidays::Country> {
    let bare = written.trim().trim_start_matches("the ").trim_start_matches("The ");
    let usual = match bare.to_lowercase().as_str() {
        "uk" | "britain" | "great britain" | "england" => "GB",
        "usa" | "america" => "US",
        "turkey" => "TR",
        "holland" => "NL",
        "czech republic" => "CZ",
        _ => bare,
    };
    let name = |country: holidays::Country| country.name().trim_start_matches("the ");
    let near = || suggest::nearest(bare, holidays::Country::all().map(name)).filter(|_| bare.chars().count() > 3);
    holidays::Country::of_code(usual).or_else(|| near().and_then(|near| holidays::Country::all().find(|country| name(*country) == near)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_country_is_found_by_what_people_call_it() {
        for (written, code) in [
            ("se", Some("SE")),
            ("Sweden", Some("SE")),
            ("sweeden", Some("SE")),
            ("UK", Some("GB")),
            ("The Netherlands", Some("NL")),
            ("Turkey", Some("TR")),
            ("ZZ", None),
            ("", None),
        ] {
            assert_eq!(meant(written).map(holidays::Country::code), code, "{written}");
        }
    }
}
