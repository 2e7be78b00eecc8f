//! What training came to, for people and for programs.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::Value;
use serde_json::json;

use crate::cli::table::Table;
use crate::tagging::model::corpus::Corpus;
use crate::tagging::model::file::Figures;
use crate::tagging::model::measure::Gain;
use crate::tagging::model::measure::Verdicts;
use crate::tagging::model::train::Comparison;
use crate::tagging::model::train::Decision;
use crate::tagging::model::train::FOLDS;
use crate::tagging::model::train::Outcome;

/// What came of all themes.
pub(super) struct Report<'a> {
    pub(super) corpus: &'a Corpus,
    pub(super) outcomes: &'a [Outcome],
    /// The file that was written.
    pub(super) file: Option<&'a Path>,
    pub(super) dry_run: bool,
}

impl Report<'_> {
    pub(super) fn text(&self) -> String {
        let (texts, copies) = (self.corpus.texts(), self.corpus.texts() - self.corpus.groups());
        let copies = if copies == 0 { String::new() } else { format!(", {copies} of them copies of others") };
        let mut text = format!("{texts} labelled texts{copies}; each of {FOLDS} parts is held back in turn\n\n");
        let mut table = Table::new(&["THEME", "WITH", "RULES P / R / F1", "MODEL P / R / F1", "DIFFERENCE IN F1 (95 %)", ""]);
        for outcome in self.outcomes {
            let compared = |of: fn(&Comparison) -> String| outcome.comparison.as_ref().map_or_else(|| "-".to_owned(), of);
            table.row(&[
                outcome.theme.clone(),
                outcome.with.to_string(),
                compared(|comparison| figures(comparison.rules)),
                compared(|comparison| figures(comparison.model)),
                compared(|comparison| difference(comparison.gain)),
                why(outcome.decision()),
            ]);
        }
        let _ = write!(text, "{table}");
        text
    }

    pub(super) fn json(&self) -> Value {
        let themes = self.outcomes.iter().map(|outcome| {
            let comparison = outcome.comparison.as_ref();
            let [rules, model] = [comparison.map(|both| both.rules), comparison.map(|both| both.model)].map(|side| side.map(Figures::from));
            json!({
                "theme": outcome.theme,
                "with": outcome.with,
                "without": outcome.without,
                "kept": outcome.model.is_some(),
                "why": why(outcome.decision()),
                "rules": rules,
                "model": model,
                "gain": comparison.map(|comparison| comparison.gain),
            })
        });
        json!({
            "texts": self.corpus.texts(),
            "copies": self.corpus.texts() - self.corpus.groups(),
            "themes": themes.collect::<Vec<_>>(),
            "file": self.file.map(|file| file.to_string_lossy()),
        })
    }
}

fn figures(verdicts: Verdicts) -> String {
    format!("{:.2} / {:.2} / {:.2}", verdicts.precision(), verdicts.recall(), verdicts.f1())
}

fn difference(gain: Gain) -> String {
    format!("{:+.3} ({:+.3} to {:+.3})", gain.f1, gain.from, gain.to)
}

fn why(decision: Decision) -> String {
    match decision {
        Decision::Kept => "the model is kept".to_owned(),
        Decision::TooFewWith(lack) => format!("the rules stay: {lack} more with the theme {} needed", be(lack)),
        Decision::TooFewWithout(lack) => format!("the rules stay: {lack} more without the theme {} needed", be(lack)),
        Decision::NotBetter => "the rules stay: the model is not better by more than chance".to_owned(),
        Decision::LikeYes => "the rules stay: the model is hardly better than giving the theme to all".to_owned(),
        Decision::WorseByChance => "the rules stay: they are better on texts drawn at random".to_owned(),
    }
}

fn be(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tagging;

    fn outcome(theme: &str, with: usize, without: usize, comparison: Option<Comparison>) -> Outcome {
        Outcome { theme: theme.into(), with, without, comparison, model: None }
    }

    fn comparison(from: f64, over_yes: f64) -> Comparison {
        let gain = |from: f64| Gain { f1: from + 0.02, from, to: from + 0.05 };
        Comparison {
            rules: Verdicts { right: 160, wrong: 40, missed: 60 },
            model: Verdicts { right: 190, wrong: 50, missed: 30 },
            by_chance: [Verdicts::default(); 2],
            gain: gain(from),
            over_yes: gain(over_yes),
        }
    }

    #[test]
    fn each_theme_has_a_line_that_says_who_decides_and_why() {
        let rules = tagging::compile(&[]).unwrap();
        let corpus = Corpus::new(&rules, Vec::new());
        let outcomes = [
            outcome("loop", 220, 800, Some(comparison(0.01, 0.2))),
            outcome("late", 220, 800, Some(comparison(-0.01, 0.2))),
            outcome("rude", 220, 110, Some(comparison(0.01, 0.0))),
            outcome("lost", 199, 800, None),
            outcome("all", 500, 20, None),
        ];
        let report = Report { corpus: &corpus, outcomes: &outcomes, file: None, dry_run: true };
        insta::assert_snapshot!(report.text(), @r"
        0 labelled texts; each of 5 parts is held back in turn

        THEME  WITH  RULES P / R / F1    MODEL P / R / F1    DIFFERENCE IN F1 (95 %)
        loop   220   0.80 / 0.73 / 0.76  0.79 / 0.86 / 0.83  +0.030 (+0.010 to +0.060)  the model is kept
        late   220   0.80 / 0.73 / 0.76  0.79 / 0.86 / 0.83  +0.010 (-0.010 to +0.040)  the rules stay: the model is not better by more than chance
        rude   220   0.80 / 0.73 / 0.76  0.79 / 0.86 / 0.83  +0.030 (+0.010 to +0.060)  the rules stay: the model is hardly better than giving the theme to all
        lost   199   -                   -                   -                          the rules stay: 1 more with the theme is needed
        all    500   -                   -                   -                          the rules stay: 80 more without the theme are needed
        ");
        let json = report.json();
        assert_eq!(json["themes"][0]["rules"]["precision"], 0.8);
        assert_eq!((&json["themes"][3]["model"], &json["file"]), (&Value::Null, &Value::Null));
        assert_eq!(json["themes"][1]["why"], "the rules stay: the model is not better by more than chance");
    }
}
