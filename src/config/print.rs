//! Problems as people read them, with the line and a mark under it, and as programs do.

use std::ops::Range;
use std::path::Path;

use annotate_snippets::Annotation;
use annotate_snippets::AnnotationKind;
use annotate_snippets::Group;
use annotate_snippets::Level;
use annotate_snippets::Origin;
use annotate_snippets::Renderer;
use annotate_snippets::Snippet;
use serde_json::Value as Json;
use serde_json::json;

use crate::config::Document;
use crate::config::mask;
use crate::config::problem::Problem;
use crate::config::problem::Severity;
use crate::config::tree::Place;

/// All problems as text, a blank line between two. Nothing gives nothing.
#[must_use]
pub fn show(problems: &[Problem], documents: &[Document], colours: bool) -> String {
    let renderer = if colours { Renderer::styled() } else { Renderer::plain() };
    let texts: Vec<String> = problems.iter().map(|problem| one(problem, documents, &renderer)).collect();
    texts.join("\n\n") + if problems.is_empty() { "" } else { "\n" }
}

/// All problems as `[{"file","line","column","end_column","severity","code","message","help"}]`;
/// lines and columns count from 1, columns in characters.
#[must_use]
pub fn to_json(problems: &[Problem], documents: &[Document]) -> Json {
    let one = |problem: &Problem| {
        let document = documents.get(problem.file);
        let text = document.map_or("", |document| document.text.as_str());
        let span = on_one_line(text, &problem.span);
        let column = column_of(text, span.start);
        json!({
            "file": document.map(|document| document.name.as_str()),
            "line": line_of(text, span.start),
            "column": column,
            "end_column": column + text.get(span).map_or(0, |marked| marked.chars().count()),
            "severity": problem.severity.word(),
            "code": problem.code.word(),
            "message": problem.message,
            "help": problem.help,
        })
    };
    Json::Array(problems.iter().map(one).collect())
}

/// Number of the line that holds a byte, from 1.
#[must_use]
pub fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

/// Number of the character at a byte in its line, from 1.
fn column_of(text: &str, at: usize) -> usize {
    let before = text.get(..at).unwrap_or_default();
    before.rsplit('\n').next().unwrap_or_default().chars().count() + 1
}

/// `conf.d/20-shop.toml` instead of the whole path: seen from the folder of the first document.
#[must_use]
pub fn short_name<'a>(document: &'a Document, documents: &[Document]) -> &'a str {
    let folder = documents.first().and_then(|first| Path::new(&first.name).parent());
    let inside = folder.and_then(|folder| Path::new(&document.name).strip_prefix(folder).ok());
    inside.and_then(Path::to_str).unwrap_or(&document.name)
}

fn one(problem: &Problem, documents: &[Document], renderer: &Renderer) -> String {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let mut group: Group<'_> = Group::with_title(level.primary_title(problem.message.as_str()).id(problem.code.word()));
    let mut files = vec![problem.file];
    files.extend(problem.also.iter().map(|(place, _)| place.file()).filter(|file| *file != problem.file));
    files.dedup();
    for file in files {
        let Some(document) = documents.get(file) else { continue };
        let mut marks: Vec<(Range<usize>, &str, AnnotationKind)> = Vec::new();
        if file == problem.file {
            if problem.span.is_empty() && problem.label.is_empty() {
                group = group.element(Origin::path(document.name.as_str()));
                continue;
            }
            marks.push((problem.span.clone(), &problem.label, AnnotationKind::Primary));
        }
        let further = problem.also.iter().filter(|(place, _)| place.file() == file);
        marks.extend(further.map(|(place, label)| (place.span(), label.as_str(), AnnotationKind::Context)));
        let hidden: Vec<Range<usize>> = problem.hidden.iter().filter(|place| place.file() == file).map(Place::span).collect();
        group = group.element(snippet(document, &marks, &hidden));
    }
    if !problem.help.is_empty() {
        group = group.element(Level::HELP.message(problem.help.as_str()));
    }
    let shown = renderer.render(&[group]);
    in_the_file(problem, documents, shown)
}

/// What is hidden before a mark moves it in the excerpt: the place that is named is that in the file.
fn in_the_file(problem: &Problem, documents: &[Document], shown: String) -> String {
    let Some(document) = documents.get(problem.file) else { return shown };
    let at = on_one_line(&document.text, &problem.span).start;
    let begin = document.text[..at].rfind('\n').map_or(0, |at| at + 1);
    let hides = |place: &Place| place.file() == problem.file && place.start() < at && place.end() > begin;
    let place = format!("{}:{}:", document.name, line_of(&document.text, at));
    let Some(from) = shown.find(&place).map(|from| from + place.len()).filter(|_| problem.hidden.iter().any(hides)) else { return shown };
    let digits = shown[from..].bytes().take_while(u8::is_ascii_digit).count();
    format!("{}{}{}", &shown[..from], column_of(&document.text, at), &shown[from + digits..])
}

fn snippet<'a>(
    document: &'a Document,
    marks: &[(Range<usize>, &'a str, AnnotationKind)],
    hidden: &[Range<usize>],
) -> Snippet<'a, Annotation<'a>> {
    let spans: Vec<Range<usize>> = marks.iter().map(|(span, ..)| on_one_line(&document.text, span)).collect();
    let view = View::of(&document.text, &spans, hidden);
    let annotations = marks.iter().zip(spans).map(|((_, label, kind), span)| {
        let annotation = kind.span(view.shifted(span.start)..view.shifted(span.end));
        if label.is_empty() { annotation } else { annotation.label(*label) }
    });
    let annotations: Vec<Annotation<'a>> = annotations.collect();
    Snippet::source(view.text).line_start(view.line).path(document.name.as_str()).annotations(annotations)
}

/// A span cut to whole characters and to the line that it begins in.
fn on_one_line(text: &str, span: &Range<usize>) -> Range<usize> {
    let floor = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let (start, end) = (floor(span.start), floor(span.end.max(span.start)));
    let line = text[start..end].find('\n').map_or(end, |at| start + at);
    start..line
}

/// The lines that are shown, without what may not be.
struct View {
    text: String,
    /// Number of the first line.
    line: usize,
    /// First byte of the document that is shown.
    from: usize,
    /// What was hidden.
    cuts: Vec<Cut>,
}

/// A stretch that was hidden.
struct Cut {
    /// Its bytes in the document.
    range: Range<usize>,
    /// Length of what stands there now.
    cover: usize,
    /// Line breaks that are kept behind that.
    breaks: usize,
}

impl View {
    fn of(text: &str, spans: &[Range<usize>], hidden: &[Range<usize>]) -> Self {
        let first = spans.iter().map(|span| span.start).min().unwrap_or(0);
        let last = spans.iter().map(|span| span.end).max().unwrap_or(0);
        let from = text[..first].rfind('\n').map_or(0, |at| at + 1);
        let to = text[last..].find('\n').map_or(text.len(), |at| last + at);
        let mut secret = hidden.to_vec();
        secret.sort_by_key(|range| range.start);
        let mut view = Self { text: String::new(), line: line_of(text, from), from, cuts: Vec::new() };
        let mut at = from;
        for range in secret {
            let range = range.start.max(at)..range.end.min(to);
            let Some(kept) = text.get(at..range.start).filter(|_| range.start < range.end) else { continue };
            view.text.push_str(kept);
            // Lines further down keep their numbers.
            let breaks = text.get(range.clone()).unwrap_or_default().matches('\n').count();
            let cover = mask::cover(text.get(range.clone()).unwrap_or_default());
            view.text.push_str(cover);
            view.text.push_str(&"\n".repeat(breaks));
            at = range.end;
            view.cuts.push(Cut { range, cover: cover.len(), breaks });
        }
        view.text.push_str(text.get(at..to).unwrap_or_default());
        view
    }

    /// Where a byte of the document is in the view.
    fn shifted(&self, at: usize) -> usize {
        let (mut gone, mut put) = (0, 0);
        for Cut { range, cover, breaks } in &self.cuts {
            if at >= range.end {
                gone += range.len();
                put += cover + breaks;
            } else if at > range.start {
                // Inside of what is hidden: its end, without the line breaks kept after it.
                return range.start - self.from - gone + put + cover;
            }
        }
        at - self.from - gone + put
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::config::parse;
    use crate::config::problem::Code;
    use crate::config::secrets::Reference;
    use crate::config::secrets::Unreadable;

    fn document(name: &str, text: &str) -> Document {
        Document { name: name.to_owned(), text: text.to_owned() }
    }

    fn nothing(_: &Reference) -> Result<String, Unreadable> {
        Err(Unreadable { why: "there is none".to_owned(), cure: String::new(), tolerated: false })
    }

    #[test]
    fn two_files_are_both_shown() {
        let documents = [
            document("/etc/uproar/uproar.toml", "[[source]]\nname = \"desk\"\nevery = \"1h\"\nfile.folder = \"a\"\n"),
            document("/etc/uproar/conf.d/20.toml", "\n[[source]]\nname = \"desk\"\nevery = \"1h\"\nfile.folder = \"b\"\n"),
        ];
        let loaded = parse(&documents, &nothing);
        insta::assert_snapshot!(show(&loaded.problems, &documents, false), @r#"
        error[E0008]: there are two of `[[source]]` with the name `desk`
         --> /etc/uproar/conf.d/20.toml:3:8
          |
        3 | name = "desk"
          |        ^^^^^^ the second one
          |
         ::: /etc/uproar/uproar.toml:2:8
          |
        2 | name = "desk"
          |        ------ the first one
          |
          = help: rename one of them, or take it out
        "#);
    }

    #[test]
    fn a_problem_without_a_place_shows_the_file_alone() {
        let documents = [document("uproar.toml", "")];
        let loaded = parse(&documents, &nothing);
        insta::assert_snapshot!(show(&loaded.problems, &documents, false), @"
        warning[W0005]: there is no `[[source]]`: nothing will be found
        --> uproar.toml
         = help: `uproar init` writes a configuration to start from
        ");
    }

    #[test]
    fn colours_are_asked_for() {
        let documents = [document("uproar.toml", "x = 1")];
        let problems = parse(&documents, &nothing).problems;
        assert!(show(&problems, &documents, true).contains('\u{1b}'));
        assert!(!show(&problems, &documents, false).contains('\u{1b}'));
    }

    #[test]
    fn lines_below_a_hidden_text_of_several_lines_keep_their_numbers() {
        let text = "a = 1\nkey = \"\"\"\nx\ny\"\"\"\nb = 2\n";
        let hidden = text.find("\"\"\"").unwrap()..text.rfind("\"\"\"").unwrap() + 3;
        let view = View::of(text, &[0..1, text.find("b =").unwrap()..text.find("b =").unwrap() + 1], std::slice::from_ref(&hidden));
        assert_eq!(view.text.lines().nth(4), Some("b = 2"));
        let at = view.shifted(text.find("b =").unwrap());
        assert_eq!(&view.text[at..at + 5], "b = 2");
    }

    proptest! {
        #[test]
        fn a_secret_is_never_shown_however_torn_the_file(
            before in "(to = \\[\"a@example.com\"\\]\n|user = \"u\n|x = \n|\\[\\[target\\]\\]\n|\\[target.webhook\\]\n){0,4}",
            key in "(password|pasword|key|keys|secret|\"password\"|token) ?= ?",
            open in "(\"|'|\"\"\"|'''|\\[\"|\\[ *'|\\{ value = \"|\"\"\"\n|)",
            close in "(\"|'|\"\"\"|'''|\"\\]|\" \\}|\n\"\"\"|)",
            after in "(\n[a-z]{1,3} = [0-9\"]{1,3}){0,3}",
        ) {
            let documents = [document("uproar.toml", &format!("[[target]]\n[target.email]\n{before}{key}{open}hunter2{close}{after}"))];
            let loaded = parse(&documents, &nothing);
            let shown = show(&loaded.problems, &documents, false);
            prop_assert!(!shown.contains("hunter2"), "{}\n{}", documents[0].text, shown);
            prop_assert!(!to_json(&loaded.problems, &documents).to_string().contains("hunter2"));
        }

        #[test]
        fn anything_can_be_read_and_shown(text in "([a-z\\[\\]{}=\"'., \n#0-9åé\\\\]|password = |\\[\\[source\\]\\]\n|every = ){0,60}") {
            let documents = [document("uproar.toml", &text)];
            let loaded = parse(&documents, &nothing);
            let _ = show(&loaded.problems, &documents, false);
            let _ = to_json(&loaded.problems, &documents);
        }

        #[test]
        fn any_place_can_be_shown(text in ".{0,40}(\n.{0,40}){0,4}", start in 0_usize..120, end in 0_usize..120, hide in 0_usize..120) {
            let documents = [document("uproar.toml", &text)];
            let mut problem = Problem::error(Code::Syntax, Place::new(0, start..end), "message").label("label");
            problem = problem.also(Place::new(0, end..end + 3), "there");
            let floor = |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            problem.hidden = [Place::new(0, floor(hide)..floor(hide + 9))].into();
            let _ = show(&[problem.clone()], &documents, false);
            let _ = to_json(&[problem], &documents);
        }
    }
}
