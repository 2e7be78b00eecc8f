//! Mistakes in sources that are social networks and forums.

use super::shown;

#[test]
fn names_that_are_none_half_a_login_and_a_search_without_one() {
    insta::assert_snapshot!(shown(include_str!("../../../tests/fixtures/config/social.toml")), @r##"
    error[E0015]: `kestrel parcels` is no name of a subreddit
     --> uproar.toml:9:28
      |
    9 | subreddits = ["r/kestrel", "kestrel parcels"]
      |                            ^^^^^^^^^^^^^^^^^ letters, digits and `_` only
      |
      = help: write it as it stands in its address behind `r/`

    error[E0015]: `lost parcel` is no tag
      --> uproar.toml:14:21
       |
    14 | tags = ["#kestrel", "lost parcel"]
       |                     ^^^^^^^^^^^^^ letters, digits and `_` only
       |
       = help: for several words, use `search`

    error[E0003]: `search` takes a `token`
      --> uproar.toml:15:10
       |
    15 | search = "kestrel"
       |          ^^^^^^^^^ Mastodon searches posts for its users only
       |
       = help: add `token = { credential = "mastodon" }`

    error[E0003]: `handle` needs `app_password` beside it
      --> uproar.toml:18:1
       |
    18 | [source.bluesky]
       | ^^^^^^^^^^^^^^^^ half a login
       |
       = help: add `app_password`, or take `handle` out

    error[E0007]: `[source.reddit]` needs `subreddits`, `search` or both
      --> uproar.toml:23:1
       |
    23 | [source.reddit]
       | ^^^^^^^^^^^^^^^ nothing would be read
       |
       = help: for example `subreddits = ["example"]`

    error[E0005]: `recheck_deleted` must be from 1h to 1d
      --> uproar.toml:27:19
       |
    27 | recheck_deleted = "3d"
       |                   ^^^^ refused
       |
       = help: for example `recheck_deleted = "24h"`
    "##);
}
