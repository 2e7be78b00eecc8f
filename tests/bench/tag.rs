//! How quickly texts are cut, folded and tagged with the built-in themes.
//!
//! The texts are made here, from sentences with and without complaints, in several languages and
//! with words that never come twice. `UPROAR_BENCH_TEXTS` may name a file of JSON lines with `text`
//! to measure on real ones.

use divan::Bencher;
use divan::counter::BytesCount;
use uproar::config::themes;
use uproar::tagging;
use uproar::tagging::Scratch;
use uproar::text::normalise;

fn main() {
    divan::main();
}

const SENTENCES: &[&str] = &[
    "The parcel came on a rainy Tuesday and the box was neatly packed.",
    "I have been using this for three years now and mostly it does what it should.",
    "Could be cheaper, but my kids like the colours and so do their friends.",
    "I was on hold for fifty minutes and then the line went dead.",
    "Where does one find the manual for model number",
    "They told me the refund would take a week, but nothing has arrived so far!",
    "Opened the app this morning, saw the new start page, closed it again.",
    "Der Versand war schnell, die Verpackung leider etwas beschädigt.",
    "Kargo üç gün içinde geldi, teşekkür ederim.",
    "Le service est correct, mais personne ne répond au téléphone.",
    "Приложение работает быстро, но иногда вылетает.",
    "The lady at the desk was kind and knew her trade, unlike last time.",
    "ok",
    "Would buy again; five stars from me and from my neighbour.",
];

/// Some two thousand texts of one to nine sentences.
fn texts() -> Vec<String> {
    if let Some(file) = std::env::var_os("UPROAR_BENCH_TEXTS") {
        let lines = std::fs::read_to_string(file).expect("UPROAR_BENCH_TEXTS names a file of JSON lines");
        let text = |line: &str| serde_json::from_str::<serde_json::Value>(line).ok()?.get("text")?.as_str().map(str::to_owned);
        return lines.lines().filter_map(text).collect();
    }
    let mut next = 88_172_645_463_325_252_u64;
    let mut draw = |below: usize| {
        // Xorshift: the same texts in every run.
        next ^= next << 13;
        next ^= next >> 7;
        next ^= next << 17;
        (next % below as u64) as usize
    };
    let mut text = |number: usize| {
        let sentences: Vec<&str> = (0..=draw(9)).map(|_| SENTENCES[draw(SENTENCES.len())]).collect();
        format!("{} K{number}x", sentences.join(" "))
    };
    (0..2_000).map(&mut text).collect()
}

fn bytes(texts: &[String]) -> BytesCount {
    BytesCount::new(texts.iter().map(String::len).sum::<usize>())
}

/// Cutting into words and folding each.
#[divan::bench]
fn normalise(bencher: Bencher<'_, '_>) {
    let texts = texts();
    bencher.counter(bytes(&texts)).bench_local(|| texts.iter().map(|text| normalise::plain(text).len()).sum::<usize>());
}

/// Cutting into words alone.
#[divan::bench]
fn cut(bencher: Bencher<'_, '_>) {
    let texts = texts();
    let mut cut = normalise::Cut::default();
    bencher.counter(bytes(&texts)).bench_local(|| {
        let words = texts.iter().map(|text| {
            normalise::cut(text, &mut cut);
            cut.words.len()
        });
        words.sum::<usize>()
    });
}

/// The whole of it, as the engine does: a workspace that has seen other texts before.
#[divan::bench]
fn tag(bencher: Bencher<'_, '_>) {
    let texts = texts();
    let rules = tagging::compile(&themes::built_in()).expect("the built-in themes compile");
    let mut scratch = Scratch::default();
    bencher.counter(bytes(&texts)).bench_local(|| texts.iter().map(|text| rules.tag_with(&mut scratch, text).len()).sum::<usize>());
}

/// The same with a workspace that starts empty.
#[divan::bench]
fn tag_cold(bencher: Bencher<'_, '_>) {
    let texts = texts();
    let rules = tagging::compile(&themes::built_in()).expect("the built-in themes compile");
    bencher.counter(bytes(&texts)).bench_local(|| {
        let mut scratch = Scratch::default();
        texts.iter().map(|text| rules.tag_with(&mut scratch, text).len()).sum::<usize>()
    });
}

/// Reading and compiling all built-in themes.
#[divan::bench]
fn load() -> usize {
    tagging::compile(&themes::built_in()).expect("the built-in themes compile").themes().count()
}
