//! `[fetch]`

use crate::config::kind::address::HostPort;
use crate::config::kind::list::List;
use crate::config::kind::number::Size;
use crate::config::kind::number::Whole;
use crate::config::kind::secret::Discreet;
use crate::config::kind::text::FilePath;
use crate::config::kind::text::Line;
use crate::config::kind::time::Span;
use crate::config::units::HOUR;
use crate::config::units::MINUTE;
use crate::config::units::SECOND;

table! {
    /// How things are fetched from the web.
    Fetch "[fetch]" {
        /// Mail address or page in the user agent, so that whom we ask can reach you. Needed as soon
        /// as a source is on the web.
        contact: Line, optional = "ops@example.com";
        /// Proxy for http and https. One with a password is a secret: { file = "..." }.
        proxy: Discreet, optional = "http://proxy.example.com:3128";
        /// Further certificate authority, a PEM file.
        extra_ca: FilePath, optional = "/etc/ssl/corp-ca.pem";
        /// Hosts in private networks that may be asked nevertheless, as "host:port".
        allow_private: List<HostPort>, default = [], such_as = ["feeds.internal.example:8080"];
        /// Whole time for one request.
        timeout: Span<SECOND, { 10 * MINUTE }>, default = "30s";
        /// Largest answer, after decompression.
        max_body: Size<1_000>, default = "20 MB";
        /// Least time between two requests to one host.
        host_gap: Span<0, HOUR>, default = "1s";
        /// Polls at the same time, to all hosts together; of one host there is one.
        at_once: Whole<1, 1000>, default = 16;
        /// How long neither size nor time of change of a dropped file may move before it is read.
        settle: Span<0, HOUR>, default = "10s";
    }
}
