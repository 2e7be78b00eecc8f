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
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/plain_secret_in_one_line.toml")), @r#"
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
