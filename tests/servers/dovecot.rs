//! A real server of mailboxes on free ports: Dovecot with its mails in a folder of its own.
//!
//! It runs in the foreground and ends with the value. Mails are delivered as files, as an MTA would.

use std::fs;
use std::net::TcpListener;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::fs::chown;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::authority;
use crate::house::House;
use crate::house::now;
use crate::smtpd::id_of;

/// Dovecot's own user, who owns the mails here.
const USER: &str = "dovecot";

/// A server of one mailbox that ends with this value.
struct Dovecot {
    folder: TempDir,
    implicit: u16,
    starttls: u16,
    master: Child,
}

impl Dovecot {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        authority::certify(folder.path());
        for name in ["run", "state", "mail", "mail/new", "mail/cur", "mail/tmp"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        let user = id_of(USER);
        for name in ["mail", "mail/new", "mail/cur", "mail/tmp"] {
            chown(folder.path().join(name), Some(user), None).expect("Dovecot changes its user, so this test must be run by root");
        }
        // They are free again before Dovecot takes them: another may be quicker, which the log then tells.
        let ports = [(), ()].map(|()| TcpListener::bind("127.0.0.1:0").unwrap()).map(|socket| socket.local_addr().unwrap().port());
        let [implicit, starttls] = ports;
        let settings = SETTINGS.replace("HERE", folder.path().to_str().unwrap());
        let settings = settings.replace("IMPLICIT", &implicit.to_string()).replace("STARTTLS", &starttls.to_string());
        let file = folder.path().join("dovecot.conf");
        fs::write(&file, settings).unwrap();
        let master = Command::new("/usr/sbin/dovecot")
            .arg("-F")
            .arg("-c")
            .arg(file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("no Dovecot: apt-get install dovecot-imapd");
        let dovecot = Self { folder, implicit, starttls, master };
        for _ in 0..600 {
            if TcpStream::connect(("127.0.0.1", implicit)).is_ok() {
                return dovecot;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("no port that answers; the server's log:\n{}", fs::read_to_string(dovecot.folder.path().join("log")).unwrap_or_default());
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join("mail").join(name)
    }

    /// Delivers a mail.
    fn deliver(&self, id: u32, header: &str, words: &str) {
        let date = now().to_rfc2822();
        let text = format!(
            "From: Bo <bo@kettles.example>\nSubject: Kettle {id}\nDate: {date}\nMessage-ID: <{id}@kettles.example>\n{header}\n{words}\n"
        );
        let (part, whole) = (self.path(&format!("tmp/{id}.host")), self.path(&format!("new/{id}.host")));
        fs::write(&part, text).unwrap();
        chown(&part, Some(id_of(USER)), None).unwrap();
        fs::rename(part, whole).unwrap();
    }

    /// A house that reads it, with these further settings of the mailbox.
    fn house(&self, port: u16, more: &str, password: &str) -> House {
        let ca = self.folder.path().join("ca.pem");
        House::new(&format!(
            "[store]\npath = \"HERE/state/uproar.db\"\n[fetch]\nallow_private = [\"localhost:{port}\"]\nextra_ca = \"{}\"\n\
             [[source]]\nname = \"box\"\nmailbox = {{ imap = \"localhost:{port}\", user = \"desk\", password = {{ env = \"BOX\" }}{more} }}\n",
            ca.display()
        ))
        .with_variable("BOX", password)
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.master.id().to_string()).status();
        let _ = self.master.wait();
    }
}

const SETTINGS: &str = "
base_dir = HERE/run
state_dir = HERE/state
log_path = HERE/log
protocols = imap
ssl = yes
ssl_cert = <HERE/cert.pem
ssl_key = <HERE/key.pem
mail_location = maildir:HERE/mail
first_valid_uid = 1
passdb {
  driver = static
  args = password=hush-hush
}
userdb {
  driver = static
  args = uid=dovecot gid=dovecot home=HERE/mail
}
service imap-login {
  chroot =
  inet_listener imap {
    address = 127.0.0.1
    port = STARTTLS
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = IMPLICIT
    ssl = yes
  }
}
service anvil {
  chroot =
}
";

/// One round; how many messages are stored after it.
fn round(house: &House) -> usize {
    let ran = house.run(&["run", "--once"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    house.items().len()
}

fn names(folder: &Path) -> Vec<String> {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn mails_come_over_tls_once_and_whatever_becomes_of_the_folder() {
    let dovecot = Dovecot::start();
    let house = dovecot.house(dovecot.implicit, "", "hush-hush");
    for id in 0..70 {
        dovecot.deliver(id, "", "The lid does not close");
    }
    dovecot.deliver(90, "Auto-Submitted: auto-replied\n", "I am away");
    dovecot.deliver(91, "", &"A very long story. ".repeat(100_000));
    assert_eq!(round(&house), 71);
    assert_eq!(round(&house), 71);

    // Some are deleted, in the middle and at the end, and another comes.
    for name in names(&dovecot.path("cur")).into_iter().chain(names(&dovecot.path("new"))) {
        if ["30.", "31.", "91."].iter().any(|id| name.starts_with(id)) {
            let path = dovecot.path("cur").join(&name);
            fs::remove_file(if path.exists() { path } else { dovecot.path("new").join(&name) }).unwrap();
        }
    }
    dovecot.deliver(92, "", "It whistles at night");
    assert_eq!(round(&house), 72, "what is deleted there was said all the same");

    // The server numbers everything anew.
    for name in names(&dovecot.path("")) {
        if name.starts_with("dovecot") {
            fs::remove_file(dovecot.path(&name)).unwrap();
        }
    }
    dovecot.deliver(93, "", "It leaks");
    assert_eq!(round(&house), 73);
    dovecot.deliver(94, "", "It burns");
    assert_eq!(round(&house), 74);
    assert!(names(&dovecot.path("cur")).iter().all(|name| !name.ends_with('S')), "nothing is marked");
}

#[test]
fn a_large_folder_is_read_to_its_end_and_what_is_moved_there_later_is_read_too() {
    let dovecot = Dovecot::start();
    let house = dovecot.house(dovecot.implicit, ", max_mail = \"100 kB\"", "hush-hush");
    let age = |id: u32| {
        let file = fs::File::options().write(true).open(dovecot.path(&format!("new/{id}.host"))).unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH + Duration::from_secs(1_500_000_001)).unwrap();
    };
    for id in 0..1_300 {
        dovecot.deliver(id, "", "The lid does not close");
        if id < 600 {
            age(id);
        }
    }
    dovecot.deliver(2_000, "", &"A very long story. ".repeat(10_000));
    assert_eq!(round(&house), 701, "what came long before the first look is not looked at");
    dovecot.deliver(3_000, "", "Found in another folder");
    age(3_000);
    assert_eq!(round(&house), 702);
    assert_eq!(round(&house), 702);
    let ran = house.run(&["run", "--once"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    // The server numbers everything anew: what lay there long ago stays unread.
    for name in names(&dovecot.path("")) {
        if name.starts_with("dovecot") {
            fs::remove_file(dovecot.path(&name)).unwrap();
        }
    }
    dovecot.deliver(3_001, "", "It leaks");
    assert_eq!(round(&house), 703);
}

#[test]
fn mails_are_marked_or_moved_once_they_are_stored_where_that_is_wanted() {
    let dovecot = Dovecot::start();
    let house = dovecot.house(dovecot.starttls, ", tls = \"starttls\", after = \"seen\"", "hush-hush");
    dovecot.deliver(1, "", "The lid does not close");
    assert_eq!(round(&house), 1);
    let is_seen =
        || names(&dovecot.path("cur")).iter().filter(|name| name.split(',').next_back().is_some_and(|flags| flags.contains('S'))).count();
    assert_eq!(is_seen(), 0, "not before it is stored");
    assert_eq!(round(&house), 1);
    assert_eq!(is_seen(), 1);

    let made = Command::new("doveadm")
        .arg("-c")
        .arg(dovecot.folder.path().join("dovecot.conf"))
        .args(["mailbox", "create", "-u", "desk", "R\u{e4}knade"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let mover = dovecot.house(dovecot.implicit, ", after = \"move\", move_to = \"R\u{e4}knade\"", "hush-hush");
    assert_eq!((round(&mover), round(&mover)), (1, 1));
    assert_eq!(names(&dovecot.path("cur")).len() + names(&dovecot.path("new")).len(), 0);
}

#[test]
fn what_is_wrong_with_a_mailbox_is_told_by_the_setting_that_cures_it() {
    let dovecot = Dovecot::start();
    for (port, more, password, says) in [
        (dovecot.implicit, "", "guessed", "check `user` and `password`"),
        (dovecot.implicit, ", folder = \"Nowhere\"", "hush-hush", "no folder `Nowhere`"),
        (dovecot.implicit, ", tls = \"starttls\"", "hush-hush", "localhost"),
        (dovecot.starttls, ", tls = \"implicit\"", "hush-hush", "no protected connection: check `tls`"),
        (1, "", "hush-hush", "cannot be reached"),
    ] {
        let house = House::new(
            &fs::read_to_string(dovecot.house(port, more, password).path("uproar.toml"))
                .unwrap()
                .replace("[fetch]\n", "[fetch]\ntimeout = \"5s\"\n"),
        )
        .with_variable("BOX", password);
        let ran = house.run(&["run", "--once"]);
        let told = format!("{}{}", ran.out, ran.err);
        assert!(told.contains(says) && !told.contains("guessed"), "{port} {more}: {told}");
    }
    let stranger = House::new(
        &fs::read_to_string(dovecot.house(dovecot.implicit, "", "hush-hush").path("uproar.toml")).unwrap().replace("extra_ca", "#"),
    )
    .with_variable("BOX", "hush-hush");
    let told = stranger.run(&["run", "--once"]);
    assert!(format!("{}{}", told.out, told.err).contains("extra_ca"), "{told:?}");
}
