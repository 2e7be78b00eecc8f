//! Lines over a few points, such as a budget against what it finds: for a page.

use std::fmt::Write as _;

use crate::render::chart::frame;
use crate::render::chart::frame::LABELS;
use crate::render::chart::frame::LEFT;
use crate::render::chart::frame::LEGEND;
use crate::render::chart::frame::RIGHT;
use crate::render::chart::ground::round_up;
use crate::render::chart::ground::short;
use crate::render::chart::markup::coordinate;
use crate::render::chart::markup::line;

/// Points beyond these are not drawn.
const MOST: usize = 100;

/// One or two lines over the same places, each with a scale of its own from nothing to its highest.
#[derive(Debug, Clone, PartialEq)]
pub struct Plot {
    /// Stands above it.
    pub title: String,
    /// What the places are.
    pub places: String,
    /// The places, in order; they are drawn at equal distances.
    pub at: Vec<String>,
    /// The lines: name and a value for each place.
    pub lines: Vec<(String, Vec<f64>)>,
}

/// Draws it as one `<svg>` element. The first line is blue and has the scale on the left; the second
/// is red.
#[must_use]
pub fn svg(plot: &Plot) -> String {
    let mut out = String::new();
    let values = |line: &[f64]| line.iter().take(MOST).map(|value| short(sane(*value))).collect::<Vec<_>>().join(", ");
    let told: Vec<String> = plot.lines.iter().take(2).map(|(name, line)| format!("{name}: {}", values(line))).collect();
    let at = &plot.at[..plot.at.len().min(MOST)];
    let description = format!("{} {}. {}.", plot.places, at.join(", "), told.join(". "));
    frame::head(&mut out, &plot.title, &description, "plot");
    let step = (RIGHT - LEFT - 40.0) / (at.len().max(2) - 1) as f64;
    let x = |place: usize| LEFT + 20.0 + step * place as f64;
    for (place, label) in at.iter().enumerate() {
        frame::text(&mut out, x(place), LABELS, "text-anchor=\"middle\"", label);
    }
    let mut legend = LEFT;
    for ((class, word), (name, line)) in [("mean", "first-word"), ("second", "second-word")].iter().zip(&plot.lines) {
        draw(&mut out, class, line, &x, legend <= LEFT);
        let words = format!("{name} (up to {})", short(round_up(highest(line))));
        frame::text(&mut out, legend, LEGEND, &format!("class=\"{word}\""), &words);
        legend += 8.0 * words.chars().count() as f64;
    }
    frame::text(&mut out, RIGHT, LEGEND, "text-anchor=\"end\"", &plot.places);
    out.push_str("</svg>");
    out
}

fn draw(out: &mut String, class: &str, values: &[f64], x: &impl Fn(usize) -> f64, with_scale: bool) {
    let top = round_up(highest(values));
    if with_scale {
        frame::scale(out, top);
    }
    let points: Vec<(f64, f64)> =
        values.iter().take(MOST).enumerate().map(|(place, value)| (x(place), frame::height(sane(*value), top))).collect();
    let mut path = String::new();
    line(&mut path, points.iter().copied());
    let _ = write!(out, "<path class=\"{class}\" d=\"{path}\"/>");
    for (x, y) in points {
        let _ = write!(out, "<circle class=\"{class}\" cx=\"{}\" cy=\"{}\" r=\"3\"/>", coordinate(x), coordinate(y));
    }
}

fn highest(values: &[f64]) -> f64 {
    values.iter().map(|value| sane(*value)).fold(0.0, f64::max)
}

fn sane(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value.clamp(0.0, 1e15) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::render::chart::markup::tests::well_formed;

    #[test]
    fn a_curve_names_its_places_and_values() {
        let plot = Plot {
            title: "payments".to_owned(),
            places: "false alarms a year".to_owned(),
            at: ["1", "4", "12"].map(str::to_owned).to_vec(),
            lines: vec![("recall in %".to_owned(), vec![40.0, 75.0, 90.0]), ("incidents".to_owned(), vec![3.0, 9.0, 30.0])],
        };
        let drawn = svg(&plot);
        assert_eq!(well_formed(&drawn), Ok(()));
        assert!(drawn.contains("false alarms a year 1, 4, 12. recall in %: 40, 75, 90. incidents: 3, 9, 30."), "{drawn}");
        insta::assert_snapshot!(drawn.split("</style>").nth(1).unwrap().replace("><", ">\n<"), @r#"
        <text x="4" y="14" font-weight="bold">payments</text>
        <text x="64" y="220" text-anchor="middle">1</text>
        <text x="378" y="220" text-anchor="middle">4</text>
        <text x="692" y="220" text-anchor="middle">12</text>
        <text x="40" y="210" text-anchor="end">0</text>
        <text x="40" y="129" text-anchor="end">50</text>
        <text x="40" y="48" text-anchor="end">100</text>
        <path class="grid" d="M44 206H712M44 125H712M44 44H712"/>
        <path class="mean" d="M64 141.2L378 84.5L692 60.2"/>
        <circle class="mean" cx="64" cy="141.2" r="3"/>
        <circle class="mean" cx="378" cy="84.5" r="3"/>
        <circle class="mean" cx="692" cy="60.2" r="3"/>
        <text x="44" y="236" class="first-word">recall in % (up to 100)</text>
        <path class="second" d="M64 196.3L378 176.8L692 108.8"/>
        <circle class="second" cx="64" cy="196.3" r="3"/>
        <circle class="second" cx="378" cy="176.8" r="3"/>
        <circle class="second" cx="692" cy="108.8" r="3"/>
        <text x="228" y="236" class="second-word">incidents (up to 50)</text>
        <text x="712" y="236" text-anchor="end">false alarms a year</text>
        </svg>
        "#);
    }

    proptest! {
        #[test]
        fn any_values_give_a_drawing_that_browsers_read(values: Vec<f64>, names: Vec<String>, title: String) {
            let drawn = svg(&Plot { title: title.clone(), places: title, at: names, lines: vec![(String::new(), values.clone()), ("<".to_owned(), values)] });
            prop_assert_eq!(well_formed(&drawn), Ok(()));
            prop_assert!(!drawn.contains("NaN"));
        }
    }
}
