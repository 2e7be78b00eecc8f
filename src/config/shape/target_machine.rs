//! `[target.pagerduty]` and others that are read by programs first.

use crate::config::kind::list::List;
use crate::config::kind::secret::Discreet;
use crate::config::kind::secret::Kept;
use crate::config::kind::text::Line;

table! {
    /// A target that is a service of PagerDuty. An incident here is one there.
    PagerDuty "[target.pagerduty]" {
        /// Integration key of the service, 32 letters and digits.
        key: Kept, required = { credential = "pagerduty_key" };
        /// Address of its Events API v2.
        url: Discreet, default = "https://events.pagerduty.com/v2/enqueue";
    }
}

table! {
    /// A target that is an Alertmanager. What stands is told to it every minute.
    Alertmanager "[target.alertmanager]" {
        /// Address of the server. One in a private network is named in `allow_private` under `[fetch]` too.
        url: Discreet, required = "http://alertmanager.example.com:9093";
    }
}

table! {
    /// A target that is a topic of ntfy: telephones.
    Ntfy "[target.ntfy]" {
        /// Address of the server.
        server: Discreet, default = "https://ntfy.sh";
        /// The topic: letters, digits, `-` and `_`.
        topic: Line, required = "uproar-support";
        /// Access token, where the server wants one.
        token: Kept, optional = { credential = "ntfy_token" };
    }
}

table! {
    /// A target that is a program of this machine. It reads the document that a webhook gets, and ends
    /// with 0 when it has taken it, with 64 or 65 when it never will, with 77 or 78 when it can take
    /// nothing at all; anything else is tried again. Under systemd it runs as confined as Uproar itself.
    Command "[target.command]" {
        /// The program, by its whole path, and its arguments.
        run: List<Line>, required = ["/usr/local/bin/page", "--urgent"];
    }
}
