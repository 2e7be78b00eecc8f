//! `[source.html]`

use chrono::TimeDelta;

use crate::config::kind::address::HostPort;
use crate::config::kind::address::Web;
use crate::config::kind::address::leads_home;
use crate::config::kind::choice::Choice;
use crate::config::kind::list::List;
use crate::config::kind::number::Positive;
use crate::config::kind::number::Whole;
use crate::config::kind::program::Pick;
use crate::config::kind::text::Line;
use crate::config::kind::time::Span;
use crate::config::problem::Code;
use crate::config::problem::Problem;
use crate::config::reader::Reader;
use crate::config::shape::source::Common;
use crate::config::shape::source::ServiceTable;
use crate::config::tree::Placed;
use crate::config::units::MINUTE;
use crate::sources;
use crate::sources::file::DateOrder;
use crate::sources::html::page;

table! {
    /// A source that is reviews on web pages. `robots.txt` is always obeyed, and nothing that stands in
    /// the way of programs is worked around.
    Html "[source.html]" {
        /// The pages, all on one host: each the first of a list, newest first.
        urls: List<Web>, required = ["https://www.example.com/reviews"];
        /// Who allowed it, in your words: most sites forbid programs to collect their reviews.
        permission: Line, optional = "our own site";
        /// Pages that are followed after the first one, where nothing on a page is known.
        follow_next: Whole<0, 50>, default = 5;
        /// Least time between two requests.
        pause: Span<0, { 10 * MINUTE }>, default = "5s";
        /// Whether JSON-LD and microdata are looked at before the selectors.
        structured: bool, default = true;
        /// Where what stands on pages without JSON-LD and microdata.
        selectors: Selectors, optional = {};
    }
}

table! {
    /// CSS selectors. `item` picks the reviews, the others are relative to one: `sel`, `sel@attribute`,
    /// `@attribute` of the review itself; ` | /expression/` behind one takes its first group.
    Selectors "[source.html.selectors]" {
        /// One review.
        item: Pick, required = "li.review";
        /// Its own id. Without one its permalink, else author, date and text stand for it.
        id: Pick, optional = "@data-review";
        /// Its text; the whole review without it.
        text: Pick, optional = ".text";
        /// Its headline.
        title: Pick, optional = ".title";
        /// Its rating.
        rating: Pick, optional = "i.stars@class | /stars-([0-9])/";
        /// Best value of ratings; 5 without it, where the page does not say.
        rating_max: Positive, optional = 5;
        /// When it was written: a date, or "2 days ago" in many languages.
        date: Pick, optional = "time";
        /// Order of day, month and year in dates of numbers: "dmy", "mdy" or "ymd".
        date_order: Choice<Option<DateOrder>>, optional = "dmy";
        /// Its permalink.
        url: Pick, optional = "a.permalink@href";
        /// Who wrote it. Only a hash is kept.
        author: Pick, optional = ".author";
        /// Something that is there when the list is empty: without it an empty list is an error.
        empty: Pick, optional = "#reviews[data-count='0']";
        /// The link to the next page; `rel=next` without it.
        next: Pick, optional = "a.next@href";
    }
}

impl ServiceTable for Html {
    fn base_url(&self) -> Option<&Placed<Web>> {
        self.urls.as_ref()?.value.0.first()
    }

    fn settings(&self, common: &Common<'_>, reader: &mut Reader<'_>) -> Option<sources::Settings> {
        if self.permission.is_none() && !reader.is_spoilt("permission") {
            reader.report(
                Problem::error(Code::NoPermission, common.at.clone(), "pages are read only with the permission of those who run the site")
                    .label("nobody is named who gave it")
                    .help("add `permission = \"...\"` with who allowed it, such as \"our own site\" or \"mail of 3 March by their owner\""),
            );
        }
        let urls = self.urls.as_ref()?;
        if urls.value.0.is_empty() {
            let at = urls.at.clone().unwrap_or_default();
            let problem = Problem::error(Code::OutOfRange, at, "`urls` is empty").label("nothing would be read");
            reader.report(problem.help("for example `urls = [\"https://www.example.com/reviews\"]`"));
            return None;
        }
        let home = urls.value.0.first().and_then(|web| HostPort::of(&web.value.url));
        for web in urls.value.iter().filter(|web| HostPort::of(&web.value.url) != home) {
            reader.report(
                Problem::error(Code::BadAddress, web.at.clone().unwrap_or_default(), "the `urls` of a source are all on one host")
                    .label("another host")
                    .help("write a source of its own for each host: each needs a permission of its own"),
            );
        }
        if self.pause.value.0 < TimeDelta::seconds(1) && !urls.value.iter().all(|web| leads_home(&web.value.url)) {
            let problem = Problem::error(Code::TooOften, self.pause.at.clone().unwrap_or_default(), "`pause` must be a second at least");
            reader.report(problem.label("too short").help("5 s are usual; only this machine itself may be asked faster"));
        }
        let selectors = self.selectors.as_ref().map(|selectors| &selectors.value);
        let manner = page::Manner {
            structured: self.structured.value,
            selectors: match selectors {
                Some(selectors) => Some(read(selectors)?),
                None => None,
            },
            date_order: selectors.and_then(|selectors| selectors.date_order.as_ref()).and_then(|order| order.value.0),
            time_zone: Some(common.time_zone),
        };
        if !manner.structured && manner.selectors.is_none() {
            let problem =
                Problem::error(Code::Missing, common.at.clone(), "with `structured = false` the page needs `[source.html.selectors]`");
            reader.report(problem.label("nothing says where the reviews are").help("add the table with `item` and `text`"));
        }
        let settings = sources::html::Settings {
            urls: urls.value.iter().map(|web| web.value.url.to_string()).collect(),
            permission: self.permission.as_ref()?.value.0.clone(),
            follow_next: self.follow_next.value.0 as u32,
            pause: self.pause.value.0.num_seconds() as u32,
            manner,
        };
        Some(settings.into())
    }
}

fn read(selectors: &Selectors) -> Option<page::Selectors> {
    let pick = |pick: &Option<Placed<Pick>>| pick.as_ref().map(|pick| pick.value.0.clone());
    Some(page::Selectors {
        item: pick(&selectors.item)?,
        id: pick(&selectors.id),
        text: pick(&selectors.text),
        title: pick(&selectors.title),
        rating: pick(&selectors.rating),
        rating_max: selectors.rating_max.as_ref().map(|max| max.value.0),
        date: pick(&selectors.date),
        url: pick(&selectors.url),
        author: pick(&selectors.author),
        empty: pick(&selectors.empty),
        next: pick(&selectors.next),
    })
}
