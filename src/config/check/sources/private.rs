//! Sources in a private network that nobody allowed: every poll of them would be refused.

use crate::config::check::sources::is_allowed;
use crate::config::check::sources::url;
use crate::config::kind::address::HostPort;
use crate::config::kind::address::Web;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::source::Source;
use crate::config::shape::top::Top;
use crate::config::tree::Place;
use crate::domain::private::private;

/// Warns where it is certain without asking anybody, once for each host and port. Names may lead
/// anywhere, and are judged when they are resolved.
pub(super) fn check(top: &Top, reader: &mut Reader<'_>) {
    if reader.is_spoilt("allow_private") {
        return;
    }
    let mut found: Vec<(Place, HostPort)> = Vec::new();
    for (web, at) in top.source.iter().filter_map(address) {
        let refused = web.url.host().is_some_and(|host| private(&host).is_some()) && !is_allowed(web, top);
        let Some(pair) = HostPort::of(&web.url).filter(|_| refused) else { continue };
        if !found.iter().any(|(_, known)| *known == pair) {
            found.push((at, pair));
        }
    }
    let allowed = top.fetch.allow_private.value.iter().map(|pair| &pair.value);
    let all: Vec<String> = allowed.chain(found.iter().map(|(_, pair)| pair)).map(|pair| format!("\"{pair}\"")).collect();
    for (at, pair) in found {
        reader.report(
            Problem::warning(Code::PrivateHost, at, format!("`{pair}` is in a private network, and nobody allowed it"))
                .label("every poll would be refused")
                .help(format!("if it is meant, write under `[fetch]`: `allow_private = [{}]`", all.join(", "))),
        );
    }
}

/// The address that a source is read from, with its place.
fn address(source: &Source) -> Option<(&Web, Place)> {
    let url = url(source)?;
    Some((&url.value, url.at.clone().unwrap_or_else(|| source.at.clone())))
}
