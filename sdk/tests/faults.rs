//! Calls that go wrong, and calls that are large.

mod host;

use host::{Plugin, Starter, provider, values::*};
use tfsdk::plugin::wire::tfplugin6::{provider_client::ProviderClient, *};
use tonic::Code;

const PROGRAM: &str = env!("CARGO_BIN_EXE_terraform-provider-fake");

async fn start() -> (Plugin, ProviderClient<host::channel::Channel>) {
    let plugin = Starter::new().start().await;
    let client = plugin.provider().await;
    (plugin, client)
}

fn type_name() -> String {
    "fake_thing".to_owned()
}

#[tokio::test]
async fn bytes_that_are_not_of_the_type_are_a_diagnostic() {
    let (_plugin, mut client) = start().await;
    let thing = thing_bytes(&[("name", "a".into())]);
    let cut = thing.clone().map(|mut value| {
        value.msgpack.truncate(value.msgpack.len() - 3);
        value
    });
    let json = Some(DynamicValue { json: "{\"name\":".into(), ..Default::default() });
    for (prior_state, config, what) in [
        (cut.clone(), thing.clone(), "prior state"),
        (thing.clone(), cut, "configuration"),
        (thing.clone(), json, "configuration"),
    ] {
        let request = plan_resource_change::Request {
            type_name: type_name(),
            prior_state,
            proposed_new_state: thing.clone(),
            config,
            ..Default::default()
        };
        let answer = client.plan_resource_change(request).await.unwrap().into_inner();
        let [error] = &answer.diagnostics[..] else { panic!("{answer:?}") };
        for part in [what, "PlanResourceChange", "fake_thing"] {
            assert!(error.detail.contains(part), "{}", error.detail);
        }
        assert_eq!(answer.planned_state, None);
    }
}

#[tokio::test]
async fn values_can_come_as_json_too() {
    let (_plugin, mut client) = start().await;
    let json = serde_json::json!({ "name": "a", "limit": [] }).to_string();
    let request = read_resource::Request {
        type_name: type_name(),
        current_state: Some(DynamicValue { json: json.into(), ..Default::default() }),
        ..Default::default()
    };
    let read = client.read_resource(request).await.unwrap().into_inner();
    assert_eq!(text(&decode_thing(read.new_state), "name"), "a");
}

#[tokio::test]
async fn an_unknown_type_is_a_diagnostic() {
    let (_plugin, mut client) = start().await;
    let request =
        read_resource::Request { type_name: "fake_other".to_owned(), ..Default::default() };
    let answer = client.read_resource(request).await.unwrap().into_inner();
    assert_eq!(answer.diagnostics[0].summary, "Unknown resource");
    assert!(answer.diagnostics[0].detail.contains("fake_other"));
}

#[tokio::test]
async fn panics_and_invalid_results_are_diagnostics_and_others_are_served_on() {
    let plugin = Starter::new().set("RUST_BACKTRACE", "1").start().await;
    let mut client = plugin.provider().await;
    let request = |behave: &str| apply_resource_change::Request {
        type_name: type_name(),
        prior_state: null(),
        planned_state: thing_bytes(&[("name", "a".into()), ("behave", behave.into())]),
        config: thing_bytes(&[("name", "a".into()), ("behave", behave.into())]),
        ..Default::default()
    };
    let panic = client.apply_resource_change(request("panic")).await.unwrap().into_inner();
    let [error] = &panic.diagnostics[..] else { panic!("{panic:?}") };
    assert!(error.detail.contains("apply was told to"), "{}", error.detail);
    assert!(!error.detail.contains(".rs"), "{}", error.detail);
    let invalid = client.apply_resource_change(request("unencodable")).await.unwrap().into_inner();
    assert!(invalid.diagnostics[0].detail.contains("new state"), "{invalid:?}");
    let failed = client.apply_resource_change(request("fail")).await.unwrap().into_inner();
    assert_eq!(path(&failed.diagnostics[0]), ["rules", "1", "port"]);
    let fine = client.apply_resource_change(request("")).await.unwrap().into_inner();
    assert!(fine.diagnostics.is_empty());
}

#[tokio::test]
async fn secrets_do_not_reach_the_terminal() {
    let (_plugin, mut client) = start().await;
    let request = configure_provider::Request {
        config: provider_config(&[("secret", "fake-secret-text")]),
        ..Default::default()
    };
    client.configure_provider(request).await.unwrap();
    let request = apply_resource_change::Request {
        type_name: type_name(),
        planned_state: thing_bytes(&[("name", "a".into()), ("behave", "fail".into())]),
        ..Default::default()
    };
    let answer = client.apply_resource_change(request).await.unwrap().into_inner();
    assert_eq!(answer.diagnostics[0].detail, "It said ***.");
}

#[tokio::test]
async fn large_states_pass_both_ways() {
    let (plugin, mut client) = start().await;
    let payload = "x".repeat(80 << 20);
    let request = read_resource::Request {
        type_name: type_name(),
        current_state: thing_bytes(&[("name", "a".into()), ("payload", payload.as_str().into())]),
        ..Default::default()
    };
    let read = client.read_resource(request).await.unwrap().into_inner();
    assert_eq!(text(&decode_thing(read.new_state), "payload").len(), payload.len());

    let request = read_resource::Request {
        type_name: type_name(),
        private: vec![0; (256 << 20) + 1].into(),
        ..Default::default()
    };
    let mut client = provider(plugin.connect().await).max_encoding_message_size(usize::MAX);
    let refused = client.read_resource(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::OutOfRange, "{refused}");
}
