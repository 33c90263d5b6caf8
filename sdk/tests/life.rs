//! How a plugin ends, and what does not end it.

#![cfg(unix)]

mod host;

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use host::{
    Line, PATIENCE, Plugin, Starter, broker, channel::Channel, health, read_line, stdio, values::*,
};
use tfsdk::plugin::wire::{
    go_plugin::ConnInfo,
    health::{HealthCheckRequest, health_check_response::ServingStatus},
    tfplugin6::{apply_resource_change, configure_provider, get_metadata, stop_provider},
};
use tokio::{
    io::{AsyncReadExt, BufReader},
    process::Command,
    task::JoinHandle,
    time::{sleep, timeout},
};
use tonic::{Code, Response, Status};

const PROGRAM: &str = env!("CARGO_BIN_EXE_terraform-provider-fake");

type Applying = JoinHandle<Result<Response<apply_resource_change::Response>, Status>>;

/// A plugin that is making a thing that takes `delay`, and its journal.
async fn making(delay: Duration) -> (Plugin, Channel, Applying, tempfile::NamedTempFile) {
    let plugin = Starter::new().start().await;
    let channel = plugin.connect().await;
    let mut client = host::provider(channel.clone());
    let journal = tempfile::NamedTempFile::new().unwrap();
    let path = journal.path().to_str().unwrap();
    let request = configure_provider::Request {
        config: provider_config(&[("journal", path)]),
        ..Default::default()
    };
    client.configure_provider(request).await.unwrap();
    let delay_ms = i64::try_from(delay.as_millis()).unwrap();
    let request = apply_resource_change::Request {
        type_name: "fake_thing".to_owned(),
        planned_state: thing_bytes(&[("name", "a".into()), ("delay_ms", delay_ms.into())]),
        ..Default::default()
    };
    let applying = tokio::spawn(async move { client.apply_resource_change(request).await });
    wait_for(journal.path(), "begin a\n").await;
    (plugin, channel, applying, journal)
}

/// Waits until the file is this text.
async fn wait_for(file: &Path, text: &str) {
    let wait = async {
        while std::fs::read_to_string(file).unwrap() != text {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, wait).await.expect("the journal in time");
}

/// The answer, and whether the thing was made to its end.
async fn made(applying: Applying) -> apply_resource_change::Response {
    timeout(PATIENCE, applying).await.expect("in time").unwrap().expect("an answer").into_inner()
}

#[tokio::test]
async fn shutdown_is_prompt_and_clean() {
    let plugin = Starter::new().start().await;
    let channel = plugin.connect().await;
    let mut stdio_stream = stdio(channel.clone()).stream_stdio(()).await.unwrap().into_inner();
    let said = futures::stream::pending::<ConnInfo>();
    let mut broker_stream = broker(channel.clone()).start_stream(said).await.unwrap().into_inner();
    let start = Instant::now();
    let ended = plugin.shut_down(channel).await;
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert_eq!(ended.status, Some(0));
    assert_eq!(ended.stderr, "");
    assert!(matches!(stdio_stream.message().await, Ok(None)));
    assert!(matches!(broker_stream.message().await, Ok(None)));
}

#[tokio::test]
async fn shutdown_tells_running_operations_to_end_and_hears_them_out() {
    let (plugin, channel, applying, journal) = making(Duration::from_secs(600)).await;
    let start = Instant::now();
    let ended = plugin.shut_down(channel).await;
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    assert_eq!(ended.status, Some(0));
    let answer = made(applying).await;
    assert_eq!(text(&decode_thing(answer.new_state), "id"), "id-a");
    wait_for(journal.path(), "begin a\nend a\n").await;
}

#[tokio::test]
async fn an_interrupt_during_a_create_loses_nothing() {
    let (plugin, channel, applying, _journal) = making(Duration::from_millis(500)).await;
    for _ in 0..3 {
        plugin.signal("INT").await;
    }
    let answer = made(applying).await;
    assert!(answer.diagnostics.is_empty());
    assert_eq!(text(&decode_thing(answer.new_state), "id"), "id-a");
    assert_eq!(plugin.shut_down(channel).await.status, Some(0));
}

#[tokio::test]
async fn stop_ends_a_wait_at_once_and_the_plugin_goes_on() {
    let (plugin, channel, applying, _journal) = making(Duration::from_secs(600)).await;
    let mut client = host::provider(channel.clone());
    let stopped = client.stop_provider(stop_provider::Request {}).await.unwrap().into_inner();
    assert_eq!(stopped.error, "");
    let answer = made(applying).await;
    assert_eq!(answer.diagnostics[0].summary, "Interrupted");
    assert_eq!(text(&decode_thing(answer.new_state), "id"), "id-a");
    assert!(client.get_metadata(get_metadata::Request {}).await.is_ok());
    assert_eq!(plugin.shut_down(channel).await.status, Some(0));
}

#[tokio::test]
async fn the_systems_request_to_end_lets_operations_end_well() {
    let (plugin, _channel, applying, _journal) = making(Duration::from_secs(600)).await;
    plugin.signal("TERM").await;
    let answer = made(applying).await;
    assert_eq!(text(&decode_thing(answer.new_state), "id"), "id-a");
    assert_eq!(plugin.ended().await.status, Some(0));
}

#[tokio::test]
async fn a_call_goes_on_when_its_host_stops_waiting() {
    let (plugin, channel, applying, journal) = making(Duration::from_millis(300)).await;
    applying.abort();
    wait_for(journal.path(), "begin a\nend a\n").await;
    assert_eq!(plugin.shut_down(channel).await.status, Some(0));
}

/// A shell that started a plugin and will not pass signals on.
async fn parented(
    script: &str,
) -> (tokio::process::Child, BufReader<tokio::process::ChildStdout>, Line, Starter) {
    let starter = Starter::new();
    let mut parent = Command::new("sh")
        .args(["-c", script])
        .arg(PROGRAM)
        .envs(&starter.variables)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdout = BufReader::new(parent.stdout.take().unwrap());
    let line = Line::parse(&read_line(&mut stdout).await);
    (parent, stdout, line, starter)
}

#[tokio::test]
async fn a_killed_host_leaves_no_orphan() {
    let (mut parent, mut stdout, line, starter) = parented("\"$0\" & wait").await;
    let security = host::channel::Security::Tls {
        server: line.certificate.clone().unwrap(),
        client: Some(host::certificate::ClientIdentity::p521(1)),
    };
    let channel = Channel::connect(&line.network, &line.address, security).await.unwrap();
    host::provider(channel.clone()).get_metadata(get_metadata::Request {}).await.unwrap();
    parent.kill().await.unwrap();
    drop(channel);
    // Its standard output ends when the plugin has.
    let mut rest = String::new();
    timeout(PATIENCE / 3, stdout.read_to_string(&mut rest)).await.expect("it ends").unwrap();
    assert_eq!(rest, "");
    assert_eq!(std::fs::read_dir(starter.temporary.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_host_that_is_killed_before_it_connects_leaves_no_orphan() {
    let (mut parent, mut stdout, _line, _starter) = parented("\"$0\" & wait").await;
    parent.kill().await.unwrap();
    let mut rest = String::new();
    timeout(PATIENCE / 3, stdout.read_to_string(&mut rest)).await.expect("it ends").unwrap();
}

#[tokio::test]
async fn the_plugin_is_healthy_until_it_ends() {
    let plugin = Starter::new().start().await;
    let channel = plugin.connect().await;
    let mut client = health(channel.clone());
    let request = |service: &str| HealthCheckRequest { service: service.to_owned() };
    for service in ["plugin", ""] {
        let status = client.check(request(service)).await.unwrap().into_inner().status();
        assert_eq!(status, ServingStatus::Serving);
    }
    let unknown = client.check(request("other")).await.unwrap_err();
    assert_eq!(unknown.code(), Code::NotFound);
    let mut watched = client.watch(request("plugin")).await.unwrap().into_inner();
    let now = watched.message().await.unwrap().unwrap().status();
    assert_eq!(now, ServingStatus::Serving);
    assert_eq!(plugin.shut_down(channel).await.status, Some(0));
    let then = watched.message().await.unwrap().unwrap().status();
    assert_eq!(then, ServingStatus::NotServing);
    assert!(watched.message().await.unwrap().is_none());
}

#[tokio::test]
async fn an_unknown_service_is_unimplemented() {
    let plugin = Starter::new().start().await;
    let mut grpc = tonic::client::Grpc::new(plugin.connect().await);
    grpc.ready().await.unwrap();
    let path =
        tonic::codegen::http::uri::PathAndQuery::from_static("/grpc.reflection.v1.Some/Call");
    let codec = tonic_prost::ProstCodec::<get_metadata::Request, get_metadata::Response>::default();
    let request = tonic::Request::new(get_metadata::Request {});
    let status = grpc.unary(request, path, codec).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
}
