//! Fetching over TLS from openssl's own little web server.

use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::process::Child;
use std::process::ChildStdout;
use std::process::Command;
use std::process::Stdio;

use chrono::TimeDelta;
use tempfile::TempDir;
use uproar::config::settings::Fetch;
use uproar::domain::Timestamp;
use uproar::domain::http::Get;
use uproar::domain::http::Request;
use uproar::domain::http::Response;
use uproar::fetch::Fetched;
use uproar::fetch::Fetcher;
use uproar::fetch::Kind;
use uproar::fetch::Manner;
use uproar::fetch::SETTLING_TIME;

use crate::authority;

struct Server {
    folder: TempDir,
    process: Child,
    /// Kept open: it would end at its next word otherwise.
    _said: BufReader<ChildStdout>,
    port: u16,
}

impl Server {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        authority::certify(folder.path());
        let arguments = ["s_server", "-accept", "127.0.0.1:0", "-www", "-cert", "cert.pem", "-key", "key.pem"];
        let mut process = Command::new("openssl")
            .args(arguments)
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // It says `ACCEPT 127.0.0.1:PORT` when it listens.
        let mut said = BufReader::new(process.stdout.take().unwrap());
        let mut lines = said.by_ref().lines().map_while(Result::ok);
        let port = lines.find_map(|line| line.strip_prefix("ACCEPT ")?.rsplit_once(':')?.1.parse().ok()).unwrap();
        Self { folder, process, _said: said, port }
    }

    fn settings(&self, trusted: bool) -> Fetch {
        Fetch {
            contact: None,
            proxy: None,
            extra_ca: trusted.then(|| self.folder.path().join("ca.pem")),
            allow_private: vec![format!("localhost:{}", self.port)],
            timeout: TimeDelta::seconds(20),
            max_body: 1_000_000,
            host_gap: TimeDelta::zero(),
            at_once: 8,
            settle: TimeDelta::zero(),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn only_who_is_trusted_is_read() {
    let server = Server::start();
    let url = format!("https://localhost:{}/", server.port);
    let request = Request::Get(Get { url: url.clone(), accept: "*/*".to_owned(), conditional: false, context: String::new() });
    let now: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();

    let stranger = Fetcher::new(&server.settings(false), SETTLING_TIME).unwrap();
    let error = stranger.fetch(&request, Manner::default(), now).await.unwrap_err();
    assert!(error.kind == Kind::Network && error.message.contains("`extra_ca`"), "{error}");

    let friend = Fetcher::new(&server.settings(true), SETTLING_TIME).unwrap();
    let fetched = friend.fetch(&request, Manner::default(), now).await.unwrap();
    let Fetched::New { response: Response::Http(answer), .. } = fetched else { panic!("{fetched:?}") };
    assert!(answer.url == url && !answer.body.is_empty(), "{}", String::from_utf8_lossy(&answer.body));
}
