//! Whom we trust: the certificate authorities of the system and those that the owner adds.

use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::fetch::FetchError;
use crate::fetch::Kind;

/// Settings of TLS for all connections. There is no switch that turns checking off.
///
/// A machine without certificate authorities is not an error here: it may poll nothing but files.
pub(super) fn config(extra_ca: Option<&Path>) -> Result<ClientConfig, FetchError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = extra_ca {
        for certificate in read(path)? {
            roots.add(certificate).map_err(|error| unusable(path, &error.to_string()))?;
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| FetchError::new(Kind::Settings, format!("TLS cannot be set up: {error}; this is a fault of the build")))?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn read(path: &Path) -> Result<Vec<CertificateDer<'static>>, FetchError> {
    let text = std::fs::read(path).map_err(|error| unusable(path, &error.to_string()))?;
    let certificates =
        CertificateDer::pem_slice_iter(&text).collect::<Result<Vec<_>, _>>().map_err(|error| unusable(path, &error.to_string()))?;
    if certificates.is_empty() { Err(unusable(path, "there is no certificate in it")) } else { Ok(certificates) }
}

fn unusable(path: &Path, why: &str) -> FetchError {
    FetchError::new(
        Kind::Settings,
        format!("`extra_ca` {} cannot be used: {why}; it must be a readable PEM file of certificates", path.display()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_named() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("empty", ""),
            ("a key", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
            ("cut", "-----BEGIN CERTIFICATE-----\nAA"),
        ] {
            let path = folder.path().join("ca.pem");
            std::fs::write(&path, text).unwrap();
            let error = config(Some(&path)).unwrap_err();
            assert!(error.kind == Kind::Settings && error.message.contains("ca.pem"), "{name}: {error}");
        }
        assert!(config(Some(&folder.path().join("absent.pem"))).is_err());
        assert!(config(None).is_ok());
    }
}
