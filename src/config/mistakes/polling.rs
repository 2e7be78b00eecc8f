//! Mistakes in how sources are read: their kind, their rhythm, their clock.

use super::shown;

#[test]
fn a_source_without_a_kind() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/no_kind.toml")), @"
    error[E0007]: `[[source]]` needs one of `[source.feed]`, `[source.file]`, `[source.replay]`, `[source.app_store]` or another kind
     --> uproar.toml:1:1
      |
    1 | [[source]]
      | ^^^^^^^^^^ none of them is here
      |
      = help: add exactly one of them; `uproar config sample` shows them all
    ");
}

#[test]
fn two_schedules() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/two_schedules.toml")), @r#"
    error[E0007]: `[[source]]` takes only one of `every`, `cron`
     --> uproar.toml:4:1
      |
    3 | every = "1h"
      | ----- the first one
    4 | cron = "0 * * * *"
      | ^^^^ a second one
      |
      = help: keep one of them
    "#);
}

#[test]
fn a_cron_line_that_is_none() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/bad_cron.toml")), @r#"
    error[E0018]: `cron` is no cron line: a cron line has five fields, not 4
     --> uproar.toml:3:9
      |
    3 | cron = "*/30 6-22 * *"
      |         ^^^^^^^^^^^^^ here
      |
      = help: write minute, hour, day of the month, month, day of the week, as in `30 6 * * Mon-Fri`
    "#);
}

#[test]
fn sources_polled_too_often() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/too_often.toml")), @r#"
    error[E0019]: a feed may be asked every 5m at most
     --> uproar.toml:6:9
      |
    6 | every = "1m"
      |         ^^^^ too often
      |
      = help: write `every = "5m"` or longer; only hosts in `allow_private` may be asked more often

    error[E0019]: an app store may be asked every 15m at most
      --> uproar.toml:11:9
       |
    11 | every = "10m"
       |         ^^^^^ too often
       |
       = help: write `every = "15m"` or longer; only hosts in `allow_private` may be asked more often
    "#);
}

#[test]
fn a_source_on_the_web_without_a_contact() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/no_contact.toml")), @r#"
    error[E0020]: a source on the web needs a `contact` in `[fetch]`
     --> uproar.toml:5:7
      |
    5 | url = "https://forum.example.com/latest.rss"
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ whose owner must be able to reach you
      |
      = help: add `contact = "ops@example.com"` under `[fetch]`: it goes into the user agent
    "#);
}

#[test]
fn storefronts_that_are_none() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/bad_countries.toml")), @r#"
    error[E0006]: `swe` is no storefront
     --> uproar.toml:8:20
      |
    8 | countries = ["se", "swe", "se"]
      |                    ^^^^^ two small letters, please
      |
      = help: for example `countries = ["se", "us"]`

    error[E0008]: the storefront `se` is listed twice
     --> uproar.toml:8:27
      |
    8 | countries = ["se", "swe", "se"]
      |                           ^^^^ the second one
      |
      = help: keep one of them
    "#);
}

#[test]
fn a_moment_without_its_distance_from_utc() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/bad_time.toml")), @r#"
    error[E0026]: `live_from` must be a date and a time with `Z` or a distance from UTC at its end
     --> uproar.toml:6:13
      |
    6 | live_from = "2026-03-01 00:00"
      |             ^^^^^^^^^^^^^^^^^^ refused
      |
      = help: for example `live_from = "2026-03-01T00:00:00Z"`
    "#);
}

#[test]
fn replays_that_do_not_agree() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/replay_speeds.toml")), @"
    error[E0022]: a replay with another `speed` than 1 cannot stand beside other sources
      --> uproar.toml:7:9
       |
     7 | speed = 3600
       |         ^^^^ its clock would be theirs too
    ...
    15 | [[source]]
       | ---------- a source of another kind
       |
       = help: take one of them out, or write `speed = 1`

    error[E0022]: all replays must have the same `speed`
      --> uproar.toml:14:9
       |
     7 | speed = 3600
       |         ---- 3600 here
    ...
    14 | speed = 60
       |         ^^ 60 here
       |
       = help: write the same `speed` in every `[source.replay]`
    ");
}
