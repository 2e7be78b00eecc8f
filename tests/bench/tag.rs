//! How quickly texts are cut, folded and tagged with the built-in themes.
//!
//! The texts are made here, from sentences with and without complaints, in several languages and
//! with words that never come twice. `UPROAR_BENCH_TEXTS` may name a file of JSON lines with `text`
//! to measure on real ones.

use std::cell::RefCell;

use divan::Bencher;
use divan::counter::BytesCount;
use uproar::config::themes;
use uproar::domain::theme::RuleText;
use uproar::domain::theme::ThemeText;
use uproar::tagging;
use uproar::tagging::Message;
use uproar::tagging::Rules;
use uproar::tagging::Scratch;
use uproar::text::normalise;

fn main() {
    divan::main();
}

/// A text and its language.
type Text = (String, &'static str);

const SENTENCES: &[(&str, &str)] = &[
    ("en", "The parcel came on a rainy Tuesday and the box was neatly packed."),
    ("en", "I have been using this for three years now and mostly it does what it should."),
    ("en", "Could be cheaper, but my kids like the colours and so do their friends."),
    ("en", "I was on hold for fifty minutes and then the line went dead."),
    ("en", "Where does one find the manual for model number"),
    ("en", "They told me the refund would take a week, but nothing has arrived so far!"),
    ("en", "Opened the app this morning, saw the new start page, closed it again."),
    ("de", "Der Versand war schnell, die Verpackung leider etwas beschädigt."),
    ("tr", "Kargo üç gün içinde geldi, teşekkür ederim."),
    ("fr", "Le service est correct, mais personne ne répond au téléphone."),
    ("ru", "Приложение работает быстро, но иногда вылетает."),
    ("en", "The lady at the desk was kind and knew her trade, unlike last time."),
    ("en", "ok"),
    ("en", "Would buy again; five stars from me and from my neighbour."),
];

/// Some two thousand texts of one to nine sentences of a language.
fn texts() -> Vec<Text> {
    if let Some(file) = std::env::var_os("UPROAR_BENCH_TEXTS") {
        let lines = std::fs::read_to_string(file).expect("UPROAR_BENCH_TEXTS names a file of JSON lines");
        let text = |line: &str| {
            let row = serde_json::from_str::<serde_json::Value>(line).ok()?;
            let lang = row.get("lang").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
            Some((row.get("text")?.as_str()?.to_owned(), &*lang.leak()))
        };
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
        let lang = SENTENCES[draw(SENTENCES.len())].0;
        let known: Vec<&str> = SENTENCES.iter().filter(|(of, _)| *of == lang).map(|(_, text)| *text).collect();
        let sentences: Vec<&str> = (0..=draw(9)).map(|_| known[draw(known.len())]).collect();
        (format!("{} K{number}x", sentences.join(" ")), lang)
    };
    (0..2_000).map(&mut text).collect()
}

fn bytes(texts: &[Text]) -> BytesCount {
    BytesCount::new(texts.iter().map(|(text, _)| text.len()).sum::<usize>())
}

fn message((text, lang): &Text) -> Message<'_> {
    Message { lang: Some(lang).filter(|lang| !lang.is_empty()).copied(), ..Message::new("", text) }
}

fn rules() -> Rules {
    tagging::compile(&themes::built_in()).expect("the built-in themes compile")
}

/// Cutting into words and folding each.
#[divan::bench]
fn normalise(bencher: Bencher<'_, '_>) {
    let texts = texts();
    bencher.counter(bytes(&texts)).bench_local(|| texts.iter().map(|(text, _)| normalise::plain(text).len()).sum::<usize>());
}

/// Cutting into words alone.
#[divan::bench]
fn cut(bencher: Bencher<'_, '_>) {
    let texts = texts();
    let mut cut = normalise::Cut::default();
    bencher.counter(bytes(&texts)).bench_local(|| {
        let words = texts.iter().map(|(text, _)| {
            normalise::cut(text, &mut cut);
            cut.words.len()
        });
        words.sum::<usize>()
    });
}

/// The whole of it, as the engine does: a workspace that has seen other texts before.
#[divan::bench]
fn tag(bencher: Bencher<'_, '_>) {
    let (texts, rules) = (texts(), rules());
    let mut scratch = Scratch::default();
    bencher
        .counter(bytes(&texts))
        .bench_local(|| texts.iter().map(|text| rules.tag_with(&mut scratch, &message(text)).len()).sum::<usize>());
}

/// The same where nobody says the language of a text.
#[divan::bench]
fn tag_without_language(bencher: Bencher<'_, '_>) {
    let (texts, rules) = (texts(), rules());
    let mut scratch = Scratch::default();
    bencher
        .counter(bytes(&texts))
        .bench_local(|| texts.iter().map(|(text, _)| rules.tag_with(&mut scratch, &text.as_str().into()).len()).sum::<usize>());
}

/// The same with a workspace that starts empty.
#[divan::bench]
fn tag_cold(bencher: Bencher<'_, '_>) {
    let (texts, rules) = (texts(), rules());
    bencher.counter(bytes(&texts)).bench_local(|| {
        let mut scratch = Scratch::default();
        texts.iter().map(|text| rules.tag_with(&mut scratch, &message(text)).len()).sum::<usize>()
    });
}

/// Texts that are matched at one go: few enough that what was read of them is still close to the
/// processor, as it is when each is matched right after it was read.
const BLOCK: usize = 128;

/// Matching alone: of texts that are cut into words already, each word known.
#[divan::bench(sample_count = 528, sample_size = 1)]
fn matching(bencher: Bencher<'_, '_>) {
    let (texts, rules) = (texts(), rules());
    // The same workspace for both halves: it remembers what the words mean.
    let scratch = RefCell::new(Scratch::default());
    let mut blocks = texts.chunks(BLOCK).cycle();
    let mut read = || {
        let block = blocks.next().unwrap_or_default();
        (bytes(block), block.iter().map(|text| rules.read(&mut scratch.borrow_mut(), &message(text))).collect::<Vec<_>>())
    };
    bencher.with_inputs(&mut read).input_counter(|(bytes, _)| *bytes).bench_local_refs(|(_, block)| {
        let mut scratch = scratch.borrow_mut();
        block.iter().map(|read| rules.tag_read(&mut scratch, read).len()).sum::<usize>()
    });
}

/// For comparison: the words of all rules searched for by aho-corasick, nothing else.
#[divan::bench]
fn reference_aho_corasick(bencher: Bencher<'_, '_>) {
    let (texts, rules) = (texts(), rules());
    let search =
        aho_corasick::AhoCorasick::builder().ascii_case_insensitive(true).build(rules.literals()).expect("the words can be searched");
    bencher.counter(bytes(&texts)).bench_local(|| texts.iter().map(|(text, _)| search.find_overlapping_iter(text).count()).sum::<usize>());
}

/// For comparison: the same words as a set of regular expressions.
#[divan::bench]
fn reference_regex_set(bencher: Bencher<'_, '_>) {
    let (texts, rules) = (texts(), rules());
    let patterns: Vec<String> = rules.literals().map(|word| format!("(?i){}", regex::escape(word))).collect();
    let set = regex::RegexSetBuilder::new(patterns).size_limit(1 << 30).dfa_size_limit(1 << 30).build().expect("the words can be searched");
    bencher.counter(bytes(&texts)).bench_local(|| texts.iter().map(|(text, _)| set.matches(text).iter().count()).sum::<usize>());
}

/// Compiling all built-in themes.
#[divan::bench]
fn load() -> usize {
    rules().themes().count()
}

/// Compiling a thousand rules beside them.
#[divan::bench]
fn load_a_thousand_rules_more(bencher: Bencher<'_, '_>) {
    let rule = |number: usize| RuleText {
        when: format!("word{number}* NEAR/4 (late | \"never ..2 came{number}\" | @neg)"),
        ..RuleText::default()
    };
    let mut themes = themes::built_in();
    let shared = themes[0].shared.clone();
    themes.push(ThemeText { name: "many".to_owned(), rules: (0..1_000).map(rule).collect(), shared, ..ThemeText::default() });
    bencher.bench_local(|| tagging::compile(&themes).expect("the rules compile").themes().count());
}
