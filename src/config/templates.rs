//! The files with templates that the configuration names, once somebody has read them.

use std::path::Path;

use crate::config::Loaded;
use crate::config::check::templates::problem;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::render::template::Look;
use crate::render::template::Texts;
use crate::text::hash;

impl Loaded {
    /// The same with the templates that `read` finds under their paths, which are relative to the folder
    /// of the configuration, or with why they cannot be had. One that cannot be used stops the
    /// configuration from being used.
    #[must_use]
    pub fn with_templates(mut self, read: impl Fn(&Path) -> Result<String, String>) -> Self {
        for (key, at, path) in self.templates.clone() {
            let alone = |source: String| match key {
                "text" => Texts { text: Some(source), ..Texts::default() },
                _ => Texts { html: Some(source), ..Texts::default() },
            };
            let told = match read(&path).map(alone) {
                Err(why) => Problem::error(Code::BadTemplate, at, format!("`{key}` cannot be used: {why}")).label("this file"),
                Ok(texts) => match Look::compile(&texts) {
                    Err(bad) => problem(at, &bad),
                    Ok(look) => {
                        self.take(look.texts);
                        continue;
                    }
                },
            };
            self.config = None;
            self.tell(told);
        }
        self
    }

    /// Takes the template over, which is a part of what the configuration is.
    fn take(&mut self, read: Texts) {
        let Some(config) = &mut self.config else { return };
        let parts = [config.fingerprint.as_str(), read.text.as_deref().unwrap_or_default(), read.html.as_deref().unwrap_or_default()];
        config.fingerprint = format!("{:016x}", hash::of_parts(parts));
        let texts = &mut config.templates.texts;
        (texts.text, texts.html) = (read.text.or(texts.text.take()), read.html.or(texts.html.take()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Document;
    use crate::config::parse;
    use crate::config::print;
    use crate::config::secrets::Reference;
    use crate::config::secrets::Unreadable;

    const TEXT: &str = r#"
[[source]]
name = "desk"
every = "1m"
file = { folder = "surveys" }
[[watch]]
name = "w"
themes = ["*"]
notify = ["box"]
[[target]]
name = "box"
file = { folder = "mails" }
[templates]
"#;

    fn loaded(templates: &str, file: Result<&str, &str>) -> (Loaded, String) {
        let documents = [Document { name: "uproar.toml".to_owned(), text: format!("{TEXT}{templates}\n") }];
        let none = |_: &Reference| -> Result<String, Unreadable> { Ok(String::new()) };
        let loaded = parse(&documents, &none).with_templates(|_| file.map(str::to_owned).map_err(str::to_owned));
        let shown = print::show(&loaded.problems, &documents, false);
        (loaded, shown)
    }

    #[test]
    fn templates_from_files_are_taken_and_change_what_the_configuration_is() {
        let (plain, _) = loaded("", Err("nobody asks"));
        let (with, shown) = loaded("html = \"mail.html\"\nintro = \"{{ headline }}\"", Ok("<p>{{ lead[0] }}</p>"));
        assert_eq!(shown, "");
        let (plain, with) = (plain.config.unwrap(), with.config.unwrap());
        assert_eq!(with.templates.texts.html.as_deref(), Some("<p>{{ lead[0] }}</p>"));
        assert_eq!((with.templates.texts.text, with.templates.texts.intro.as_deref()), (None, Some("{{ headline }}")));
        assert_ne!(with.fingerprint, plain.fingerprint);
    }

    #[test]
    fn a_template_that_cannot_be_filled_in_is_told_at_its_place() {
        let (loaded, shown) = loaded("html = \"mail.html\"\noutro = \"{{ thema }}\"", Ok("<p>\n{{ lead.nothing }}</p>"));
        assert!(loaded.config.is_none());
        insta::assert_snapshot!(shown, @r#"
        error[E0033]: `html` has a mistake in line 2: undefined value
          --> uproar.toml:14:8
           |
        14 | html = "mail.html"
           |        ^^^^^^^^^^^ it was filled in with made-up alerts of every kind
           |
           = help: names that can be used: event, level, title, count, usual, watch, headline, lead, quotes, chart; see the README

        error[E0033]: `outro` asks for `thema`, which no notice has
          --> uproar.toml:15:9
           |
        15 | outro = "{{ thema }}"
           |         ^^^^^^^^^^^^^ it was filled in with made-up alerts of every kind
           |
           = help: names that can be used: event, level, title, count, usual, watch, headline, lead, quotes, chart; see the README
        "#);
    }

    #[test]
    fn a_file_that_is_not_there_is_told() {
        let (loaded, shown) = loaded("text = \"mail.txt\"", Err("mail.txt: no such file"));
        assert!(loaded.config.is_none() && shown.contains("`text` cannot be used: mail.txt: no such file"), "{shown}");
    }
}
