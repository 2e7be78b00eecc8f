//! One small broken file for each mistake, and what people see.

use crate::config::Document;
use crate::config::parse;
use crate::config::print;
use crate::config::secrets::Reference;
use crate::config::secrets::Unreadable;

mod sources;

/// Secrets of a machine that has a few.
fn secrets(reference: &Reference) -> Result<String, Unreadable> {
    match reference {
        Reference::Env(name) if name == "HOOK" => Ok("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz".to_owned()),
        Reference::Env(name) if name == "SHORT_KEY" => Ok("whsec_aHVudGVyMg==".to_owned()),
        other => Err(Unreadable { why: format!("there is no {other}"), cure: "put it there".to_owned(), tolerated: false }),
    }
}

fn shown(text: &str) -> String {
    let documents = [Document { name: "uproar.toml".to_owned(), text: text.to_owned() }];
    let loaded = parse(&documents, &secrets);
    assert_eq!(loaded.config.is_none(), loaded.problems.iter().any(crate::config::problem::Problem::is_error));
    let shown = print::show(&loaded.problems, &documents, false);
    assert!(!shown.contains("hunter2") && !shown.contains("battery"), "a secret is shown:\n{shown}");
    shown
}

#[test]
fn several_mistakes_of_syntax_at_once() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/syntax.toml")), @r#"
    error[E0001]: not TOML: string values must be quoted, expected literal string
     --> uproar.toml:1:13
      |
    1 | time_zone = Europe/Oslo
      |             ^^^^^^^^^^^ here
      |
      = help: texts stand in quotes, lists in brackets, one `key = value` a line

    error[E0001]: `keep_text` is set twice in one table
     --> uproar.toml:4:1
      |
    4 | keep_text = "80d"
      | ^^^^^^^^^ here
      |
      = help: keep one of the two

    error[E0001]: not TOML: invalid basic string, expected `"`
     --> uproar.toml:5:18
      |
    5 | max_size = "20 GB
      |                  ^ here
      |
      = help: texts stand in quotes, lists in brackets, one `key = value` a line
    "#);
}

#[test]
fn an_unknown_key() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/unknown_key.toml")), @r#"
    error[E0002]: unknown key `notifi`
      --> uproar.toml:11:1
       |
    11 | notifi = ["leads"]
       | ^^^^^^ no such key in `[[watch]]`
       |
       = help: did you mean `notify`?

    error[E0002]: unknown key `remind_evry`
      --> uproar.toml:12:1
       |
    12 | remind_evry = "24h"
       | ^^^^^^^^^^^ no such key in `[[watch]]`
       |
       = help: there may be `name`, `themes`, `measures`, `sources`, `by`, `bucket`, `holidays`, `false_alarms_per_year`, `slow_rises_per_year`, `reference`, `min_complaints`, `notify` and 1 more
    "#);
}

#[test]
fn keys_that_are_missing() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/missing_keys.toml")), @r#"
    error[E0003]: `name` is missing in `[[source]]`
     --> uproar.toml:1:1
      |
    1 | [[source]]
      | ^^^^^^^^^^ `name` is missing
      |
      = help: add it: `name = "app-store"`

    error[E0019]: an app store may be asked every 15m at most
     --> uproar.toml:2:9
      |
    2 | every = "1m"
      |         ^^^^ too often
      |
      = help: write `every = "15m"` or longer; only hosts in `allow_private` may be asked more often

    error[E0003]: `app` is missing in `[source.app_store]`
     --> uproar.toml:3:1
      |
    3 | [source.app_store]
      | ^^^^^^^^^^^^^^^^^^ `app` is missing
      |
      = help: add it: `app = 1115120118`

    error[E0020]: a source on the web needs a `contact` in `[fetch]`
     --> uproar.toml:3:1
      |
    3 | [source.app_store]
      | ^^^^^^^^^^^^^^^^^^ whose owner must be able to reach you
      |
      = help: add `contact = "ops@example.com"` under `[fetch]`: it goes into the user agent
    "#);
}

#[test]
fn values_of_the_wrong_kind() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/wrong_kinds.toml")), @r#"
    error[E0004]: `time_zone` must be the name of a time zone in quotes, not a whole number
     --> uproar.toml:1:13
      |
    1 | time_zone = 1
      |             ^ this is a whole number
      |
      = help: for example `time_zone = "UTC"`

    error[E0004]: `base_url` must be an address in quotes, not true or false
     --> uproar.toml:2:12
      |
    2 | base_url = true
      |            ^^^^ this is true or false
      |
      = help: for example `base_url = "https://uproar.example.com"`

    error[E0004]: `store` must be a table, `[store]`, not a text
     --> uproar.toml:3:9
      |
    3 | store = "uproar.db"
      |         ^^^^^^^^^^^ this is a text
      |
      = help: write `[store]` on a line of its own and its options below

    error[E0004]: `allow_private` must be a list in brackets, not a text
     --> uproar.toml:5:17
      |
    5 | allow_private = "10.0.0.1:80"
      |                 ^^^^^^^^^^^^^ this is a text
      |
      = help: for example `allow_private = ["feeds.internal.example:8080"]`
    "#);
}

#[test]
fn values_outside_their_limits() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/out_of_range.toml")), @r#"
    error[E0005]: `keep_text` must be from 1d to 36500d
     --> uproar.toml:2:13
      |
    2 | keep_text = "1h"
      |             ^^^^ refused
      |
      = help: for example `keep_text = "400d"`

    error[E0005]: `max_size` must be 10 MB at least
     --> uproar.toml:3:12
      |
    3 | max_size = "1 KB"
      |            ^^^^^^ refused
      |
      = help: for example `max_size = "20 GB"`

    error[E0005]: `false_alarms_per_year` must be above 0 and not above a million
      --> uproar.toml:14:25
       |
    14 | false_alarms_per_year = 0
       |                         ^ refused
       |
       = help: for example `false_alarms_per_year = 4`

    error[E0005]: `min_complaints` must be from 1 to 1000000
      --> uproar.toml:15:18
       |
    15 | min_complaints = -1
       |                  ^^ refused
       |
       = help: for example `min_complaints = 5`
    "#);
}

#[test]
fn words_that_nobody_knows() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/unknown_words.toml")), @r#"
    error[E0006]: there is no time zone `Europe/Stockholn`
     --> uproar.toml:1:13
      |
    1 | time_zone = "Europe/Stockholn"
      |             ^^^^^^^^^^^^^^^^^^ unknown
      |
      = help: did you mean `Europe/Stockholm`?

    error[E0006]: `bucket` cannot be "1dd"
      --> uproar.toml:12:10
       |
    12 | bucket = "1dd"
       |          ^^^^^ unknown word
       |
       = help: did you mean "1d"? It may be "1h", "1d"
    "#);
}

#[test]
fn two_schedules() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/two_schedules.toml")), @r#"
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
fn a_source_without_a_kind() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/no_kind.toml")), @"
    error[E0007]: `[[source]]` needs one of `[source.feed]`, `[source.file]`, `[source.app_store]`, `[source.replay]`
     --> uproar.toml:1:1
      |
    1 | [[source]]
      | ^^^^^^^^^^ none of them is here
      |
      = help: add exactly one of them
    ");
}

#[test]
fn a_target_of_two_kinds() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/two_kinds.toml")), @r#"
    error[E0007]: `[[target]]` takes only one of `[target.email]`, `[target.slack]`, `[target.teams]`, `[target.google_chat]`, `[target.discord]`, `[target.mattermost]`, `[target.pagerduty]`, `[target.alertmanager]`, `[target.ntfy]`, `[target.webhook]`, `[target.file]`, `[target.command]`
     --> uproar.toml:5:9
      |
    3 | [target.file]
      |         ---- the first one
    4 | folder = "mails"
    5 | [target.webhook]
      |         ^^^^^^^ a second one
      |
      = help: keep one of them
    "#);
}

#[test]
fn a_name_given_twice() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/name_twice.toml")), @r#"
    error[E0008]: there are two of `[[source]]` with the name `desk`
     --> uproar.toml:7:8
      |
    2 | name = "desk"
      |        ------ the first one
    ...
    7 | name = "desk"
      |        ^^^^^^ the second one
      |
      = help: rename one of them, or take it out
    "#);
}

#[test]
fn names_that_nothing_has() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/unknown_names.toml")), @r#"
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
fn countries_that_are_none() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/unknown_country.toml")), @r#"
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
fn a_secret_in_the_file() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/plain_secret.toml")), @r#"
    error[E0010]: `password` is a secret and must not stand in the file
     --> uproar.toml:8:12
      |
    8 | password = "[secret]"
      |            ^^^^^^^^^^ the secret itself
      |
      = help: name the place instead: `{ credential = "..." }`, `{ file = "..." }` or `{ env = "..." }`
    "#);
}

#[test]
fn a_secret_under_a_misspelt_key() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/plain_secret_misspelt.toml")), @r#"
    error[E0002]: unknown key `pasword`
     --> uproar.toml:7:1
      |
    7 | pasword = "[secret]"
      | ^^^^^^^ no such key in `[target.email]`
      |
      = help: did you mean `password`?
    "#);
}

#[test]
fn a_secret_in_a_torn_line() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/plain_secret_torn.toml")), @r#"
    error[E0001]: not TOML: invalid basic string, expected `"`
     --> uproar.toml:4:22
      |
    4 | password = "[secret]"
      |                      ^ here
      |
      = help: texts stand in quotes, lists in brackets, one `key = value` a line
    "#);
}

#[test]
fn secrets_in_one_line_with_other_mistakes() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/plain_secret_in_one_line.toml")), @r#"
    error[E0010]: `key` is a secret and must not stand in the file
     --> uproar.toml:3:37
      |
    3 | webhook = { url = "[secret]", key = "[secret]", keys = [{ value = "[secret]" }], every = "[secret]" }
      |                                     ^^^^^^^^^^ the secret itself
      |
      = help: name the place instead: `{ credential = "..." }`, `{ file = "..." }` or `{ env = "..." }`

    error[E0007]: `[target.webhook]` takes only one of `key`, `keys`
     --> uproar.toml:3:49
      |
    3 | webhook = { url = "[secret]", key = "[secret]", keys = [{ value = "[secret]" }], every = "[secret]" }
      |                               --- the first one ^^^^ a second one
      |
      = help: keep one of them

    error[E0002]: unknown key `value` in the secret `keys`
     --> uproar.toml:3:59
      |
    3 | webhook = { url = "[secret]", key = "[secret]", keys = [{ value = "[secret]" }], every = "[secret]" }
      |                                                           ^^^^^ no such place
      |
      = help: there is `credential`, `file`, `env`

    error[E0002]: unknown key `every`
     --> uproar.toml:3:82
      |
    3 | webhook = { url = "[secret]", key = "[secret]", keys = [{ value = "[secret]" }], every = "[secret]" }
      |                                                                                  ^^^^^ no such key in `[target.webhook]`
      |
      = help: there may be `url`, `key`, `keys`
    "#);
}

#[test]
fn a_secret_that_cannot_be_read() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/unreadable_secret.toml")), @r#"
    error[E0011]: the secret `password` cannot be read: there is no credential `smpt`
     --> uproar.toml:8:12
      |
    8 | password = { credential = "smpt" }
      |            ^^^^^^^^^^^^^^^^^^^^^^^ credential `smpt`
      |
      = help: put it there
    "#);
}

#[test]
fn a_signing_key_that_is_none() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/bad_signing_key.toml")), @r#"
    error[E0012]: the signing key was read, but it has 7 bytes instead of 24 to 64
     --> uproar.toml:5:7
      |
    5 | key = { env = "SHORT_KEY" }
      |       ^^^^^^^^^^^^^^^^^^^^^ environment variable `SHORT_KEY`
      |
      = help: make one with `printf 'whsec_%s\n' "$(openssl rand -base64 32)"`
    "#);
}

#[test]
fn a_secret_in_two_places() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/secret_in_two_places.toml")), @r#"
    error[E0007]: the secret `url` needs exactly one of `credential`, `file` and `env`
     --> uproar.toml:4:7
      |
    4 | url = { file = "a", env = "B" }
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^ one place, please
      |
      = help: name the place instead: `{ credential = "..." }`, `{ file = "..." }` or `{ env = "..." }`

    error[E0002]: unknown key `flie` in the secret `key`
     --> uproar.toml:5:9
      |
    5 | key = { flie = "[secret]" }
      |         ^^^^ no such place
      |
      = help: did you mean `file`?
    "#);
}

#[test]
fn durations_and_sizes_without_units() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/no_units.toml")), @r#"
    error[E0004]: `every` must be a duration in quotes, not a whole number
     --> uproar.toml:3:9
      |
    3 | every = 30
      |         ^^ this is a whole number
      |
      = help: for example `every = "30m"`

    error[E0013]: `max_delay` is no duration: `30` has no unit
     --> uproar.toml:4:13
      |
    4 | max_delay = "30"
      |             ^^^^ refused
      |
      = help: for example `max_delay = "3d"`

    error[E0014]: `max_size` is no size: `20` has no unit
     --> uproar.toml:9:12
      |
    9 | max_size = "20"
      |            ^^^^ refused
      |
      = help: for example `max_size = "20 GB"`
    "#);
}

#[test]
fn names_that_are_not_fit() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/bad_names.toml")), @r#"
    error[E0015]: `name` has a `*` in it, which patterns use
     --> uproar.toml:2:8
      |
    2 | name = "desk*"
      |        ^^^^^^^ refused
      |
      = help: for example `name = "app-store"`

    error[E0015]: `The Product` is no name for one of `labels`
     --> uproar.toml:4:12
      |
    4 | labels = { "The Product" = "app", country = 7 }
      |            ^^^^^^^^^^^^^ refused
      |
      = help: begin with a small letter and use only small letters, digits and `_`

    error[E0004]: `country` in `labels` must be a text in quotes, not a whole number
     --> uproar.toml:4:45
      |
    4 | labels = { "The Product" = "app", country = 7 }
      |                                             ^ this is a whole number
      |
      = help: for example `labels = { product = "app" }`

    error[E0015]: `name` must begin with a small letter and have only small letters, digits and `_`
     --> uproar.toml:9:8
      |
    9 | name = "Late Parcel"
      |        ^^^^^^^^^^^^^ refused
      |
      = help: for example `name = "split_payments"`
    "#);
}

#[test]
fn addresses_that_are_none() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/bad_addresses.toml")), @r#"
    error[E0016]: `base_url` is no address on the web: relative URL without a base
     --> uproar.toml:1:12
      |
    1 | base_url = "uproar.example.com"
      |            ^^^^^^^^^^^^^^^^^^^^ refused
      |
      = help: for example `base_url = "https://uproar.example.com"`

    error[E0016]: `address` must be an address in numbers and a port
     --> uproar.toml:3:11
      |
    3 | address = "localhost:8787"
      |           ^^^^^^^^^^^^^^^^ refused
      |
      = help: for example `address = "127.0.0.1:8787"`

    error[E0016]: `allow_private` must be `host:port`
     --> uproar.toml:6:18
      |
    6 | allow_private = ["10.0.0.1"]
      |                  ^^^^^^^^^^ refused
      |
      = help: for example `allow_private = ["feeds.internal.example:8080"]`

    error[E0016]: `url` must begin with `https://` or `http://`
      --> uproar.toml:11:7
       |
    11 | url = "ftp://forum.example.com/latest.rss"
       |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ refused
       |
       = help: for example `url = "https://forum.example.com/latest.rss"`
    "#);
}

#[test]
fn addresses_with_passwords() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/address_with_password.toml")), @r#"
    error[E0010]: `proxy` has a name or a password in it
     --> uproar.toml:3:9
      |
    3 | proxy = "[secret]"
      |         ^^^^^^^^^^ a secret in the file
      |
      = help: take out what stands before the `@`; secrets stand in files of their own

    error[E0010]: `url` has a name or a password in it
     --> uproar.toml:8:7
      |
    8 | url = "[secret]"
      |       ^^^^^^^^^^ a secret in the file
      |
      = help: take out what stands before the `@`; secrets stand in files of their own
    "#);
}

#[test]
fn mail_addresses_that_are_none() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/bad_mail_addresses.toml")), @r#"
    error[E0017]: `to` is no mail address: what stands before the `@` must be plain letters, without accents
     --> uproar.toml:4:7
      |
    4 | to = ["jörg@example.com", "leads"]
      |       ^^^^^^^^^^^^^^^^^^ refused
      |
      = help: for example `to = ["leads@example.com"]`

    error[E0017]: `to` is no mail address: there is no `@` in it
     --> uproar.toml:4:27
      |
    4 | to = ["jörg@example.com", "leads"]
      |                           ^^^^^^^ refused
      |
      = help: for example `to = ["leads@example.com"]`

    error[E0017]: `from` is no mail address: write the host as `xn--exmple-cua.com`
     --> uproar.toml:5:8
      |
    5 | from = "Uproar <uproar@exämple.com>"
      |        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ refused
      |
      = help: for example `from = "Uproar <uproar@example.com>"`
    "#);
}

#[test]
fn a_cron_line_that_is_none() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/bad_cron.toml")), @r#"
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
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/too_often.toml")), @r#"
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
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/no_contact.toml")), @r#"
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
fn what_would_cross_a_network_unprotected() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/unprotected.toml")), @r#"
    error[E0021]: `base_url` must begin with `https://`
     --> uproar.toml:1:12
      |
    1 | base_url = "http://uproar.example.com"
      |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^ links in mails would cross the network unprotected
      |
      = help: write `https://`; only an address of this machine may begin with `http://`

    error[E0021]: `tls = "none"` is only for a mail server on this machine
     --> uproar.toml:8:7
      |
    7 | smtp = "mail.example.com:25"
      |        --------------------- another machine
    8 | tls = "none"
      |       ^^^^^^ mail would cross the network unprotected
      |
      = help: write `tls = "required"`, or "implicit" for port 465
    "#);
}

#[test]
fn replays_that_do_not_agree() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/replay_speeds.toml")), @"
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

#[test]
fn keys_below_the_wrong_header() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/key_too_far_down.toml")), @r#"
    error[E0002]: unknown key `every`
     --> uproar.toml:5:1
      |
    5 | every = "1h"
      | ^^^^^ no such key in `[source.file]`
      |
      = help: it belongs under `[[source]]`: put it above `[source.file]`

    error[E0002]: unknown key `labels`
     --> uproar.toml:6:1
      |
    6 | labels = { product = "app" }
      | ^^^^^^ no such key in `[source.file]`
      |
      = help: it belongs under `[[source]]`: put it above `[source.file]`
    "#);
}

#[test]
fn a_moment_without_its_distance_from_utc() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/bad_time.toml")), @r#"
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
fn patterns_that_match_nothing() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/matches_nothing.toml")), @r#"
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
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/no_source.toml")), @"
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
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/theme_without_rule.toml")), @r#"
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
fn a_single_table_where_there_can_be_several() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/single_table.toml")), @"
    error[E0004]: there can be several of `source`, so it is written [[source]]
     --> uproar.toml:1:1
      |
    1 | [source]
      | ^^^^^^^^ a single table
      |
      = help: write [[source]] with two brackets on each side
    ");
}

#[test]
fn half_a_login_and_nobody_to_write_to() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/half_a_login.toml")), @r#"
    error[E0005]: `to` is empty
     --> uproar.toml:4:6
      |
    4 | to = []
      |      ^^ nobody
      |
      = help: add an address, or take the target out

    error[E0003]: `user` needs a `password` beside it
     --> uproar.toml:7:8
      |
    7 | user = "uproar"
      |        ^^^^^^^^ `password` is missing
      |
      = help: a server wants both or neither
    "#);
}

#[test]
fn storefronts_that_are_none() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/bad_countries.toml")), @r#"
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
fn what_nobody_uses() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/unused.toml")), @r#"
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

#[test]
fn ten_mistakes_are_ten_errors() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/ten_mistakes.toml")), @r#"
    error[E0006]: there is no time zone `Europe/Stokholm`
     --> uproar.toml:1:13
      |
    1 | time_zone = "Europe/Stokholm"
      |             ^^^^^^^^^^^^^^^^^ unknown
      |
      = help: did you mean `Europe/Stockholm`?

    error[E0021]: `base_url` must begin with `https://`
     --> uproar.toml:2:12
      |
    2 | base_url = "http://uproar.example.com"
      |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^ links in mails would cross the network unprotected
      |
      = help: write `https://`; only an address of this machine may begin with `http://`

    error[E0004]: `keep_text` must be a duration in quotes, not a whole number
     --> uproar.toml:8:13
      |
    8 | keep_text = 400
      |             ^^^ this is a whole number
      |
      = help: for example `keep_text = "400d"`

    error[E0002]: unknown key `max_sise`
     --> uproar.toml:9:1
      |
    9 | max_sise = "20 GB"
      | ^^^^^^^^ no such key in `[store]`
      |
      = help: did you mean `max_size`?

    error[E0019]: a feed may be asked every 5m at most
      --> uproar.toml:13:9
       |
    13 | every = "10s"
       |         ^^^^^ too often
       |
       = help: write `every = "5m"` or longer; only hosts in `allow_private` may be asked more often

    error[E0008]: there are two of `[[source]]` with the name `forum`
      --> uproar.toml:18:8
       |
    12 | name = "forum"
       |        ------- the first one
    ...
    18 | name = "forum"
       |        ^^^^^^^ the second one
       |
       = help: rename one of them, or take it out

    error[E0003]: `app` is missing in `[source.app_store]`
      --> uproar.toml:20:1
       |
    20 | [source.app_store]
       | ^^^^^^^^^^^^^^^^^^ `app` is missing
       |
       = help: add it: `app = 1115120118`

    error[E0009]: there is no source `fourm`
      --> uproar.toml:26:12
       |
    26 | sources = ["fourm"]
       |            ^^^^^^^ unknown
       |
       = help: did you mean `forum`?

    error[E0006]: `bucket` cannot be "hourly"
      --> uproar.toml:27:10
       |
    27 | bucket = "hourly"
       |          ^^^^^^^^ unknown word
       |
       = help: it may be "1h", "1d"

    error[E0010]: `password` is a secret and must not stand in the file
      --> uproar.toml:41:12
       |
    41 | password = "[secret]"
       |            ^^^^^^^^^^ the secret itself
       |
       = help: name the place instead: `{ credential = "..." }`, `{ file = "..." }` or `{ env = "..." }`
    "#);
}

#[test]
fn ten_mistakes_are_ten() {
    let documents =
        [Document { name: "uproar.toml".to_owned(), text: include_str!("../../tests/fixtures/config/ten_mistakes.toml").to_owned() }];
    assert_eq!(parse(&documents, &secrets).problems.len(), 10);
}

#[test]
fn references_and_measures_that_mean_nothing() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/bad_reference.toml")), @r#"
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
    let text = include_str!("../../tests/fixtures/config/reference_ahead.toml");
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
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/unknown_label.toml")), @r#"
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
fn routes_and_targets_that_lead_nowhere() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/bad_routes.toml")), @r#"
    error[E0030]: the quiet hours never end: only what is critical would ever be sent
      --> uproar.toml:19:35
       |
    19 | quiet = { from = "00:00", until = "00:00" }
       |                                   ^^^^^^^ they begin again when they end
       |
       = help: let them end at another time, or leave out a day; a route with `level = "critical"` tells of that alone

    error[E0031]: `boss` steps in for itself
      --> uproar.toml:24:12
       |
    24 | failover = "boss"
       |            ^^^^^^ the target itself
       |
       = help: name another target, best one on another channel

    error[E0009]: there is no target `bos`
      --> uproar.toml:29:12
       |
    29 | failover = "bos"
       |            ^^^^^ unknown
       |
       = help: did you mean `boss`?

    error[E0009]: there is no watch `evening`
      --> uproar.toml:33:19
       |
    33 | when = { watch = ["evening"], theme = ["dark_stages", "rating"], source = ["app*"], segment = "se" }
       |                   ^^^^^^^^^ unknown
       |
       = help: did you mean `evenings`?

    error[E0009]: there is no theme or measure `dark_stages`
      --> uproar.toml:33:40
       |
    33 | when = { watch = ["evening"], theme = ["dark_stages", "rating"], source = ["app*"], segment = "se" }
       |                                        ^^^^^^^^^^^^^ unknown
       |
       = help: did you mean `dark_stage`?

    error[E0023]: `app*` in `source` matches no source
      --> uproar.toml:33:76
       |
    33 | when = { watch = ["evening"], theme = ["dark_stages", "rating"], source = ["app*"], segment = "se" }
       |                                                                            ^^^^^^ matches nothing
       |
       = help: there is `theatre`

    error[E0006]: there is no part of the messages `se`
      --> uproar.toml:33:95
       |
    33 | when = { watch = ["evening"], theme = ["dark_stages", "rating"], source = ["app*"], segment = "se" }
       |                                                                                               ^^^^ no label with its value
       |
       = help: write "all", or a label and its value: "country=se"

    error[E0009]: there is no target `lead`
      --> uproar.toml:34:7
       |
    34 | to = ["lead"]
       |       ^^^^^^ unknown
       |
       = help: did you mean `leads`?

    error[E0005]: `to` is empty
      --> uproar.toml:37:6
       |
    37 | to = []
       |      ^^ nobody
       |
       = help: name a target: `to = ["on-call"]`, or take the route out
    "#);
}

#[test]
fn routes_that_tell_only_those_who_are_told_anyway() {
    insta::assert_snapshot!(shown(include_str!("../../tests/fixtures/config/idle_routes.toml")), @r#"
    warning[W0011]: `boss` has a `failover` of its own, which is not asked for this one
      --> uproar.toml:18:12
       |
    18 | failover = "boss"
       |            ^^^^^^ steps in
    ...
    23 | failover = "leads"
       |            ------- is asked only for its own notices
       |
       = help: name the target that is most likely to work

    warning[W0010]: the route tells only those whom the watches name in `notify`
      --> uproar.toml:32:6
       |
    32 | to = ["desk"]
       |      ^^^^^^^^ told anyway
       |
       = help: take them out of `notify`, name others here, or take the route out

    warning[W0010]: the route tells only those whom the watches name in `notify`
      --> uproar.toml:35:6
       |
    35 | to = ["desk"]
       |      ^^^^^^^^ told at once, not only after a while
       |
       = help: take them out of `notify`, name others here, or take the route out
    "#);
}

#[test]
fn an_incident_takes_only_so_many_steps_of_escalation() {
    let house = include_str!("../../tests/fixtures/config/idle_routes.toml");
    let route = |minutes: u32| format!("[[route]]\nto = [\"leads\"]\nafter = \"{minutes}m\"\n");
    let routes = |count: u32| (1..=count).map(route).collect::<Vec<_>>().concat();
    assert!(!shown(&format!("{house}{}", routes(5))).contains("different times"));
    let many = shown(&format!("{house}{}", routes(6)));
    assert!(many.contains("error[E0005]: there are more than 6 different times in `after` of all routes"), "{many}");
}

#[test]
fn a_target_that_is_told_of_no_beginnings_hears_of_nothing() {
    let house = include_str!("../../tests/fixtures/config/idle_routes.toml");
    let desk = |kinds: &str| shown(&house.replace("name = \"desk\"\n", &format!("name = \"desk\"\nkinds = {kinds}\n")));
    let deaf = desk(r#"["worse", "resolved"]"#);
    assert!(deaf.contains("warning[W0014]: the target is never told of an incident: its `kinds` leave out \"opened\""), "{deaf}");
    assert!(deaf.contains("18 | kinds = [\"worse\", \"resolved\"]"), "{deaf}");
    for kinds in [r#"["opened", "resolved"]"#, r#"["digest"]"#, "[]"] {
        assert!(!desk(kinds).contains("W0014"), "{kinds}");
    }
}
