//! The figures as people read them.

use std::io::Write as _;

use crate::cli::Console;
use crate::cli::exit::Failure;
use crate::cli::quality::basis::Basis;
use crate::cli::table::Table;
use crate::quality::Fault;
use crate::quality::Quality;
use crate::quality::Share;
use crate::quality::ThemeQuality;

/// `whole` says that all themes were asked for.
pub(super) fn print(found: &Quality, basis: &Basis, whole: bool, console: &mut Console) -> Result<(), Failure> {
    if basis.labelled.is_empty() {
        writeln!(console.out, "no label to go by; `uproar label` asks for some")?;
        if basis.stale > 0 {
            writeln!(console.out, "{} labelled messages were edited or taken back since; --then has them", basis.stale)?;
        }
        return Ok(());
    }
    writeln!(console.out, "{}", headline(basis))?;
    let mut table = Table::new(&["THEME", "PRECISION", "RECALL", "F1", "COMPLAINTS"]);
    for theme in &found.themes {
        table.row(&row(theme));
    }
    write!(console.out, "\n{table}")?;
    if whole && found.clean.of > 0 {
        let few = if found.clean.is_too_small() { ": too few to say".to_owned() } else { format!(": {}", told(found.clean)) };
        writeln!(
            console.out,
            "\n{} of {} messages at random that complain of nothing have a tag nevertheless{few}",
            found.clean.hits, found.clean.of
        )?;
    }
    let mut faults = found.themes.iter().filter_map(|theme| Some((theme, theme.faults.first()?))).peekable();
    if faults.peek().is_some() {
        writeln!(console.out, "\nRules with the most wrong tags, in all labels:")?;
    }
    for (theme, fault) in faults {
        writeln!(console.out, "  {}", blame(&theme.theme, fault, basis))?;
    }
    writeln!(console.out)?;
    for note in basis.notes() {
        writeln!(console.out, "{note}")?;
    }
    if found.themes.iter().any(|theme| theme.precision.is_too_small()) {
        writeln!(console.out, "For precision: `uproar label --theme NAME` draws at random among the messages with a theme.")?;
    }
    Ok(())
}

fn headline(basis: &Basis) -> String {
    let mut drawn = Vec::new();
    for (count, how) in [
        (basis.random, "at random"),
        (basis.of_a_theme, "at random among those with a theme"),
        (basis.unsure, "unsure ones"),
        (basis.imported, "imported"),
    ] {
        drawn.extend((count > 0).then(|| format!("{count} {how}")));
    }
    let (messages, people) = (basis.labelled.len(), basis.people);
    format!(
        "{messages} labelled message{} ({}) by {people} {}",
        if messages == 1 { "" } else { "s" },
        drawn.join(", "),
        if people == 1 { "person" } else { "people" }
    )
}

fn row(theme: &ThemeQuality) -> [String; 5] {
    let f1 = theme.f1().filter(|_| !theme.precision.is_too_small() && !theme.recall.is_too_small());
    [
        theme.theme.clone(),
        share(theme.precision, "tag"),
        share(theme.recall, "complaint"),
        f1.map_or_else(|| "-".to_owned(), |f1| format!("{f1:.2}")),
        if theme.labels == 0 { "not asked".to_owned() } else { theme.positives.to_string() },
    ]
}

/// A share, or that there is too little for one.
fn share(share: Share, what: &str) -> String {
    let plural = if share.of == 1 { "" } else { "s" };
    match share.of {
        0 => "-".to_owned(),
        _ if share.is_too_small() => format!("{} {what}{plural}: too few to say", share.of),
        _ => format!("{} of {}", told(share), share.of),
    }
}

/// `81 % (67-90)`
fn told(share: Share) -> String {
    let percent = |part: f64| format!("{:.0}", 100.0 * part);
    let (value, around) = (share.value().unwrap_or_default(), share.interval());
    format!("{} % ({}-{})", percent(value), percent(*around.start()), percent(*around.end()))
}

fn blame(theme: &str, fault: &Fault, basis: &Basis) -> String {
    let examples: Vec<String> = fault
        .examples
        .iter()
        .map(|item| basis.excerpts.get(item).map_or_else(|| item.to_string(), |excerpt| format!("{item} \"{excerpt}\"")))
        .collect();
    let few = if fault.wrong.of < 3 { ", too few to say" } else { "" };
    format!(
        "{theme}: rule `{}`: {} of {} wrong{few}\n    for example {}",
        fault.rule,
        fault.wrong.hits,
        fault.wrong.of,
        examples.join("\n            and ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(hits: u64, of: u64) -> Share {
        Share { hits, of }
    }

    #[test]
    fn small_numbers_are_said_to_be_small() {
        assert_eq!(share(of(34, 42), "tag"), "81 % (67-90) of 42");
        assert_eq!(share(of(3, 3), "tag"), "3 tags: too few to say");
        assert_eq!(share(of(0, 1), "complaint"), "1 complaint: too few to say");
        assert_eq!(share(of(0, 0), "tag"), "-");
        let theme = ThemeQuality {
            theme: "late".to_owned(),
            precision: of(10, 10),
            recall: of(4, 9),
            positives: 4,
            labels: 20,
            faults: Vec::new(),
        };
        assert_eq!(row(&theme), ["late", "100 % (72-100) of 10", "9 complaints: too few to say", "-", "4"]);
        let theme = ThemeQuality { recall: of(10, 20), ..theme };
        assert_eq!(row(&theme)[3], "0.67");
    }

    #[test]
    fn a_rule_is_blamed_with_messages_to_look_at() {
        let fault = Fault { rule: "canned answers".to_owned(), wrong: of(4, 9), examples: vec![12, 7] };
        let basis = Basis { excerpts: [(12, "Thanks [name]".to_owned())].into(), ..Basis::default() };
        insta::assert_snapshot!(blame("no_human", &fault, &basis), @r#"
        no_human: rule `canned answers`: 4 of 9 wrong
            for example 12 "Thanks [name]"
                    and 7
        "#);
    }
}
