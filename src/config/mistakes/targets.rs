//! Mistakes in targets and routes: who is told, and by which way.

use super::shown;

#[test]
fn a_target_of_two_kinds() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/two_kinds.toml")), @r#"
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
fn mail_addresses_that_are_none() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/bad_mail_addresses.toml")), @r#"
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
fn half_a_login_and_nobody_to_write_to() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/half_a_login.toml")), @r#"
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
fn what_would_cross_a_network_unprotected() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/unprotected.toml")), @r#"
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
fn routes_and_targets_that_lead_nowhere() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/bad_routes.toml")), @r#"
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
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/idle_routes.toml")), @r#"
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
    let house = include_str!("../../../tests/fixtures/config/idle_routes.toml");
    let route = |minutes: u32| format!("[[route]]\nto = [\"leads\"]\nafter = \"{minutes}m\"\n");
    let routes = |count: u32| (1..=count).map(route).collect::<Vec<_>>().concat();
    assert!(!shown(&format!("{house}{}", routes(5))).contains("different times"));
    let many = shown(&format!("{house}{}", routes(6)));
    assert!(many.contains("error[E0005]: there are more than 6 different times in `after` of all routes"), "{many}");
}

#[test]
fn a_target_that_is_told_of_no_beginnings_hears_of_nothing() {
    let house = include_str!("../../../tests/fixtures/config/idle_routes.toml");
    let desk = |kinds: &str| shown(&house.replace("name = \"desk\"\n", &format!("name = \"desk\"\nkinds = {kinds}\n")));
    let deaf = desk(r#"["worse", "resolved"]"#);
    assert!(deaf.contains("warning[W0014]: the target is never told of an incident: its `kinds` leave out \"opened\""), "{deaf}");
    assert!(deaf.contains("18 | kinds = [\"worse\", \"resolved\"]"), "{deaf}");
    for kinds in [r#"["opened", "resolved"]"#, r#"["digest"]"#, "[]"] {
        assert!(!desk(kinds).contains("W0014"), "{kinds}");
    }
}
