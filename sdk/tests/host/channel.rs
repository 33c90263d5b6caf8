//! A connection to a plugin.

use std::{
    io,
    sync::Arc,
    task::{Context, Poll},
};

use hyper::{Request, Response, body::Incoming, client::conn::http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    SupportedProtocolVersion,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    sign::SingleCertAndKey,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tonic::{
    body::Body,
    codegen::{BoxFuture, Service},
};

use super::certificate::ClientIdentity;

/// How a connection is protected.
pub(crate) enum Security {
    None,
    /// The one server certificate that is trusted, and the client's own.
    Tls {
        server: CertificateDer<'static>,
        client: Option<ClientIdentity>,
    },
}

/// Carries calls over one connection.
#[derive(Clone)]
pub(crate) struct Channel {
    requests: http2::SendRequest<Body>,
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

impl Channel {
    pub(crate) async fn connect(
        network: &str,
        address: &str,
        security: Security,
    ) -> io::Result<Self> {
        Self::over(dial(network, address).await?, security, rustls::ALL_VERSIONS).await
    }

    /// A connection with some versions of TLS only. In TLS 1.3, a client hears
    /// that it is refused only when it calls.
    pub(crate) async fn connect_with_versions(
        network: &str,
        address: &str,
        security: Security,
        versions: &[&'static SupportedProtocolVersion],
    ) -> io::Result<Self> {
        Self::over(dial(network, address).await?, security, versions).await
    }

    async fn over(
        stream: Box<dyn Stream>,
        security: Security,
        versions: &[&'static SupportedProtocolVersion],
    ) -> io::Result<Self> {
        let stream: Box<dyn Stream> = match security {
            Security::None => stream,
            Security::Tls { server, client } => {
                let connector = TlsConnector::from(Arc::new(config(server, client, versions)));
                let name = ServerName::try_from("localhost").expect("a name");
                Box::new(connector.connect(name, stream).await?)
            }
        };
        let (requests, connection) = http2::Builder::new(TokioExecutor::new())
            .initial_stream_window_size(4 << 20)
            .initial_connection_window_size(4 << 20)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(io::Error::other)?;
        tokio::spawn(connection);
        Ok(Self { requests })
    }
}

impl Service<Request<Body>> for Channel {
    type Response = Response<Incoming>;
    type Error = hyper::Error;
    type Future = BoxFuture<Self::Response, Self::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.requests.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let path = request.uri().path().to_owned();
        *request.uri_mut() = format!("https://localhost{path}").parse().expect("a URI");
        Box::pin(self.requests.send_request(request))
    }
}

async fn dial(network: &str, address: &str) -> io::Result<Box<dyn Stream>> {
    match network {
        #[cfg(unix)]
        "unix" => Ok(Box::new(tokio::net::UnixStream::connect(address).await?)),
        "tcp" => Ok(Box::new(tokio::net::TcpStream::connect(address).await?)),
        other => Err(io::Error::other(format!("unknown network {other}"))),
    }
}

fn config(
    server: CertificateDer<'static>,
    client: Option<ClientIdentity>,
    versions: &[&'static SupportedProtocolVersion],
) -> ClientConfig {
    let provider = Arc::new(ring::default_provider());
    let verifier = OneServer { certificate: server, provider: Arc::clone(&provider) };
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .expect("versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier));
    let mut config = match client {
        Some(client) => {
            builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(client.certified())))
        }
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    config
}

/// Trusts the certificate of the handshake's line.
#[derive(Debug)]
struct OneServer {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for OneServer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if *end_entity == self.certificate {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::UnknownIssuer.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signed, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signed, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
