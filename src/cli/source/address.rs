//! Addresses of sources as they may be shown and handed on: without logins and keys.

use crate::domain::secret::ShownUrl;
use crate::domain::secret::opens_no_door;

/// The address, if there is nothing in it that opens a door.
pub(super) fn open(address: &str) -> Option<&str> {
    opens_no_door(address).then_some(address)
}

/// The address, or its host alone where the rest of it is not for everybody.
pub(super) fn shown(address: &str) -> String {
    open(address).map_or_else(|| format!("{}/...", ShownUrl::of(address)), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_opens_no_door_is_handed_on() {
        for address in [
            "https://forum.example.com/latest.rss",
            "https://forum.example.com/c/phones?lang=en&page=2",
            "https://blog.example.com/2026-11-22-a-long-title-with-numbers-2026",
            "https://shop.example.com/feed/3141592",
        ] {
            assert_eq!(shown(address), address);
        }
        for (address, host) in [
            ("https://ann:pw@forum.example.com/f", "https://forum.example.com/..."),
            ("https://forum.example.com/f?api_key=7", "https://forum.example.com/..."),
            ("https://forum.example.com:8443/f?x=9f8a7b6c5d4e3f2a1b0c", "https://forum.example.com:8443/..."),
            ("https://forum.example.com/f?u=hunter2abc", "https://forum.example.com/..."),
            ("https://forum.example.com/feeds/3f2504e0-4f89-11d3-9a0c-0305e82c3301.xml", "https://forum.example.com/..."),
            ("https://forum.example.com/private/9f8a7b6c5d4e3f2a1b0c.xml", "https://forum.example.com/..."),
            ("https://forum.example.com/private/9f8a7b6c5d4e3f2a1b0c/rss", "https://forum.example.com/..."),
        ] {
            assert_eq!(open(address), None, "{address}");
            assert_eq!(shown(address), host);
        }
    }
}
