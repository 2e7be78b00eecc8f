//! Complaint mails in a maildir, while a mail program is at it too.

use std::fs;
use std::time::Duration;
use std::time::UNIX_EPOCH;

use crate::house::House;
use crate::house::now;

fn mail(id: u32, header: &str, words: &str) -> String {
    let date = now().to_rfc2822();
    format!(
        "From: Bo <bo{id}@kettles.example>\nSubject: Kettle {id}\nDate: {date}\nMessage-ID: <{id}@kettles.example>\n{header}\n{words}\n"
    )
}

/// Makes a file as old as a mail of 2017.
fn age(house: &House, name: &str) {
    let file = fs::File::options().write(true).open(house.path(name)).unwrap();
    file.set_modified(UNIX_EPOCH + Duration::from_secs(1_500_000_001)).unwrap();
}

#[test]
fn each_mail_of_a_maildir_is_stored_once_whatever_becomes_of_its_file() {
    let house = House::new(
        "[store]\npath = \"HERE/state/uproar.db\"\n[listen]\naddress = \"127.0.0.1:0\"\n\
         [[source]]\nname = \"box\"\nevery = \"10s\"\nmailbox = { maildir = \"HERE/box\", skip_from = [\"@shop.example\"] }\n",
    );
    for part in ["new", "cur", "tmp"] {
        fs::create_dir_all(house.path("box").join(part)).unwrap();
    }
    for id in 0..50 {
        house.write(&format!("box/new/{id}.M.host"), &mail(id, "", "The lid does not close"), 0o644);
    }
    house.write("box/new/90.M.host", &mail(90, "Auto-Submitted: auto-replied\n", "I am away"), 0o644);
    house.write("box/new/91.M.host", &mail(91, "", "Our own answer").replace("kettles.example>\nS", "shop.example>\nS"), 0o644);
    house.write("box/new/80.M.host", &mail(80, "", "From long ago"), 0o644);
    age(&house, "box/new/80.M.host");
    house.write("box/tmp/92.M.host", &mail(92, "", "half of it"), 0o644);
    assert_eq!(house.run(&["run", "--once"]).code, 0);
    assert_eq!(house.items().len(), 50);

    // A person reads them, deletes some, and a copy of one comes over another road.
    for id in 0..40 {
        fs::rename(house.path(&format!("box/new/{id}.M.host")), house.path(&format!("box/cur/{id}.M.host:2,S"))).unwrap();
    }
    for id in 40..45 {
        fs::remove_file(house.path(&format!("box/new/{id}.M.host"))).unwrap();
    }
    house.write("box/new/60.M.host", &mail(7, "", "The lid does not close"), 0o644);
    house.write("box/new/61.M.host", &mail(61, "", "It whistles at night"), 0o644);
    assert_eq!(house.run(&["run", "--once"]).code, 0);
    let items = house.items();
    assert_eq!(items.len(), 51);
    let last = items.iter().find(|item| item["title"] == "Kettle 61").unwrap();
    assert_eq!(last["text"], "It whistles at night");
    assert!(items.iter().all(|item| !item["external_id"].as_str().unwrap().contains('@')));
    assert_eq!(fs::read_dir(house.path("box/cur")).unwrap().count(), 40, "nothing is changed in it");

    // An old mail is moved into the maildir, and the ancient one that lay there at first gets a flag.
    house.write("box/cur/70.M.host:2,S", &mail(70, "", "Found in another folder"), 0o644);
    age(&house, "box/cur/70.M.host:2,S");
    fs::rename(house.path("box/new/80.M.host"), house.path("box/cur/80.M.host:2,S")).unwrap();
    assert_eq!(house.run(&["run", "--once"]).code, 0);
    let items = house.items();
    assert_eq!((items.len(), items.iter().filter(|item| item["title"] == "Kettle 70").count()), (52, 1));
    assert_eq!(house.run(&["run", "--once"]).code, 0);
    assert_eq!(house.items().len(), 52);

    let shown = house.told(&["preview", "box"]);
    assert!(shown.contains("1 automatic replies"), "{shown}");
}
