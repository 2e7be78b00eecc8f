//! A chart as a picture for mails, which show neither scripts nor SVG: bars, the usual range behind
//! them, marks and incidents, on opaque white, with a font of our own.
//!
//! It is drawn at twice the size at which a desktop shows it, so that it stays sharp there and its
//! words stay readable at a phone's width.

use std::sync::OnceLock;

use plotters::backend::BitMapBackend;
use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::drawing::IntoDrawingArea as _;
use plotters::element::PathElement;
use plotters::element::Rectangle;
use plotters::style::Color as _;
use plotters::style::FontStyle;
use plotters::style::IntoFont as _;
use plotters::style::RGBColor;
use plotters::style::ShapeStyle;
use plotters::style::TextStyle;
use plotters::style::register_font;
use plotters::style::text_anchor::HPos;
use plotters::style::text_anchor::Pos;
use plotters::style::text_anchor::VPos;

use crate::render::chart::Chart;
use crate::render::chart::Point;
use crate::render::chart::ground::Columns;
use crate::render::chart::ground::Labels;
use crate::render::chart::ground::round_up;
use crate::render::chart::ground::short;
use crate::render::chart::pixels;

/// Size in pixels, and where the plot is in it.
const WIDTH: i32 = 1120;
const HEIGHT: i32 = 400;
const LEFT: i32 = 76;
const RIGHT: i32 = 1108;
const TOP: i32 = 46;
const BOTTOM: i32 = 306;
/// Where the times and the legend stand, as middles.
const TIMES: i32 = BOTTOM + 26;
const LEGEND: i32 = HEIGHT - 26;
/// Height of the letters.
const LETTERS: i32 = 31;
/// The crate puts the middle of letters that much too high.
const SINK: i32 = 5;
/// More columns than this cannot be told apart.
const MOST_COLUMNS: usize = 340;
/// Labels of the axis, marks and stretches at most.
const TICKS: usize = 5;
const MARKS: usize = 26;
const SPANS: usize = 50;
/// Longest name of a zone that has room beside the legend.
const ZONE: usize = 20;

const WHITE: RGBColor = RGBColor(255, 255, 255);
const INK: RGBColor = RGBColor(36, 41, 47);
const FAINT: RGBColor = RGBColor(208, 215, 222);
const BAND: RGBColor = RGBColor(207, 227, 247);
const MEAN: RGBColor = RGBColor(75, 118, 168);
const BAR: RGBColor = RGBColor(138, 148, 160);
const LOUD: RGBColor = RGBColor(200, 50, 31);
const SPAN: RGBColor = RGBColor(251, 232, 229);
const FLAG: RGBColor = RGBColor(111, 66, 193);

type Area<'a> = DrawingArea<BitMapBackend<'a>, Shift>;

/// Draws a chart as a PNG file. Marks are named `a`, `b` and so on, in their order.
#[must_use]
pub fn png(chart: &Chart) -> Vec<u8> {
    let mut rgb = vec![255; (3 * WIDTH * HEIGHT) as usize];
    let columns = Columns::of(chart, MOST_COLUMNS);
    {
        let area = BitMapBackend::with_buffer(&mut rgb, (WIDTH as u32, HEIGHT as u32)).into_drawing_area();
        let labels = Labels::of(chart, &columns);
        let picture = Picture { top: round_up(columns.highest()), lettered: has_font(), labels, columns, area };
        picture.draw(chart);
    }
    pixels::png(&rgb, (WIDTH as u32, HEIGHT as u32))
}

/// Whether there is a font to write with. Without one a chart has no words, and is still a chart.
fn has_font() -> bool {
    static REGISTERED: OnceLock<bool> = OnceLock::new();
    *REGISTERED.get_or_init(|| register_font("sans-serif", FontStyle::Normal, notosans::REGULAR_TTF).is_ok())
}

struct Picture<'a> {
    area: Area<'a>,
    columns: Columns,
    top: f64,
    labels: Labels,
    lettered: bool,
}

impl Picture<'_> {
    fn draw(&self, chart: &Chart) {
        self.block((0, 0), (WIDTH, HEIGHT), WHITE);
        for (from, until) in chart.spans.iter().filter_map(|span| self.columns.between(span.from, span.until)).take(SPANS) {
            self.block((self.x(from), TOP), (self.x(until + 1).max(self.x(from) + 2), BOTTOM), SPAN);
        }
        for (at, point) in self.columns.points.iter().enumerate() {
            self.block((self.x(at), self.y(point.usual.1)), (self.x(at + 1), self.y(point.usual.0)), BAND);
        }
        self.scale();
        self.columns.points.iter().enumerate().for_each(|(at, point)| self.bar(at, point));
        let middle = |at: usize| i32::midpoint(self.x(at), self.x(at + 1));
        let mean: Vec<(i32, i32)> =
            self.columns.points.iter().enumerate().map(|(at, point)| (middle(at), self.y(point.expected))).collect();
        self.line(mean, MEAN, 3);
        self.marks(chart);
        self.times();
        self.legend(chart);
    }

    /// Left edge of a column.
    fn x(&self, at: usize) -> i32 {
        let columns = self.columns.points.len().max(1);
        LEFT + (f64::from(RIGHT - LEFT) * at.min(columns) as f64 / columns as f64).round() as i32
    }

    fn y(&self, value: f64) -> i32 {
        BOTTOM - ((value / self.top).clamp(0.0, 1.0) * f64::from(BOTTOM - TOP)).round() as i32
    }

    fn bar(&self, at: usize, point: &Point) {
        if point.count > 0.0 {
            let (from, until) = (self.x(at), self.x(at + 1));
            let gap = ((until - from) / 8).clamp(0, 8);
            // A count that is there is seen, however small it is beside the others.
            let top = self.y(point.count).min(BOTTOM - 2);
            self.block((from + gap, top), ((until - gap).max(from + gap + 1), BOTTOM), if point.firing { LOUD } else { BAR });
        }
    }

    fn scale(&self) {
        for part in [0.0, 0.5, 1.0] {
            let y = self.y(part * self.top);
            self.line(vec![(LEFT, y), (RIGHT, y)], FAINT, 2);
            self.words(&short(part * self.top), (LEFT - 10, y), HPos::Right, INK);
        }
    }

    fn marks(&self, chart: &Chart) {
        let shown = chart.marks.iter().filter_map(|mark| self.columns.at(mark.at)).take(MARKS);
        for (name, at) in ('a'..='z').zip(shown) {
            let x = i32::midpoint(self.x(at), self.x(at + 1));
            for y in (TOP..BOTTOM).step_by(12) {
                self.line(vec![(x, y), (x, (y + 7).min(BOTTOM))], FLAG, 2);
            }
            self.words(&name.to_string(), (x, TOP - 22), HPos::Center, FLAG);
        }
    }

    fn times(&self) {
        let points = &self.columns.points;
        let step = points.len().div_ceil(TICKS).max(1);
        for at in (0..points.len()).step_by(step).filter(|at| self.x(*at) < RIGHT - 150) {
            let x = self.x(at);
            self.line(vec![(x, BOTTOM), (x, BOTTOM + 8)], INK, 2);
            self.words(&self.labels.of_time(points[at].start), (x, TIMES), HPos::Left, INK);
        }
    }

    fn legend(&self, chart: &Chart) {
        let mut x = LEFT;
        for (colour, name) in [(BAR, "counted"), (LOUD, "loud"), (BAND, "usual"), (SPAN, "incident")] {
            self.block((x, LEGEND - 11), (x + 22, LEGEND + 11), colour);
            self.words(name, (x + 32, LEGEND), HPos::Left, INK);
            // About half a letter's height is its width.
            x += 32 + LETTERS * name.len() as i32 / 2 + 26;
        }
        let zone = chart.zone.name();
        let zone = if zone.len() > ZONE { zone.rsplit('/').next().unwrap_or(zone) } else { zone };
        self.words(zone, (RIGHT, LEGEND), HPos::Right, INK);
    }

    // What does not fit into the picture is cut by the crate, and memory takes every pixel: none of
    // the three can fail in a way that anybody could do something about.

    fn block(&self, from: (i32, i32), until: (i32, i32), colour: RGBColor) {
        let _ = self.area.draw(&Rectangle::new([from, until], ShapeStyle::from(&colour).filled()));
    }

    fn line(&self, points: Vec<(i32, i32)>, colour: RGBColor, width: u32) {
        let _ = self.area.draw(&PathElement::new(points, colour.stroke_width(width)));
    }

    fn words(&self, words: &str, at: (i32, i32), side: HPos, colour: RGBColor) {
        if self.lettered {
            let style = TextStyle::from(("sans-serif", LETTERS).into_font()).color(&colour).pos(Pos::new(side, VPos::Center));
            let _ = self.area.draw_text(words, &style, (at.0, at.1 + SINK));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::render::chart::pixels::tests::read;
    use crate::render::chart::sample;

    fn count(pixels: &[u8], colour: RGBColor) -> usize {
        pixels.chunks(3).filter(|pixel| *pixel == [colour.0, colour.1, colour.2]).count()
    }

    #[test]
    fn a_picture_shows_bars_loud_ones_the_usual_and_the_incident() {
        let (size, pixels) = read(&png(&sample::week()));
        assert_eq!(size, (1120, 400));
        let near = |colour: RGBColor| {
            pixels.chunks(3).filter(|pixel| pixel.iter().zip([colour.0, colour.1, colour.2]).all(|(a, b)| a.abs_diff(b) <= 9)).count()
        };
        for (what, colour, most) in [("bars", BAR, 60_000), ("loud bars", LOUD, 9_000), ("usual", BAND, 90_000), ("incident", SPAN, 30_000)]
        {
            assert!((500..most).contains(&near(colour)), "{what}: {}", near(colour));
        }
        assert!(count(&pixels, WHITE) > 150_000, "it stands on white");
    }

    #[test]
    fn a_picture_is_small_and_always_the_same() {
        let chart = sample::week();
        let drawn = png(&chart);
        assert!(drawn.len() < 20_000, "{} bytes", drawn.len());
        assert_eq!(drawn, png(&chart));
    }

    #[test]
    fn words_are_written() {
        assert!(has_font());
        let mut chart = sample::week();
        let with = read(&png(&chart)).1;
        chart.zone = chrono_tz::Tz::UTC;
        assert_ne!(with, read(&png(&chart)).1, "the name of the zone is in it");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn any_numbers_give_a_picture(chart in sample::wild()) {
            let drawn = png(&chart);
            prop_assert!(drawn.len() < 60_000, "{} bytes", drawn.len());
            prop_assert_eq!(read(&drawn).0, (1120, 400));
        }
    }
}
