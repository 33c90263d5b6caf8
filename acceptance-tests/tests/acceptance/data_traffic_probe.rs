//! Data source `crossmesh_traffic_probe`

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use serde_json::{Value, json};

use crate::setup::Stage;

const ADDRESS: &str = "data.crossmesh_traffic_probe.main";

/// A request as it arrived.
struct Request {
    method: String,
    path: String,
    host: String,
    mark: String,
    body: String,
    /// How many came before.
    number: usize,
}

/// Status line, further headers, body.
type Reply = (&'static str, String, String);

/// A server that answers as `reply` says, until the test ends.
fn serve(reply: impl Fn(&Request) -> Option<Reply> + Send + Sync + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("it has an address");
    let (reply, count) = (Arc::new(reply), Arc::new(AtomicUsize::new(0)));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (reply, count) = (Arc::clone(&reply), Arc::clone(&count));
            thread::spawn(move || answer(stream, &*reply, &count));
        }
    });
    address
}

fn answer(mut stream: TcpStream, reply: &dyn Fn(&Request) -> Option<Reply>, count: &AtomicUsize) {
    let mut reader = BufReader::new(&stream);
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or(0) == 0 {
        return;
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let (mut host, mut mark, mut length) = (String::new(), String::new(), 0);
    loop {
        let mut header = String::new();
        let _ = reader.read_line(&mut header);
        let Some((name, value)) = header.trim().split_once(": ") else { break };
        match name.to_lowercase().as_str() {
            "host" => host = value.to_owned(),
            "x-mark" => mark = value.to_owned(),
            "content-length" => length = value.parse().unwrap_or(0),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    let body = String::from_utf8_lossy(&body).into_owned();
    let number = count.fetch_add(1, Ordering::SeqCst);
    let request = Request { method, path, host, mark, body, number };
    let Some((status, headers, body)) = reply(&request) else {
        // Holds the connection open until the client gives up.
        let _ = stream.read(&mut [0]);
        return;
    };
    let length = body.len();
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}"
    );
}

/// Says what was asked.
fn echo(request: &Request) -> Option<Reply> {
    let Request { method, path, host, mark, body, .. } = request;
    let text = format!("hello from {host}: {method} {path} {mark} {body}");
    Some(("200 OK", "X-Served-By: echo\r\n".to_owned(), text))
}

/// A target `one` with these arguments, and arguments of the data source.
fn config(target: &str, more: &str) -> String {
    format!(
        "data \"crossmesh_traffic_probe\" \"main\" {{\n  targets = {{\n    one = {{ {target} }}\n  \
         }}\n  interval = \"10ms\"\n  {more}\n}}\n\noutput \"ok\" {{\n  value = \
         data.crossmesh_traffic_probe.main.ok\n}}\n"
    )
}

/// Applies the configuration; the result of `one`.
fn probe(stage: &Stage, target: &str, more: &str) -> Value {
    stage.apply_config(&config(target, more));
    let state = stage.state();
    let data = state.attributes(ADDRESS);
    assert_eq!(data["ok"], data["results"]["one"]["ok"]);
    assert_eq!(state.output("ok"), &data["ok"]);
    data["results"]["one"].clone()
}

#[test]
fn an_expected_answer_is_told_whole() {
    let stage = Stage::new();
    let server = serve(echo);
    let target = "url = \"http://shop.example.com/cart?full\", expected_status = 200, \
                  expected_body = \"hello from shop.example.com: GET /cart?full\", \
                  expected_headers = { x-served-by = \"echo\" }";
    let result = probe(&stage, target, &format!("connect_to = \"{server}\""));
    assert_eq!(result["ok"], true, "{result}");
    assert_eq!((&result["status"], &result["attempts"]), (&json!(200), &json!(1)));
    assert_eq!(result["headers"]["x-served-by"], "echo");
    assert_eq!(result["remote_address"], server.to_string());
    assert_eq!(result["error"], json!(null));
    stage.plan().expect_empty();
}

#[test]
fn a_target_says_how_it_is_asked() {
    let stage = Stage::new();
    let (server, other) =
        (serve(echo), serve(|_| Some(("404 Not Found", String::new(), "".into()))));
    let target = format!(
        "url = \"http://{other}/buy\", method = \"PUT\", headers = {{ X-Mark = \"red\" }}, body = \
         \"a book\", connect_to = \"{server}\""
    );
    let result = probe(&stage, &target, &format!("connect_to = \"{other}\""));
    assert_eq!(result["ok"], true, "{result}");
    let body = result["body"].as_str().unwrap();
    assert!(body.ends_with("PUT /buy red a book"), "{body}");
}

#[test]
fn an_unexpected_answer_is_no_error_and_says_why() {
    let stage = Stage::new();
    let server = serve(echo);
    for (expected, why) in [
        ("expected_status = 204", "status is 200, expected 204"),
        ("expected_body = \"goodbye\"", "the body does not contain \"goodbye\""),
        ("expected_headers = { x-served-by = \"us\" }", "the header x-served-by is \"echo\""),
        ("expected_headers = { x-cache = \"hit\" }", "the header x-cache is missing"),
    ] {
        let target = format!("url = \"http://{server}/\", {expected}");
        let result = probe(&stage, &target, "attempts = 2");
        assert_eq!((&result["ok"], &result["attempts"]), (&json!(false), &json!(2)), "{result}");
        assert!(result["error"].as_str().unwrap().contains(why), "{result}");
    }
}

#[test]
fn a_check_tells_what_did_not_arrive() {
    let stage = Stage::new();
    let server = serve(echo);
    let check = "check \"arrives\" {\n  assert {\n    condition = \
                 data.crossmesh_traffic_probe.main.ok\n    error_message = \
                 data.crossmesh_traffic_probe.main.results.one.error\n  }\n}\n";
    let target = format!("url = \"http://{server}/\", expected_status = 204");
    let said = stage.apply_config(&(config(&target, "attempts = 1") + check)).prose();
    assert!(said.contains("Check block assertion failed"), "{said}");
    assert!(said.contains("status is 200, expected 204"), "{said}");
}

#[test]
fn what_is_not_there_yet_is_asked_again() {
    let stage = Stage::new();
    let slowly = |request: &Request| {
        let status = if request.number < 2 { "503 Service Unavailable" } else { "200 OK" };
        Some((status, String::new(), String::new()))
    };
    let result = probe(&stage, &format!("url = \"http://{}/\"", serve(slowly)), "attempts = 5");
    assert_eq!((&result["ok"], &result["attempts"]), (&json!(true), &json!(3)), "{result}");

    // Every other answer fails: two good ones in a row never come.
    let wavering = |request: &Request| {
        let status =
            if request.number.is_multiple_of(2) { "200 OK" } else { "500 Internal Server Error" };
        Some((status, String::new(), String::new()))
    };
    let url = format!("url = \"http://{}/\"", serve(wavering));
    let result = probe(&stage, &url, "attempts = 6\n  consecutive_successes = 2");
    assert_eq!((&result["ok"], &result["attempts"]), (&json!(false), &json!(6)), "{result}");
}

#[test]
fn redirects_are_followed_as_far_as_told() {
    let stage = Stage::new();
    let elsewhere = |request: &Request| match request.path.as_str() {
        "/" => Some(("302 Found", "Location: /there\r\n".to_owned(), String::new())),
        _ => echo(request),
    };
    let url = format!("url = \"http://{}/\"", serve(elsewhere));
    let result = probe(&stage, &url, "attempts = 1");
    assert_eq!((&result["ok"], &result["status"]), (&json!(false), &json!(302)), "{result}");
    let result = probe(&stage, &format!("{url}, max_redirects = 1"), "attempts = 1");
    assert_eq!(result["ok"], true, "{result}");
    assert!(result["body"].as_str().unwrap().contains("GET /there"), "{result}");
}

#[test]
fn no_answer_is_no_error_either() {
    let stage = Stage::new();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let result = probe(&stage, &format!("url = \"http://{nobody}/\""), "attempts = 2");
    assert_eq!((&result["ok"], &result["status"]), (&json!(false), &json!(null)), "{result}");
    assert!(result["error"].as_str().unwrap().to_lowercase().contains("refused"), "{result}");

    let silent = format!("url = \"http://{}/\"", serve(|_| None));
    let result = probe(&stage, &silent, "attempts = 1\n  attempt_timeout = \"200ms\"");
    assert_eq!(result["ok"], false, "{result}");
    let more = "attempt_timeout = \"1m\"\n  timeouts = { read = \"1s\" }";
    let result = probe(&stage, &silent, more);
    assert!(result["error"].as_str().unwrap().contains("`timeouts.read`"), "{result}");
}

#[test]
fn input_that_makes_no_sense_is_an_error_at_its_place() {
    let stage = Stage::new();
    for (target, more, said) in [
        ("url = \"ftp://example.com/\"", "", "url"),
        ("url = \"http://example.com/\", connect_to = \"nowhere\"", "", "is not host:port"),
        ("url = \"http://example.com/\", expected_status = 42", "", "expected_status"),
        ("url = \"http://example.com/\"", "attempts = 0", "attempts"),
        ("url = \"http://example.com/\"", "attempt_timeout = \"soon\"", "attempt_timeout"),
        (
            "url = \"http://example.com/\"",
            "attempts = 2\n  consecutive_successes = 3",
            "consecutive",
        ),
    ] {
        stage.write("main.tf", &config(target, more));
        let prose = stage.try_plan().expect_failure().prose();
        assert!(prose.contains(said), "{said:?} is not in:\n{prose}");
    }
}
