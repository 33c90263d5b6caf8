//! What a plugin writes to standard error.

mod host;

use host::{Ended, Starter, values::*};
use serde_json::Value as Json;
use tfsdk::plugin::wire::tfplugin6::{
    apply_resource_change, configure_provider, validate_resource_config,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_terraform-provider-fake");

/// Runs a plugin through some calls.
async fn run(variables: &[(&str, &str)], behave: &str) -> Ended {
    let mut starter = Starter::new();
    for (name, value) in variables {
        starter = starter.set(name, value);
    }
    let plugin = starter.start().await;
    let channel = plugin.connect().await;
    let mut client = host::provider(channel.clone());
    let config = provider_config(&[("secret", "logs-test-secret")]);
    let request = configure_provider::Request { config, ..Default::default() };
    client.configure_provider(request).await.unwrap();
    let request = validate_resource_config::Request {
        type_name: "fake_thing".to_owned(),
        config: thing_bytes(&[("name", "".into())]),
        ..Default::default()
    };
    client.validate_resource_config(request).await.unwrap();
    let request = apply_resource_change::Request {
        type_name: "fake_thing".to_owned(),
        planned_state: thing_bytes(&[("name", "a".into()), ("behave", behave.into())]),
        ..Default::default()
    };
    client.apply_resource_change(request).await.unwrap();
    drop(client);
    plugin.shut_down(channel).await
}

fn lines(ended: &Ended) -> Vec<Json> {
    let lines = ended.stderr.lines();
    lines.map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect()
}

fn find<'a>(lines: &'a [Json], message: &str, rpc: &str) -> &'a Json {
    lines
        .iter()
        .find(|line| line["@message"] == message && line["tf_rpc"] == rpc)
        .unwrap_or_else(|| panic!("no {message:?} of {rpc} in {lines:#?}"))
}

#[tokio::test]
async fn nothing_is_written_unless_somebody_looks() {
    assert_eq!(run(&[], "").await.stderr, "");
    assert_eq!(run(&[("TF_LOG", "trace"), ("TF_LOG_PROVIDER_FAKE", "off")], "").await.stderr, "");
}

#[tokio::test]
async fn every_line_is_one_that_terraform_reads() {
    let ended = run(&[("TF_LOG", "TRACE")], "").await;
    assert_eq!(ended.stdout, "");
    let lines = lines(&ended);
    for line in &lines {
        for key in ["@level", "@message", "@timestamp", "@module"] {
            assert!(line[key].is_string(), "{key} in {line}");
        }
        let timestamp = line["@timestamp"].as_str().unwrap();
        let shape: String =
            timestamp.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(shape, "0000-00-00T00:00:00.000000Z");
    }
    let answered = find(&lines, "RPC answered", "ApplyResourceChange");
    assert_eq!(answered["tf_provider_addr"], "registry.terraform.io/tfsdk/fake");
    assert_eq!(answered["tf_resource_type"], "fake_thing");
    assert!(answered["tf_req_duration_ms"].is_u64());
    assert_eq!(answered["diagnostic_error_count"], 0);
    let own = find(&lines, "making a thing", "ApplyResourceChange");
    assert_eq!(
        (own["@module"].as_str(), own["thing"].as_str()),
        (Some("provider.server"), Some("a"))
    );
    assert_eq!(own["tf_req_id"], answered["tf_req_id"]);
    let error = find(&lines, "Response contains error diagnostic", "ValidateResourceConfig");
    assert_eq!(error["diagnostic_summary"], "Empty name");
    assert_ne!(error["tf_req_id"], own["tf_req_id"]);
}

#[tokio::test]
async fn levels_are_kept() {
    let ended = run(&[("TF_LOG_PROVIDER", "warn")], "").await;
    let lines = lines(&ended);
    assert!(!lines.is_empty());
    assert!(lines.iter().all(|line| line["@level"] == "error" || line["@level"] == "warn"));
}

#[tokio::test]
async fn secrets_are_never_written() {
    let ended = run(&[("TF_LOG", "TRACE")], "").await;
    assert!(!ended.stderr.contains("logs-test-secret"), "{}", ended.stderr);
    let lines = lines(&ended);
    let configured = find(&lines, "configured with ***", "ConfigureProvider");
    assert_eq!(configured["secret"], "***");
}

#[tokio::test]
async fn a_panic_is_reported_as_terraform_expects() {
    let ended = run(&[], "panic").await;
    assert!(ended.stderr.starts_with("panic: apply was told to"), "{}", ended.stderr);
    assert!(ended.stderr.contains("server.rs"), "{}", ended.stderr);
    assert_eq!(ended.status, Some(0));
}
