//! A chart in words, for readers who do not see it.

use crate::render::chart::Chart;
use crate::render::chart::ground::Columns;
use crate::render::chart::ground::Labels;
use crate::render::chart::ground::short;
use crate::render::chart::svg::MOST_POINTS;
use crate::render::wording;

/// What the drawings of a chart show, in sentences.
#[must_use]
pub fn told_in_words(chart: &Chart) -> String {
    let columns = Columns::of(chart, MOST_POINTS);
    let labels = Labels::of(chart, &columns);
    let points = &columns.points;
    let Some((first, last)) = points.first().zip(points.last()) else { return "Nothing was counted.".to_owned() };
    let highest = points.iter().fold(first, |most, point| if point.count > most.count { point } else { most });
    let shown = chart.spans.iter().filter(|span| columns.between(span.from, span.until).is_some()).count();
    format!(
        "Bars from {} to {}, {}. The highest is {} at {}, where {} were expected. {} of {} columns were loud; {}.",
        labels.in_full(first.start),
        labels.in_full(last.end),
        columns.legend(),
        short(highest.count),
        labels.in_full(highest.start),
        short(highest.expected),
        points.iter().filter(|point| point.firing).count(),
        points.len(),
        wording::plural(&shown.to_string(), "incident"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::chart::sample;

    #[test]
    fn a_chart_of_nothing_says_so() {
        let mut chart = sample::week();
        chart.points.clear();
        assert_eq!(told_in_words(&chart), "Nothing was counted.");
    }
}
