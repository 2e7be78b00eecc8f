//! The whole road: a feed over HTTP in, a mail out of a real SMTP server.

use std::path::Path;

use crate::house::House;
use crate::house::feed::Feed;
use crate::house::feed::THEME;
use crate::house::feed::calm_month;
use crate::house::feed::spike;
use crate::house::mail;
use crate::smtpd::Door;
use crate::smtpd::PASSWORD;
use crate::smtpd::Smtpd;
use crate::smtpd::USER;

pub const CALM: f64 = 460.0;

/// A house whose watch mails to two people by the server at a port, which that authority vouches for.
pub fn house(feed: &Feed, door: Door, port: u16, ca: Option<&Path>) -> House {
    let login = format!("user = \"{USER}\"\npassword = {{ file = \"HERE/password\" }}\n");
    let (tls, login) = match door {
        Door::StartTls => ("required", login),
        Door::Tls => ("implicit", login),
        Door::Open => ("none", String::new()),
    };
    let trust = ca.map(|ca| format!("[fetch]\nextra_ca = \"{}\"\n", ca.display()));
    let fetch = trust.map_or_else(|| feed.source(), |trust| feed.source().replace("[fetch]\n", &trust));
    let house = House::new(&format!(
        r#"{THEME}{fetch}
[store]
path = "HERE/state/uproar.db"
[listen]
address = "127.0.0.1:0"
[[watch]]
name = "evenings"
themes = ["dark_stage"]
notify = ["desk"]
[[target]]
name = "desk"
[target.email]
to = ["anna@theatre.example", "Bo Ek <bo@theatre.example>"]
from = "Uproar <uproar@theatre.example>"
smtp = "localhost:{port}"
tls = "{tls}"
{login}"#
    ));
    house.write("password", &format!("{PASSWORD}\n"), 0o600);
    house
}

#[test]
fn a_spike_is_mailed_to_each_through_every_door() {
    for door in [Door::StartTls, Door::Tls, Door::Open] {
        let (feed, server) = (Feed::start(calm_month()), Smtpd::start(door));
        let house = house(&feed, door, server.address().port(), Some(&server.ca()));
        let daemon = house.start();
        daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"late\"}", CALM);
        feed.add(spike(0, 40));
        daemon.until("two mails", || (server.mails().len() >= 2).then_some(()));
        daemon.has_judged();
        let mut mails = server.mails();
        mails.sort_by(|a, b| a.to.cmp(&b.to));
        let to: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
        assert_eq!(to, ["anna@theatre.example", "bo@theatre.example"], "{door:?}: each has one of their own");
        assert_eq!(mails[0].from, "uproar@theatre.example");
        assert_eq!(mails[0].header("Subject").unwrap(), "[Uproar] dark stage - evenings");
        assert!(mail::text(&mails[0].text).contains("40 complaints about \"dark stage\""), "{}", mails[0].text);
        assert!(!daemon.log().contains(PASSWORD));
        daemon.stop();
    }
}

#[test]
fn a_mail_that_nobody_took_goes_out_once_when_the_server_is_back() {
    let (feed, server) = (Feed::start(calm_month()), Smtpd::start(Door::StartTls));
    let house = house(&feed, Door::StartTls, server.address().port(), Some(&server.ca()));
    server.be_busy(true);
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"late\"}", CALM);
    feed.add(spike(0, 40));
    daemon.counts("uproar_deliveries_total{target=\"desk\",result=\"later\"}", 2.0);
    daemon.counts("uproar_outbox_rows{target=\"desk\",state=\"queued\"}", 2.0);
    assert!(daemon.log().contains("421"), "{}", daemon.log());
    assert_eq!(server.mails(), []);
    // The wait is kept in the database, so that a restart neither loses nor hurries it.
    daemon.kill();
    server.be_busy(false);
    let daemon = house.start();
    daemon.until("two mails", || (server.mails().len() >= 2).then_some(()));
    daemon.counts("uproar_deliveries_total{target=\"desk\",result=\"delivered\"}", 2.0);
    daemon.until("an empty outbox", || (daemon.metric("uproar_outbox_rows{target=\"desk\",state=\"queued\"}") == Some(0.0)).then_some(()));
    daemon.has_judged();
    let keys: std::collections::BTreeSet<String> = server.mails().iter().map(|mail| mail.header("Message-ID").unwrap()).collect();
    assert_eq!((server.mails().len(), keys.len()), (2, 2), "{}", daemon.log());
    daemon.stop();
}

#[test]
fn a_test_alert_goes_the_real_way_once_also_beside_the_daemon() {
    let (feed, server) = (Feed::start(calm_month()), Smtpd::start(Door::StartTls));
    let house = house(&feed, Door::StartTls, server.address().port(), Some(&server.ca()));
    let daemon = house.start();
    daemon.is_ready();
    let told = house.told(&["target", "test", "desk"]);
    assert_eq!(told.matches(": delivered: ").count(), 2, "{told}");
    daemon.has_judged();
    assert_eq!(server.mails().len(), 2);
    daemon.stop();

    house.write("password", "wrong", 0o600);
    let ran = house.run(&["target", "test", "desk"]);
    assert_eq!(ran.code, 69, "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("535"), "the server's own words\n{}", ran.err);
    assert_eq!(server.mails().len(), 2);
}
