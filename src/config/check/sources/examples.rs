//! Lines of presets that nobody has filled in.

use crate::config::presets;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::tree::Place;

/// Warns of each.
pub fn check(reader: &mut Reader<'_>) {
    let examples = presets::examples();
    for (file, document) in reader.documents.iter().enumerate() {
        let mut from = 0;
        for line in document.text.split_inclusive('\n') {
            let (start, code) = (from, line.split(" #").next().unwrap_or_default());
            from += line.len();
            let Some((presets, (key, value))) = examples.get(code.trim()).zip(code.split_once(" = ")) else { continue };
            let value_at = start + key.len() + " = ".len();
            let at = Place::new(file, value_at..value_at + value.trim_end().len());
            // Several presets have the same line: the name of the source says which one it is from.
            let preset = presets.iter().find(|preset| document.text.contains(&format!("name = \"{}\"", preset.name)));
            let give = preset.map(|preset| format!("; what you have to give: {}", preset.given().trim_end_matches('.')));
            reader.report(
                Problem::warning(Code::NotFilledIn, at, format!("`{}` is an example that nobody has filled in", key.trim()))
                    .label("not yours, most likely")
                    .help(format!("write your own{}", give.unwrap_or_default())),
            );
        }
    }
}
