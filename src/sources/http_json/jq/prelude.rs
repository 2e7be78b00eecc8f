//! What a program may call: the definitions of jq that end for every input.

use std::sync::OnceLock;

use jaq_core::load;
use jaq_core::load::parse::Def;

/// Definitions that call themselves as long as they are told to, that ask the machine for something,
/// or that need a function which is not there.
const LEFT_OUT: &[(&str, usize)] = &[
    ("repeat", 1),
    ("recurse", 1),
    ("recurse", 0),
    ("recurse", 2),
    ("while", 2),
    ("until", 2),
    ("combinations", 1),
    ("stderr", 0),
    ("debug", 0),
    ("debug", 1),
    ("halt", 0),
    ("halt_error", 0),
    ("halt_error", 1),
    ("flatten", 0),
    ("flatten", 1),
    ("logb", 0),
    ("significand", 0),
    ("pow10", 0),
    ("drem", 2),
    ("nexttoward", 2),
    ("scalb", 2),
    ("gamma", 0),
    ("@sh", 0),
    ("setpath", 2),
    ("delpaths", 1),
];

/// Natives of the libraries that are not wanted.
pub(super) const NATIVES_LEFT_OUT: &[&str] = &["halt", "escape_sh"];

/// Ours.
const OWN: &str = r#"
def recurse: ..;
def flatten: flatten_(300);
def flatten($depth): if $depth < 0 then error("flatten depth must not be negative") else flatten_($depth) end;
def in(xs): . as $x | xs | has($x);
def inside(xs): . as $x | xs | contains($x);
def index($i): indices($i) | .[0];
def rindex($i): indices($i) | .[-1:] | .[0];
def @json: tojson;
def ascii: [.] | implode;
def todate: todateiso8601;
def strip: trim;
"#;

/// All definitions.
pub(super) fn definitions() -> impl Iterator<Item = Def<&'static str>> {
    static ALL: OnceLock<Vec<Def<&'static str>>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let own = load::parse(OWN, |parser| parser.defs()).unwrap_or_default();
        let named = |def: &Def<&'static str>| (def.name, def.args.len());
        let wanted = |def: &Def<&'static str>| !LEFT_OUT.contains(&named(def)) && !own.iter().any(|other| named(other) == named(def));
        // Ours call some of the core, and the library calls some of ours.
        let core = jaq_core::defs().filter(wanted);
        core.chain(own.iter().cloned()).chain(jaq_std::defs().filter(wanted)).collect()
    });
    all.iter().cloned()
}
