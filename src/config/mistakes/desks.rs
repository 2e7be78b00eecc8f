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

fn one(table: &str) -> String {
    problems(&format!("[[source]]\nname = \"s\"\n[source.{table}\n"))
}

#[test]
fn addresses_where_names_belong() {
    for fine in ["https://kestrel.zendesk.com", "https://kestrel.zendesk.com/agent/tickets/7", "Kestrel"] {
        assert_eq!(one(&format!("zendesk]\nsubdomain = \"{fine}\"\noauth_token = {{ env = \"HOOK\" }}")), "");
    }
    insta::assert_snapshot!(one("zendesk]\nsubdomain = \"help.kestrel.example\"\nemail = \"bot/token\"\ntoken = { env = \"HOOK\" }"), @r#"
    error[E0015]: `subdomain` is no name of a desk
     --> uproar.toml:4:13
      |
    4 | subdomain = "help.kestrel.example"
      |             ^^^^^^^^^^^^^^^^^^^^^^ refused
      |
      = help: write what stands before `.zendesk.com` in its address, such as `subdomain = "example"`

    error[E0017]: `email` is no mail address
     --> uproar.toml:5:9
      |
    5 | email = "bot/token"
      |         ^^^^^^^^^^^ whose token is it?
      |
      = help: write the mail address of the admin whose token it is, and nothing behind it: `email = "bot@example.com"`
    "#);
    insta::assert_snapshot!(one("trustpilot]\nbusiness = \"https://www.trustpilot.com/review/kestrel.example\"\nkey = { env = \"HOOK\" }"), @r#"
    error[E0015]: `business` is no domain, and no id of a business unit
     --> uproar.toml:4:12
      |
    4 | business = "https://www.trustpilot.com/review/kestrel.example"
      |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ refused
      |
      = help: write `business = "kestrel.example"`
    "#);
    insta::assert_snapshot!(one("trustpilot]\nbusiness = \"Kestrel\"\nkey = { env = \"HOOK\" }"), @r#"
    error[E0015]: `business` is no domain, and no id of a business unit
     --> uproar.toml:4:12
      |
    4 | business = "Kestrel"
      |            ^^^^^^^^^ refused
      |
      = help: write the domain, as in the address of its page there: `business = "example.com"`; or its `business_unit_id`
    "#);
    insta::assert_snapshot!(one("trustpilot]\nbusiness_unit_id = \"kestrel\"\nkey = { env = \"HOOK\" }"), @r#"
    error[E0015]: `business_unit_id` is no id of a business unit
     --> uproar.toml:4:20
      |
    4 | business_unit_id = "kestrel"
      |                    ^^^^^^^^^ 24 letters from `a` to `f` and digits, please
      |
      = help: or write the domain of the business instead: `business = "example.com"`
    "#);
    assert_eq!(one("trustpilot]\nbusiness = \"507f191e810c19729de860ea\"\nkey = { env = \"HOOK\" }"), "");
    insta::assert_snapshot!(one("qualtrics]\ndatacenter = \"fra1\"\nsurvey = \"Harbour\"\ntoken = { env = \"HOOK\" }"), @r#"
    error[E0015]: `survey` is no id of a survey: those begin with `SV_`
     --> uproar.toml:5:10
      |
    5 | survey = "Harbour"
      |          ^^^^^^^^^ its name, perhaps
      |
      = help: it stands in the address of the survey there: `survey = "SV_bwrylOA5nNnI9M1"`
    "#);
}

#[test]
fn options_of_a_mailbox_that_do_nothing() {
    insta::assert_snapshot!(one("mailbox]\nmaildir = \"/var/mail/c\"\nafter = \"move\""), @r#"
    warning[W0023]: `after` means nothing for a maildir
     --> uproar.toml:5:9
      |
    5 | after = "move"
      |         ^^^^^^ it does nothing here
      |
      = help: take the line out: mails of a maildir stay as they are
    "#);
    insta::assert_snapshot!(one("mailbox]\nimap = \"mail.kestrel.example\"\nuser = \"u\"\npassword = { env = \"HOOK\" }\nmove_to = \"Counted\""), @r#"
    warning[W0023]: `move_to` means nothing without `after = "move"`
     --> uproar.toml:7:11
      |
    7 | move_to = "Counted"
      |           ^^^^^^^^^ it does nothing here
      |
      = help: write `after = "move"` too, or take the line out
    "#);
}

#[test]
fn examples_that_nobody_has_filled_in() {
    insta::assert_snapshot!(problems("[[source]]\nname = \"zendesk-tickets\"\n[source.zendesk]\nsubdomain = \"example\"\nemail = \"bot@example.com\"  # fill in\ntoken = { env = \"HOOK\" }\n"), @r#"
    warning[W0030]: `subdomain` is an example that nobody has filled in
     --> uproar.toml:4:13
      |
    4 | subdomain = "example"
      |             ^^^^^^^^^ not yours, most likely
      |
      = help: write your own; what you have to give: the subdomain, the mail address of an admin and an API token

    warning[W0030]: `email` is an example that nobody has filled in
     --> uproar.toml:5:9
      |
    5 | email = "bot@example.com"  # fill in
      |         ^^^^^^^^^^^^^^^^^ not yours, most likely
      |
      = help: write your own; what you have to give: the subdomain, the mail address of an admin and an API token
    "#);
    assert_eq!(one("zendesk]\nsubdomain = \"kestrel\"  # fill in\nemail = \"bot@kestrel.example\"\ntoken = { env = \"HOOK\" }"), "");
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
