//! `uproar tag`: texts in, themes out, a line each. Needs no configuration and no database.

use std::fs;
use std::io;
use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::path::PathBuf;

use serde::Deserialize;
use serde::Serialize;

use crate::cli::Console;
use crate::cli::exit::Code;
use crate::cli::exit::Failure;
use crate::config::themes;
use crate::domain::theme::Tag;
use crate::domain::theme::ThemeText;
use crate::tagging;
use crate::tagging::Part;
use crate::tagging::RuleError;
use crate::tagging::Rules;
use crate::tagging::Scratch;

/// A longer line is not a message.
const LONGEST_LINE: u64 = 16 << 20;

/// Tag texts with complaint themes
///
/// Reads JSON lines with `id`, `text` and, where there are, `title` and `lang` (two letters; found out
/// without it); other fields are ignored.
/// Writes `{"id","labels":["theme",...]}`, a line each, in the same order. Uses the built-in themes,
/// not those of the configuration, unless `--rules` names a file that holds only themes, such as
/// `conf.d/themes.toml`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub struct Args {
    /// Theme file to use in place of the built-in themes; may be given many times
    #[arg(long, value_name = "FILE")]
    rules: Vec<PathBuf>,
    /// Add the rule and the words behind each theme
    ///
    /// `"why":[{"theme","rule","spans":[[from,to],...]}]`; spans are bytes of the text. Where there
    /// is a title, they are bytes of title, line end and text put together.
    #[arg(long)]
    explain: bool,
}

const EXAMPLE: &str = r#"Example:
  echo '{"id":"1","text":"The bot sends me in circles."}' | uproar tag --explain"#;

pub(super) fn run(args: &Args, console: &mut Console) -> Result<Code, Failure> {
    let rules = if args.rules.is_empty() {
        compile(&themes::built_in()).map_err(|fault| Failure::new(Code::Bug, format!("the built-in themes are broken: {fault}")))?
    } else {
        read_rules(&args.rules)?
    };
    tag_lines(&rules, args.explain, io::stdin().lock(), &mut console.out)
}

fn read_rules(files: &[PathBuf]) -> Result<Rules, Failure> {
    let mut texts = Vec::new();
    for file in files {
        let text = fs::read_to_string(file).map_err(|error| Failure::new(Code::Io, format!("cannot read {}: {error}", file.display())))?;
        texts.push((file.display().to_string(), text));
    }
    let wrong = |fault: String| Failure::new(Code::Config, fault);
    let files: Vec<(&str, &str)> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let themes = themes::parse(&files).map_err(wrong)?;
    compile(&themes).map_err(wrong)
}

fn compile(themes: &[ThemeText]) -> Result<Rules, String> {
    tagging::compile(themes).map_err(|errors| {
        let told: Vec<String> = errors.iter().map(|error| show(error, themes)).collect();
        told.join("\n")
    })
}

/// A mistake with the line of the rule that has it, and a mark below its place.
fn show(error: &RuleError, themes: &[ThemeText]) -> String {
    let theme = themes.get(error.theme).map_or("", |theme| theme.name.as_str());
    let rule = error.rule.map_or(String::new(), |rule| format!(", rule {}", rule + 1));
    let part = match &error.part {
        Part::When => "`when`".to_owned(),
        Part::Unless => "`unless`".to_owned(),
        Part::All(number) => format!("`all`, number {}", number + 1),
        Part::Any(number) => format!("`any`, number {}", number + 1),
        Part::None(number) => format!("`none`, number {}", number + 1),
        Part::WhenThemes(_) => "`when_themes`".to_owned(),
        Part::Words(name) => format!("word `{name}`"),
        Part::SharedWords(code, name) => format!("word `{name}` of `{code}`"),
        Part::Calm(code, number) => format!("`calm` of `{code}`, number {}", number + 1),
        Part::Turn(code) => format!("`turn` of `{code}`"),
    };
    let text = error.text(themes);
    let start = text[..error.span.start].rfind('\n').map_or(0, |end| end + 1);
    let line = text[start..].lines().next().unwrap_or("");
    let before = text[start..error.span.start].chars().count();
    let marks = text[error.span.clone()].lines().next().unwrap_or("").chars().count().max(1);
    format!(
        "theme `{theme}`{rule}, {part}: {why}\n  | {line}\n  | {:before$}{:^<marks$}\n  {cure}",
        "",
        "",
        why = error.why,
        cure = error.cure
    )
}

#[derive(Deserialize)]
struct Line {
    id: Id,
    text: String,
    title: Option<String>,
    lang: Option<String>,
}

/// Goes out as it came in.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Id {
    Text(String),
    Number(serde_json::Number),
}

#[derive(Serialize)]
struct Tagged<'a> {
    id: Id,
    labels: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<Vec<Why<'a>>>,
}

#[derive(Serialize)]
struct Why<'a> {
    theme: &'a str,
    rule: &'a str,
    spans: Vec<[usize; 2]>,
}

fn tag_lines(rules: &Rules, explain: bool, input: impl Read, out: &mut dyn Write) -> Result<Code, Failure> {
    let mut input = BufReader::with_capacity(1 << 16, input);
    let mut scratch = Scratch::default();
    let mut line = Vec::new();
    for number in 1_u64.. {
        line.clear();
        if (&mut input).take(LONGEST_LINE).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        if line.trim_ascii().is_empty() {
            continue;
        }
        let read = read_line(&line).map_err(|why| {
            // What is done stands; the reader sees where it ended.
            let flushed = out.flush();
            flushed.map_or_else(Failure::from, |()| Failure::new(Code::Data, format!("line {number}: {why}")))
        })?;
        let mut message = tagging::Message::new(read.title.as_deref().unwrap_or(""), &read.text);
        message.lang = read.lang.as_deref().filter(|lang| !lang.is_empty());
        let tags = rules.tag_with(&mut scratch, &message);
        let why = explain.then(|| tags.iter().map(why).collect());
        let tagged = Tagged { id: read.id, labels: tags.iter().map(|tag| tag.theme.as_str()).collect(), why };
        serde_json::to_writer(&mut *out, &tagged).map_err(io::Error::from)?;
        out.write_all(b"\n")?;
        // Whoever feeds line by line wants answers line by line.
        if input.buffer().is_empty() {
            out.flush()?;
        }
    }
    Ok(Code::Done)
}

fn read_line(line: &[u8]) -> Result<Line, String> {
    if line.len() as u64 == LONGEST_LINE && line.last() != Some(&b'\n') {
        return Err(format!("the line is longer than {} MB; a line is one message", LONGEST_LINE >> 20));
    }
    serde_json::from_slice(line).map_err(|error| {
        // One line is all that the reader of JSON has seen: its "line 1" would mislead.
        let text = error.to_string();
        let text = text.split(" at line ").next().unwrap_or(&text);
        format!("{text} at column {}; each line is {{\"id\": ..., \"text\": ...}}", error.column())
    })
}

fn why(tag: &Tag) -> Why<'_> {
    Why { theme: &tag.theme, rule: &tag.rule, spans: tag.spans.iter().map(|span| [span.start, span.end]).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tagged(rules: &Rules, explain: bool, input: &str) -> (String, Result<Code, Failure>) {
        let mut out = Vec::new();
        let ended = tag_lines(rules, explain, input.as_bytes(), &mut out);
        (String::from_utf8(out).unwrap(), ended)
    }

    fn built_in() -> Rules {
        compile(&themes::built_in()).unwrap()
    }

    #[test]
    fn the_built_in_themes_keep_their_own_examples() {
        let themes = themes::built_in();
        let names: Vec<&str> = themes.iter().map(|theme| theme.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "looping_bot",
                "refund_failed",
                "no_human",
                "wrong_answer",
                "no_empathy",
                "dispute_unresolved",
                "repeat_contact",
                "churn_or_legal",
                "loyalty"
            ]
        );
        for theme in &themes {
            assert!(!theme.title.is_empty(), "{}", theme.name);
            for rule in &theme.rules {
                assert!(!rule.matches.is_empty() && !rule.matches_not.is_empty(), "{}: {} has no examples", theme.name, rule.name);
            }
        }
        let rules = tagging::compile(&themes).unwrap();
        let failures: Vec<String> = tagging::failed_examples(&rules, &themes)
            .iter()
            .map(|failure| {
                let theme = &themes[failure.theme];
                let rule = failure.rule.map_or("", |rule| theme.rules[rule].name.as_str());
                format!("{} / {rule}: {:?} should match: {}, {:?}", theme.name, failure.text, failure.should_match, failure.matched)
            })
            .collect();
        assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    }

    #[test]
    fn a_line_goes_out_for_each_that_comes_in() {
        let input = "{\"id\":\"a\",\"text\":\"Nice.\",\"lang\":\"en\",\"more\":[1]}\n\n{\"id\":7,\"text\":\"The bot is useless\"}";
        let (out, ended) = tagged(&built_in(), false, input);
        assert_eq!(ended.unwrap(), Code::Done);
        insta::assert_snapshot!(out, @r#"
        {"id":"a","labels":[]}
        {"id":7,"labels":["looping_bot"]}
        "#);
    }

    #[test]
    fn reasons_count_bytes_of_title_and_text_together() {
        let input = r#"{"id":"1","title":"Ärger","text":"The bot is useless"}"#;
        let (out, _) = tagged(&built_in(), true, input);
        insta::assert_snapshot!(
            out,
            @r#"{"id":"1","labels":["looping_bot"],"why":[{"theme":"looping_bot","rule":"bot does not help","spans":[[11,14],[18,25]]}]}"#
        );
        let text = tagging::message("Ärger", "The bot is useless");
        assert_eq!((&text[11..14], &text[18..25]), ("bot", "useless"));
    }

    #[test]
    fn a_bad_line_ends_it_with_its_number_and_keeps_what_was_done() {
        for (bad, why) in [
            ("{\"id\":\"2\"}", "line 2: missing field `text` at column 10; each line is {\"id\": ..., \"text\": ...}"),
            ("nonsense", "line 2: expected ident at column 2; each line is {\"id\": ..., \"text\": ...}"),
        ] {
            let (out, ended) = tagged(&built_in(), false, &format!("{{\"id\":\"1\",\"text\":\"\"}}\n{bad}\n"));
            let failure = ended.unwrap_err();
            assert_eq!((failure.code, failure.message.as_str()), (Code::Data, why));
            assert_eq!(out, "{\"id\":\"1\",\"labels\":[]}\n");
        }
    }

    #[test]
    fn a_line_without_an_end_is_refused_before_it_fills_the_memory() {
        let mut out = Vec::new();
        let failure = tag_lines(&built_in(), false, io::repeat(b'x'), &mut out).unwrap_err();
        assert_eq!(failure.message, "line 1: the line is longer than 16 MB; a line is one message");
    }

    #[test]
    fn a_mistake_in_a_rule_is_shown_in_its_line() {
        let themes = themes::parse(&[("themes", "[[theme]]\nname = \"late\"\nrules = [\"late | \\n delay* NEAR parcel\"]")]).unwrap();
        insta::assert_snapshot!(compile(&themes).unwrap_err(), @r"
        theme `late`, rule 1, `when`: NEAR does not say how near
          |  delay* NEAR parcel
          |         ^^^^
          say how many words may stand between, NEAR/5; for anywhere in the sentence write &
        ");
    }

    #[test]
    fn the_example_of_the_help_does_something() {
        let line = EXAMPLE.split('\'').nth(1).unwrap();
        let (out, ended) = tagged(&built_in(), true, line);
        assert!(ended.is_ok());
        assert!(out.contains("\"labels\":[\"looping_bot\"]"), "{out}");
    }
}
