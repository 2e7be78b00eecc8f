//! Mistakes in watches and themes: what they count, and whom they tell.

use super::secrets;
use super::shown;
use crate::config::Document;
use crate::config::parse;
use crate::config::print;

#[test]
fn names_that_nothing_has() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/unknown_names.toml")), @r#"
    error[E0009]: there is no theme `late_parcle`
      --> uproar.toml:17:11
       |
    17 | themes = ["late_parcle"]
       |           ^^^^^^^^^^^^^ unknown
       |
       = help: did you mean `late_parcel`?

    error[E0009]: there is no source `app-stores`
      --> uproar.toml:18:12
       |
    18 | sources = ["app-stores", "zendesk"]
       |            ^^^^^^^^^^^^ unknown
       |
       = help: did you mean `app-store`?

    error[E0009]: there is no source `zendesk`
      --> uproar.toml:18:26
       |
    18 | sources = ["app-stores", "zendesk"]
       |                          ^^^^^^^^^ unknown
       |
       = help: there is `app-store`

    error[E0009]: there is no target `leads`
      --> uproar.toml:19:11
       |
    19 | notify = ["leads"]
       |           ^^^^^^^ unknown
       |
       = help: there is `support-leads`
    "#);
}

#[test]
fn patterns_that_match_nothing() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/matches_nothing.toml")), @r#"
    error[E0023]: `l?st` in `themes` matches no theme
      --> uproar.toml:11:11
       |
    11 | themes = ["l?st"]
       |           ^^^^^^ matches nothing
       |
       = help: there is `late`

    error[E0023]: `app-*` in `sources` matches no source
      --> uproar.toml:12:12
       |
    12 | sources = ["app-*"]
       |            ^^^^^^^ matches nothing
       |
       = help: there is `desk`

    error[E0023]: `sources` is empty
      --> uproar.toml:16:11
       |
    16 | sources = []
       |           ^^ nothing to count
       |
       = help: name some, or write `sources = ["*"]` for all of them
    "#);
}

#[test]
fn a_watch_without_any_source() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/no_source.toml")), @"
    error[E0023]: the watch matches no source
     --> uproar.toml:4:1
      |
    4 | [[watch]]
      | ^^^^^^^^^ nothing to count
      |
      = help: there is no `[[source]]`
    ");
}

#[test]
fn a_theme_without_a_rule() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/theme_without_rule.toml")), @r#"
    error[E0003]: the theme `late` has no rule
     --> uproar.toml:1:1
      |
    1 | [[theme]]
      | ^^^^^^^^^ `rules` is missing
      |
      = help: add it: `rules = ["(split | part) NEAR/3 pay*"]`
    "#);
}

#[test]
fn countries_that_are_none() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/unknown_country.toml")), @r#"
    error[E0006]: `holidays` cannot be "UK"
     --> uproar.toml:2:19
      |
    2 | holidays = ["SE", "UK", "Norwegen", "XX"]
      |                   ^^^^ no such country
      |
      = help: did you mean "GB"?

    error[E0006]: `holidays` cannot be "Norwegen"
     --> uproar.toml:2:25
      |
    2 | holidays = ["SE", "UK", "Norwegen", "XX"]
      |                         ^^^^^^^^^^ no such country
      |
      = help: days off are known for AT, AU, BE, CA, CH, CZ, DE, DK, ES, FI, FR, GB, GR, HU, IE, IS, IT, LU, NL, NO, NZ, PL, PT, RO, SE, SK, TR, US

    error[E0006]: `holidays` cannot be "XX"
     --> uproar.toml:2:37
      |
    2 | holidays = ["SE", "UK", "Norwegen", "XX"]
      |                                     ^^^^ no such country
      |
      = help: days off are known for AT, AU, BE, CA, CH, CZ, DE, DK, ES, FI, FR, GB, GR, HU, IE, IS, IT, LU, NL, NO, NZ, PL, PT, RO, SE, SK, TR, US

    error[E0006]: `holidays` cannot be "dk"
      --> uproar.toml:13:13
       |
    13 | holidays = ["dk"]
       |             ^^^^ no such country
       |
       = help: did you mean "DK"?
    "#);
}

#[test]
fn references_and_measures_that_mean_nothing() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/bad_reference.toml")), @r#"
    error[E0026]: `reference` must be two months or two days with `..` between them
     --> uproar.toml:9:13
      |
    9 | reference = "2026-01"
      |             ^^^^^^^^^ refused
      |
      = help: for example `reference = "2026-01..2026-03"`

    error[E0026]: `reference` ends before it begins
      --> uproar.toml:14:13
       |
    14 | reference = "2026-03..2026-01"
       |             ^^^^^^^^^^^^^^^^^^ refused
       |
       = help: for example `reference = "2026-01..2026-03"`

    error[E0005]: `reference` is shorter than 28 days
      --> uproar.toml:19:13
       |
    19 | reference = "2026-02-01..2026-02-20"
       |             ^^^^^^^^^^^^^^^^^^^^^^^^ refused
       |
       = help: for example `reference = "2026-01..2026-03"`

    error[E0026]: `reference` must be two months or two days with `..` between them
      --> uproar.toml:24:13
       |
    24 | reference = "2026-13..2026-14"
       |             ^^^^^^^^^^^^^^^^^^ refused
       |
       = help: for example `reference = "2026-01..2026-03"`

    error[E0006]: `measures` cannot be "stars"
      --> uproar.toml:28:23
       |
    28 | measures = ["rating", "stars"]
       |                       ^^^^^^^ unknown word
       |
       = help: it may be "rating", "one_star", "csat", "nps"

    error[E0023]: `measures` is empty
      --> uproar.toml:32:12
       |
    32 | measures = []
       |            ^^ nothing to count
       |
       = help: name some of "rating", "one_star", "csat" and "nps", or take the line out

    error[E0003]: `themes` is missing in `[[watch]]`
      --> uproar.toml:33:1
       |
    33 | [[watch]]
       | ^^^^^^^^^ `themes` is missing
       |
       = help: add it: `themes = ["looping_bot", "no_human"]`; or `measures = ["rating"]` where ratings are watched
    "#);
}

#[test]
fn a_reference_that_is_not_over_is_worth_a_warning() {
    let text = include_str!("../../../tests/fixtures/config/reference_ahead.toml");
    let documents = [Document { name: "uproar.toml".to_owned(), text: text.to_owned() }];
    let at = |time: &str| {
        let loaded = parse(&documents, &secrets).at(time.parse().unwrap());
        assert!(loaded.config.is_some());
        print::show(&loaded.problems, &documents, false)
    };
    assert_eq!(at("2026-04-01T00:00:00Z"), "");
    insta::assert_snapshot!(at("2026-03-31T12:00:00Z"), @r#"
    warning[W0006]: the reference is not over yet
     --> uproar.toml:8:13
      |
    8 | reference = "2026-01..2026-03"
      |             ^^^^^^^^^^^^^^^^^^ until 2026-04-01 no slow rise is found
      |
      = help: name months that have been, or take the line out: then the year before is the reference
    "#);
}

#[test]
fn a_label_that_no_source_gives() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/unknown_label.toml")), @r#"
    warning[W0007]: no message has the label `produkt`
      --> uproar.toml:18:18
       |
    18 | by = ["product", "produkt", "language", "house"]
       |                  ^^^^^^^^^ none of the watch's sources gives it
       |
       = help: did you mean `product`?

    warning[W0007]: no message has the label `house`
      --> uproar.toml:18:41
       |
    18 | by = ["product", "produkt", "language", "house"]
       |                                         ^^^^^^^ none of the watch's sources gives it
       |
       = help: give it to a source: `labels = { house = "..." }`
    "#);
}

#[test]
fn what_nobody_uses() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/unused.toml")), @r#"
    warning[W0002]: no watch counts the source `forgotten`
     --> uproar.toml:7:8
      |
    7 | name = "forgotten"
      |        ^^^^^^^^^^^ read, stored, and never watched
      |
      = help: name it in `sources` of a `[[watch]]`

    warning[W0001]: no watch counts the theme `rude`
      --> uproar.toml:14:8
       |
    14 | name = "rude"
       |        ^^^^^^ tagged, and never watched
       |
       = help: name it in `themes` of a `[[watch]]`

    warning[W0004]: the watch notifies nobody
      --> uproar.toml:16:1
       |
    16 | [[watch]]
       | ^^^^^^^^^ its incidents are only listed
       |
       = help: name a target: `notify = ["support-leads"]`; an empty list says that this is meant

    warning[W0003]: no watch notifies the target `leads`
      --> uproar.toml:21:8
       |
    21 | name = "leads"
       |        ^^^^^^^ never told of anything
       |
       = help: name it in `notify` of a `[[watch]]`
    "#);
}
