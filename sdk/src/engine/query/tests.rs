use crate::{
    engine::{
        DataResponse, Engine, ReadDataSource, Registry, Server,
        testing::{CLIENT, TestProvider, VolumeData, VolumeKey, block_on, configure, object, with},
    },
    value::Value,
};

fn unconfigured() -> Engine<TestProvider> {
    let registry = Registry::new().data_source(VolumeData).ephemeral(VolumeKey);
    match Engine::new(TestProvider::new(registry)) {
        Ok(engine) => engine,
        Err(problems) => panic!("{problems}"),
    }
}

async fn ready() -> Engine<TestProvider> {
    let engine = unconfigured();
    assert!(engine.configure(configure("here".into())).await.is_empty());
    engine
}

fn config(name: &str) -> Value {
    object([
        ("id", Value::Null),
        ("name", name.into()),
        ("size", Value::Null),
        ("token", Value::Null),
    ])
}

fn request(type_name: &str, config: Value) -> ReadDataSource {
    ReadDataSource { type_name: type_name.to_owned(), config, client: CLIENT }
}

fn read(name: &str) -> DataResponse {
    let config = with(&config(name), [("timeouts", object([("read", "5s".into())]))]);
    block_on(async { ready().await.read_data_source(request("test_volume", config)).await })
}

#[test]
fn a_data_source_reads_with_defaults_and_its_timeout() {
    let answer = read("a");
    assert_eq!(answer.diagnostics.to_string(), "Waited: 5s");
    let times = object([("read", "5s".into())]);
    let expected =
        with(&config("a"), [("id", "vol-1".into()), ("size", 10.into()), ("timeouts", times)]);
    assert_eq!(answer.state, Some(expected));
}

#[test]
fn a_wrong_result_of_a_data_source_is_a_bug_with_a_name() {
    for (name, problem) in [
        ("unknown", "test_volume: id has no known value"),
        ("renamed", "name is returned as \"x\" although \"renamed\" is configured"),
        ("panic", "panicked while reading test_volume"),
        ("error", "Disk full"),
    ] {
        let answer = read(name);
        assert_eq!(answer.state, None, "{name}");
        let text = answer.diagnostics.to_string();
        assert!(text.contains(problem), "{name}: {text}");
    }
}

#[test]
fn nothing_is_read_before_the_provider_is_configured() {
    let answer = block_on(unconfigured().read_data_source(request("test_volume", config("a"))));
    assert_eq!(answer.state, None);
    assert!(answer.diagnostics.to_string().contains("not configured"));
}

#[test]
fn an_ephemeral_resource_is_opened_renewed_and_closed() {
    block_on(async {
        let engine = ready().await;
        let config = with(&config("a"), [("token", "t".into())]);
        let (opened, deferred, found) = engine.open_ephemeral(request("test_key", config)).await;
        assert!(found.is_empty() && deferred.is_none(), "{found}");
        let opened = opened.unwrap();
        assert_eq!(opened.model.entry("id"), Some(&"vol-1".into()));
        assert_eq!(opened.model.entry("token"), Some(&Value::Null));
        let (renewed, found) = engine.renew_ephemeral("test_key".into(), opened.private).await;
        assert!(found.is_empty(), "{found}");
        let found = engine.close_ephemeral("test_key".into(), renewed.unwrap().private).await;
        assert_eq!(found.to_string(), "Closed: [107, 101, 121], stopped: false");
    });
}

#[test]
fn closing_goes_on_after_an_interruption() {
    block_on(async {
        let engine = ready().await;
        engine.stop().cancel();
        let found = engine.close_ephemeral("test_key".into(), Vec::new()).await;
        assert_eq!(found.to_string(), "Closed: [], stopped: false");
    });
}

#[test]
fn an_ephemeral_resource_with_a_wrong_result_is_closed_again() {
    block_on(async {
        let engine = ready().await;
        let (opened, _, found) =
            engine.open_ephemeral(request("test_key", config("unknown"))).await;
        assert!(opened.is_none());
        let text = found.to_string();
        assert!(text.contains("test_key: id has no known value"), "{text}");
        assert!(text.contains("Closed: "), "{text}");
        let (opened, _, found) = engine.open_ephemeral(request("test_key", config("panic"))).await;
        assert!(opened.is_none());
        assert!(found.to_string().contains("panicked while opening test_key"), "{found}");
    });
}
