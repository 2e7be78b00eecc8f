//! Mistakes with secrets: one that stands in the file is refused and never shown again.

use super::shown;

#[test]
fn a_secret_in_the_file() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/plain_secret.toml")), @r#"
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
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/plain_secret_misspelt.toml")), @r#"
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
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/plain_secret_torn.toml")), @r#"
    error[E0001]: not TOML: invalid basic string, expected `"`
     --> uproar.toml:4:20
      |
    4 | password = "[secret]"
      |                      ^ here
      |
      = help: texts stand in quotes, lists in brackets, one `key = value` a line
    "#);
}

#[test]
fn secrets_in_one_line_with_other_mistakes() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/plain_secret_in_one_line.toml")), @r#"
    error[E0010]: `key` is a secret and must not stand in the file
     --> uproar.toml:3:62
      |
    3 | webhook = { url = "[secret]", key = "[secret]", keys = [{ value = "[secret]" }], every = "[secret]" }
      |                                     ^^^^^^^^^^ the secret itself
      |
      = help: name the place instead: `{ credential = "..." }`, `{ file = "..." }` or `{ env = "..." }`

    error[E0007]: `[target.webhook]` takes only one of `key`, `keys`
     --> uproar.toml:3:79
      |
    3 | webhook = { url = "[secret]", key = "[secret]", keys = [{ value = "[secret]" }], every = "[secret]" }
      |                               --- the first one ^^^^ a second one
      |
      = help: keep one of them

    error[E0002]: unknown key `value` in the secret `keys`
     --> uproar.toml:3:89
      |
    3 | webhook = { url = "[secret]", key = "[secret]", keys = [{ value = "[secret]" }], every = "[secret]" }
      |                                                           ^^^^^ no such place
      |
      = help: there is `credential`, `file`, `env`

    error[E0002]: unknown key `every`
     --> uproar.toml:3:111
      |
    3 | webhook = { url = "[secret]", key = "[secret]", keys = [{ value = "[secret]" }], every = "[secret]" }
      |                                                                                  ^^^^^ no such key in `[target.webhook]`
      |
      = help: there may be `url`, `key`, `keys`
    "#);
}

#[test]
fn a_secret_that_cannot_be_read() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/unreadable_secret.toml")), @r#"
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
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/bad_signing_key.toml")), @r#"
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
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/secret_in_two_places.toml")), @r#"
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
fn addresses_with_passwords() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/address_with_password.toml")), @r#"
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

/// A source of JSON with these lines, and whatever else is needed.
fn mapped(lines: &str) -> String {
    shown(&format!(
        "[fetch]\ncontact = \"ops@example.com\"\n[[source]]\nname = \"forms\"\n[source.http_json]\n{lines}\n[source.http_json.map]\nid = \".id\"\n\
         [[watch]]\nname = \"w\"\nthemes = [\"late\"]\nnotify = []\n[[theme]]\nname = \"late\"\nrules = [\"late\"]\n"
    ))
}

#[test]
fn a_token_where_the_login_belongs() {
    insta::assert_snapshot!(mapped("url = \"https://api.example.com/f\"\nauth = \"Bearer hunter2\""), @r#"
    error[E0004]: `auth` must be a table, `[source.http_json.auth]`, not a text
     --> uproar.toml:7:8
      |
    7 | auth = "[secret]"
      |        ^^^^^^^^^^ this is a text
      |
      = help: write `[source.http_json.auth]` on a line of its own and its options below
    "#);
}

#[test]
fn a_key_in_a_header() {
    insta::assert_snapshot!(mapped("url = \"https://api.example.com/f\"\nheaders = { Accept = \"application/json\", X-Api-Key = \"hunter2\" }"), @r#"
    warning[W0027]: the header `X-Api-Key` looks like a secret, and stands in the file
     --> uproar.toml:7:54
      |
    7 | headers = { Accept = "application/json", X-Api-Key = "[secret]" }
      |                                                      ^^^^^^^^^^ for everybody who may read the file
      |
      = help: take it out, and name where it is kept: `auth = { header = { name = "X-Api-Key", value = { file = "/etc/uproar/key" } } }`; `{ credential = "..." }` and `{ env = "..." }` do too
    "#);
}

#[test]
fn a_key_in_the_query_and_one_in_the_body() {
    let lines =
        "method = \"POST\"\nurl = \"https://api.example.com/f?page=1&api_key=hunter2&since={since}\"\nbody = '{\"token\": \"hunter2\"}'";
    insta::assert_snapshot!(mapped(lines), @r#"
    warning[W0027]: `api_key` in `url` looks like a secret, and stands in the file
     --> uproar.toml:7:49
      |
    7 | url = "https://api.example.com/f?page=1&api_key=[secret]&since={since}"
      |                                                 ^^^^^^^^ for everybody who may read the file
      |
      = help: take it out, and name where it is kept: `auth = { query = { name = "api_key", value = { file = "/etc/uproar/key" } } }`; `{ credential = "..." }` and `{ env = "..." }` do too

    warning[W0027]: `token` in `body` looks like a secret, and stands in the file
     --> uproar.toml:8:19
      |
    8 | body = '{"token": "[secret]"}'
      |                   ^^^^^^^^^^ for everybody who may read the file
      |
      = help: where the service takes it in a header or in the query, name where it is kept: `auth = { header = { name = "X-Api-Key", value = { file = "/etc/uproar/key" } } }`
    "#);
}

#[test]
fn secrets_of_a_line_with_another_mistake() {
    let lines = "url = \"https://api.example.com/f\"\nheaders = { Authorization = \"Bearer hunter2\", X-Auth-Token = \"hunter2\", \"\" = \"x\" }\n\
                 Authorization = \"Bearer hunter2\"\nfollow = \"https://a.example/?token=hunter2\"";
    insta::assert_snapshot!(mapped(lines), @r#"
    error[E0015]: the header `Authorization` is not set here
     --> uproar.toml:7:13
      |
    7 | headers = { Authorization = "[secret]", X-Auth-Token = "[secret]", "" = "x" }
      |             ^^^^^^^^^^^^^ refused
      |
      = help: a login belongs into `auth`, which names where it is kept: `auth = { bearer = { file = "/etc/uproar/token" } }`

    warning[W0027]: the header `X-Auth-Token` looks like a secret, and stands in the file
     --> uproar.toml:7:62
      |
    7 | headers = { Authorization = "[secret]", X-Auth-Token = "[secret]", "" = "x" }
      |                                                        ^^^^^^^^^^ for everybody who may read the file
      |
      = help: take it out, and name where it is kept: `auth = { header = { name = "X-Auth-Token", value = { file = "/etc/uproar/key" } } }`; `{ credential = "..." }` and `{ env = "..." }` do too

    error[E0015]: `` is no name of a header
     --> uproar.toml:7:73
      |
    7 | headers = { Authorization = "[secret]", X-Auth-Token = "[secret]", "" = "x" }
      |                                                                    ^^ refused
      |
      = help: use letters, digits and `-`

    error[E0002]: unknown key `Authorization`
     --> uproar.toml:8:1
      |
    8 | Authorization = "[secret]"
      | ^^^^^^^^^^^^^ no such key in `[source.http_json]`
      |
      = help: there may be `url`, `method`, `headers`, `auth`, `body`, `ok`, `items`, `next`, `since_format`, `overlap`, `map`

    error[E0002]: unknown key `follow`
     --> uproar.toml:9:1
      |
    9 | follow = "https://a.example/?token=[secret]"
      | ^^^^^^ no such key in `[source.http_json]`
      |
      = help: there may be `url`, `method`, `headers`, `auth`, `body`, `ok`, `items`, `next`, `since_format`, `overlap`, `map`
    "#);
}
