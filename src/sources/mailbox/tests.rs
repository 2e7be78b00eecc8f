//! Mails of people, mails of programs, and mails of nobody.

use proptest::prelude::*;

use super::*;
use crate::domain::item::Item;
use crate::domain::mails::Mail;

const PLAIN: &str = "From: Anna Berg <anna@kettles.example>\r\nTo: desk@shop.example\r\nSubject: =?windows-1252?Q?Vattenkokaren_l=E4cker?=\r\n\
    Date: Fri, 20 Nov 2026 10:00:00 +0100\r\nMessage-ID: <anna@kettles.example.1>\r\nContent-Type: text/plain; charset=windows-1252\r\n\
    Content-Transfer-Encoding: quoted-printable\r\n\r\nDen l=E4cker fr=E5n botten.\r\n\r\n> Kokar den?\r\n";

fn item(text: &[u8]) -> Item {
    let mut page = page(std::iter::once((text, None)), &[]);
    assert_eq!((page.items.len(), page.warnings.len()), (1, 0), "{}", String::from_utf8_lossy(text));
    page.items.remove(0)
}

#[test]
fn a_mail_is_a_message_without_an_address_in_its_id() {
    let item = item(PLAIN.as_bytes());
    assert_eq!(
        (item.title.as_str(), item.text.as_str()),
        ("Vattenkokaren l\u{e4}cker", "Den l\u{e4}cker fr\u{e5}n botten.\n\n> Kokar den?")
    );
    assert_eq!((item.author.as_deref(), item.published), (Some("anna@kettles.example"), "2026-11-20T09:00:00Z".parse().ok()));
    assert!(item.id.starts_with("m1:") && item.id.len() == 35 && !item.id.contains('@'), "{}", item.id);
}

#[test]
fn words_are_read_in_every_charset_and_from_the_part_that_has_them() {
    let head = "From: bo@x.example\nSubject: s\nMessage-ID: <1@x>\nMIME-Version: 1.0\n";
    let koi8 = [format!("{head}Content-Type: text/plain; charset=koi8-r\n\n").as_bytes(), &[0xde, 0xc1, 0xca, 0xce, 0xc9, 0xcb]].concat();
    assert_eq!(item(&koi8).text, "\u{447}\u{430}\u{439}\u{43d}\u{438}\u{43a}");
    let html = format!("{head}Content-Type: text/html; charset=utf-8\n\n<style>p{{}}</style><p>Too <b>loud</b></p><p>Really</p>");
    assert_eq!(item(html.as_bytes()).text, "Too loud\n\nReally");
    let both = format!(
        "{head}Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain\n\nPlain words\n--b\nContent-Type: text/html\n\n<p>Rich words</p>\n--b--\n\
         --a\nContent-Type: text/plain; name=log.txt\nContent-Disposition: attachment; filename=log.txt\n\nsecret log\n--a\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n\nJVBERg==\n--a--\n"
    );
    assert_eq!(item(both.as_bytes()).text, "Plain words");
    // Programs that write HTML alone often put an empty plain part before it.
    let hollow = both.replace("Plain words", " ");
    assert_eq!(item(hollow.as_bytes()).text, "Rich words");
    let nested = both.replace("text/html", "multipart/related; boundary=c").replace(
        "<p>Rich words</p>",
        "--c\nContent-Type: text/html\n\n<p>Deep <img src=\"cid:1\"> words</p>\n--c\nContent-Type: image/png\nContent-ID: <1>\n\nx\n--c--",
    );
    assert_eq!(item(nested.replace("Plain words", "").as_bytes()).text, "Deep words");
    let bare = item(b"From: bo@x.example\nSubject: No date, no id\n\nwords");
    assert_eq!((bare.published, bare.id.len()), (None, 35));
}

#[test]
fn what_no_person_wrote_is_left_out_and_counted() {
    let with = |header: &str| PLAIN.replacen("To:", &format!("{header}\r\nTo:"), 1);
    let skip = ["@shop.example".to_owned(), "robot@kettles.example".to_owned()];
    let automatic = [
        with("Auto-Submitted: auto-replied (vacation)"),
        with("Precedence: bulk"),
        with("X-Autoreply: yes"),
        with("Return-Path: <>"),
        PLAIN.replace("Anna Berg <anna@kettles.example>", "MAILER-DAEMON@mx.kettles.example"),
        PLAIN.replace("text/plain; charset=windows-1252", "multipart/report; report-type=delivery-status; boundary=x"),
    ];
    for mail in &automatic {
        assert_eq!(letter::read(mail.as_bytes(), &skip), Read::Automatic, "{mail}");
    }
    let own = ["bo@shop.example", "Robot@Kettles.Example"].map(|from| PLAIN.replace("anna@kettles.example>", &format!("{from}>")));
    for mail in &own {
        assert_eq!(letter::read(mail.as_bytes(), &skip), Read::Own, "{mail}");
    }
    for kept in [with("Auto-Submitted: no"), with("Precedence: list"), with("Return-Path: <anna@kettles.example>")] {
        assert!(matches!(letter::read(kept.as_bytes(), &skip), Read::Message(_)), "{kept}");
    }
    let all: Vec<&[u8]> = automatic.iter().chain(&own).map(String::as_bytes).chain([PLAIN.as_bytes(), b"", b"\0\0"]).collect();
    let page = page(all.into_iter().map(|mail| (mail, None)), &skip);
    let warnings: Vec<String> = page.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        (page.items.len(), warnings.as_slice()),
        (
            1,
            [
                "6 automatic replies and failed deliveries are left out [automatic]".to_owned(),
                "2 mails from `skip_from` are left out [own]".to_owned(),
                "2 mails without a header, or that the server does not hand out, are left out [no_mail]".to_owned()
            ]
            .as_slice()
        )
    );
}

fn server(after: After) -> Mailbox {
    let server = Server {
        host: "mail.example".to_owned(),
        port: 993,
        tls: Tls::Implicit,
        user: "u".to_owned(),
        password: Secret::new("hush".to_owned()),
        folder: "INBOX".to_owned(),
        after,
        address: "imaps://mail.example:993".to_owned(),
    };
    Mailbox::new(Settings { home: Home::Server(server), ..specimen() })
}

fn now() -> Timestamp {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

fn asked(request: &Request) -> (Mails, Imap) {
    let Request::Mails(mails) = request else { panic!("{request:?}") };
    let Place::Imap(imap) = &mails.place else { panic!("{mails:?}") };
    (mails.as_ref().clone(), imap.as_ref().clone())
}

#[test]
fn a_folder_is_read_on_by_its_numbers_and_anew_where_they_are_others() {
    let mailbox = server(After::Seen);
    let shard = Shard::whole();
    let (request, imap) = asked(&mailbox.first(&shard, &Cursor::default(), now()));
    assert_eq!((imap.validity, imap.from, imap.since.to_rfc3339().as_str()), (None, 1, "2026-11-14T12:00:00+00:00"));
    let batch = |request: &Mails, validity, numbers: &[u32], more| {
        let mails: Vec<Mail> =
            numbers.iter().map(|number| Mail { number: *number, bytes: PLAIN.as_bytes().to_vec(), ..Mail::default() }).collect();
        let reached = Reached::Imap { validity, border: 101, looked: numbers.iter().copied().max().unwrap_or(0) };
        Response::Mails(Box::new(Batch { request: request.clone(), mails, more, unreadable: Vec::new(), reached }))
    };
    let page = mailbox.read(&shard, &Cursor::default(), &batch(&request, 7, &[90, 100], true), now()).unwrap();
    let (request, imap) = asked(&page.next.unwrap());
    assert_eq!(
        (imap.validity, imap.from, imap.known.as_slice(), imap.done.as_slice()),
        (Some(7), 36, [90, 100].as_slice(), [90, 100].as_slice())
    );
    assert_eq!(imap.border, 101, "what lay there at first stays known as that");
    let page = mailbox.read(&shard, &Cursor::default(), &batch(&request, 7, &[170], false), now()).unwrap();
    assert!(page.next.is_none());
    let (request, imap) = asked(&mailbox.first(&shard, &page.cursor.unwrap(), now()));
    assert_eq!((imap.from, imap.known.as_slice(), imap.done.as_slice()), (106, [170].as_slice(), [170].as_slice()));
    let page = mailbox.read(&shard, &Cursor::default(), &batch(&request, 8, &[1, 2], false), now()).unwrap();
    let (_, imap) = asked(&mailbox.first(&shard, &page.cursor.unwrap(), now()));
    assert_eq!((imap.validity, imap.from, imap.known.as_slice()), (Some(8), 1, [1, 2].as_slice()));
    assert!(!format!("{mailbox:?}").contains("hush"));
}

#[test]
fn a_folder_without_anything_new_is_looked_through_all_the_same() {
    let mailbox = server(After::Keep);
    let (request, _) = asked(&mailbox.first(&Shard::whole(), &Cursor::default(), now()));
    let batch = |request: Mails, looked, more| {
        let reached = Reached::Imap { validity: 7, border: 50_001, looked };
        Response::Mails(Box::new(Batch { request, mails: Vec::new(), more, unreadable: Vec::new(), reached }))
    };
    let page = mailbox.read(&Shard::whole(), &Cursor::default(), &batch(request, 30_000, true), now()).unwrap();
    let (request, imap) = asked(&page.next.unwrap());
    assert_eq!((imap.from, imap.border), (30_000 - 64, 50_001), "it goes on where the time ran out");
    let page = mailbox.read(&Shard::whole(), &Cursor::default(), &batch(request.clone(), 50_000, false), now()).unwrap();
    assert_eq!(page.next, None);
    let cursor = page.cursor.unwrap();
    let (request, imap) = asked(&mailbox.first(&Shard::whole(), &cursor, now()));
    assert_eq!((imap.from, imap.border), (50_000 - 64, 50_001));
    let page = mailbox.read(&Shard::whole(), &cursor, &batch(request, 50_000, false), now()).unwrap();
    assert_eq!(page.cursor, None, "nothing has changed, and nothing is written down");
}

#[test]
fn a_mail_that_was_not_handed_out_is_neither_marked_nor_moved() {
    let mailbox = server(After::Move("Read".to_owned()));
    let (request, _) = asked(&mailbox.first(&Shard::whole(), &Cursor::default(), now()));
    let mail = |number, bytes: &[u8]| Mail { number, bytes: bytes.to_vec(), ..Mail::default() };
    let mails = vec![mail(3, PLAIN.as_bytes()), mail(4, b""), mail(5, PLAIN.as_bytes())];
    let reached = Reached::Imap { validity: 7, border: 6, looked: 5 };
    let batch = Response::Mails(Box::new(Batch { request, mails, more: true, unreadable: Vec::new(), reached }));
    let page = mailbox.read(&Shard::whole(), &Cursor::default(), &batch, now()).unwrap();
    let (_, imap) = asked(&page.next.unwrap());
    assert_eq!((imap.known.as_slice(), imap.done.as_slice()), ([3, 4, 5].as_slice(), [3, 5].as_slice()));
}

#[test]
fn a_visit_that_has_not_got_on_is_the_last_of_its_poll() {
    let mailbox = server(After::Seen);
    let (request, _) = asked(&mailbox.first(&Shard::whole(), &Cursor::default(), now()));
    let batch = |request: Mails| {
        let reached = Reached::Imap { validity: 7, border: 9, looked: 3 };
        Response::Mails(Box::new(Batch { request, mails: Vec::new(), more: true, unreadable: Vec::new(), reached }))
    };
    let later = |seconds| now() + TimeDelta::seconds(seconds);
    let page = mailbox.read(&Shard::whole(), &Cursor::default(), &batch(request), later(1)).unwrap();
    let (request, _) = asked(&page.next.unwrap());
    let page = mailbox.read(&Shard::whole(), &Cursor::default(), &batch(request), later(2)).unwrap();
    assert_eq!(page.next, None, "however much time has gone by");
}

#[test]
fn a_maildir_is_read_on_by_what_was_seen_of_it() {
    let mailbox = Mailbox::new(specimen());
    let shard = Shard::whole();
    let of = |request: Request| match request {
        Request::Mails(mails) => match &mails.place {
            Place::Maildir { read, .. } => (mails.as_ref().clone(), read.clone()),
            Place::Imap(_) => panic!("{mails:?}"),
        },
        _ => panic!("{request:?}"),
    };
    let (request, read) = of(mailbox.first(&shard, &Cursor::default(), now()));
    assert_eq!(read.since, "2026-11-15T12:00:00Z".parse::<Timestamp>().ok().map(|at| at.timestamp_millis()));
    let seen = Seen { floor: (5, 6), names: crate::domain::mails::Names(vec![7, 8]), ..Seen::default() };
    let at = "2026-11-20T10:00:00Z".parse::<Timestamp>().unwrap();
    let mail = Mail { delivered: Some(at.timestamp_millis()), bytes: b"Subject: Lid\n\nIt leaks".to_vec(), cut: true, number: 0 };
    let batch = Batch { request, mails: vec![mail], more: true, unreadable: Vec::new(), reached: Reached::Maildir(seen.clone()) };
    let page = mailbox.read(&shard, &Cursor::default(), &Response::Mails(Box::new(batch)), now()).unwrap();
    assert_eq!((page.items[0].published, page.warnings[0].code.as_str()), (Some(at), "cut"), "without a date the delivery counts");
    let (request, read) = of(page.next.unwrap());
    assert_eq!(read, seen);
    assert_eq!(of(mailbox.first(&shard, page.cursor.as_ref().unwrap(), now())).1, seen);
    let batch = Batch { request, mails: Vec::new(), more: true, unreadable: Vec::new(), reached: Reached::Maildir(seen) };
    let page = mailbox.read(&shard, page.cursor.as_ref().unwrap(), &Response::Mails(Box::new(batch)), now()).unwrap();
    assert_eq!((page.next, page.cursor), (None, None), "where nothing is got on with, the next poll tries");
    let (request, _) = of(mailbox.first(&shard, &Cursor::default(), now()));
    let unreadable = (0..9).map(|number| format!("`new/{number}` cannot be read")).collect();
    let batch = Batch { request, mails: Vec::new(), more: false, unreadable, reached: Reached::Maildir(Seen::default()) };
    let page = mailbox.read(&shard, &Cursor::default(), &Response::Mails(Box::new(batch)), now()).unwrap();
    let told: Vec<String> = page.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "9 mails cannot be read and are asked for again: `new/0` cannot be read; `new/1` cannot be read; `new/2` cannot be read [unreadable]"
        ]
    );
}

proptest! {
    #[test]
    fn no_mail_whatever_makes_the_reader_panic(at in 0..600_usize, bytes in proptest::collection::vec(any::<u8>(), 0..40), keep in 0..900_usize, deep in 0..200_usize) {
        let part = |level: usize| format!("--b{level}\nContent-Type: multipart/mixed; boundary=b{}\n\n", level + 1);
        let nested = (0..deep).map(part).collect::<Vec<_>>().concat();
        let mail = format!("{}Content-Type: multipart/mixed; boundary=b0\n\n{nested}", PLAIN.split("Content-Type").next().unwrap());
        for text in [PLAIN.to_owned(), mail] {
            let mut mutated = text.into_bytes();
            let from = at.min(mutated.len());
            let until = (from + bytes.len()).min(mutated.len());
            mutated.splice(from..until, bytes.iter().copied());
            mutated.truncate(keep.max(1));
            if let Read::Message(item) = letter::read(&mutated, &[]) {
                prop_assert!(item.id.starts_with("m1:") && !item.text.contains('\0'));
            }
        }
    }
}
