//! What the drawings share: size, colours in light and dark, the title that is read aloud, the scale.

use std::fmt::Write as _;

use crate::render::chart::ground::short;
use crate::render::chart::markup::coordinate;
use crate::render::chart::markup::escaped;
use crate::text::excerpt::shorten;
use crate::text::hash;

/// Longest title in characters, and as much of it as has room above the plot.
const TITLE: usize = 200;
const SHOWN: usize = 100;
/// Size, and where the plot is in it.
pub(super) const WIDTH: f64 = 720.0;
pub(super) const HEIGHT: f64 = 240.0;
pub(super) const LEFT: f64 = 44.0;
pub(super) const RIGHT: f64 = 712.0;
pub(super) const TOP: f64 = 44.0;
pub(super) const BOTTOM: f64 = 206.0;
/// Where the labels of the axis and the legend stand.
pub(super) const LABELS: f64 = BOTTOM + 14.0;
pub(super) const LEGEND: f64 = BOTTOM + 30.0;

/// Colours of all drawings. A page with several of them has the same style several times, for each
/// can also stand alone.
const STYLE: &str = "<style>\
.chart{--ink:#24292f;--faint:#d0d7de;--band:#cfe3f7;--mean:#4b76a8;--bar:#8a94a0;--loud:#c8321f;--span:#f7d3cd;--flag:#6f42c1;\
font:12px sans-serif;width:100%;height:auto}\
@media (prefers-color-scheme:dark){.chart{--ink:#e6e6e6;--faint:#444c56;--band:#1d3a57;--mean:#7fa8d6;--bar:#8b949e;--loud:#ff7b6b;\
--span:#4d2622;--flag:#b392f0}}\
.chart text{fill:var(--ink)}.chart .grid{stroke:var(--faint);fill:none}.chart .band{fill:var(--band)}\
.chart .mean{stroke:var(--mean);fill:none;stroke-width:1.5}.chart .count{fill:var(--bar)}.chart .loud{fill:var(--loud)}\
.chart .span{fill:var(--span)}.chart .flag{stroke:var(--flag);stroke-dasharray:3 2}.chart .word{fill:var(--flag)}\
.chart .second{stroke:var(--loud);fill:none;stroke-width:1.5}.chart .first-word{fill:var(--mean)}.chart .second-word{fill:var(--loud)}\
</style>";

/// Opens the element, with what a reader who does not see it is told. `seed` makes the ids of two
/// drawings on one page differ.
pub(super) fn head(out: &mut String, title: &str, description: &str, seed: &str) {
    let id = hash::of_parts([title, seed]);
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" \
         aria-labelledby=\"t{id:x} d{id:x}\"><title id=\"t{id:x}\">{}</title><desc id=\"d{id:x}\">{}</desc>{STYLE}",
        escaped(&shorten(title, TITLE)),
        escaped(description),
    );
    text(out, 4.0, 14.0, "font-weight=\"bold\"", &shorten(title, SHOWN));
}

/// Some words. `attributes` are written as they are.
pub(super) fn text(out: &mut String, x: f64, y: f64, attributes: &str, words: &str) {
    let gap = if attributes.is_empty() { "" } else { " " };
    let _ = write!(out, "<text x=\"{}\" y=\"{}\"{gap}{attributes}>{}</text>", coordinate(x), coordinate(y), escaped(words));
}

/// Lines at nothing, half and all of `top`, with their numbers.
pub(super) fn scale(out: &mut String, top: f64) {
    let mut path = String::new();
    for part in [0.0, 0.5, 1.0] {
        let y = BOTTOM - part * (BOTTOM - TOP);
        let _ = write!(path, "M{LEFT} {}H{RIGHT}", coordinate(y));
        text(out, LEFT - 4.0, y + 4.0, "text-anchor=\"end\"", &short(part * top));
    }
    let _ = write!(out, "<path class=\"grid\" d=\"{path}\"/>");
}

/// How far up a number is drawn.
pub(super) fn height(value: f64, top: f64) -> f64 {
    BOTTOM - (value / top).clamp(0.0, 1.0) * (BOTTOM - TOP)
}
