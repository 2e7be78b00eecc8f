//! `[listen]`

use crate::config::kind::address;

table! {
    /// The web listeners: health and metrics, and the pages that alerts link to.
    Listen "[listen]" {
        /// Address and port, in numbers. Without it nothing is served.
        address: address::Listen, optional = "127.0.0.1:8787";
        /// Another address and port for the pages alone, `/i/`, `/a/` and `/q/`, where they shall be
        /// reached from elsewhere and the metrics shall not. Without it they are at `address`.
        pages: address::Listen, optional = "127.0.0.1:8788";
    }
}
