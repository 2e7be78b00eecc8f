//! Values that nobody can use, in any table: of another kind, too large, without a unit, no address.

use super::shown;

#[test]
fn values_of_the_wrong_kind() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/wrong_kinds.toml")), @r#"
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
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/out_of_range.toml")), @r#"
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
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/unknown_words.toml")), @r#"
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
fn durations_and_sizes_without_units() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/no_units.toml")), @r#"
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
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/bad_names.toml")), @r#"
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
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/bad_addresses.toml")), @r#"
    error[E0016]: `base_url` is no address on the web: it does not begin with `https://`
     --> uproar.toml:1:12
      |
    1 | base_url = "uproar.example.com"
      |            ^^^^^^^^^^^^^^^^^^^^ refused
      |
      = help: write `base_url = "https://uproar.example.com"`

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
