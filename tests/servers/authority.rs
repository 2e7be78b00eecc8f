//! A certificate authority of a day, so that tests meet real TLS.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Lays `ca.pem` (the authority), `cert.pem` and `key.pem` (a server on the loopback) into a folder.
pub fn certify(folder: &Path) {
    fs::write(folder.join("names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\n").unwrap();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    for arguments in [
        format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj /CN=Authority-of-a-day"),
        format!("req {key} -keyout key.pem -out request.pem -subj /CN=localhost"),
        "x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile names -out cert.pem".to_owned(),
    ] {
        let made =
            Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output().expect("no openssl: apt-get install openssl");
        assert!(made.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&made.stderr));
    }
}
