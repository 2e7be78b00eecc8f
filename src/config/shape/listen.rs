//! `[listen]`

use crate::config::kind::address;

table! {
    /// The web listener: health and metrics.
    Listen "[listen]" {
        /// Address and port, in numbers. Without it nothing is served.
        address: address::Listen, optional = "127.0.0.1:8787";
    }
}
