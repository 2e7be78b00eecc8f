//! `[templates]`

use std::path::PathBuf;

use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::settings::Templates;
use crate::config::shape::top::Top;
use crate::config::tree::Place;
use crate::render::template::BadTemplate;
use crate::render::template::Look;
use crate::render::template::Texts;

/// What mails look like, but for the files, which somebody else reads.
pub fn templates(top: &Top, reader: &mut Reader<'_>) -> Templates {
    let templates = &top.templates;
    let texts = Texts {
        subject_prefix: templates.subject_prefix.value.0.clone(),
        intro: templates.intro.as_ref().map(|text| text.value.0.clone()),
        outro: templates.outro.as_ref().map(|text| text.value.0.clone()),
        text: None,
        html: None,
    };
    // One at a time, so that every mistake is told, each at its own place.
    let alone = [
        (&templates.subject_prefix.at, Texts { intro: None, outro: None, ..texts.clone() }),
        (templates.intro.as_ref().map_or(&None, |intro| &intro.at), Texts { intro: texts.intro.clone(), ..Texts::default() }),
        (templates.outro.as_ref().map_or(&None, |outro| &outro.at), Texts { outro: texts.outro.clone(), ..Texts::default() }),
    ];
    for (at, texts) in alone {
        if let Err(bad) = Look::compile(&texts) {
            reader.report(problem(at.clone().unwrap_or_default(), &bad));
        }
    }
    Templates {
        texts,
        text_file: templates.text.as_ref().map(|path| path.value.0.clone()),
        html_file: templates.html.as_ref().map(|path| path.value.0.clone()),
    }
}

/// Files with templates: their keys, where they are named, and their paths.
#[must_use]
pub fn files(top: &Top) -> Vec<(&'static str, Place, PathBuf)> {
    let named = [("text", &top.templates.text), ("html", &top.templates.html)];
    named
        .into_iter()
        .filter_map(|(key, path)| path.as_ref().map(|path| (key, path.at.clone().unwrap_or_default(), path.value.0.clone())))
        .collect()
}

/// A template that cannot be filled in.
#[must_use]
pub fn problem(at: Place, bad: &BadTemplate) -> Problem {
    Problem::error(Code::BadTemplate, at, bad.to_string())
        .label("it was filled in with made-up alerts of every kind")
        .help("names that can be used: event, level, title, count, usual, watch, headline, lead, quotes, chart; see the README")
}
