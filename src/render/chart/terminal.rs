//! A chart as plain text: bars of Unicode blocks, the usual range as a light shade behind them.

use unicode_width::UnicodeWidthStr as _;

use crate::render::chart::Chart;
use crate::render::chart::Point;
use crate::render::chart::ground::Columns;
use crate::render::chart::ground::Labels;
use crate::render::chart::ground::round_up;
use crate::render::chart::ground::short;
use crate::text::excerpt::one_line;

/// Rows of the bars.
const ROWS: usize = 8;
/// Narrower than this there is no chart.
const NARROWEST: usize = 40;
/// Wider than this nobody's terminal is.
const WIDEST: usize = 500;
/// Characters that a column takes at most.
const MOST_WIDE: usize = 4;
/// Eighths of a character's height.
const BLOCKS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Marks that are named below the chart.
const MOST_MARKS: usize = 26;

/// Draws a chart as plain text, at most `columns` (at least 40) characters wide, without colours.
#[must_use]
pub fn terminal(chart: &Chart, columns: usize) -> String {
    let width = columns.clamp(NARROWEST, WIDEST);
    let mut lines = vec![fitted(&chart.title, width)];
    if chart.points.is_empty() {
        lines.push("nothing was counted".to_owned());
        return ended(&lines);
    }
    let top = |most: usize| round_up(Columns::of(chart, most).highest());
    let gutter = short(top(width)).len().max(2) + 1;
    let drawn = Columns::of(chart, width - gutter - 1);
    // Few buckets are drawn wide, so that they are seen.
    let wide = ((width - gutter - 1) / drawn.points.len().max(1)).clamp(1, MOST_WIDE);
    bars(&mut lines, &drawn, gutter, wide);
    lines.extend(notes(chart, &drawn, gutter, wide));
    lines.extend(axis(chart, &drawn, gutter, width - gutter - 1, wide));
    lines.extend(legend(chart, &drawn, width));
    ended(&lines)
}

fn ended(lines: &[String]) -> String {
    let mut text = String::new();
    for line in lines {
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn bars(lines: &mut Vec<String>, drawn: &Columns, gutter: usize, wide: usize) {
    let top = round_up(drawn.highest());
    for row in (0..ROWS).rev() {
        let label = match row {
            _ if row == ROWS - 1 => short(top),
            _ if row == ROWS / 2 - 1 => short(top / 2.0),
            _ => String::new(),
        };
        let cells: String = drawn.points.iter().flat_map(|point| std::iter::repeat_n(cell(point, row, top), wide)).collect();
        lines.push(format!("{label:>gutter$}┤{cells}"));
    }
}

/// One character: a part of the bar, or of the usual range where the bar does not reach.
fn cell(point: &Point, row: usize, top: f64) -> char {
    let floor = row as f64 / ROWS as f64 * top;
    let height = top / ROWS as f64;
    let filled = ((point.count - floor) / height).clamp(0.0, 1.0);
    let eighths = (filled * 8.0).round() as usize;
    // A count that is there is seen, however small it is beside the others.
    let eighths = if row == 0 && point.count > 0.0 { eighths.max(1) } else { eighths };
    let middle = floor + height / 2.0;
    match eighths {
        0 if point.usual.1 > point.usual.0 && point.usual.0 <= middle && middle <= point.usual.1 => '░',
        eighths => BLOCKS[eighths.min(8)],
    }
}

/// Rows that say where it was loud, where incidents stood, and where something was noted.
fn notes(chart: &Chart, drawn: &Columns, gutter: usize, wide: usize) -> Vec<String> {
    let blank = || vec![' '; wide * drawn.points.len()];
    let (mut loud, mut spans, mut marks) = (blank(), blank(), blank());
    for (at, _) in drawn.points.iter().enumerate().filter(|(_, point)| point.firing) {
        loud[wide * at..wide * (at + 1)].fill('▲');
    }
    for (from, until) in chart.spans.iter().filter_map(|span| drawn.between(span.from, span.until)) {
        spans[wide * from..wide * (until + 1)].fill('━');
    }
    for (name, mark) in names().zip(&chart.marks) {
        if let Some(at) = drawn.at(mark.at) {
            marks[wide * at] = name;
        }
    }
    let rows = [loud, spans, marks].into_iter().filter(|row| row.iter().any(|letter| *letter != ' '));
    rows.map(|row| format!("{:gutter$} {}", "", row.into_iter().collect::<String>())).collect()
}

fn names() -> impl Iterator<Item = char> {
    ('a'..='z').take(MOST_MARKS)
}

fn axis(chart: &Chart, drawn: &Columns, gutter: usize, room: usize, wide: usize) -> [String; 2] {
    let labels = Labels::of(chart, drawn);
    let length = wide * drawn.points.len();
    let (mut line, mut words) = (vec!['─'; length], String::new());
    for (at, point) in drawn.points.iter().enumerate().map(|(at, point)| (wide * at, point)) {
        let label = labels.of_time(point.start);
        let free = words.is_empty() || at >= words.len() + 3;
        if free && at + label.len() <= room {
            words.push_str(&" ".repeat(at - words.len()));
            words.push_str(&label);
            line[at] = '┬';
        }
    }
    [format!("{:>gutter$}┼{}", 0, line.into_iter().collect::<String>()), format!("{:gutter$} {words}", "")]
}

fn legend(chart: &Chart, drawn: &Columns, width: usize) -> Vec<String> {
    let mut parts = vec![format!("█ {}", drawn.legend()), "░ usual".to_owned()];
    if drawn.points.iter().any(|point| point.firing) {
        parts.push("▲ loud".to_owned());
    }
    if chart.spans.iter().any(|span| drawn.between(span.from, span.until).is_some()) {
        parts.push("━ incident".to_owned());
    }
    parts.push(format!("times in {}", chart.zone));
    let mut lines: Vec<String> = wrapped(&parts, width).iter().map(|line| fitted(line, width)).collect();
    let labels = Labels::of(chart, drawn);
    for (name, mark) in names().zip(&chart.marks).filter(|(_, mark)| drawn.at(mark.at).is_some()) {
        lines.push(fitted(&format!("{name} {}: {}", labels.in_full(mark.at), mark.text), width));
    }
    lines
}

/// `text` on one line that is at most `width` wide, with `…` where something was cut.
fn fitted(text: &str, width: usize) -> String {
    let line = one_line(text);
    if line.width() <= width {
        return line;
    }
    let mut fits = String::new();
    for letter in line.chars() {
        fits.push(letter);
        if fits.width() >= width {
            fits.pop();
            break;
        }
    }
    fits.push('…');
    fits
}

/// The parts one after the other, on as many lines as they need.
fn wrapped(parts: &[String], width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 2 + part.chars().count() <= width => {
                line.push_str(", ");
                line.push_str(part);
            }
            _ => lines.push(part.clone()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::render::chart::sample;

    #[test]
    fn a_week_with_a_spike_is_read_at_a_glance() {
        insta::assert_snapshot!(terminal(&sample::week(), 80), @r"
        payments / login_fails / all
         50┤
           ┤
           ┤
           ┤                                    ▄▄
         25┤                                    ██
           ┤                                    ██
           ┤   ░▂      ▁▁     ▁▁░      ░░      ░██     ░▂      ▂▂
           ┤▅▅▅▅██▅▅▅▄▄██▆▄▆▄▄███▅█▅▃▃█████▄▁▆▆▆██▆▄▆▆▅▅██▅▃▅▅▅██▆▄▆
                                                ▲▲
                                                ━━━
                                             a
          0┼┬──────────────┬──────────────┬──────────────┬──────────
            16 Nov 00:00   17 Nov 21:00   19 Nov 18:00   21 Nov 15:00
        █ the loudest of 3 buckets each, ░ usual, ▲ loud, ━ incident
        times in Europe/Stockholm
        a 20 Nov 2026 04:00: 5.2 released
        ");
    }

    #[test]
    fn a_day_shows_every_hour() {
        let mut day = sample::week();
        day.points = day.points[96..120].to_vec();
        insta::assert_snapshot!(terminal(&day, 40), @r"
        payments / login_fails / all
         50┤
           ┤
           ┤
           ┤              ▄▄▄
         25┤              ███
           ┤              ███
           ┤           ░░░███
           ┤▁▁▁▁▆▆▆▆▆▆▆▆▆▅████▆▅▄▄▃▁
                          ▲▲▲
                          ━━━━━━
                a
          0┼┬──────────────┬────────
            20 Nov 00:00   20 Nov 15:00
        █ complaints an hour, ░ usual, ▲ loud
        ━ incident, times in Europe/Stockholm
        a 20 Nov 2026 04:00: 5.2 released
        ");
    }

    #[test]
    fn nothing_counted_is_said() {
        let empty = Chart { points: Vec::new(), ..sample::week() };
        assert_eq!(terminal(&empty, 80), "payments / login_fails / all\nnothing was counted\n");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn any_numbers_give_lines_that_fit(chart in sample::wild(), columns in 0..200_usize) {
            let text = terminal(&chart, columns);
            for line in text.lines() {
                prop_assert!(line.width() <= columns.max(40), "{} wide: {:?}", line.width(), line);
                prop_assert!(!line.chars().any(char::is_control), "{:?}", line);
            }
            prop_assert!(text.lines().count() <= ROWS + 10 + MOST_MARKS);
        }
    }
}
