//! The built-in theme files, and how a theme file is read.

use crate::config::Document;
use crate::config::check::themes::own;
use crate::config::print;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::secrets::Reference;
use crate::config::secrets::Unreadable;
use crate::config::shape::theme::ThemeFile;
use crate::config::syntax;
use crate::config::tree::Place;
use crate::domain::theme::ThemeText;

/// Name and text of each built-in file.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("looping_bot.toml", include_str!("../../config/themes/looping_bot.toml")),
    ("refund_failed.toml", include_str!("../../config/themes/refund_failed.toml")),
    ("no_human.toml", include_str!("../../config/themes/no_human.toml")),
    ("wrong_answer.toml", include_str!("../../config/themes/wrong_answer.toml")),
    ("no_empathy.toml", include_str!("../../config/themes/no_empathy.toml")),
    ("dispute_unresolved.toml", include_str!("../../config/themes/dispute_unresolved.toml")),
    ("repeat_contact.toml", include_str!("../../config/themes/repeat_contact.toml")),
    ("churn_or_legal.toml", include_str!("../../config/themes/churn_or_legal.toml")),
    ("loyalty.toml", include_str!("../../config/themes/loyalty.toml")),
];

/// The built-in themes.
///
/// # Panics
///
/// When a built-in file cannot be read: a test reads each.
#[must_use]
pub fn built_in() -> Vec<ThemeText> {
    BUILT_IN.iter().flat_map(|(name, text)| parse(text).unwrap_or_else(|error| panic!("built-in {name}: {error}"))).collect()
}

/// Reads one theme file: `[words]` and `[[theme]]` as in the configuration.
///
/// # Errors
///
/// All mistakes, as `uproar check` would show them.
pub fn parse(text: &str) -> Result<Vec<ThemeText>, String> {
    let documents = [Document { name: "themes".to_owned(), text: text.to_owned() }];
    let (table, mut problems) = syntax::read(0, text);
    let none = |_: &Reference| Err(Unreadable { why: "themes have no secrets".to_owned(), cure: String::new(), tolerated: false });
    let mut reader = Reader::new(&documents, &none, !problems.is_empty());
    let file = ThemeFile::read_table(&table, &Place::default(), &mut reader);
    let themes = file.theme.iter().filter_map(|theme| own(theme, &file.words.value, &mut reader)).map(|(text, _)| text).collect();
    problems.append(&mut reader.problems);
    if problems.iter().any(Problem::is_error) { Err(print::show(&problems, &documents, false)) } else { Ok(themes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_theme_file_is_read_like_the_configuration() {
        let themes =
            parse("[words]\nlate = \"late | delayed\"\n[[theme]]\nname = \"late_parcel\"\nrules = [\"@late & parcel\"]\n").unwrap();
        assert_eq!(themes[0].title, "late parcel");
        assert_eq!(themes[0].words, [("late".to_owned(), "late | delayed".to_owned())]);
        assert_eq!(themes[0].rules[0].when, "@late & parcel");
    }

    #[test]
    fn a_mistake_in_a_theme_file_shows_its_place() {
        let error = parse("[[theme]]\nname = \"late_parcel\"\nruels = [\"late parcel\"]\n").unwrap_err();
        insta::assert_snapshot!(error, @r#"
        error[E0002]: unknown key `ruels`
         --> themes:3:1
          |
        3 | ruels = ["late parcel"]
          | ^^^^^ no such key in `[[theme]]`
          |
          = help: did you mean `rules`?
        "#);
    }

    #[test]
    fn every_built_in_file_can_be_read() {
        for (name, text) in BUILT_IN {
            assert!(parse(text).is_ok(), "{name}: {}", parse(text).unwrap_err());
        }
    }
}
