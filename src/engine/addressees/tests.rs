//! Tables of who is told of what.

use super::*;
use crate::calendar::hours::Hours;
use crate::render;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// A Friday at noon in Stockholm.
fn noon() -> Timestamp {
    at("2026-11-20T11:00:00Z")
}

fn key(segment: Segment) -> SeriesKey {
    SeriesKey { watch: "evenings".to_owned(), theme: "dark_stage".to_owned(), segment, kind: Kind::Spike }
}

fn target(name: &str) -> Target {
    let channel = render::Settings::Ntfy(render::ntfy::Settings {
        server: crate::domain::secret::Secret::new("https://ntfy.example".to_owned()),
        topic: "t".to_owned(),
        token: None,
    });
    Target { name: name.to_owned(), channel, kinds: Vec::new(), quiet: None, failover: None }
}

fn route(when: Matcher, to: &str) -> Route {
    Route { when, hours: None, to: vec![to.to_owned()], after: None }
}

fn escalation(when: Matcher, minutes: i64, to: &str) -> Route {
    Route { after: Some(TimeDelta::minutes(minutes)), ..route(when, to) }
}

fn level(level: Level) -> Matcher {
    Matcher { level: Some(level), ..Matcher::default() }
}

fn hours(from: &str, until: &str) -> Hours {
    let (from, until) = (from.parse().unwrap(), until.parse().unwrap());
    Hours { from, until, days: [true; 7], weekends: false, zone: chrono_tz::Europe::Stockholm }
}

/// A house with a desk that the watch names, and three more targets.
struct House {
    routes: Vec<Route>,
    targets: Vec<Target>,
    silences: Vec<Silence>,
}

impl House {
    fn new(routes: Vec<Route>) -> Self {
        Self { routes, targets: ["desk", "leads", "on-call", "boss"].map(target).to_vec(), silences: Vec::new() }
    }

    fn asked(&self, subject: &Subject<'_>, audience: Audience, event: Event, now: Timestamp) -> Vec<Addressee> {
        addressees(subject, &["desk".to_owned()], &self.routes, &self.targets, &self.silences, audience, event, now)
    }

    /// `desk (Notify)`, in their order; those that are left out with a reason.
    fn told(&self, level: Level, escalated: u32, audience: Audience, event: Event) -> Vec<String> {
        let key = key(Segment::All);
        let subject = Subject { key: &key, level, sources: &["theatre".to_owned()], drivers: Vec::new(), escalated };
        let all = self.asked(&subject, audience, event, noon());
        let why = |addressee: &Addressee| match &addressee.why {
            Why::Notify => "watch".to_owned(),
            Why::Route(route) => format!("route {route}"),
            Why::Escalation { route, after } => format!("route {route} after {}", after.num_minutes()),
            Why::Told => "told".to_owned(),
        };
        let line = |addressee: &Addressee| match addressee.left_out {
            Some(left_out) => format!("{}: not, {left_out:?}", addressee.target),
            None => format!("{}: {}", addressee.target, why(addressee)),
        };
        all.iter().map(line).collect()
    }
}

#[test]
fn conditions_of_a_route_must_all_hold() {
    let sweden = key(Segment::Label { key: "country".to_owned(), value: "se".to_owned() });
    let drivers = vec![("version".to_owned(), "5.2".to_owned())];
    let subject = Subject { key: &sweden, level: Level::High, sources: &["theatre".to_owned()], drivers, escalated: 0 };
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let labels = |pairs: &[(&str, &str)]| pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    let any = Matcher::default;
    for (matcher, objects) in [
        (any(), None),
        (level(Level::High), None),
        (level(Level::Critical), Some("level is high, not critical")),
        (Matcher { watches: names(&["even*"]), ..any() }, None),
        (Matcher { watches: names(&["app", "mornings"]), ..any() }, Some("watch is `evenings`, not `app` or `mornings`")),
        (Matcher { themes: names(&["bright", "dark_*"]), ..any() }, None),
        (Matcher { themes: names(&["refund*"]), ..any() }, Some("theme is `dark_stage`, not `refund*`")),
        (Matcher { segment: Some("country=se".to_owned()), ..any() }, None),
        (Matcher { segment: Some("country=*".to_owned()), ..any() }, None),
        (Matcher { segment: Some("all".to_owned()), ..any() }, Some("segment is `country=se`, not `all`")),
        (Matcher { labels: labels(&[("country", "se"), ("version", "5.*")]), ..any() }, None),
        (Matcher { labels: labels(&[("country", "dk")]), ..any() }, Some("it is neither about country `dk` nor driven by it")),
        (Matcher { sources: names(&["app-store", "theatre"]), ..any() }, None),
        (Matcher { sources: names(&["app-store"]), ..any() }, Some("its watch does not count the source `app-store`")),
        (Matcher { kinds: vec![Kind::Spike], ..any() }, None),
        (Matcher { kinds: vec![Kind::Drop, Kind::Message], ..any() }, Some("kind is spike, not drop or message")),
        (Matcher { watches: names(&["even*"]), ..level(Level::Critical) }, Some("level is high, not critical")),
    ] {
        assert_eq!(objection(&matcher, &subject).as_deref(), objects, "{matcher:?}");
    }
}

#[test]
fn routes_add_to_those_whom_the_watch_names() {
    let house = House::new(vec![
        route(level(Level::High), "leads"),
        route(level(Level::Critical), "boss"),
        escalation(Matcher::default(), 15, "on-call"),
        route(Matcher::default(), "desk"),
    ]);
    let told = |level| house.told(level, 0, Audience::Everybody, Event::Opened);
    assert_eq!(told(Level::Low), ["desk: watch", "on-call: not, NotYet"]);
    assert_eq!(told(Level::High), ["desk: watch", "leads: route 0", "on-call: not, NotYet"]);
    assert_eq!(told(Level::Critical), ["desk: watch", "leads: route 0", "boss: route 1", "on-call: not, NotYet"]);
}

#[test]
fn a_step_of_escalation_tells_only_those_whom_it_adds() {
    let mut house = House::new(vec![
        escalation(Matcher::default(), 60, "boss"),
        escalation(level(Level::High), 15, "on-call"),
        escalation(Matcher::default(), 15, "leads"),
    ]);
    let told = |house: &House, level, step| house.told(level, 0, Audience::Added(step), Event::Reminder);
    assert_eq!(told(&house, Level::High, 1), ["on-call: route 1 after 15", "leads: route 2 after 15"]);
    assert_eq!(told(&house, Level::Low, 1), ["leads: route 2 after 15"]);
    assert_eq!(told(&house, Level::Low, 2), ["boss: route 0 after 60"]);
    assert_eq!([0, 3, 99].map(|step| told(&house, Level::Low, step).len()), [0, 0, 0]);
    house.routes[2].hours = Some(hours("20:00:00", "21:00:00"));
    assert_eq!(told(&house, Level::Low, 1), ["leads: not, Hours"]);
}

#[test]
fn what_gets_worse_after_a_step_reaches_whom_the_step_would_have_told_of_it() {
    let house = House::new(vec![escalation(level(Level::Critical), 15, "on-call")]);
    let worse = |escalated| house.told(Level::Critical, escalated, Audience::Everybody, Event::Worse);
    assert_eq!(worse(1)[..2], ["desk: watch", "on-call: route 0 after 15"]);
    assert_eq!(worse(0)[..2], ["desk: watch", "on-call: told"], "only if it was told before");
}

#[test]
fn whoever_was_told_of_the_beginning_is_told_how_it_goes_on() {
    let house = House::new(vec![route(level(Level::High), "leads")]);
    let told = |level, event| house.told(level, 0, Audience::Everybody, event);
    assert_eq!(told(Level::Low, Event::Resolved), ["desk: watch", "leads: told", "on-call: told", "boss: told"]);
    assert_eq!(told(Level::High, Event::Worse), ["desk: watch", "leads: route 0", "on-call: told", "boss: told"]);
    let key = key(Segment::All);
    let subject = Subject { key: &key, level: Level::High, sources: &[], drivers: Vec::new(), escalated: 0 };
    let begins = |event| {
        let all = house.asked(&subject, Audience::Everybody, event, noon()).into_iter();
        all.filter(Addressee::may_begin).map(|addressee| addressee.target).collect::<Vec<_>>()
    };
    assert_eq!(begins(Event::Reopened), ["desk", "leads"]);
}

#[test]
fn a_route_is_there_only_within_its_hours() {
    let open = |from, until| Route { hours: Some(hours(from, until)), ..route(Matcher::default(), "leads") };
    let told = |route| House::new(vec![route]).told(Level::High, 0, Audience::Everybody, Event::Opened);
    assert_eq!(told(open("08:00:00", "18:00:00")), ["desk: watch", "leads: route 0"]);
    assert_eq!(told(open("18:00:00", "08:00:00")), ["desk: watch", "leads: not, Hours"]);
    let mut house = House::new(vec![open("18:00:00", "08:00:00"), route(Matcher::default(), "leads")]);
    assert_eq!(house.told(Level::High, 0, Audience::Everybody, Event::Opened), ["desk: watch", "leads: route 1"], "another one is open");
    house.targets[1].kinds = vec![Event::Resolved];
    assert_eq!(house.told(Level::High, 0, Audience::Everybody, Event::Opened), ["desk: watch", "leads: not, Kind"]);
}

#[test]
fn a_target_hears_only_of_the_kinds_it_wants() {
    let mut house = House::new(vec![route(Matcher::default(), "boss")]);
    house.targets[0].kinds = vec![Event::Opened, Event::Resolved];
    let told = |event| house.told(Level::High, 0, Audience::Everybody, event)[0].clone();
    assert_eq!([Event::Opened, Event::Resolved, Event::Storm].map(told), ["desk: watch"; 3]);
    assert_eq!(told(Event::Acked), "desk: not, Kind");
    assert_eq!(told(Event::Worse), "desk: watch", "it may be the first that the desk hears of it");
    assert!(!wants(&house.targets[0], Event::Worse) && wants(&house.targets[0], Event::Test));
}

#[test]
fn quiet_hours_wait_for_the_morning_and_what_is_critical_does_not() {
    let mut house = House::new(Vec::new());
    house.targets[0].quiet = Some(hours("20:00:00", "07:00:00"));
    let key = key(Segment::All);
    let due = |level, event, now: &str| {
        let subject = Subject { key: &key, level, sources: &[], drivers: Vec::new(), escalated: 0 };
        house.asked(&subject, Audience::Everybody, event, at(now))[0].due
    };
    for (level, event, now, then) in [
        (Level::High, Event::Opened, "2026-11-20T18:59:00Z", "2026-11-20T18:59:00Z"),
        (Level::High, Event::Opened, "2026-11-20T19:00:00Z", "2026-11-21T06:00:00Z"),
        (Level::High, Event::Resolved, "2026-11-20T23:00:00Z", "2026-11-21T06:00:00Z"),
        (Level::High, Event::Acked, "2026-11-20T23:00:00Z", "2026-11-20T23:00:00Z"),
        (Level::Critical, Event::Worse, "2026-11-20T23:00:00Z", "2026-11-20T23:00:00Z"),
        // The night in which the clocks are set back, and the one in which they are set forward.
        (Level::Low, Event::Opened, "2026-10-24T20:00:00Z", "2026-10-25T06:00:00Z"),
        (Level::Low, Event::Opened, "2026-03-28T20:00:00Z", "2026-03-29T05:00:00Z"),
    ] {
        assert_eq!(due(level, event, now), at(then), "{level} {event} {now}");
    }
}

#[test]
fn a_silence_holds_back_all_but_what_is_over_or_too_loud_for_it() {
    let mut house = House::new(Vec::new());
    let matcher = Matcher { watches: vec!["even*".to_owned()], ..level(Level::Medium) };
    let (from, until) = (at("2026-11-20T10:00:00Z"), at("2026-11-20T12:00:00Z"));
    let mut silence = Silence { id: 7, matcher, from, until, who: "anna".to_owned(), comment: "new lamps".to_owned(), ended: None };
    house.silences = vec![silence.clone()];
    let key = key(Segment::All);
    let held = |house: &House, level, event, now: &str| {
        let subject = Subject { key: &key, level, sources: &[], drivers: Vec::new(), escalated: 0 };
        house.asked(&subject, Audience::Everybody, event, at(now))[0].held
    };
    for (level, event, now, by) in [
        (Level::Low, Event::Opened, "2026-11-20T11:00:00Z", Some(7)),
        (Level::Medium, Event::Worse, "2026-11-20T11:00:00Z", Some(7)),
        (Level::High, Event::Worse, "2026-11-20T11:00:00Z", None),
        (Level::Low, Event::Resolved, "2026-11-20T11:00:00Z", None),
        (Level::Low, Event::Opened, "2026-11-20T09:59:00Z", None),
        (Level::Low, Event::Opened, "2026-11-20T12:00:00Z", None),
    ] {
        assert_eq!(held(&house, level, event, now), by, "{level} {event} {now}");
    }
    silence.matcher.watches = vec!["mornings".to_owned()];
    house.silences = vec![silence];
    assert_eq!(held(&house, Level::Low, Event::Opened, "2026-11-20T11:00:00Z"), None);
}

#[test]
fn a_step_of_escalation_waits_for_its_route_to_open_unless_the_next_one_is_due_and_for_silences_to_end() {
    let night = Route { hours: Some(hours("22:00", "06:00")), ..escalation(Matcher::default(), 15, "on-call") };
    let key = key(Segment::All);
    let subject = Subject { key: &key, level: Level::High, sources: &[], drivers: Vec::new(), escalated: 1 };
    let waits = |routes: &[Route], silences: &[Silence], later| waits(&subject, routes, silences, 1, later, noon());
    assert!(waits(std::slice::from_ref(&night), &[], false));
    assert!(!waits(std::slice::from_ref(&night), &[], true), "nobody further misses it");
    let always = escalation(Matcher::default(), 15, "boss");
    assert!(!waits(&[night, always.clone()], &[], false));
    assert!(!waits(&[escalation(level(Level::Critical), 15, "boss")], &[], false), "what is for nobody is over at once");
    let silence = Silence {
        id: 1,
        matcher: Matcher::default(),
        from: noon() - TimeDelta::hours(1),
        until: noon() + TimeDelta::hours(1),
        who: "anna".to_owned(),
        comment: String::new(),
        ended: None,
    };
    assert!(waits(&[always], &[silence], true), "nobody was told yet");
}
