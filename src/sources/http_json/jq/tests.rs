//! What programs give, and that none of them gets away.

use super::*;

/// What a program gives for a document, as JSON, an error in brackets at the end.
fn gives(code: &str, input: &str) -> String {
    gives_within(code, input, Limits::for_reply(input.len()))
}

fn gives_within(code: &str, input: &str, limits: Limits) -> String {
    let program = Program::compile(code).unwrap_or_else(|wrong| panic!("{code}: {wrong}"));
    let run = within(limits, || {
        let (values, error) = program.run(document(input).unwrap());
        let mut shown: Vec<String> = values.iter().map(ToString::to_string).collect();
        shown.extend(error.map(|error| format!("({error})")));
        shown.join(" ")
    });
    run.unwrap_or_else(|spent| format!("spent: {spent}"))
}

#[test]
fn programs_give_what_jq_gives() {
    for (code, input, output) in [
        (".a.b", r#"{"a":{"b":1}}"#, "1"),
        (".a[]", r#"{"a":[1,2]}"#, "1 2"),
        (".a // \"none\"", "{}", "\"none\""),
        (".x | split(\"/\")[0] | tonumber", r#"{"x":"4/5"}"#, "4"),
        (".t / 1000 | todate", r#"{"t":1791784800000}"#, "\"2026-10-12T06:00:00Z\""),
        (".t / 1000 | todate", r#"{"t":1791784800500}"#, "\"2026-10-12T06:00:00.500Z\""),
        ("\"id-\\(.id)\"", r#"{"id":9007199254740993}"#, "\"id-9007199254740993\""),
        (".id | tostring", r#"{"id":123456789012345678901234}"#, "\"123456789012345678901234\""),
        ("[.[] | select(.n > 1) | {n, m: (.n * 2)}]", r#"[{"n":1},{"n":2}]"#, r#"[{"m":4,"n":2}]"#),
        ("to_entries", r#"{"a":1}"#, r#"[{"key":"a","value":1}]"#),
        ("with_entries(.value += 1)", r#"{"a":1}"#, r#"{"a":2}"#),
        ("reduce .[] as $x (0; . + $x)", "[1,2,3]", "6"),
        ("[.[] | tostring] | join(\",\")", "[1,\"b\",null]", "\"1,b,null\""),
        ("if .a then \"y\" elif .b then \"z\" else \"n\" end", r#"{"b":true}"#, "\"z\""),
        ("[paths]", r#"{"a":[1]}"#, r#"[["a"],["a",0]]"#),
        ("[..]", "[1]", "[[1],1]"),
        ("flatten", "[1,[2,[3]]]", "[1,2,3]"),
        ("group_by(.a) | map(length)", r#"[{"a":1},{"a":2},{"a":1}]"#, "[2,1]"),
        ("[limit(2; .[])]", "[1,2,3]", "[1,2]"),
        ("first(range(5; 100))", "null", "5"),
        ("test(\"^a\")", "\"abc\"", "true"),
        ("capture(\"(?<y>[0-9]+)-(?<m>[0-9]+)\")", "\"in 2026-03\"", r#"{"m":"03","y":"2026"}"#),
        ("[scan(\"[0-9]+\")]", "\"1 and 22\"", r#"["1","22"]"#),
        ("gsub(\"<[^>]*>\"; \"\")", "\"<b>x</b>\"", "\"x\""),
        ("[match(\"é(.)\"; \"g\") | .offset, .captures[0].string]", "\"aéb éc\"", r#"[1,"b",4,"c"]"#),
        ("split(\", *\"; null)", "\"a, b,c\"", r#"["a","b","c"]"#),
        ("ascii_downcase | ltrimstr(\"re: \") | trim", "\"Re: Hi \"", "\"hi\""),
        ("strip_html", "\"<p>one<br>two &amp; three</p>\"", "\"one\\ntwo & three\""),
        ("@uri, @base64, (@base64 | @base64d), @json, @html", "\"a b&\"", r#""a%20b%26" "YSBiJg==" "a b&" "\"a b&\"" "a b&amp;""#),
        ("strptime(\"%d.%m.%Y\") | mktime", "\"05.03.2026\"", "1772668800"),
        ("strftime(\"%Y/%m\")", "1772668800", "\"2026/03\""),
        ("fromdate", "\"2026-03-05T00:00:00Z\"", "1772668800"),
        ("fromjson | .a", "\"{\\\"a\\\":1}\"", "1"),
        ("try error(\"x\") catch .", "null", "\"x\""),
        (".a.b.c", r#"{"a":1}"#, "(cannot index 1 with \"b\")"),
        (".[-1], .[1:], .[9]", "[1,2,3]", "3 [2,3] null"),
        ("del(.a)", r#"{"a":1,"b":2}"#, r#"{"b":2}"#),
        ("map_values(. + 1)", "[1,2]", "[2,3]"),
        ("index(\"b\"), has(\"a\")?", "\"abc\"", "1"),
        ("any(.[]; . > 2), all, (map(type) | unique)", "[1,3]", "true true [\"number\"]"),
        ("7 / 2, 6 / 2, 7 % 4, 1 / 0", "null", "3.5 3 3 null"),
        ("def twice(f): f | f; twice(. * 3)", "2", "18"),
        (". as {a: $x, b: [$y]} | $x + $y", r#"{"a":1,"b":[2]}"#, "3"),
        ("\"a\" * 3, {a:{b:1}} * {a:{c:2}}", "null", r#""aaa" {"a":{"b":1,"c":2}}"#),
    ] {
        assert_eq!(gives(code, input), output, "{code}");
    }
}

#[test]
fn nasty_programs_end() {
    for code in [
        "[range(1e12)]",
        "range(1e12) | empty",
        "last(range(1e12))",
        "reduce range(1e12) as $i (0; . + 1)",
        "[limit(1e12; range(1e13))]",
        "reduce range(100) as $i (\"xx\"; . + .)",
        "\"x\" * 1e9",
        "\"x\" * 1e18",
        "\"\" * 1e18",
        "reduce range(100) as $i (1; [., .])",
        "reduce range(100000) as $i (1; [.])",
        "reduce range(100) as $i (1; {a: ., b: .})",
        "reduce range(100) as $i (\"\\\"\"; tojson)",
        "reduce range(100) as $i (\"x\"; @base64)",
        "reduce range(100) as $i ([1]; . + .)",
        "reduce range(100) as $i ({}; .a = . | .b = .)",
        "try [range(1e12)] catch 1",
        "[range(1e12)]?, 1",
        "label $out | range(1e12) | if . < 0 then break $out else empty end",
        "[range(3000)] | . as $a | [$a[] as $x | $a[] as $y | $a[] as $z | 1] | length",
        "def a: ., .; def b: a | a | a | a; def c: b | b | b | b; def d: c | c | c | c; [d | d | d] | length",
        "(.,.)|(.,.)|(.,.)|(.,.)|(.,.)|(.,.)|(.,.)|(.,.)|(.,.)|(.,.)|(.,.)|(.,.)|(.,.)|(.,.)|(.,.)|(.,.)|(.,.)|(.,.)|(.,.)|(.,.)|(.,.)|(.,.)|(.,.)|(.,.)|(.,.)|(.,.)|(.,.)|empty",
        "[range(200000)] | combinations?, [[range(99)],[range(99)],[range(99)],[range(99)],[range(99)]] | [combinations] | length",
        "[range(100000) | tostring] | add | [match(\"(.*)*1(.*)*2\"; \"g\")] | [range(1000) as $i | .] | length",
        "\"a\" * 1000000 | [range(10000) as $i | explode] | length",
        "\"a\" * 1000000 | [range(100000) as $i | test(\"b$\")] | length",
        "[range(100000)] | [range(100000) as $i | sort] | length",
        "[range(1000)] | [range(1e9) as $i | . == .] | length",
        "path(range(1e12))?, [path(..)] , (reduce range(1e9) as $i (0; 1))",
        "[.[]?, range(1e10)] | sort_by(.) | length",
        "foreach range(1e12) as $i (0; 1; empty)",
        "isempty(range(1e12) | empty)",
        "skip(1e12; range(1e13))",
    ] {
        // A tenth of what replies get, so that the tests do not take their time.
        let whole = Limits::for_reply(0);
        let output = gives_within(code, "null", Limits { steps: whole.steps / 10, bytes: whole.bytes / 10 });
        assert!(output.starts_with("spent: it "), "{code}: {}", &output[..output.len().min(100)]);
    }
}

#[test]
fn what_need_not_end_is_refused_when_it_is_compiled() {
    for (code, reason) in [
        ("def f: f; f", "the definition `f` calls itself"),
        ("def f: 1 + f; f", "the definition `f` calls itself"),
        ("def f(g): def h: f(g); h; f(.)", "the definition `f` calls itself"),
        ("[.[] | def f: \"\\({a: [f]})\"; f]", "the definition `f` calls itself"),
        ("def f: if . then try f catch f else . as {a: $x} | reduce f as $y (0; 1) end; f", "the definition `f` calls itself"),
        ("repeat(.)", "`repeat` cannot be used here"),
        ("until(false; .)", "`until` cannot be used here"),
        ("while(true; .)", "`while` cannot be used here"),
        ("recurse(.)", "`recurse` cannot be used here"),
        ("input", "`input` cannot be used here"),
        ("env.HOME", "`env` cannot be used here"),
        ("$ENV.HOME", "`$ENV` cannot be used here"),
        ("halt", "`halt` cannot be used here"),
        ("now", "`now` cannot be used here"),
        ("import \"a\" as a; .", "a program has no modules"),
    ] {
        let wrong = Program::compile(code).unwrap_err();
        assert_eq!(wrong.reason, reason, "{code}");
        assert!(!wrong.cure.is_empty());
    }
}

#[test]
fn a_mistake_has_its_place() {
    for (code, place, reason) in [
        (".a | foo", "foo", "there is no filter `foo`"),
        (".a + $x", "$x", "there is no variable `$x`"),
        (".a | map(", "(", "closing parenthesis expected"),
        (".a ]", "]", "token expected"),
        ("if .a then 1", "1", "else or end expected, and not the end of the program"),
        (".a & .b", "&", "token expected"),
        ("", "", "an empty program"),
    ] {
        let wrong = Program::compile(code).unwrap_err();
        assert_eq!((&code[wrong.span.clone()], wrong.reason.as_str()), (place, reason), "{code}");
    }
}

#[test]
fn deep_programs_and_deep_replies_do_not_eat_the_stack() {
    for code in [
        "[".repeat(2000) + &"]".repeat(2000),
        "(".repeat(2000) + "." + &")".repeat(2000),
        "-".repeat(4000) + "1",
        "try ".repeat(1000) + ".",
        format!("{}.", ".|".repeat(2000)),
        "if ".repeat(1300),
        format!("{}1", "1+".repeat(2000)),
        ".a".repeat(2000),
        "\"\\(".repeat(1000),
        "{a:".repeat(1000) + "1" + &"}".repeat(1000),
    ] {
        if let Ok(program) = Program::compile(&code) {
            let _ = within(Limits::for_reply(0), || program.run(Value::Null).0.len());
        }
    }
    assert!(Program::compile(&".".repeat(5000)).is_err());
    let deep = format!("{}1{}", "[".repeat(127), "]".repeat(127));
    assert_eq!(gives("[..] | length", &deep), "128");
    assert_eq!(gives("flatten", &deep), "[1]");
    assert_eq!(gives("tojson | fromjson | . == .", &deep), "true");
}

proptest::proptest! {
    #[test]
    fn any_text_is_a_program_or_a_mistake_inside_it(code in "[.|,;()\\[\\]{}a-c0-9\"$@ :?+=/-]{0,24}") {
        match Program::compile(&code) {
            Ok(program) => {
                let _ = within(Limits { steps: 100_000, bytes: 1_000_000 }, || program.run(document("{\"a\":[1,{\"b\":\"c\"}]}").unwrap()).0.len());
            }
            Err(wrong) => {
                proptest::prop_assert!(wrong.span.end <= code.len() && wrong.span.start <= wrong.span.end);
                proptest::prop_assert!(code.is_char_boundary(wrong.span.start) && code.is_char_boundary(wrong.span.end));
            }
        }
    }
}

#[test]
fn a_mistake_behind_a_letter_of_several_bytes_has_a_place() {
    for code in ["2:\u{765}", ".a | \"\u{765}", "(\"\u{765}", "f(\"; . \"\"; . + \"x\") |2:\u{765}", "\u{765}"] {
        let wrong = Program::compile(code).map(drop).unwrap_err();
        assert!(wrong.reason.contains("expected") && code.get(wrong.span.clone()).is_some(), "{code}: {wrong:?}");
    }
}
