//! Posts that are repeated with a remark: `“@shop: we are on it” No, you are not`.

use std::ops::Range;

use crate::text::foreign::lines::Lines;

/// A repeated post is not longer.
const POST: usize = 320;

/// The repeated post, without the remark on it.
pub(super) fn quoted(lines: Lines<'_>, mark: Range<usize>) -> Option<Range<usize>> {
    let after = lines.after(mark.end, POST);
    let name = after.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(after.len());
    if name == 0 || !after[name..].trim_start().starts_with(':') {
        return None;
    }
    let body = mark.end + name;
    let rest = lines.after(body, POST);
    let end = match lines.0[mark.start..].chars().next()? {
        '“' => rest.find('”').map(|at| at + '”'.len_utf8())?,
        '"' => rest.find('"').map(|at| at + 1)?,
        _ if opens(lines, mark.start) => rest.find('\n').unwrap_or(rest.len()),
        _ => return None,
    };
    Some(mark.start..body + end)
}

/// "RT" is a word of its own.
fn opens(lines: Lines<'_>, at: usize) -> bool {
    !lines.before(at, 4).ends_with(char::is_alphanumeric)
}
