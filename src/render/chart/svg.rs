//! A chart as a drawing for a page: no script, nothing from outside, light and dark.

use std::fmt::Write as _;

use crate::render::chart::Chart;
use crate::render::chart::Point;
use crate::render::chart::frame;
use crate::render::chart::frame::BOTTOM;
use crate::render::chart::frame::LABELS;
use crate::render::chart::frame::LEFT;
use crate::render::chart::frame::LEGEND;
use crate::render::chart::frame::RIGHT;
use crate::render::chart::frame::TOP;
use crate::render::chart::ground::Columns;
use crate::render::chart::ground::Labels;
use crate::render::chart::ground::round_up;
use crate::render::chart::markup::bar;
use crate::render::chart::markup::coordinate;
use crate::render::chart::markup::escaped;
use crate::render::chart::markup::line;
use crate::render::chart::words::told_in_words;
use crate::text::excerpt::shorten;

/// More points than this nobody sees; each has about 80 bytes in the drawing.
pub(super) const MOST_POINTS: usize = 600;
/// Flags and stretches beyond these are left out, or a drawing would have no end.
const MOST_MARKS: usize = 40;
const MOST_SPANS: usize = 200;
/// Longest text of a flag that is drawn, in characters; the whole is there for whoever points at it.
const FLAG: usize = 24;
/// Longest text that is there for whoever points at it.
const HINT: usize = 200;
/// Rows that flags are spread over, so that neighbours stay readable.
const FLAG_ROWS: usize = 2;
/// Labels of the axis.
const TICKS: usize = 6;

/// Draws a chart as one `<svg>` element.
#[must_use]
pub fn svg(chart: &Chart) -> String {
    let columns = Columns::of(chart, MOST_POINTS);
    let mut drawing = Drawing { top: round_up(columns.highest()), labels: Labels::of(chart, &columns), columns, out: String::new() };
    let from = drawing.columns.points.first().map_or(0, |point| point.start.timestamp());
    let description = told_in_words(chart);
    frame::head(&mut drawing.out, &chart.title, &description, &from.to_string());
    drawing.spans(chart);
    drawing.counts();
    frame::scale(&mut drawing.out, drawing.top);
    drawing.flags(chart);
    drawing.axis(chart);
    drawing.out.push_str("</svg>");
    drawing.out
}

struct Drawing {
    columns: Columns,
    top: f64,
    labels: Labels,
    out: String,
}

impl Drawing {
    /// Left edge of a column.
    fn x(&self, at: usize) -> f64 {
        LEFT + self.width() * at as f64
    }

    fn width(&self) -> f64 {
        (RIGHT - LEFT) / self.columns.points.len().max(1) as f64
    }

    fn y(&self, value: f64) -> f64 {
        frame::height(value, self.top)
    }

    fn spans(&mut self, chart: &Chart) {
        let shown: Vec<_> = chart.spans.iter().filter_map(|span| Some((span, self.columns.between(span.from, span.until)?))).collect();
        for (span, (from, until)) in shown.into_iter().take(MOST_SPANS) {
            let (x, width) = (self.x(from), (self.x(until + 1) - self.x(from)).max(2.0));
            let _ = write!(
                self.out,
                "<rect class=\"span\" x=\"{}\" y=\"{TOP}\" width=\"{}\" height=\"{}\"><title>{}</title></rect>",
                coordinate(x),
                coordinate(width),
                coordinate(BOTTOM - TOP),
                escaped(&shorten(&span.text, HINT))
            );
        }
    }

    /// The usual range, the bars before it, and the expectation as a line over both.
    fn counts(&mut self) {
        let mut band = String::new();
        line(&mut band, self.edge(|point| point.usual.1).into_iter().chain(self.edge(|point| point.usual.0).into_iter().rev()));
        let (mut calm, mut loud) = (String::new(), String::new());
        for (at, point) in self.columns.points.iter().enumerate().filter(|(_, point)| point.count > 0.0) {
            let path = if point.firing { &mut loud } else { &mut calm };
            bar(path, self.x(at), (0.8 * self.width()).max(0.8), self.y(point.count).min(BOTTOM - 0.8), BOTTOM);
        }
        let mut mean = String::new();
        line(&mut mean, self.edge(|point| point.expected).into_iter());
        for (class, path) in [("band", band + "z"), ("count", calm), ("loud", loud), ("mean", mean)] {
            if path.len() > 1 {
                let _ = write!(self.out, "<path class=\"{class}\" d=\"{path}\"/>");
            }
        }
    }

    /// Places of one number of every column, in the columns' middles.
    fn edge(&self, side: impl Fn(&Point) -> f64) -> Vec<(f64, f64)> {
        let place = |(at, point)| (self.x(at) + self.width() / 2.0, self.y(side(point)));
        self.columns.points.iter().enumerate().map(place).collect()
    }

    fn flags(&mut self, chart: &Chart) {
        let shown: Vec<_> = chart.marks.iter().filter_map(|mark| Some((mark, self.columns.at(mark.at)?))).collect();
        for (number, (mark, at)) in shown.into_iter().take(MOST_MARKS).enumerate() {
            let x = self.x(at);
            let y = TOP - 3.0 - 12.0 * (number % FLAG_ROWS) as f64;
            let hint = format!("{}: {}", self.labels.in_full(mark.at), shorten(&mark.text, HINT));
            let _ = write!(
                self.out,
                "<g><title>{}</title><path class=\"flag\" d=\"M{} {}V{BOTTOM}\"/>",
                escaped(&hint),
                coordinate(x),
                coordinate(y)
            );
            let anchor = if x > f64::midpoint(LEFT, RIGHT) { "class=\"word\" text-anchor=\"end\"" } else { "class=\"word\"" };
            frame::text(&mut self.out, x, y, anchor, &shorten(&mark.text, FLAG));
            self.out.push_str("</g>");
        }
    }

    fn axis(&mut self, chart: &Chart) {
        let points = &self.columns.points;
        let step = points.len().div_ceil(TICKS).max(1);
        let ticks: Vec<(f64, String)> =
            (0..points.len()).step_by(step).map(|at| (self.x(at), self.labels.of_time(points[at].start))).collect();
        for (x, label) in ticks.into_iter().filter(|(x, _)| *x < RIGHT - 60.0) {
            frame::text(&mut self.out, x, LABELS, "", &label);
        }
        let legend = format!(
            "bars: {}, red where loud; blue: expected and usual range; shaded: incidents; times in {}",
            self.columns.legend(),
            chart.zone
        );
        frame::text(&mut self.out, LEFT, LEGEND, "", &legend);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::render::chart::Mark;
    use crate::render::chart::markup::tests::well_formed;
    use crate::render::chart::sample;

    #[test]
    fn a_drawing_tells_its_story_to_those_who_do_not_see_it() {
        let drawn = svg(&sample::week());
        let told = drawn.split("<style>").next().unwrap().split_once('>').unwrap().1;
        insta::assert_snapshot!(told, @r#"<title id="te4014ab158d98bee">payments / login_fails / all</title><desc id="de4014ab158d98bee">Bars from 16 Nov 2026 00:00 to 23 Nov 2026 00:00, complaints an hour. The highest is 28 at 20 Nov 2026 14:00, where 5.3 were expected. 3 of 168 columns were loud; 1 incident.</desc>"#);
    }

    #[test]
    fn a_short_series_is_drawn_whole() {
        let mut chart = sample::week();
        chart.points = chart.points[108..113].to_vec();
        let drawn = svg(&chart);
        insta::assert_snapshot!(drawn.split("</style>").nth(1).unwrap().replace("><", ">\n<"), @r#"
        <text x="4" y="14" font-weight="bold">payments / login_fails / all</text>
        <rect class="span" x="311.2" y="44" width="400.8" height="162">
        <title>i-7f3k2</title>
        </rect>
        <path class="band" d="M110.8 173.6L244.4 174.7L378 175.8L511.6 176.8L645.2 177.9L645.2 200.6L511.6 199.5L378 198.4L244.4 197.4L110.8 196.3z"/>
        <path class="count" d="M44 206V189.8h106.9V206zM177.6 206V193h106.9V206z"/>
        <path class="loud" d="M311.2 206V115.3h106.9V206zM444.8 206V115.3h106.9V206zM578.4 206V115.3h106.9V206z"/>
        <path class="mean" d="M110.8 186.6L244.4 187.6L378 188.7L511.6 189.8L645.2 190.9"/>
        <text x="40" y="210" text-anchor="end">0</text>
        <text x="40" y="129" text-anchor="end">25</text>
        <text x="40" y="48" text-anchor="end">50</text>
        <path class="grid" d="M44 206H712M44 125H712M44 44H712"/>
        <text x="44" y="220">20 Nov 12:00</text>
        <text x="177.6" y="220">20 Nov 13:00</text>
        <text x="311.2" y="220">20 Nov 14:00</text>
        <text x="444.8" y="220">20 Nov 15:00</text>
        <text x="578.4" y="220">20 Nov 16:00</text>
        <text x="44" y="236">bars: complaints an hour, red where loud; blue: expected and usual range; shaded: incidents; times in Europe/Stockholm</text>
        </svg>
        "#);
    }

    #[test]
    fn years_of_hours_stay_small() {
        let mut chart = sample::week();
        chart.points = std::iter::repeat_n(chart.points, 104).flatten().collect();
        chart.marks = vec![Mark { at: chart.points[0].start, text: "<&>".repeat(1000) }; 500];
        let drawn = svg(&chart);
        assert!(drawn.len() < 100_000, "{} bytes", drawn.len());
        assert_eq!(well_formed(&drawn), Ok(()));
    }

    #[test]
    fn nothing_comes_from_outside_and_nothing_runs() {
        let mut chart = sample::week();
        chart.title = "<script>alert(1)</script>\"'&".to_owned();
        chart.marks[0].text = "</text><image href=\"https://evil.example/x\"/>".to_owned();
        chart.spans[0].text = "]]><a onclick='x'>".to_owned();
        let drawn = svg(&chart);
        assert_eq!(well_formed(&drawn), Ok(()));
        for word in ["<script", "<image", "<a ", "href=\"", "url("] {
            assert!(!drawn.contains(word), "{word} in {drawn}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_numbers_give_a_drawing_that_browsers_read(chart in sample::wild()) {
            let drawn = svg(&chart);
            prop_assert_eq!(well_formed(&drawn), Ok(()));
            prop_assert!(!drawn.contains("NaN") && !drawn.contains("inf"), "{}", drawn);
        }
    }
}
