//! A real mail server on a free port: Exim with a configuration of its own in a folder of its own.
//!
//! Exim is not started as a daemon. Each connection gets a process of its own that speaks over the
//! socket, as under inetd, so that the port is ours from the start and nothing is left behind. It
//! takes mail for every address and lays it into one maildir, a file for each recipient.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::chown;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;

use crate::authority;

const EXIM: &str = "/usr/sbin/exim4";
/// Exim gives up root's rights for this user, who therefore owns its folders.
const EXIM_USER: &str = "Debian-exim";

/// Who may send.
pub const USER: &str = "uproar";
/// The password of [`USER`]: with a space and a colon, which careless encodings lose.
pub const PASSWORD: &str = "correct: horse";

/// What the server asks of those who send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(dead_code, reason = "a house of tools for stories")]
pub enum Door {
    /// A login, which is only offered after STARTTLS. As on port 587.
    StartTls,
    /// A login, under TLS from the first byte. As on port 465.
    Tls,
    /// Nothing. As on port 25 within a house.
    Open,
}

/// A mail server that ends with this value.
pub struct Smtpd {
    folder: TempDir,
    address: SocketAddr,
    busy: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    listener: Option<JoinHandle<()>>,
}

/// A mail in the maildir.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Address that the sender gave on the envelope.
    pub from: String,
    /// Recipient on the envelope.
    pub to: String,
    /// The mail as it lies there, headers first, line ends as `\n`.
    pub text: String,
}

impl Mail {
    /// The first header of this name, unfolded.
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.text.split("\n\n").next()?.replace("\n ", " ").replace("\n\t", " ");
        head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }
}

impl Smtpd {
    /// Starts a server; it can be reached when this returns.
    pub fn start(door: Door) -> Self {
        assert!(Path::new(EXIM).exists(), "no {EXIM}: apt-get install exim4-daemon-light");
        let folder = tempfile::tempdir().unwrap();
        furnish(folder.path(), door);

        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let (busy, stop) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let listener = thread::spawn({
            let (busy, stop, config) = (Arc::clone(&busy), Arc::clone(&stop), folder.path().join("exim.conf"));
            move || serve(&socket, &config, door, &busy, &stop)
        });
        Self { folder, address, busy, stop, listener: Some(listener) }
    }

    /// `127.0.0.1:PORT`, as it is written in a configuration.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The authority that signed the server's certificate, a PEM file; for `SSL_CERT_FILE` or `extra_ca`.
    pub fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// While it is busy, the server turns everybody away with 421.
    #[allow(dead_code, reason = "a house of tools for stories")]
    pub fn be_busy(&self, busy: bool) {
        self.busy.store(busy, Ordering::SeqCst);
    }

    /// Everything that was delivered, in order.
    pub fn mails(&self) -> Vec<Mail> {
        let new = self.folder.path().join("mail/new");
        // The folder comes with the first mail.
        let mut files = fs::read_dir(new).map(|entries| entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()).unwrap_or_default();
        files.sort_by_key(|path| (fs::metadata(path).and_then(|about| about.modified()).ok(), path.clone()));
        files.iter().map(|path| read_mail(path)).collect()
    }

    /// Waits until `count` mails were delivered.
    ///
    /// # Panics
    ///
    /// With the server's log when they have not come within half a minute.
    pub fn wait_for(&self, count: usize) -> Vec<Mail> {
        for _ in 0..600 {
            let mails = self.mails();
            if mails.len() >= count {
                return mails;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("{} of {count} mails came; the server's log:\n{}", self.mails().len(), self.log());
    }

    /// What the server says it did.
    pub fn log(&self) -> String {
        ["mainlog", "rejectlog", "paniclog"]
            .iter()
            .map(|name| fs::read_to_string(self.folder.path().join("spool").join(name)).unwrap_or_default())
            .collect()
    }
}

impl Drop for Smtpd {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

/// Gives each connection a process, until told to stop.
fn serve(socket: &TcpListener, config: &Path, door: Door, busy: &AtomicBool, stop: &AtomicBool) {
    for connection in socket.incoming() {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let Ok(mut connection) = connection else { continue };
        if busy.load(Ordering::SeqCst) {
            let _ = connection.write_all(b"421 4.3.2 busy, come back later\r\n");
            continue;
        }
        let mut exim = Command::new(EXIM);
        exim.arg("-C").arg(config).arg("-bs");
        if door == Door::Tls {
            exim.arg("-tls-on-connect");
        }
        let (input, output) = (OwnedFd::from(connection.try_clone().unwrap()), OwnedFd::from(connection));
        let mut child = exim.stdin(input).stdout(output).stderr(Stdio::null()).spawn().unwrap();
        thread::spawn(move || child.wait());
    }
}

/// Lays out the server's folder: configuration, certificates, and what its user may write to.
fn furnish(folder: &Path, door: Door) {
    let at = |name: &str| folder.join(name);
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    authority::certify(folder);
    fs::write(at("exim.conf"), config(folder, door)).unwrap();
    let user = id_of(EXIM_USER);
    for name in ["spool", "mail"] {
        fs::create_dir(at(name)).unwrap();
        chown(at(name), Some(user), None).expect("Exim changes its user, so this test must be run by root");
    }
    chown(at("key.pem"), Some(user), None).unwrap();
}

fn config(folder: &Path, door: Door) -> String {
    let folder = folder.display();
    let (recipients, offered) = match door {
        Door::Open => ("accept", "no"),
        Door::StartTls | Door::Tls => ("accept authenticated = *\n  deny message = log in first", "${if def:tls_in_cipher}"),
    };
    format!(
        r"# No name is looked up and nothing leaves this folder.
primary_hostname = mail.test
exim_path = {EXIM}
spool_directory = {folder}/spool
log_file_path = {folder}/spool/%slog
keep_environment =
host_lookup =
rfc1413_hosts =
tls_advertise_hosts = *
tls_certificate = {folder}/cert.pem
tls_privatekey = {folder}/key.pem
acl_smtp_rcpt = recipients

begin acl
recipients:
  {recipients}

begin routers
everybody:
  driver = accept
  transport = box

begin transports
box:
  driver = appendfile
  directory = {folder}/mail
  maildir_format
  user = {EXIM_USER}
  envelope_to_add
  return_path_add

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{USER}}}}}{{eq{{$auth3}}{{{PASSWORD}}}}}}}}}
  server_set_id = $auth2
  server_advertise_condition = {offered}
"
    )
}

/// The number of a user of this machine.
pub fn id_of(user: &str) -> u32 {
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let line = users.lines().find(|line| line.split(':').next() == Some(user));
    line.and_then(|line| line.split(':').nth(2)?.parse().ok()).unwrap_or_else(|| panic!("no user {user}: `tests/all` makes it"))
}

fn read_mail(path: &Path) -> Mail {
    let text = String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned();
    let mail = Mail { from: String::new(), to: String::new(), text };
    let from = mail.header("Return-path").unwrap_or_default().trim_matches(['<', '>']).to_owned();
    Mail { from, to: mail.header("Envelope-to").unwrap_or_default(), ..mail }
}

mod tests {
    use lettre::Message;
    use lettre::SmtpTransport;
    use lettre::Transport;
    use lettre::transport::smtp::authentication::Credentials;
    use lettre::transport::smtp::client::Certificate;
    use lettre::transport::smtp::client::Tls;
    use lettre::transport::smtp::client::TlsParameters;

    use super::*;

    fn transport(server: &Smtpd, tls: fn(TlsParameters) -> Tls, password: &str) -> SmtpTransport {
        let ca = Certificate::from_pem(&fs::read(server.ca()).unwrap()).unwrap();
        let parameters = TlsParameters::builder("localhost".to_owned()).add_root_certificate(ca).build().unwrap();
        let login = Credentials::new(USER.to_owned(), password.to_owned());
        SmtpTransport::builder_dangerous("127.0.0.1").port(server.address().port()).tls(tls(parameters)).credentials(login).build()
    }

    fn message() -> Message {
        let to = |address: &str| address.parse().unwrap();
        Message::builder()
            .from(to("a@uproar.test"))
            .to(to("b@uproar.test"))
            .to(to("c@uproar.test"))
            .subject("Hej då")
            .body("loud".to_owned())
            .unwrap()
    }

    #[test]
    fn a_mail_is_delivered_to_each_recipient_over_either_tls() {
        for (door, tls) in [(Door::StartTls, Tls::Required as fn(TlsParameters) -> Tls), (Door::Tls, Tls::Wrapper)] {
            let server = Smtpd::start(door);
            transport(&server, tls, PASSWORD).send(&message()).unwrap_or_else(|error| panic!("{door:?}: {error}\n{}", server.log()));
            let mut mails = server.wait_for(2);
            mails.sort_by(|a, b| a.to.cmp(&b.to));
            assert_eq!(
                (mails[0].from.as_str(), mails[0].to.as_str(), mails[1].to.as_str()),
                ("a@uproar.test", "b@uproar.test", "c@uproar.test")
            );
            assert_eq!(mails[0].header("to").unwrap(), "b@uproar.test, c@uproar.test");
            assert!(mails[0].text.ends_with("\n\nloud\n"), "{}", mails[0].text);
        }
    }

    #[test]
    fn a_wrong_password_is_refused() {
        let server = Smtpd::start(Door::StartTls);
        let error = transport(&server, Tls::Required, "wrong").send(&message()).unwrap_err();
        assert!(error.is_permanent(), "{error}");
        assert_eq!(server.mails(), []);
    }

    #[test]
    fn an_open_door_needs_nothing_and_a_busy_server_asks_for_patience() {
        let server = Smtpd::start(Door::Open);
        let plain = SmtpTransport::builder_dangerous("127.0.0.1").port(server.address().port()).build();
        server.be_busy(true);
        assert!(plain.send(&message()).unwrap_err().is_transient());
        server.be_busy(false);
        plain.send(&message()).unwrap();
        assert_eq!(server.wait_for(2).len(), 2);
    }
}
