//! Mistakes that any table can have: of syntax, of keys, of headers; and ten at once.

use super::secrets;
use super::shown;
use crate::config::Document;
use crate::config::parse;

#[test]
fn several_mistakes_of_syntax_at_once() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/syntax.toml")), @r#"
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
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/unknown_key.toml")), @r#"
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
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/missing_keys.toml")), @r#"
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
fn a_name_given_twice() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/name_twice.toml")), @r#"
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
fn keys_below_the_wrong_header() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/key_too_far_down.toml")), @r#"
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
fn a_single_table_where_there_can_be_several() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/single_table.toml")), @"
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
fn ten_mistakes_are_ten_errors() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/ten_mistakes.toml")), @r#"
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
        [Document { name: "uproar.toml".to_owned(), text: include_str!("../../../tests/fixtures/config/ten_mistakes.toml").to_owned() }];
    assert_eq!(parse(&documents, &secrets).problems.len(), 10);
}

/// A configuration with one source of these lines.
fn one_source(lines: &str) -> String {
    shown(&format!("[fetch]\ncontact = \"ops@example.com\"\n[[source]]\nname = \"s\"\n{lines}\n"))
}

#[test]
fn kinds_as_other_programs_name_them() {
    insta::assert_snapshot!(one_source("type = \"zendesk\""), @r#"
    error[E0002]: unknown key `type`
     --> uproar.toml:5:1
      |
    5 | type = "zendesk"
      | ^^^^ no such key in `[[source]]`
      |
      = help: the kind is a table of its own: write `[source.zendesk]` on a line below, and its options under it
    "#);
    insta::assert_snapshot!(one_source("[source.zendesk_tickets]\nsubdomain = \"kestrel\""), @r#"
    error[E0002]: unknown key `zendesk_tickets`
     --> uproar.toml:5:9
      |
    5 | [source.zendesk_tickets]
      |         ^^^^^^^^^^^^^^^ no such key in `[[source]]`
      |
      = help: did you mean `zendesk`?
    "#);
}

#[test]
fn what_is_missing_in_a_table_that_is_missing_too() {
    insta::assert_snapshot!(one_source("[source.http_json]\nurl = \"api.kestrel.example/x\""), @r#"
    error[E0003]: `id` is missing in `[source.http_json.map]`
     --> uproar.toml:5:1
      |
    5 | [source.http_json]
      | ^^^^^^^^^^^^^^^^^^ `id` is missing
      |
      = help: add it under `[source.http_json.map]`: `id = ".id"`

    error[E0016]: `url` is no address on the web: it does not begin with `https://`
     --> uproar.toml:6:7
      |
    6 | url = "api.kestrel.example/x"
      |       ^^^^^^^^^^^^^^^^^^^^^^^ refused
      |
      = help: write `url = "https://api.kestrel.example/x"`
    "#);
    insta::assert_snapshot!(one_source("[source.app_store]\napp = 7\ncountries = \"se\""), @r#"
    error[E0004]: `countries` must be a list in brackets, not a text
     --> uproar.toml:7:13
      |
    7 | countries = "se"
      |             ^^^^ this is a text
      |
      = help: for example `countries = ["se", "us"]`
    "#);
    insta::assert_snapshot!(one_source("[source.qualtrics]\ndatacenter = \"https://fra1.qualtrics.com\"\nsurvey = \"SV_7\"\ntoken = { env = \"HOOK\" }"), @r#"
    error[E0006]: `https://fra1.qualtrics.com` is no data centre
     --> uproar.toml:6:14
      |
    6 | datacenter = "https://fra1.qualtrics.com"
      |              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ letters, digits, `-` and `_`, please
      |
      = help: write "fra1" alone
    "#);
}
