//! The way to a mail server: a socket, and TLS over it.
//!
//! The provider of the cryptography is given by name: rustls' default one is whatever the process has installed, perhaps none.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use url::Host;

use crate::mail::server_url::{Protection, Server};

/// Bytes both ways, encrypted or not.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send + Sync + fmt::Debug {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send + Sync + fmt::Debug> Stream for T {}

/// A connection of either kind.
pub type BoxedStream = Box<dyn Stream>;

/// Why there can be no connection to a server at all. For the operator; told before anything is sent.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The file of the authority cannot be read, or holds no certificate.
    #[error("the authority's file {path} cannot be used: {cause}")]
    Authority {
        /// Where it was looked for.
        path: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The machine knows no authority, so that no certificate would be good.
    #[error(
        "this machine has no certificates of authorities (Debian, Ubuntu: apt-get install ca-certificates)"
    )]
    NoAuthorities,
    /// The TLS library does not work as it is built.
    #[error("TLS cannot be used: {0}")]
    Tls(#[from] rustls::Error),
    /// The name of the server is none that a certificate could have.
    #[error("the host's name cannot be that of a certificate")]
    Name,
}

/// Knows a server, and how to get there.
#[derive(Clone)]
pub struct Connector {
    host: String,
    port: u16,
    tls: Option<(TlsConnector, ServerName<'static>)>,
}

impl Connector {
    /// Reads what is needed to trust the server: the machine's authorities, and the one that the address names.
    ///
    /// # Errors
    /// There is nothing to trust it by.
    pub fn new(server: &Server) -> Result<Self, SetupError> {
        let is_encrypted = server.protection() != Protection::Plain;
        Self::with(&server.host, server.port, is_encrypted, server.authority())
    }

    /// The same for a server that is no mail server, such as our own public address.
    ///
    /// # Errors
    /// There is nothing to trust it by.
    pub fn to(host: Host<String>, port: u16, is_encrypted: bool) -> Result<Self, SetupError> {
        Self::with(&host, port, is_encrypted, None)
    }

    fn with(
        host: &Host<String>,
        port: u16,
        is_encrypted: bool,
        authority: Option<&Path>,
    ) -> Result<Self, SetupError> {
        let host = match host {
            Host::Domain(name) => name.clone(),
            Host::Ipv4(address) => address.to_string(),
            Host::Ipv6(address) => address.to_string(),
        };
        let tls = if is_encrypted {
            let name = ServerName::try_from(host.clone()).map_err(|_| SetupError::Name)?;
            Some((TlsConnector::from(Arc::new(tls_config(authority)?)), name))
        } else {
            None
        };
        Ok(Self { host, port, tls })
    }

    /// Opens a socket to the first of the host's addresses that answers; each has `patience`.
    ///
    /// # Errors
    /// The name is unknown, or no address answers.
    pub async fn connect(&self, patience: Duration) -> io::Result<(TcpStream, SocketAddr)> {
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
        for address in tokio::net::lookup_host((self.host.as_str(), self.port)).await? {
            match tokio::time::timeout(patience, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    stream.set_nodelay(true)?;
                    return Ok((stream, address));
                }
                Ok(Err(error)) => last = error,
                Err(_) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        Err(last)
    }

    /// Begins TLS, and sees that the server is who we meant.
    ///
    /// # Errors
    /// It is not, or the handshake fails.
    pub async fn encrypt(&self, stream: TcpStream) -> io::Result<BoxedStream> {
        let Some((connector, name)) = &self.tls else {
            return Err(io::Error::new(io::ErrorKind::Unsupported, "the address says that there is no TLS"));
        };
        Ok(Box::new(connector.connect(name.clone(), stream).await?))
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connector({}:{})", self.host, self.port)
    }
}

fn tls_config(authority: Option<&Path>) -> Result<ClientConfig, SetupError> {
    let mut roots = RootCertStore::empty();
    // Single certificates that cannot be read are common among those of a machine, and are left out.
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = authority {
        let unusable = |cause: String| SetupError::Authority { path: path.display().to_string(), cause };
        let certificates = CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| unusable(error.to_string()))?;
        if certificates.is_empty() {
            return Err(unusable("it holds no certificate in PEM".to_owned()));
        }
        for certificate in certificates {
            roots.add(certificate).map_err(|error| unusable(error.to_string()))?;
        }
    }
    if roots.is_empty() {
        return Err(SetupError::NoAuthorities);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
