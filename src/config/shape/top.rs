//! The top of the file.

use crate::config::kind::address::Web;
use crate::config::kind::country::Country;
use crate::config::kind::list::List;
use crate::config::kind::list::Map;
use crate::config::kind::time::Zone;
use crate::config::shape::delivery::Delivery;
use crate::config::shape::fetch::Fetch;
use crate::config::shape::heartbeat::Heartbeat;
use crate::config::shape::listen::Listen;
use crate::config::shape::route::Route;
use crate::config::shape::source::Source;
use crate::config::shape::store::Store;
use crate::config::shape::tagging::Tagging;
use crate::config::shape::target::Target;
use crate::config::shape::templates::Templates;
use crate::config::shape::theme::Theme;
use crate::config::shape::watch::Watch;

table! {
    /// The configuration of Uproar: this file and then `conf.d/*.toml` beside it, in order of their
    /// names. Tables of several files merge, later values win, lists of tables grow. Durations have
    /// a unit ("30m", "6h", "400d"), sizes too ("10 MB"). Relative paths start at the working
    /// directory of the process. `uproar check` reports every mistake at once.
    Top "" {
        /// Zone of days, cron lines and times in alerts.
        time_zone: Zone, default = "UTC";
        /// Countries whose days off make a difference to how much is written: on those as much as on
        /// a Sunday is expected. A day counts when at least half of the countries have it off; for
        /// messages of one country, told by the label `country`, its own days count. A watch may
        /// have countries of its own.
        holidays: List<Country>, default = [], such_as = ["SE", "DE"];
        /// Address at which people reach the pages of this Uproar, for links in alerts; see `[listen]`.
        /// https unless it is this machine. Without it alerts name the commands alone.
        base_url: Web, optional = "https://uproar.example.com";
        /// Whether the themes that come with Uproar are there beside those of this file.
        builtin_themes: bool, default = true;
        /// The database.
        store: Store, table = {};
        /// Health and metrics, and the pages.
        listen: Listen, table = {};
        /// How things are fetched.
        fetch: Fetch, table = {};
        /// Where messages come from.
        source: Source, list = [];
        /// Choices of words that the rules of every `[[theme]]` may use as `@name`.
        words: Map, default = {}, such_as = { pay = "pay* | charge*" };
        /// What people complain about.
        theme: Theme, list = [];
        /// Models beside rules.
        tagging: Tagging, table = {};
        /// What is counted.
        watch: Watch, list = [];
        /// Where alerts go.
        target: Target, list = [];
        /// Who is told besides.
        route: Route, list = [];
        /// How notices are sent.
        delivery: Delivery, table = {};
        /// What mails look like.
        templates: Templates, table = {};
        /// Signs of life.
        heartbeat: Heartbeat, table = {};
    }
}
