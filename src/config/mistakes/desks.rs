//! Mistakes in sources that are help desks and review sites: half a login, names that are none, more calls
//! than a year has.

use super::shown;

const AROUND: &str = "[fetch]\ncontact = \"ops@example.com\"\n[[theme]]\nname = \"late\"\nrules = [\"late\"]\n\
                      [[watch]]\nname = \"w\"\nthemes = [\"late\"]\nnotify = []\n";

fn problems(sources: &str) -> String {
    shown(&format!("{sources}{AROUND}"))
}

#[test]
fn half_a_login_and_a_desk_that_is_none() {
    insta::assert_snapshot!(problems("[[source]]\nname = \"desk\"\n[source.zendesk]\nsubdomain = \"my desk\"\nwhat = []\ntoken = { env = \"HOOK\" }\n"), @r#"
    error[E0015]: `subdomain` is no name of a desk
     --> uproar.toml:4:13
      |
    4 | subdomain = "my desk"
      |             ^^^^^^^^^ refused
      |
      = help: write what stands before `.zendesk.com` in its address, such as `subdomain = "example"`

    error[E0005]: `what` is empty
     --> uproar.toml:5:8
      |
    5 | what = []
      |        ^^ nothing would be read
      |
      = help: for example `what = ["tickets"]`

    error[E0003]: `token` needs an `email` beside it
     --> uproar.toml:6:9
      |
    6 | token = { env = "HOOK" }
      |         ^^^^^^^^^^^^^^^^ `email` is missing
      |
      = help: write the mail address of the admin whose token it is: `email = "bot@example.com"`
    "#);
    assert_eq!(
        problems("[[source]]\nname = \"desk\"\n[source.zendesk]\nsubdomain = \"kestrel.zendesk.com\"\noauth_token = { env = \"HOOK\" }\n"),
        ""
    );
}

#[test]
fn more_calls_than_a_vendor_allows_in_a_year() {
    let business = |name: &str, every: &str| {
        format!(
            "[[source]]\nname = \"{name}\"\nevery = \"{every}\"\n[source.trustpilot]\nbusiness = \"{name}.example\"\nkey = {{ env = \"HOOK\" }}\n"
        )
    };
    assert_eq!(problems(&[business("a", "30m"), business("b", "30m")].concat()), "");
    insta::assert_snapshot!(problems(&[business("a", "30m"), business("b", "10m")].concat()), @r#"
    warning[W0022]: the first tier of Trustpilot allows 200000 calls a year, and polls would take about 280320
     --> uproar.toml:4:1
      |
    4 | [source.trustpilot]
      | ^^^^^^^^^^^^^^^^^^^ 4 calls each, at a guess
      |
      = help: make `every` 1.5 times as long, unless your contract allows more
    "#);
}
