//! Whether a page is believed, and what people are told where it is not.

use tracing::warn;

use crate::domain::ports::Ingest;
use crate::domain::standing::Doubt;
use crate::domain::standing::LastPage;
use crate::domain::standing::Suspect;
use crate::engine::poller::PollError;
use crate::engine::poller::Poller;
use crate::engine::poller::walk::Reading;
use crate::engine::poller::walk::Walk;
use crate::polling::belief;
use crate::polling::belief::Belief;
use crate::polling::belief::Outline;
use crate::polling::identity::Apart;

impl<S: Ingest> Poller<S> {
    /// Whether the first page is what it always was; returns whether messages were missed before it.
    pub(super) fn believe(&self, walk: &mut Walk<'_>, reading: &mut Reading) -> Result<bool, PollError> {
        if !walk.target.is_list() {
            return Ok(false);
        }
        let name = &walk.target.key.source;
        let dates_change = |last: &LastPage| belief::dates_change(last, &reading.outline);
        if walk.by_content == Some(Apart::ByDate) && walk.stream.standing.page.as_deref().is_some_and(dates_change) {
            warn!(
                source = name,
                "source `{name}` gives its messages other dates with every poll too; they are told apart by their words alone"
            );
            know_by_content(walk, reading, Apart::Not);
            return Ok(false);
        }
        match belief::judge(&walk.stream.standing, &reading.outline, self.clock.now()) {
            Belief::Good => Ok(false),
            Belief::Emptied => {
                tell_emptied(name);
                Ok(false)
            }
            Belief::Gap => {
                // Said once for as long as `status` says it.
                if walk.stream.standing.gap.is_none() {
                    warn!(
                        source = name,
                        "source `{name}`: nothing of the last poll is left on its page: messages were probably missed; a shorter `every` helps"
                    );
                }
                Ok(true)
            }
            Belief::IdsChange => {
                warn!(
                    source = name,
                    "source `{name}` gives its messages other ids with every poll; they are known by their words from now on"
                );
                know_by_content(walk, reading, walk.by_content.unwrap_or(Apart::ByDate));
                Ok(false)
            }
            Belief::Another => {
                warn!(source = name, "source `{name}` is another feed now; what it brings first is taken as history");
                walk.base = true;
                Ok(false)
            }
            Belief::Doubted(suspect) => Err(PollError::Doubted(suspect)),
        }
    }

    /// Whether nothing on any page is what it always was.
    pub(super) fn believe_nothing(&self, walk: &Walk<'_>) -> Result<(), PollError> {
        match belief::judge(&walk.stream.standing, &Outline::default(), self.clock.now()) {
            Belief::Doubted(suspect) => Err(PollError::Doubted(suspect)),
            Belief::Emptied => {
                tell_emptied(&walk.target.key.source);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// What is on the page gets ids by what it says, and is no news.
fn know_by_content(walk: &mut Walk<'_>, reading: &mut Reading, apart: Apart) {
    (walk.by_content, walk.base) = (Some(apart), true);
    let Outline { body, hints, unclosed, .. } = std::mem::take(&mut reading.outline);
    let outline = Outline::by_content(body, reading.page.title.as_deref(), &mut reading.items, hints, apart);
    reading.outline = Outline { unclosed, ..outline };
}

/// Why an answer is not believed, for people.
pub(super) fn doubt(suspect: &Suspect) -> &'static str {
    match suspect.why {
        Doubt::Empty => "suspect: it used to have messages and is empty now; that is believed after three polls in a row or a day",
        Doubt::AnotherFeed => {
            "suspect: everything in it is new and its title is another, as if another feed stood at its address; that is believed \
             after three polls in a row or a day"
        }
    }
}

fn tell_emptied(name: &str) {
    warn!(source = name, "source `{name}` used to have messages and is empty again and again; that is believed now");
}
