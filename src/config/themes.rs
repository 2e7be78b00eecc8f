//! The built-in theme files, and how a theme file is read.

use std::sync::Arc;
use std::sync::LazyLock;

use crate::config::Document;
use crate::config::check::themes::own;
use crate::config::check::themes::without_rules;
use crate::config::kind::list::Map;
use crate::config::print;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::secrets::Reference;
use crate::config::secrets::Unreadable;
use crate::config::shape::theme::ThemeFile;
use crate::config::syntax;
use crate::config::tree::Place;
use crate::domain::theme::LanguageText;
use crate::domain::theme::ThemeText;

/// Name and text of each built-in file. Words of a language may stand in any file of it.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("themes.toml", include_str!("../../config/themes/themes.toml")),
    ("en/calm.toml", include_str!("../../config/themes/en/calm.toml")),
    ("en/churn_or_legal.toml", include_str!("../../config/themes/en/churn_or_legal.toml")),
    ("en/dispute_unresolved.toml", include_str!("../../config/themes/en/dispute_unresolved.toml")),
    ("en/looping_bot.toml", include_str!("../../config/themes/en/looping_bot.toml")),
    ("en/loyalty.toml", include_str!("../../config/themes/en/loyalty.toml")),
    ("en/no_empathy.toml", include_str!("../../config/themes/en/no_empathy.toml")),
    ("en/no_human.toml", include_str!("../../config/themes/en/no_human.toml")),
    ("en/refund_failed.toml", include_str!("../../config/themes/en/refund_failed.toml")),
    ("en/repeat_contact.toml", include_str!("../../config/themes/en/repeat_contact.toml")),
    ("en/words.toml", include_str!("../../config/themes/en/words.toml")),
    ("en/wrong_answer.toml", include_str!("../../config/themes/en/wrong_answer.toml")),
    ("da.toml", include_str!("../../config/themes/da.toml")),
    ("de.toml", include_str!("../../config/themes/de.toml")),
    ("es.toml", include_str!("../../config/themes/es.toml")),
    ("fi.toml", include_str!("../../config/themes/fi.toml")),
    ("fr.toml", include_str!("../../config/themes/fr.toml")),
    ("it.toml", include_str!("../../config/themes/it.toml")),
    ("ko.toml", include_str!("../../config/themes/ko.toml")),
    ("nl.toml", include_str!("../../config/themes/nl.toml")),
    ("no.toml", include_str!("../../config/themes/no.toml")),
    ("pl.toml", include_str!("../../config/themes/pl.toml")),
    ("pt.toml", include_str!("../../config/themes/pt.toml")),
    ("ru.toml", include_str!("../../config/themes/ru.toml")),
    ("sv.toml", include_str!("../../config/themes/sv.toml")),
    ("tr.toml", include_str!("../../config/themes/tr.toml")),
];

/// The built-in themes, read once.
static THEMES: LazyLock<Vec<ThemeText>> =
    LazyLock::new(|| read(BUILT_IN, &[]).unwrap_or_else(|error| panic!("a built-in theme is broken: {error}")));

/// The built-in themes.
///
/// # Panics
///
/// When a built-in file cannot be read: a test reads each.
#[must_use]
pub fn built_in() -> Vec<ThemeText> {
    THEMES.clone()
}

/// What the built-in languages bring for everybody's rules.
#[must_use]
pub fn shared() -> Arc<[LanguageText]> {
    THEMES.first().map(|theme| Arc::clone(&theme.shared)).unwrap_or_default()
}

/// Reads theme files, each `[words]` and `[[theme]]` as in the configuration, and one `lang` for all
/// its rules. Themes of the same name are one. The words of built-in languages can be used.
///
/// # Errors
///
/// All mistakes, as `uproar check` would show them.
pub fn parse(files: &[(&str, &str)]) -> Result<Vec<ThemeText>, String> {
    read(files, &shared())
}

fn read(files: &[(&str, &str)], below: &[LanguageText]) -> Result<Vec<ThemeText>, String> {
    let documents: Vec<Document> =
        files.iter().map(|(name, text)| Document { name: (*name).to_owned(), text: (*text).to_owned() }).collect();
    let mut themes: Vec<ThemeText> = Vec::new();
    let mut languages: Vec<LanguageText> = Vec::new();
    let mut problems = Vec::new();
    for (number, (_, text)) in files.iter().enumerate() {
        let syntax::Read { table, problems: mut found, .. } = syntax::read(number, text);
        let none = |_: &Reference| Err(Unreadable { why: "themes have no secrets".to_owned(), cure: String::new(), tolerated: false });
        let mut reader = Reader::new(&documents, &none, !found.is_empty());
        let file = ThemeFile::read_table(&table, &Place::default(), &mut reader);
        read_file(&file, &mut themes, &mut languages, &mut reader);
        if let [_] = files {
            file.theme
                .iter()
                .filter(|theme| theme.rules.value.0.is_empty() && theme.rule.is_empty())
                .for_each(|theme| without_rules(theme, &mut reader));
        }
        found.append(&mut reader.problems);
        problems.append(&mut found);
    }
    if problems.iter().any(Problem::is_error) {
        return Err(print::show(&problems, &documents, false));
    }
    let older = below.iter().filter(|older| !languages.iter().any(|own| own.code == older.code)).cloned();
    let shared: Arc<[LanguageText]> = older.chain(languages.clone()).collect();
    for theme in &mut themes {
        theme.shared = Arc::clone(&shared);
    }
    Ok(themes)
}

/// Adds what a file says to what is known.
fn read_file(file: &ThemeFile, themes: &mut Vec<ThemeText>, languages: &mut Vec<LanguageText>, reader: &mut Reader<'_>) {
    let lang = file.lang.as_ref().map(|lang| lang.value.0.clone());
    let none = Map(Vec::new());
    if let Some(code) = &lang {
        let at = languages.iter().position(|known| known.code == *code).unwrap_or_else(|| {
            languages.push(LanguageText { code: code.clone(), ..LanguageText::default() });
            languages.len() - 1
        });
        let language = &mut languages[at];
        language.words.extend(file.words.value.0.iter().map(|entry| (entry.key.clone(), entry.text.clone())));
        language.calm.extend(file.calm.value.iter().map(|text| text.value.0.clone()));
        if let Some(turn) = &file.turn {
            language.turn.clone_from(&turn.value.0);
        }
    }
    for theme in &file.theme {
        let words = if lang.is_some() { &none } else { &file.words.value };
        let Some((mut text, _)) = own(theme, words, reader) else { continue };
        for rule in &mut text.rules {
            if rule.lang.is_empty() {
                rule.lang.extend(lang.clone());
            }
        }
        match themes.iter_mut().find(|known| known.name == text.name) {
            None => themes.push(text),
            Some(known) => {
                if theme.title.is_some() {
                    known.title = text.title;
                }
                known.words.extend(text.words);
                known.rules.extend(text.rules);
                known.matches.extend(text.matches);
                known.matches_not.extend(text.matches_not);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tagging;

    #[test]
    fn a_theme_file_is_read_like_the_configuration() {
        let themes =
            parse(&[("themes", "[words]\nlate = \"late | delayed\"\n[[theme]]\nname = \"late_parcel\"\nrules = [\"@late & parcel\"]\n")])
                .unwrap();
        assert_eq!(themes[0].title, "late parcel");
        assert_eq!(themes[0].words, [("late".to_owned(), "late | delayed".to_owned())]);
        assert_eq!(themes[0].rules[0].when, "@late & parcel");
    }

    #[test]
    fn a_mistake_in_a_theme_file_shows_its_place() {
        let error = parse(&[("themes", "[[theme]]\nname = \"late_parcel\"\nruels = [\"late parcel\"]\n")]).unwrap_err();
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
    fn every_example_of_the_manual_does_what_it_says() {
        let manual = include_str!("../../config/themes/README.md");
        let files: Vec<&str> = manual.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert!(files.len() >= 7, "{} examples", files.len());
        for file in files {
            let themes = parse(&[("README.md", file)]).unwrap_or_else(|error| panic!("{error}\nin\n{file}"));
            let rules = tagging::compile(&themes).unwrap_or_else(|errors| panic!("{errors:?}\nin\n{file}"));
            let failures = tagging::failed_examples(&rules, &themes);
            assert!(failures.is_empty(), "{failures:#?}");
            assert!(themes.iter().any(|theme| !theme.matches.is_empty() || theme.rules.iter().any(|rule| !rule.matches.is_empty())));
        }
    }

    #[test]
    fn files_of_a_language_share_their_words_and_add_up() {
        let files = [
            ("a", "lang = \"de\"\ncalm = [\"gut\"]\n[words]\ngeld = \"geld*\"\n[[theme]]\nname = \"t\"\nrules = [\"@geld\"]\n"),
            ("b", "lang = \"de\"\n[[theme]]\nname = \"t\"\ntitle = \"money\"\nrules = [\"@geld & weg\"]\n"),
        ];
        let themes = parse(&files).unwrap();
        assert_eq!((themes.len(), themes[0].rules.len(), themes[0].title.as_str()), (1, 2, "money"));
        assert!(themes[0].rules.iter().all(|rule| rule.lang == ["de"]));
        let german = themes[0].shared.iter().find(|language| language.code == "de").unwrap();
        assert_eq!((german.words.len(), german.calm.len()), (1, 1));
        assert!(tagging::compile(&themes).is_ok());
    }
}
