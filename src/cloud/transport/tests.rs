use std::{
    convert::Infallible,
    sync::atomic::{AtomicUsize, Ordering},
};

use http_body_util::{BodyExt, Full};
use hyper::{Request, Response, body::Bytes, body::Incoming as Body, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::*;
use crate::cloud::{
    Account, Action, Cloud, Endpoints, Kind, RegionUse, Retry, Service, Settings,
    credentials::Credentials,
};
use crate::wait::Backoff;

static VPC: Service = Service { name: "vpc", version: "2017-03-12", region: RegionUse::Needed };
const READ: Action = Action::read(&VPC, "DescribeCcns");
const WRITE: Action = Action::write(&VPC, "CreateCcn");

/// An account whose cloud is at `address`, with pauses of a millisecond.
fn account(address: &str) -> Account {
    let settings = Settings {
        endpoints: Endpoints {
            overrides: [("*".to_owned(), format!("http://{address}"))].into(),
            ..Endpoints::default()
        },
        retry: Retry {
            attempt: Duration::from_millis(300),
            unreachable: Duration::from_millis(5),
            pauses: Backoff {
                initial: Duration::from_millis(1),
                max: Duration::from_millis(1),
                factor: 1.0,
                jitter: 0.0,
            },
            ..Retry::default()
        },
        ..Settings::default()
    };
    let keys = Credentials::fixed("id", "key", None);
    Cloud::new(settings).account("hub", Some("ap-guangzhou"), keys)
}

/// Serves HTTP on loopback; returns the address and a count of connections.
async fn serve<F>(answer: F) -> (String, Arc<AtomicUsize>)
where
    F: Fn(String, http::HeaderMap) -> Response<Full<Bytes>> + Clone + Send + Sync + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            let answer = answer.clone();
            let service = service_fn(move |request: Request<Body>| {
                let answer = answer.clone();
                async move {
                    let headers = request.headers().clone();
                    let body = request.into_body().collect().await.unwrap().to_bytes();
                    let body = String::from_utf8(body.to_vec()).unwrap();
                    Ok::<_, Infallible>(answer(body, headers))
                }
            });
            tokio::spawn(
                hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    (address, connections)
}

/// Reads whatever comes, answers with `bytes`, and closes; returns the address and a count.
async fn serve_raw(bytes: &'static [u8]) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            let mut buffer = vec![0; 64 << 10];
            let _ = stream.read(&mut buffer).await;
            let _ = stream.write_all(bytes).await;
        }
    });
    (address, connections)
}

fn response(status: u16, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    Response::builder().status(status).body(Full::new(body.into())).unwrap()
}

#[tokio::test]
async fn calls_carry_the_products_host_and_share_a_connection() {
    let (address, connections) = serve(|body, headers| {
        let text = |name: &str| headers[name].to_str().unwrap().to_owned();
        let told = json!({"Response": {
            "Host": text("host"), "Client": text("x-tc-requestclient"), "Body": body,
            "Language": text("x-tc-language"), "RequestId": "r"
        }});
        response(200, told.to_string())
    })
    .await;
    let account = account(&address);
    for _ in 0..3 {
        let told: serde_json::Value = account.call(&READ, &json!({"A": 1})).await.unwrap();
        assert_eq!(told["Host"], "vpc.tencentcloudapi.com");
        assert_eq!(told["Body"], r#"{"A":1}"#);
        assert_eq!(told["Language"], "en-US");
        assert_eq!(told["Client"], format!("Terraform-crossmesh-{}", env!("CARGO_PKG_VERSION")));
    }
    assert_eq!(connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_was_surely_not_reached() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error = account(&address).perform(&WRITE, &()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Network { sent: false });
    assert!(error.message().contains("127.0.0.1"), "{error}");
    assert!(error.next_step().unwrap().contains("could not be reached"));
}

#[tokio::test]
async fn a_write_whose_connection_breaks_is_made_once() {
    for bytes in [
        &b""[..],
        b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"Response\":",
        b"not http at all\r\n\r\n",
    ] {
        let (address, connections) = serve_raw(bytes).await;
        let error = account(&address).perform(&WRITE, &()).await.unwrap_err();
        assert_eq!(error.kind(), Kind::AnswerLost, "{error}");
        assert_eq!(connections.load(Ordering::SeqCst), 1, "{error}");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_times_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let account = account(&listener.local_addr().unwrap().to_string());
    assert_eq!(account.perform(&WRITE, &()).await.unwrap_err().kind(), Kind::AnswerLost);
    assert_eq!(account.perform(&READ, &()).await.unwrap_err().kind(), Kind::Timeout);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (elsewhere, followed) = serve(|_, _| response(200, r#"{"Response":{}}"#)).await;
    let (address, _) = serve(move |_, _| {
        Response::builder()
            .status(307)
            .header("location", format!("http://{elsewhere}/"))
            .body(Full::default())
            .unwrap()
    })
    .await;
    let error = account(&address).perform(&READ, &()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Malformed);
    assert!(error.message().contains("307"), "{error}");
    assert_eq!(followed.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_answer_without_end_is_cut() {
    let huge = Bytes::from(vec![b' '; MAX_ANSWER + 1]);
    let (address, _) = serve(move |_, _| response(200, huge.clone())).await;
    let network = Network::new(Connections::default());
    let request = Outgoing {
        url: Url::parse(&format!("http://{address}")).unwrap(),
        headers: HeaderMap::new(),
        body: Vec::new(),
        timeout: Duration::from_secs(60),
    };
    let failure = network.send(request).await.unwrap_err();
    assert!(failure.unreadable && failure.sent, "{failure:?}");
    assert!(failure.message.contains("longer than 32 MiB"), "{failure:?}");
}

#[tokio::test]
async fn hints_and_dates_are_read() {
    let (address, _) = serve(|_, _| {
        Response::builder()
            .status(429)
            .header("retry-after", "7")
            .header("date", "Tue, 14 Nov 2023 22:13:20 GMT")
            .body(Full::default())
            .unwrap()
    })
    .await;
    let network = Network::new(Connections::default());
    let request = Outgoing {
        url: Url::parse(&format!("http://{address}")).unwrap(),
        headers: HeaderMap::new(),
        body: Vec::new(),
        timeout: Duration::from_secs(60),
    };
    let answer = network.send(request).await.unwrap();
    assert_eq!((answer.status, answer.retry_after), (429, Some(Duration::from_secs(7))));
    assert_eq!(answer.date.as_deref(), Some("Tue, 14 Nov 2023 22:13:20 GMT"));
}

/// Serves HTTP/2 over TLS as `localhost`; returns the port and the certificate authority, PEM.
async fn serve_tls() -> (u16, String) {
    install_ring();
    let issued = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::try_from(issued.signing_key.serialize_der());
    let mut config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![issued.cert.der().clone()], key.unwrap())
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // A client that trusts nobody hangs up.
            let Ok(stream) = acceptor.accept(stream).await else { continue };
            let service = service_fn(|request: Request<Body>| async move {
                let told = json!({"Response": {
                    "Version": format!("{:?}", request.version()),
                    "Authority": request.uri().authority().unwrap().as_str(),
                    "HostHeader": request.headers().contains_key("host"),
                    "RequestId": "r"
                }});
                Ok::<_, Infallible>(response(200, told.to_string()))
            });
            tokio::spawn(
                hyper::server::conn::http2::Builder::new(hyper_util::rt::TokioExecutor::new())
                    .serve_connection(TokioIo::new(stream), service),
            );
        }
    });
    (port, issued.cert.pem())
}

async fn told_over_tls(port: u16, extra_roots_pem: Option<String>) -> Result<Value, Failure> {
    let mut headers = HeaderMap::new();
    headers.insert("host", format!("localhost:{port}").parse().unwrap());
    let request = Outgoing {
        url: Url::parse(&format!("https://localhost:{port}")).unwrap(),
        headers,
        body: Vec::new(),
        timeout: Duration::from_secs(60),
    };
    let answer = Network::new(Connections { extra_roots_pem }).send(request).await?;
    Ok(serde_json::from_slice(&answer.body).unwrap())
}

#[tokio::test]
async fn tls_is_verified_and_speaks_http_2() {
    let (port, authority) = serve_tls().await;
    let told = told_over_tls(port, Some(authority)).await.unwrap();
    assert_eq!(
        told["Response"],
        json!({
            "Version": "HTTP/2.0", "Authority": format!("localhost:{port}"),
            "HostHeader": false, "RequestId": "r"
        })
    );

    let failure = told_over_tls(port, None).await.unwrap_err();
    assert!(!failure.sent, "{failure:?}");
    let failure = told_over_tls(port, Some("no certificate".into())).await.unwrap_err();
    assert!(!failure.sent && failure.message.contains("no PEM certificate"), "{failure:?}");
}

#[test]
fn what_is_sent_is_never_shown() {
    let mut headers = HeaderMap::new();
    headers.insert("authorization", hidden("TC3 secret").unwrap());
    let request = Outgoing {
        url: Url::parse("http://127.0.0.1").unwrap(),
        headers: headers.clone(),
        body: b"secret".to_vec(),
        timeout: Duration::ZERO,
    };
    let answer = Incoming { body: b"secret".to_vec(), ..Incoming::default() };
    for shown in [format!("{request:?}"), format!("{headers:?}"), format!("{answer:?}")] {
        assert!(!shown.contains("secret"), "{shown}");
    }
}
