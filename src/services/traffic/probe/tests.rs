use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::*;

/// A request as it arrived: method, host, path, body.
type Seen = Arc<Mutex<Vec<String>>>;
type Handler = Arc<dyn Fn(&Request<Incoming>) -> Response<Full<Bytes>> + Send + Sync>;

struct Server {
    port: u16,
    seen: Seen,
    certificate: String,
}

fn answer(status: u16, body: &str) -> Response<Full<Bytes>> {
    Response::builder().status(status).body(Full::from(body.to_owned())).unwrap()
}

fn moved(status: u16, location: &str) -> Response<Full<Bytes>> {
    let builder = Response::builder().status(status).header("location", location);
    builder.body(Full::default()).unwrap()
}

async fn serve(
    handler: impl Fn(&Request<Incoming>) -> Response<Full<Bytes>> + Send + Sync + 'static,
) -> Server {
    start(Arc::new(handler), None, String::new()).await
}

/// With a certificate for `shop.example`.
async fn serve_tls() -> Server {
    let own = rcgen::generate_simple_self_signed(vec!["shop.example".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], key)
        .unwrap();
    let handler: Handler = Arc::new(|_| answer(200, "secure"));
    start(handler, Some(TlsAcceptor::from(Arc::new(config))), own.cert.pem()).await
}

async fn start(handler: Handler, tls: Option<TlsAcceptor>, certificate: String) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let seen = Seen::default();
    let log = seen.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (handler, log, tls) = (handler.clone(), log.clone(), tls.clone());
            let service = service_fn(move |request: Request<Incoming>| {
                let reply = handler(&request);
                let log = log.clone();
                async move {
                    let host = request.headers()["host"].to_str().unwrap().to_owned();
                    let line = format!("{} {host} {}", request.method(), request.uri());
                    let body = request.into_body().collect().await?.to_bytes();
                    log.lock().unwrap().push(format!("{line} {}", String::from_utf8_lossy(&body)));
                    Ok::<_, hyper::Error>(reply)
                }
            });
            tokio::spawn(async move {
                // A client that goes away is no failure of the test.
                let _ = match tls {
                    Some(tls) => match tls.accept(stream).await {
                        Ok(stream) => {
                            http1::Builder::new()
                                .serve_connection(TokioIo::new(stream), service)
                                .await
                        }
                        Err(_) => Ok(()),
                    },
                    None => {
                        http1::Builder::new().serve_connection(TokioIo::new(stream), service).await
                    }
                };
            });
        }
    });
    Server { port, seen, certificate }
}

impl Server {
    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }

    fn spec(&self) -> ProbeSpec {
        ProbeSpec {
            url: "http://shop.example/a?b=c".to_owned(),
            connect_to: Some(self.address()),
            interval: Duration::from_millis(1),
            ..ProbeSpec::default()
        }
    }
}

async fn run(spec: ProbeSpec) -> Report {
    Probe::new(spec).unwrap().run().await
}

async fn failure(spec: ProbeSpec) -> String {
    let report = run(spec).await;
    assert!(!report.success);
    report.failure.unwrap()
}

#[tokio::test]
async fn name_and_path_are_kept_when_the_connection_is_diverted() {
    let server = serve(|_| {
        let builder = Response::builder().header("X-Served-By", "west");
        builder.body(Full::from("hello from west")).unwrap()
    })
    .await;
    let report = run(server.spec()).await;
    assert!(report.success && report.failure.is_none());
    assert_eq!(server.seen(), ["GET shop.example /a?b=c "]);
    let answer = report.answer.unwrap();
    assert_eq!((answer.status, answer.body.as_str()), (200, "hello from west"));
    assert_eq!(answer.remote.to_string(), server.address());
    assert!(answer.headers.contains(&("x-served-by".to_owned(), "west".to_owned())));
    let port = ProbeSpec { url: "http://shop.example:8080/".to_owned(), ..server.spec() };
    assert!(run(port).await.success);
    assert_eq!(server.seen()[1], "GET shop.example:8080 / ");
}

#[tokio::test]
async fn the_host_header_may_differ_from_the_url() {
    let server = serve(|_| answer(200, "")).await;
    let spec = ProbeSpec {
        url: format!("http://{}/", server.address()),
        host: Some("cart.example".to_owned()),
        path: Some("/x".to_owned()),
        method: "post".to_owned(),
        body: Some("hi".to_owned()),
        ..ProbeSpec::default()
    };
    assert!(run(spec).await.success);
    assert_eq!(server.seen(), ["POST cart.example /x hi"]);
}

#[tokio::test]
async fn what_is_not_as_expected_is_said_in_words() {
    let server = serve(|request| match request.uri().path() {
        "/missing" => answer(404, "no route"),
        _ => answer(200, "hello"),
    })
    .await;
    let with = |change: fn(&mut ProbeSpec)| {
        let mut spec = server.spec();
        change(&mut spec);
        failure(spec)
    };
    assert_eq!(
        with(|it| it.path = Some("/missing".to_owned())).await,
        "status is 404, expected 2xx; the body begins \"no route\""
    );
    assert_eq!(
        with(|it| it.expect.statuses = vec![301, 302]).await,
        "status is 200, expected 301 or 302; the body begins \"hello\""
    );
    assert!(with(|it| it.expect.body_contains = Some("bye".to_owned())).await.contains("\"bye\""));
    assert!(with(|it| it.expect.body_matches = Some("^b".to_owned())).await.contains("match"));
    let header = |value: Option<&str>, name: &str| HeaderExpectation {
        name: name.to_owned(),
        value: value.map(str::to_owned),
    };
    let mut spec = server.spec();
    spec.expect.headers = vec![header(None, "X-Absent")];
    assert_eq!(failure(spec).await, "the header X-Absent is missing");
    let mut spec = server.spec();
    spec.expect.headers = vec![header(Some("6"), "Content-Length")];
    assert_eq!(failure(spec).await, "the header Content-Length is \"5\", expected \"6\"");
    let mut spec = server.spec();
    spec.expect.headers = vec![header(Some("5"), "content-length")];
    spec.expect.body_matches = Some("^he(l+)o$".to_owned());
    assert!(run(spec).await.success);
}

#[tokio::test]
async fn attempts_go_on_until_enough_successes_in_a_row() {
    let count = AtomicU32::new(0);
    let server = serve(move |_| match count.fetch_add(1, Ordering::Relaxed) {
        0 | 2 => answer(503, "starting"),
        _ => answer(200, "up"),
    })
    .await;
    let spec = ProbeSpec { attempts: 9, consecutive_successes: 2, ..server.spec() };
    let report = run(spec).await;
    assert!(report.success && report.failure.is_none());
    assert_eq!((report.attempts, server.seen().len()), (5, 5));
}

#[tokio::test]
async fn attempts_end_when_they_can_no_longer_suffice() {
    let server = serve(|_| answer(503, "")).await;
    let spec = ProbeSpec { attempts: 5, consecutive_successes: 4, ..server.spec() };
    let report = run(spec).await;
    assert_eq!((report.success, report.attempts), (false, 2));
    assert_eq!(report.answer.unwrap().status, 503);
    assert!(report.failure.unwrap().starts_with("status is 503"));
}

#[tokio::test]
async fn redirects_are_answers_unless_they_are_to_be_followed() {
    let server = serve(|request| match request.uri().path() {
        "/a" => moved(302, "/b"),
        "/b" => moved(307, "http://shop.example/c"),
        "/loop" => moved(301, "/loop"),
        _ => answer(200, "there"),
    })
    .await;
    let mut spec = server.spec();
    spec.expect.statuses = vec![302];
    assert!(run(spec).await.success);
    let spec = ProbeSpec { max_redirects: 2, ..server.spec() };
    assert_eq!(run(spec).await.answer.unwrap().body, "there");
    assert_eq!(server.seen().len(), 4);
    let spec = ProbeSpec { max_redirects: 3, path: Some("/loop".to_owned()), ..server.spec() };
    assert_eq!(failure(spec).await, "redirected more than 3 times");
}

#[tokio::test]
async fn credentials_do_not_follow_to_another_origin() {
    let other = serve(|request| {
        let told = request.headers().contains_key("authorization");
        answer(200, if told { "told" } else { "untold" })
    })
    .await;
    let location = format!("http://{}/", other.address());
    let server = serve(move |_| moved(303, &location)).await;
    let spec = ProbeSpec {
        max_redirects: 1,
        method: "POST".to_owned(),
        body: Some("x".to_owned()),
        headers: vec![("Authorization".to_owned(), "Bearer x".to_owned())],
        ..server.spec()
    };
    assert_eq!(run(spec).await.answer.unwrap().body, "untold");
    assert_eq!(other.seen(), [format!("GET {} / ", other.address())]);
}

#[tokio::test]
async fn bodies_are_cut_at_the_limit() {
    let server = serve(|_| answer(200, &"é".repeat(100_000))).await;
    let answer = run(ProbeSpec { body_limit: 10, ..server.spec() }).await.answer.unwrap();
    assert_eq!((answer.body.as_str(), answer.truncated), ("ééééé", true));
    let answer = run(ProbeSpec { body_limit: 1 << 20, ..server.spec() }).await.answer.unwrap();
    assert_eq!((answer.body.len(), answer.truncated), (200_000, false));
}

#[tokio::test]
async fn a_closed_port_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let spec = ProbeSpec { url: format!("http://{address}/"), ..ProbeSpec::default() };
    let report = run(spec).await;
    assert!(report.answer.is_none());
    let failure = report.failure.unwrap();
    assert!(failure.starts_with(&format!("cannot connect to {address}")), "{failure}");
}

#[tokio::test]
async fn a_server_that_hangs_up_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move { while listener.accept().await.is_ok() {} });
    let spec = ProbeSpec { url: format!("http://{address}/"), ..ProbeSpec::default() };
    let failure = failure(spec).await;
    assert!(failure.starts_with(&format!("{address} did not answer")), "{failure}");
}

#[tokio::test]
async fn a_server_that_is_silent_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let spec = ProbeSpec {
        url: format!("http://{address}/"),
        timeout: Duration::from_millis(50),
        attempts: 2,
        interval: Duration::ZERO,
        ..ProbeSpec::default()
    };
    let report = run(spec).await;
    assert_eq!(report.attempts, 2);
    assert_eq!(report.failure.unwrap(), format!("no answer from {address} within 50ms"));
    drop(listener);
}

#[tokio::test]
async fn tls_is_verified_against_the_name_of_the_request() {
    let server = serve_tls().await;
    let spec = |url: &str| ProbeSpec {
        url: url.to_owned(),
        ca_certificate: Some(server.certificate.clone()),
        ..server.spec()
    };
    let report = run(spec("https://shop.example/")).await;
    assert_eq!(report.answer.unwrap().body, "secure");
    let misnamed = failure(spec("https://cart.example/")).await;
    assert!(misnamed.contains("\"cart.example\" failed"), "{misnamed}");
    let stranger = rcgen::generate_simple_self_signed(vec!["shop.example".to_owned()]).unwrap();
    let untrusted =
        ProbeSpec { ca_certificate: Some(stranger.cert.pem()), ..spec("https://shop.example/") };
    assert!(failure(untrusted).await.contains("certificate"));
}

#[test]
fn all_problems_of_a_specification_are_reported() {
    let spec = ProbeSpec {
        url: "shop".to_owned(),
        method: "G ET".to_owned(),
        headers: vec![
            ("a b".to_owned(), "hunter2".to_owned()),
            ("Host".to_owned(), "x".to_owned()),
        ],
        ca_certificate: Some("x".to_owned()),
        connect_to: Some("x".to_owned()),
        expect: Expectation {
            statuses: vec![99],
            body_matches: Some("(".to_owned()),
            ..Expectation::default()
        },
        attempts: 1,
        consecutive_successes: 2,
        timeout: Duration::ZERO,
        ..ProbeSpec::default()
    };
    let problems = Probe::new(spec).unwrap_err();
    let fields: Vec<_> = problems.iter().map(|it| it.field).collect();
    assert_eq!(
        fields,
        [
            "url",
            "connect_to",
            "method",
            "headers",
            "headers",
            "ca_certificate",
            "body_matches",
            "statuses",
            "consecutive_successes",
            "timeout"
        ]
    );
    assert!(!problems.iter().any(|it| it.message.contains("hunter2")));
}

#[test]
fn the_time_of_a_probe_is_bounded() {
    let spec = ProbeSpec {
        url: "http://a".to_owned(),
        attempts: 3,
        timeout: Duration::from_secs(5),
        interval: Duration::from_secs(2),
        ..ProbeSpec::default()
    };
    assert_eq!(Probe::new(spec).unwrap().time_bound(), Duration::from_secs(19));
}
