use crate::{
    Diagnostics,
    engine::{
        Deferred, Engine, Registry, Server, ValidateResource,
        testing::{
            CLIENT, Puppet, Settings, THING, TestProvider, Volume, Volumes, a_thing, apply,
            block_on, configure, configured, engine, object, plan, read, thing, with,
        },
    },
    schema::Model,
    value::{Tf, Value},
};

fn volumes() -> Engine<TestProvider> {
    match Engine::new(TestProvider::new(Registry::new().resource(Volumes))) {
        Ok(engine) => engine,
        Err(problems) => panic!("{problems}"),
    }
}

fn volume(name: &str) -> Value {
    let volume = Volume { name: name.into(), ..Volume::empty() };
    with(&volume.encode(), [("timeouts", Value::Null)])
}

fn of_volume(mut request: crate::engine::PlanResource) -> crate::engine::PlanResource {
    request.type_name = "test_volume".to_owned();
    request
}

/// Plans and applies a new volume.
async fn made(engine: &Engine<TestProvider>, name: &str) -> crate::engine::ApplyResponse {
    let planned = engine.plan_resource(of_volume(plan(&Value::Null, &volume(name)))).await;
    assert!(planned.diagnostics.is_empty(), "{}", planned.diagnostics);
    let mut request = apply(&Value::Null, &planned.planned.unwrap(), &volume(name));
    request.type_name = "test_volume".to_owned();
    engine.apply_resource(request).await
}

#[test]
fn a_resource_of_a_model_lives_its_life() {
    block_on(async {
        let engine = volumes();
        assert!(engine.configure(configure("here".into())).await.is_empty());
        let made = made(&engine, "a").await;
        assert!(made.diagnostics.is_empty(), "{}", made.diagnostics);
        let state = made.state.unwrap();
        assert_eq!(state, with(&volume("a"), [("id", "vol-1".into()), ("size", 10.into())]));
        assert_eq!(made.identity, Some(object([("id", "vol-1".into())])));
        let larger = with(&volume("a"), [("size", 20.into())]);
        let change = engine.plan_resource(of_volume(plan(&state, &larger))).await;
        assert_eq!(change.replace, ["size".into()]);
        assert_eq!(change.planned, Some(with(&state, [("size", 20.into())])));
        let mut request = apply(&state, &change.planned.unwrap(), &larger);
        request.type_name = "test_volume".to_owned();
        let text = engine.apply_resource(request).await.diagnostics.to_string();
        assert!(text.contains("Unable to change a test_volume in place"), "{text}");
    });
}

#[test]
fn what_a_model_saved_outlives_errors_and_panics() {
    block_on(async {
        let engine = volumes();
        assert!(engine.configure(configure("here".into())).await.is_empty());
        for name in ["error", "panic", "unknown", "renamed"] {
            let made = made(&engine, name).await;
            assert!(made.diagnostics.has_errors());
            let id = made.state.unwrap().entry("id").unwrap().clone();
            assert!(id.as_str().is_some() || name == "unknown", "{name}: {id:?}");
        }
    });
}

#[test]
fn a_model_that_cannot_hold_a_value_names_it() {
    block_on(async {
        let config = with(&volume("a"), [("size", Value::Number("1.5".parse().unwrap()))]);
        let request =
            ValidateResource { type_name: "test_volume".to_owned(), config, client: CLIENT };
        let found = volumes().validate_resource(request).await;
        assert_eq!(found.iter().next().unwrap().path, Some("size".into()));
    });
}

#[test]
fn a_resource_checks_its_own_configuration_too() {
    let config = with(&volume("7"), [("size", 7.into()), ("id", "mine".into())]);
    let request = ValidateResource { type_name: "test_volume".to_owned(), config, client: CLIENT };
    let found = block_on(volumes().validate_resource(request)).to_string();
    assert!(found.contains("Dull name (name)") && found.contains("(id)"), "{found}");
}

#[test]
fn an_unknown_type_is_an_error_everywhere() {
    block_on(async {
        let engine = volumes();
        let text = engine.read_resource(read(&Value::Null)).await.diagnostics.to_string();
        assert!(text.contains("has no resource test_thing"), "{text}");
        let text = engine.plan_resource(plan(&Value::Null, &Value::Null)).await.diagnostics;
        assert!(text.has_errors());
        let text = engine.validate_data_source("x".into(), Value::Null).await.to_string();
        assert!(text.contains("no data source x"), "{text}");
        let error = engine.call_function("f".into(), vec![]).await.unwrap_err();
        assert!(error.text.contains("no function f"), "{}", error.text);
    });
}

#[test]
fn the_provider_block_is_checked_and_its_defaults_filled_in() {
    block_on(async {
        let provider = TestProvider::new(Registry::new());
        let seen = provider.seen.clone();
        let Ok(engine) = Engine::new(provider) else { panic!("the provider is sound") };
        let block = configure("wrong".into()).config;
        let found = engine.validate_provider(block).await.to_string();
        assert_eq!(found, "Wrong endpoint (endpoint): There is nothing.");
        assert!(engine.configure(configure("wrong".into())).await.has_errors());
        assert_eq!(*seen.lock().unwrap(), None);
        assert!(engine.configure(configure("here".into())).await.is_empty());
        let expected = Settings { endpoint: "here".into(), retries: Tf::Known(3) };
        assert_eq!(*seen.lock().unwrap(), Some(expected));
        // Terraform has no computed attributes in provider blocks.
        let schema = &engine.schemas().provider;
        assert!(schema.block.attributes.iter().all(|a| !a.is_computed()));
    });
}

#[test]
fn b11_a_panic_anywhere_is_an_error() {
    block_on(async {
        let engine = volumes();
        let found = engine.configure(configure("panic".into())).await.to_string();
        assert!(
            found.contains("ConfigureProvider") && found.contains("no such endpoint"),
            "{found}"
        );
        let puppet = Puppet::new(thing()).validate(|_| panic!("in validate"));
        let request = ValidateResource {
            type_name: THING.to_owned(),
            config: a_thing([("name", "a".into())]),
            client: CLIENT,
        };
        let found = self::engine(puppet).validate_resource(request).await.to_string();
        assert!(found.contains("test_thing") && found.contains("in validate"), "{found}");
    });
}

#[test]
fn a_failed_configuration_leaves_the_provider_unconfigured() {
    block_on(async {
        let engine = configured(Puppet::new(thing())).await;
        assert!(engine.configure(configure("wrong".into())).await.has_errors());
        let text = engine.read_resource(read(&a_thing([]))).await.diagnostics.to_string();
        assert!(text.contains("not configured"), "{text}");
    });
}

fn deferring(deferral_allowed: bool) -> crate::engine::ClientCapabilities {
    crate::engine::ClientCapabilities { deferral_allowed, ..CLIENT }
}

#[test]
fn an_unknown_provider_configuration_defers_what_terraform_lets_it() {
    block_on(async {
        let engine = engine(Puppet::new(thing()));
        assert!(engine.configure(configure(Value::unknown())).await.is_empty());
        let config = a_thing([("name", "a".into())]);
        let mut request = plan(&Value::Null, &config);
        request.client = deferring(true);
        let answer = engine.plan_resource(request).await;
        assert_eq!(answer.deferred, Some(Deferred::ProviderConfigUnknown));
        assert!(answer.planned.is_some());
        let mut request = read(&a_thing([("id", "1".into())]));
        request.client = deferring(true);
        let answer = engine.read_resource(request).await;
        assert_eq!(answer.deferred, Some(Deferred::ProviderConfigUnknown));
        assert_eq!(answer.state, Some(a_thing([("id", "1".into())])));
    });
}

#[test]
fn without_deferral_an_unknown_provider_configuration_plans_offline() {
    block_on(async {
        let puppet = Puppet::new(thing()).plan(|cx, _| {
            assert!(cx.client().is_none());
            Ok(())
        });
        let engine = engine(puppet);
        assert!(engine.configure(configure(Value::unknown())).await.is_empty());
        let answer =
            engine.plan_resource(plan(&Value::Null, &a_thing([("name", "a".into())]))).await;
        assert!(answer.diagnostics.is_empty(), "{}", answer.diagnostics);
        assert_eq!(answer.deferred, None);
        // What talks to the remote side all the same gets the client.
        let answer = engine.read_resource(read(&a_thing([]))).await;
        assert!(answer.diagnostics.is_empty() && answer.deferred.is_none());
    });
}

#[test]
fn b14_a_stop_reaches_running_operations_and_ends_nothing_else() {
    block_on(async {
        let puppet = Puppet::new(thing())
            .create(|_, _| panic!("nothing begins after a stop"))
            .read(|cx, state| {
                assert!(cx.stop().is_cancelled());
                Ok(Some(state))
            });
        let engine = configured(puppet).await;
        let running = engine.stop();
        engine.stop().cancel();
        assert!(running.is_cancelled());
        let config = a_thing([("name", "a".into())]);
        let planned = engine.plan_resource(plan(&Value::Null, &config)).await.planned.unwrap();
        let answer = engine.apply_resource(apply(&Value::Null, &planned, &config)).await;
        assert_eq!(answer.state, None);
        let text = answer.diagnostics.to_string();
        assert!(text.contains("interrupted before creating test_thing began"), "{text}");
        let answer = engine.read_resource(read(&a_thing([]))).await;
        assert!(answer.diagnostics.is_empty(), "{}", answer.diagnostics);
    });
}

#[test]
fn a_new_run_in_the_same_process_starts_afresh() {
    block_on(async {
        let engine = configured(Puppet::new(thing())).await;
        engine.stop().cancel();
        assert!(engine.configure(configure("here".into())).await.is_empty());
        assert!(!engine.stop().is_cancelled());
        let state = a_thing([("name", "a".into())]);
        let answer = engine.apply_resource(apply(&state, &Value::Null, &Value::Null)).await;
        assert_eq!(answer.state, Some(Value::Null));
    });
}

#[test]
fn b16_schemas_come_in_a_fixed_order() {
    let schemas = volumes().schemas();
    let names = |block: &crate::schema::Block| {
        block.attributes.iter().map(|a| a.name.clone()).collect::<Vec<_>>()
    };
    let volume = &schemas.resources["test_volume"];
    assert_eq!(names(&volume.block), ["id", "name", "size", "token", "timeouts"]);
    let identity = &schemas.identities["test_volume"];
    assert_eq!(identity.attributes[0].name, "id");
    assert!(identity.attributes[0].required_for_import);
}

#[test]
fn names_that_are_taken_twice_are_found() {
    let registry = Registry::new().resource(Volumes).resource(Volumes);
    let problems: Diagnostics = match Engine::new(TestProvider::new(registry)) {
        Ok(_) => panic!("two resources of one name"),
        Err(problems) => problems,
    };
    let text = problems.to_string();
    assert!(text.contains("two resources named test_volume"), "{text}");
}
