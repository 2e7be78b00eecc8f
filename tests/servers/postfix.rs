//! Another real mail server on a free port: Postfix with its queue and its maildir in a folder of its own.
//!
//! Debian does not let Postfix stand beside Exim, so `tests/all` unpacks its package into `target/servers`
//! without installing it. Its master runs in the foreground and ends with the value.

use std::fs;
use std::net::TcpListener;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::chown;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::house::feed::Feed;
use crate::house::feed::calm_month;
use crate::house::feed::spike;
use crate::house::mail;
use crate::mails;
use crate::smtpd::Door;
use crate::smtpd::Mail;
use crate::smtpd::id_of;

/// Postfix gives up root's rights for this user, who therefore owns its queue.
const USER: &str = "postfix";
/// Its folders below the queue; all but the last are the user's.
const QUEUE: &[&str] = &[
    "incoming", "active", "deferred", "bounce", "defer", "corrupt", "flush", "hold", "saved", "trace", "private", "maildrop", "public",
    "pid",
];

/// What serves: no name is looked up, nothing leaves the folder.
const SERVICES: &str = "\
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
postlog unix-dgram n - n - 1 postlogd
";

/// A mail server that ends with this value.
struct Postfix {
    folder: TempDir,
    port: u16,
    master: Child,
}

impl Postfix {
    /// Starts a server that takes mail for `theatre.example` and needs no login; it can be reached when
    /// this returns.
    fn start() -> Self {
        let root = root();
        let folder = tempfile::tempdir().unwrap();
        // The port is free again before Postfix takes it: another may be quicker, which the log then tells.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        furnish(folder.path(), &root, port);
        let master = Command::new(root.join("usr/lib/postfix/sbin/master"))
            .args(["-d", "-c"])
            .arg(folder.path().join("conf"))
            .env("MAIL_CONFIG", folder.path().join("conf"))
            .env("LD_LIBRARY_PATH", root.join("usr/lib/postfix"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let postfix = Self { folder, port, master };
        postfix.until("a port that answers", || TcpStream::connect(("127.0.0.1", port)).ok());
        postfix
    }

    /// Everything that was delivered.
    fn mails(&self) -> Vec<Mail> {
        let Ok(entries) = fs::read_dir(self.folder.path().join("mail/all/new")) else { return Vec::new() };
        entries.map(|entry| read_mail(&entry.unwrap().path())).collect()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    fn until<T>(&self, what: &str, look: impl Fn() -> Option<T>) -> T {
        for _ in 0..600 {
            if let Some(seen) = look() {
                return seen;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("no {what}; the server's log:\n{}", self.log());
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        // The master tells its children to end, which it could not if it were killed.
        let _ = Command::new("kill").arg(self.master.id().to_string()).status();
        let _ = self.master.wait();
    }
}

/// Where Postfix is: installed, or unpacked by `tests/all`.
fn root() -> PathBuf {
    let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/servers/postfix");
    let found = [PathBuf::from("/"), unpacked].into_iter().find(|root| root.join("usr/lib/postfix/sbin/master").exists());
    found.expect("no Postfix: `tests/all` unpacks it")
}

fn furnish(folder: &Path, root: &Path, port: u16) {
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    let user = id_of(USER);
    let own = |name: &str| chown(folder.join(name), Some(user), None).expect("Postfix changes its user, so this test must be run by root");
    for name in ["conf", "queue", "data", "mail"] {
        fs::create_dir(folder.join(name)).unwrap();
    }
    for name in QUEUE {
        fs::create_dir(folder.join("queue").join(name)).unwrap();
        if *name != "pid" {
            own(&format!("queue/{name}"));
        }
    }
    own("data");
    own("mail");
    let (at, root) = (folder.display(), root.display().to_string().trim_end_matches('/').to_owned());
    let main = format!(
        "\
compatibility_level = 3.6
queue_directory = {at}/queue
data_directory = {at}/data
command_directory = {root}/usr/sbin
daemon_directory = {root}/usr/lib/postfix/sbin
shlib_directory = {root}/usr/lib/postfix
meta_directory = {at}/conf
maillog_file = {at}/log
maillog_file_prefixes = {at}
import_environment = MAIL_CONFIG LD_LIBRARY_PATH TZ LANG=C
mail_owner = {USER}
setgid_group = postdrop
myhostname = mail.test
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
smtputf8_enable = yes
alias_maps =
virtual_mailbox_domains = theatre.example
virtual_mailbox_base = {at}/mail
virtual_mailbox_maps = static:all/
virtual_uid_maps = static:{user}
virtual_gid_maps = static:{user}
virtual_minimum_uid = 1
"
    );
    fs::write(folder.join("conf/main.cf"), main).unwrap();
    fs::write(folder.join("conf/master.cf"), format!("127.0.0.1:{port} inet n - n - - smtpd\n{SERVICES}")).unwrap();
}

fn read_mail(path: &Path) -> Mail {
    let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
    let mail = Mail { from: String::new(), to: String::new(), text };
    let from = mail.header("Return-Path").unwrap_or_default().trim_matches(['<', '>']).to_owned();
    Mail { from, to: mail.header("Delivered-To").unwrap_or_default(), ..mail }
}

#[test]
fn postfix_takes_a_spike_and_changes_nothing_of_it() {
    let (feed, server) = (Feed::start(calm_month()), Postfix::start());
    let house = mails::house(&feed, Door::Open, server.port, None);
    let daemon = house.start();
    daemon.counts("uproar_source_items_total{source=\"theatre\",kind=\"late\"}", mails::CALM);
    feed.add(spike(0, 40));
    let mut mails = server.until("two mails", || Some(server.mails()).filter(|mails| mails.len() >= 2));
    mails.sort_by(|a, b| a.to.cmp(&b.to));
    let to: Vec<&str> = mails.iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(to, ["anna@theatre.example", "bo@theatre.example"]);
    assert_eq!(mails[0].from, "uproar@theatre.example");
    assert!(mail::text(&mails[0].text).contains("40 complaints about \"dark stage\""), "{}", mails[0].text);
    for mail in &mails {
        // What Postfix adds to a mail that lacks it, a mail of ours has once and of its own.
        for name in ["Message-ID", "Date", "From", "MIME-Version"] {
            let lines = mail.text.split("\n\n").next().unwrap().lines();
            let own = lines.filter(|line| line.to_lowercase().starts_with(&format!("{}:", name.to_lowercase()))).count();
            assert_eq!(own, 1, "{name}\n{}", mail.text);
        }
        assert!(mail.header("Message-ID").unwrap().ends_with("@theatre.example>"), "{}", mail.text);
    }
    daemon.stop();
}
