//! Labels that a watch is split by and that no message of its sources can have.

use std::collections::BTreeSet;
use std::collections::HashSet;

use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::settings::Config;
use crate::config::settings::Source;
use crate::config::shape::top::Top;
use crate::config::suggest;
use crate::sources::Settings;

/// Warns where it is certain: columns of a file and fields of a recording are not known beforehand.
pub fn unknown(top: &Top, config: &Config, reader: &mut Reader<'_>) {
    for (watch, shape) in config.watches.iter().zip(&top.watch) {
        if shape.by.value.0.is_empty() {
            continue;
        }
        let named: HashSet<&str> = watch.sources.iter().map(String::as_str).collect();
        let sources: Vec<&Source> =
            config.sources.iter().map(|source| &**source).filter(|source| named.contains(source.name.as_str())).collect();
        let Some(known) = sources.iter().map(|source| given(source)).collect::<Option<Vec<_>>>() else { continue };
        let known: BTreeSet<&str> = known.into_iter().flatten().collect();
        for label in shape.by.value.iter().filter(|label| !known.contains(label.value.0.as_str())) {
            let name = &label.value.0;
            let help = match suggest::nearest(name, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("give it to a source: `labels = {{ {name} = \"...\" }}`"),
            };
            reader.report(
                Problem::warning(Code::LabelUnknown, label.at.clone().unwrap_or_default(), format!("no message has the label `{name}`"))
                    .label("none of the watch's sources gives it")
                    .help(help),
            );
        }
    }
}

/// Every label that a source's messages may have; `None` where that is not known beforehand.
fn given(source: &Source) -> Option<Vec<&str>> {
    let own: &[&str] = match &source.kind {
        Settings::Feed(_) => &["language", "version"],
        Settings::File(_) | Settings::Replay(_) => return None,
        service => service.service()?.fields()?,
    };
    Some(own.iter().copied().chain(source.labels.keys().map(String::as_str)).collect())
}
