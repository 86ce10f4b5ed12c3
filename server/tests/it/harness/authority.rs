//! An authority of the tests' own, and what a server on this machine needs to be trusted by it.

use std::path::PathBuf;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tempfile::TempDir;

/// Signs certificates; its own lies in a file.
pub struct Authority {
    directory: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// Makes a new one, which nobody trusts by itself.
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names are right names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "Authority of the tests");
        let key = KeyPair::generate().expect("there is randomness");
        let issuer = CertifiedIssuer::self_signed(params, key).expect("it signs");
        let directory = tempfile::tempdir().expect("there is a temporary directory");
        std::fs::write(directory.path().join("ca.pem"), issuer.pem()).expect("it is written");
        Self { directory, issuer }
    }

    /// The file with its certificate.
    pub fn file(&self) -> PathBuf {
        self.directory.path().join("ca.pem")
    }

    /// A certificate and its key for a server of these names, both as PEM.
    pub fn issue(&self, names: &[&str]) -> (String, String) {
        let (params, key) = leaf(names);
        let certificate = params.signed_by(&key, &self.issuer).expect("it signs");
        (certificate.pem(), key.serialize_pem())
    }

    /// The same as a server in this process takes it.
    pub fn server_config(&self, names: &[&str]) -> Arc<ServerConfig> {
        let (params, key) = leaf(names);
        let certificate = params.signed_by(&key, &self.issuer).expect("it signs");
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("they fit")
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key.into());
        Arc::new(config.expect("they belong together"))
    }
}

fn leaf(names: &[&str]) -> (CertificateParams, KeyPair) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let params = CertificateParams::new(names).expect("they are names");
    (params, KeyPair::generate().expect("there is randomness"))
}
