//! Mistakes in sources that the operator describes: programs of jq, CSS selectors, permissions.

use super::shown;

/// What else a configuration needs.
const AROUND: &str = "[fetch]\ncontact = \"ops@example.com\"\n[[theme]]\nname = \"late\"\nrules = [\"late\"]\n\
                      [[watch]]\nname = \"w\"\nthemes = [\"late\"]\nnotify = []\n";

fn problems(table: &str) -> String {
    shown(&format!("[[source]]\nname = \"desk\"\n{table}{AROUND}"))
}

#[test]
fn a_mistake_in_a_program_is_shown_where_it_is() {
    let table = "[source.http_json]\nurl = \"https://desk.example/v1\"\nitems = \".rows[] | selekt(.a)\"\n\
                 next = { cursor = \".next\" }\n[source.http_json.map]\nid = \".id | \\\"x\\\" + (.a\"\ntext = \"def f: f; f\"\n\
                 rating = \"repeat(.)\"\n";
    insta::assert_snapshot!(problems(table), @"");
}

#[test]
fn logins_and_headers_that_cannot_be_right() {
    let table = "[source.http_json]\nurl = \"https://{since}.desk.example/v1\"\nheaders = { Authorization = \"Bearer hush\" }\n\
                 body = \"x\"\nauth = { bearer = \"hush\" }\nmap = { id = \".id\" }\n";
    insta::assert_snapshot!(problems(table), @"");
}

#[test]
fn pages_without_a_permission_are_not_read() {
    let table = "robots = \"ignore\"\nevery = \"10m\"\n[source.html]\nurls = [\"https://shop.example/r\", \"https://mall.example/r\"]\npause = \"0s\"\n\
                 [source.html.selectors]\nitem = \"li..x\"\nrating = \"i | s\"\n";
    insta::assert_snapshot!(problems(table), @"");
}
