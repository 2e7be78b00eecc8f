//! What judging costs: a bucket with learning, an open bucket, a tail.

use chrono::TimeDelta;
use uproar::calendar::bucket::Width;
use uproar::detect::Detector as _;
use uproar::detect::Settings;
use uproar::detect::share::ShareDetector;
use uproar::detect::state::State;
use uproar::detect::tail;
use uproar::domain::Timestamp;
use uproar::domain::count::BucketCount;
use uproar::domain::count::Part;

fn main() {
    divan::main();
}

const BUCKETS: usize = 2880;

/// Four months of hours of `sources` sources, with a day's rhythm and a spike every hundred hours.
fn life(sources: i64) -> Vec<BucketCount> {
    let bucket = |at: usize| {
        let start = Timestamp::UNIX_EPOCH + TimeDelta::hours(at as i64);
        let busy = 4 + 3 * (at % 24).abs_diff(12);
        let hits = (at * 7919 % 13 / 6) + if at % 100 < 2 { 9 } else { 0 };
        let part = |source| Part { source, total: Some((busy + hits) as f64), hits: hits as f64, ..Part::default() };
        BucketCount {
            start,
            end: start + TimeDelta::hours(1),
            hour: (at % 24) as u8,
            weekday: (at / 24 % 7) as u8,
            holiday: false,
            parts: (0..sources).map(part).collect(),
        }
    };
    (0..BUCKETS).map(bucket).collect()
}

fn detector() -> ShareDetector {
    ShareDetector::new(Settings { width: Width::Hour, false_alarms_per_year: 4.0, min_complaints: 5 })
}

fn learnt(life: &[BucketCount]) -> State {
    let mut state = State::default();
    for bucket in life {
        detector().advance(&mut state, bucket);
    }
    state
}

/// A bucket of an hour, judged and learnt. The time a bucket is the item's.
#[divan::bench(args = [1, 4, 16])]
fn advance(bencher: divan::Bencher<'_, '_>, sources: i64) {
    let (life, detector) = (life(sources), detector());
    bencher.counter(divan::counter::ItemsCount::new(BUCKETS)).with_inputs(|| learnt(&life)).bench_values(|mut state| {
        for bucket in &life {
            divan::black_box(detector.advance(&mut state, bucket));
        }
    });
}

/// An open bucket, judged.
#[divan::bench]
fn peek(bencher: divan::Bencher<'_, '_>) {
    let (life, detector) = (life(4), detector());
    let state = learnt(&life);
    bencher.bench(|| detector.peek(divan::black_box(&state), &life[100], life[100].start));
}

/// One tail, by the size of the count.
#[divan::bench(args = [5.0, 50.0, 5000.0])]
fn mid_p(count: f64) -> f64 {
    tail::mid_p(divan::black_box(count), divan::black_box(count / 3.0), 0.1)
}
