//! `[templates]`

use crate::config::reader::Reader;
use crate::config::settings::Templates;
use crate::config::shape::top::Top;
use crate::render::template::Texts;

/// What mails look like, but for the files, which are not read yet.
pub fn templates(top: &Top, _reader: &mut Reader<'_>) -> Templates {
    let templates = &top.templates;
    Templates {
        texts: Texts {
            subject_prefix: templates.subject_prefix.value.0.clone(),
            intro: templates.intro.as_ref().map(|text| text.value.0.clone()),
            outro: templates.outro.as_ref().map(|text| text.value.0.clone()),
            text: None,
            html: None,
        },
        text_file: templates.text.as_ref().map(|path| path.value.0.clone()),
        html_file: templates.html.as_ref().map(|path| path.value.0.clone()),
    }
}
