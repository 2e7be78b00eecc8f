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
    insta::assert_snapshot!(problems(table), @r#"
    error[E0050]: `items` is no program of jq that can be run: there is no filter `selekt`
     --> uproar.toml:5:20
      |
    5 | items = ".rows[] | selekt(.a)"
      |                    ^^^^^^ here
      |
      = help: the functions of jq are in its manual, https://jqlang.org/manual

    error[E0003]: nothing says where the cursor goes
     --> uproar.toml:6:8
      |
    6 | next = { cursor = ".next" }
      |        ^^^^^^^^^^^^^^^^^^^^ here
      |
      = help: add `param = "cursor"`, or write `{cursor}` into `url` or `body`

    error[E0050]: `id` is no program of jq that can be run: closing parenthesis expected
     --> uproar.toml:8:23
      |
    8 | id = ".id | \"x\" + (.a"
      |                       ^ here
      |
      = help: try the program with jq on a reply of the server

    error[E0050]: `text` is no program of jq that can be run: the definition `f` calls itself
     --> uproar.toml:9:16
      |
    9 | text = "def f: f; f"
      |                ^ here
      |
      = help: a program has to end for every input: go through values with `.[]`, `..`, `map` or `reduce`

    error[E0050]: `rating` is no program of jq that can be run: `repeat` cannot be used here
      --> uproar.toml:10:11
       |
    10 | rating = "repeat(.)"
       |           ^^^^^^ here
       |
       = help: a program has to end for every input
    "#);
}

#[test]
fn logins_and_headers_that_cannot_be_right() {
    let table = "[source.http_json]\nurl = \"https://{since}.desk.example/v1\"\nheaders = { Authorization = \"Bearer hush\" }\n\
                 body = \"x\"\nauth = { bearer = \"hush\" }\nmap = { id = \".id\" }\n";
    insta::assert_snapshot!(problems(table), @r#"
    error[E0016]: nothing can be filled into the host of `url`
     --> uproar.toml:4:7
      |
    4 | url = "https://{since}.desk.example/v1"
      |       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ here
      |
      = help: write the host as it is, and `{since}` behind it

    error[E0015]: the header `Authorization` is not set here
     --> uproar.toml:5:13
      |
    5 | headers = { Authorization = "[secret]" }
      |             ^^^^^^^^^^^^^ refused
      |
      = help: a login belongs into `auth`, which names where it is kept: `auth = { bearer = { file = "/etc/uproar/token" } }`

    error[E0010]: `bearer` is a secret and must not stand in the file
     --> uproar.toml:7:19
      |
    7 | auth = { bearer = "[secret]" }
      |                   ^^^^^^^^^^ the secret itself
      |
      = help: name the place instead: `{ credential = "..." }`, `{ file = "..." }` or `{ env = "..." }`
    "#);
}

#[test]
fn pages_without_a_permission_are_not_read() {
    let table = "robots = \"ignore\"\nevery = \"10m\"\n[source.html]\nurls = [\"https://shop.example/r\", \"https://mall.example/r\"]\npause = \"0s\"\n\
                 [source.html.selectors]\nitem = \"li..x\"\nrating = \"i | s\"\n";
    insta::assert_snapshot!(problems(table), @r#"
    error[E0052]: pages are read only as their `robots.txt` allows
     --> uproar.toml:3:10
      |
    3 | robots = "ignore"
      |          ^^^^^^^^ not here
      |
      = help: take the line out; those who run the site can allow `Uproar` in their `robots.txt`

    error[E0019]: a source of the kind `html` may be asked every 1h at most
     --> uproar.toml:4:9
      |
    4 | every = "10m"
      |         ^^^^^ too often
      |
      = help: write `every = "1h"` or longer; only hosts in `allow_private` may be asked more often

    error[E0052]: pages are read only with the permission of those who run the site
     --> uproar.toml:5:1
      |
    5 | [source.html]
      | ^^^^^^^^^^^^^ nobody is named who gave it
      |
      = help: add `permission = "..."` with who allowed it, such as "our own site" or "mail of 3 March by their owner"

    error[E0016]: the `urls` of a source are all on one host
     --> uproar.toml:6:35
      |
    6 | urls = ["https://shop.example/r", "https://mall.example/r"]
      |                                   ^^^^^^^^^^^^^^^^^^^^^^^^ another host
      |
      = help: write a source of its own for each host: each needs a permission of its own

    error[E0019]: `pause` must be a second at least
     --> uproar.toml:7:9
      |
    7 | pause = "0s"
      |         ^^^^ too short
      |
      = help: 5 s are usual; only this machine itself may be asked faster

    error[E0051]: `item` cannot be used: `li..x` is no CSS selector
     --> uproar.toml:9:8
      |
    9 | item = "li..x"
      |        ^^^^^^^ here
      |
      = help: for example `.review .text` or `li[data-review]`

    error[E0051]: `rating` cannot be used: what stands behind ` | ` is no `/…/`
      --> uproar.toml:10:10
       |
    10 | rating = "i | s"
       |          ^^^^^^^ here
       |
       = help: for example `i.stars@class | /stars-(\d)/`
    "#);
}
