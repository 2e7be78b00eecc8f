//! One poll under way: where it stands, and what is remembered when it ends.

use tracing::info;
use tracing::warn;

use crate::domain::Timestamp;
use crate::domain::http::Aside;
use crate::domain::http::Request;
use crate::domain::http::Validators;
use crate::domain::item::Cursor;
use crate::domain::item::Cut;
use crate::domain::item::Page;
use crate::domain::ports::Committed;
use crate::domain::ports::Start;
use crate::domain::ports::Stream;
use crate::domain::ports::TaggedItem;
use crate::domain::standing::ReadAs;
use crate::domain::standing::Standing;
use crate::engine::poller::WALK_TRIES;
use crate::engine::poller::target::Target;
use crate::fetch::Room;
use crate::polling::address;
use crate::polling::backoff;
use crate::polling::base;
use crate::polling::belief;
use crate::polling::belief::Outline;
use crate::polling::conditional;
use crate::polling::identity::Apart;
use crate::polling::state;

/// One poll under way.
#[allow(clippy::struct_excessive_bools, reason = "each says one thing of the poll, and any may hold with any")]
pub(super) struct Walk<'a> {
    pub(super) target: &'a Target,
    /// As stored; moves on with what is written.
    pub(super) stream: Stream,
    /// Something is remembered that is not stored yet.
    pub(super) changed: bool,
    /// In what it differs from the poll before.
    pub(super) start: Option<Start>,
    pub(super) started: Timestamp,
    /// What it brings is history.
    pub(super) base: bool,
    /// The page is asked for without validators, and read though its bytes are known.
    pub(super) whole: bool,
    /// Items are known by their content.
    pub(super) by_content: Option<Apart>,
    /// The address that is asked first.
    pub(super) asked: Option<String>,
    /// What the first page said beside.
    pub(super) aside: Aside,
    pub(super) committed: Committed,
    /// Items on all pages.
    pub(super) items: usize,
    pub(super) pages: usize,
}

/// A page that was read and prepared.
pub(super) struct Reading {
    pub(super) page: Page,
    pub(super) items: Vec<TaggedItem>,
    pub(super) outline: Outline,
    /// What it takes of the room for large answers, until its items are stored.
    pub(super) _room: Room,
}

/// A page that was asked for.
pub(super) struct Step {
    /// The address that it came from.
    pub(super) here: String,
    /// The validators that came with it.
    pub(super) given: Option<Validators>,
    /// Nothing where it has not changed.
    pub(super) reading: Option<Reading>,
}

/// What the first page of a walk leaves behind when the walk has ended.
pub(super) struct First {
    pub(super) validators: Option<Validators>,
    pub(super) outline: Outline,
    pub(super) gap: bool,
}

impl<'a> Walk<'a> {
    pub(super) fn begin(target: &'a Target, mut stream: Stream, started: Timestamp) -> Self {
        let (interval, is_remote) = (target.interval(started), target.source.settings.kind.is_remote());
        let is_noted = target.subject().is_some_and(|subject| address::settle(&mut stream.standing, &subject));
        let anew = is_noted && stream.standing.base;
        if anew {
            // Marks, validators and walks belong to the address that gave them.
            (stream.cursor, stream.validators, stream.walk) = (Cursor::default(), None, None);
            stream.standing.begun = Some(started);
        }
        let settled = settle_settings(&mut stream.standing, target, started);
        let others = settled && stream.standing.read_as.as_ref().is_some_and(|read| read.since.is_some());
        let start = if anew { Some(Start::Anew) } else { others.then_some(Start::Otherwise) };
        let changed = settled | is_noted;
        let base = base::is_base(&stream, is_remote, interval, started);
        let whole = (is_remote || target.is_list()) && conditional::is_whole(&stream.standing, interval, started);
        let apart = if stream.standing.dates_change { Apart::Not } else { Apart::ByDate };
        let by_content = stream.standing.ids_change.map(|_| apart);
        let (aside, committed) = (Aside::default(), Committed::default());
        Self { target, stream, changed, start, started, base, whole, by_content, asked: None, aside, committed, items: 0, pages: 0 }
    }

    /// The request for the first page.
    pub(super) fn first(&mut self) -> Request {
        let Target { key, source } = self.target;
        let mut request = source.source.first(&key.shard, &self.stream.cursor, self.started);
        if let (Request::Get(get), Some(configured)) = (&mut request, self.target.address()) {
            address::to_ask(&self.stream.standing, configured, self.stream.errors).clone_into(&mut get.url);
            self.asked = Some(get.url.clone());
        }
        request
    }

    /// The same bytes as these need no reading. Where validators came that go with other ones, or
    /// none any more, the page is stored anew with them.
    pub(super) fn known_body(&self, given: Option<&Validators>) -> Option<u64> {
        let body = self.stream.standing.page.as_ref().map(|page| page.body).filter(|body| *body != 0);
        body.filter(|_| !self.whole && self.stream.history_done && !self.base && (given.is_some() || self.stream.validators.is_none()))
    }

    /// Whether a page is to be had once more because its end is missing. One whose end is always missing,
    /// between two items, is as whole as it gets.
    pub(super) fn is_cut(&self, reading: &mut Reading) -> bool {
        let unclosed = reading.page.cut == Cut::Unclosed;
        reading.outline.unclosed = unclosed;
        let always = self.stream.standing.page.as_ref().is_some_and(|page| page.unclosed) || self.stream.errors >= WALK_TRIES;
        reading.page.cut == Cut::InItem || unclosed && !always
    }

    /// What is remembered from a walk that has ended well; `marked` if it says where the next one begins.
    pub(super) fn standing_at_end(&self, first: Option<First>, marked: bool, now: Timestamp) -> Standing {
        let mut standing = self.stream.standing.clone();
        self.note_address(&mut standing, now);
        backoff::went_well(&mut standing);
        belief::unchanged(&mut standing, now);
        if let Some(First { mut outline, gap, .. }) = first {
            if !self.target.is_list() {
                outline.items = u32::try_from(self.items).unwrap_or(u32::MAX);
            }
            let page = belief::remembered(standing.page.as_deref(), outline);
            standing.page = Some(Box::new(page)).filter(|page| page.body != 0);
            // A walk over several pages that gives no mark was cut short: the same first page again does
            // not mean that the others hold nothing new.
            if let Some(page) = standing.page.as_mut().filter(|_| !self.target.is_list() && self.pages > 0 && !marked) {
                page.body = 0;
            }
            standing.gap = Some(now).filter(|_| gap).or(standing.gap);
            standing.whole_at = Some(self.started).filter(|_| self.whole).or(standing.whole_at);
        }
        standing.ids_change = standing.ids_change.or(self.by_content.map(|_| now));
        standing.dates_change = self.by_content == Some(Apart::Not);
        if belief::trusts_ids_again(&mut standing) {
            let name = &self.target.key.source;
            info!(source = name, "source `{name}` gives its messages the same ids as before again; they are known by them from now on");
        }
        standing.base = false;
        standing
    }

    /// Notes where a good poll was sent to. Returns whether that changed something.
    pub(super) fn note_address(&self, standing: &mut Standing, now: Timestamp) -> bool {
        let (Some(configured), Some(asked)) = (self.target.address(), &self.asked) else { return false };
        let before = standing.moved.is_some();
        let changed = address::answered(standing, configured, asked, self.aside.moved_to.as_deref(), now);
        if let Some(moved) = standing.moved.as_ref().filter(|_| changed && !before) {
            let name = &self.target.key.source;
            let to = state::shown(&moved.to);
            warn!(
                source = name,
                "source `{name}` has moved for good to {to} and is read there; write that as its `url` in the configuration"
            );
        }
        changed
    }
}

/// Notes since when a service is read with these settings. Returns whether that changed something.
fn settle_settings(standing: &mut Standing, target: &Target, now: Timestamp) -> bool {
    let Some(settings) = target.settings_mark() else { return false };
    if standing.read_as.as_ref().is_some_and(|read| read.settings == settings) {
        return false;
    }
    // The very first ones have listed all that is stored, also what a poll stored that was cut.
    let others = standing.read_as.is_some() || standing.base;
    standing.read_as = Some(Box::new(ReadAs { settings, since: others.then_some(now) }));
    true
}
