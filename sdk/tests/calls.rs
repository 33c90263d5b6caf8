//! Every RPC, over the wire, as it goes when all is well.

mod host;

use host::{Plugin, Starter, values::*};
use tfsdk::{
    plugin::wire::tfplugin6::{provider_client::ProviderClient, *},
    value::{Type, Value},
};
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

fn able() -> Option<ClientCapabilities> {
    Some(ClientCapabilities {
        write_only_attributes_allowed: true,
        deferral_allowed: true,
        ..Default::default()
    })
}

#[tokio::test]
async fn schemas_are_complete_and_in_order() {
    let (_plugin, mut client) = start().await;
    let schema = client.get_provider_schema(get_provider_schema::Request {}).await;
    let schema = schema.unwrap().into_inner();
    let capabilities = schema.server_capabilities.unwrap();
    assert!(!capabilities.plan_destroy);
    assert!(capabilities.get_provider_schema_optional);
    assert!(capabilities.move_resource_state);
    assert!(!capabilities.generate_resource_config);

    let provider = schema.provider.unwrap().block.unwrap();
    assert_eq!(names(&provider.attributes), ["journal", "secret"]);
    assert!(provider.attributes[1].sensitive);

    let thing = &schema.resource_schemas["fake_thing"];
    assert_eq!(thing.version, 3);
    let block = thing.block.as_ref().unwrap();
    let sorted =
        ["anything", "behave", "delay_ms", "id", "name", "payload", "rules", "secret_wo", "tags"];
    assert_eq!(names(&block.attributes), sorted);
    for attribute in &block.attributes {
        assert_ne!(attribute.r#type.is_empty(), attribute.nested_type.is_none(), "{attribute:?}");
    }
    let rules = block.attributes[6].nested_type.as_ref().unwrap();
    assert_eq!(rules.nesting(), schema::object::NestingMode::List);
    let note = &rules.attributes[0];
    assert!(note.name == "note" && note.optional && note.computed, "a default is computed");
    assert_eq!(&block.attributes[8].r#type[..], br#"["set","string"]"#);
    assert_eq!(block.block_types[0].nesting(), schema::nested_block::NestingMode::List);
    assert_eq!(block.block_types[0].max_items, 2);

    assert!(schema.data_source_schemas.contains_key("fake_thing"));
    assert!(schema.ephemeral_resource_schemas.contains_key("fake_token"));
    assert!(schema.functions["join"].variadic_parameter.is_some());
    assert!(schema.list_resource_schemas.is_empty() && schema.action_schemas.is_empty());
}

fn names(attributes: &[schema::Attribute]) -> Vec<&str> {
    attributes.iter().map(|attribute| attribute.name.as_str()).collect()
}

#[tokio::test]
async fn everything_can_be_listed_without_its_schema() {
    let (_plugin, mut client) = start().await;
    let metadata = client.get_metadata(get_metadata::Request {}).await.unwrap().into_inner();
    assert_eq!(metadata.resources[0].type_name, "fake_thing");
    assert_eq!(metadata.data_sources[0].type_name, "fake_thing");
    assert_eq!(metadata.ephemeral_resources[0].type_name, "fake_token");
    assert_eq!(metadata.functions[0].name, "join");
    assert!(metadata.server_capabilities.unwrap().get_provider_schema_optional);

    let functions = client.get_functions(get_functions::Request {}).await.unwrap().into_inner();
    assert_eq!(functions.functions["join"].parameters[0].name, "separator");

    let identities =
        client.get_resource_identity_schemas(get_resource_identity_schemas::Request {}).await;
    let identities = identities.unwrap().into_inner().identity_schemas;
    let id = &identities["fake_thing"].identity_attributes[0];
    assert!(id.required_for_import && !id.optional_for_import);
    assert_eq!(identities["fake_thing"].version, 1);
}

#[tokio::test]
async fn the_provider_is_validated_and_configured() {
    let (_plugin, mut client) = start().await;
    let request =
        validate_provider_config::Request { config: provider_config(&[("journal", "?")]) };
    let answer = client.validate_provider_config(request).await.unwrap().into_inner();
    let warning = &answer.diagnostics[0];
    assert_eq!(warning.severity(), diagnostic::Severity::Warning);
    assert_eq!(path(warning), ["journal"]);

    let request = configure_provider::Request {
        terraform_version: "1.11.4".to_owned(),
        config: provider_config(&[]),
        client_capabilities: able(),
    };
    let answer = client.configure_provider(request).await.unwrap().into_inner();
    assert!(answer.diagnostics.is_empty());
}

#[tokio::test]
async fn blocks_are_validated() {
    let (_plugin, mut client) = start().await;
    let set = [("name", "".into()), ("secret_wo", "s".into())];
    let request = |client_capabilities| validate_resource_config::Request {
        type_name: type_name(),
        config: thing_bytes(&set),
        client_capabilities,
    };
    let old = client.validate_resource_config(request(None)).await.unwrap().into_inner();
    assert_eq!(old.diagnostics.iter().map(path).collect::<Vec<_>>(), [["name"], ["secret_wo"]]);
    let new = client.validate_resource_config(request(able())).await.unwrap().into_inner();
    assert_eq!(new.diagnostics.len(), 1);

    let named = Type::object([("name", Type::String), ("shout", Type::String)]);
    let empty = Value::from([("name", Value::from("")), ("shout", Value::Null)]);
    let request = validate_data_resource_config::Request {
        type_name: type_name(),
        config: encode(&empty, &named),
    };
    let answer = client.validate_data_resource_config(request).await.unwrap().into_inner();
    assert_eq!(path(&answer.diagnostics[0]), ["name"]);

    let named = Type::object([("name", Type::String), ("token", Type::String)]);
    let unknown = Value::from([("name", Value::unknown()), ("token", Value::Null)]);
    let request = validate_ephemeral_resource_config::Request {
        type_name: "fake_token".to_owned(),
        config: encode(&unknown, &named),
    };
    let answer = client.validate_ephemeral_resource_config(request).await.unwrap().into_inner();
    assert!(answer.diagnostics.is_empty());
}

#[tokio::test]
async fn states_and_identities_are_upgraded() {
    let (_plugin, mut client) = start().await;
    let request = |raw_state| upgrade_resource_state::Request {
        type_name: type_name(),
        version: 2,
        raw_state,
    };
    let stored = raw(&serde_json::json!({ "name": "a", "was": 1, "limit": [] }));
    let answer = client.upgrade_resource_state(request(stored)).await.unwrap().into_inner();
    assert_eq!(text(&decode_thing(answer.upgraded_state), "name"), "a");

    let flat =
        RawState { flatmap: [("name".to_owned(), "a".to_owned())].into(), ..Default::default() };
    let answer = client.upgrade_resource_state(request(Some(flat))).await.unwrap().into_inner();
    assert_eq!(answer.diagnostics[0].summary, "Very old state");

    let request = upgrade_resource_identity::Request {
        type_name: type_name(),
        version: 0,
        raw_identity: raw(&serde_json::json!({ "id": "a" })),
    };
    let answer = client.upgrade_resource_identity(request).await.unwrap().into_inner();
    assert_eq!(decode_identity(answer.upgraded_identity), "v0-a");
}

#[tokio::test]
async fn a_resource_is_planned_applied_read_and_deleted() {
    let (_plugin, mut client) = start().await;
    let rules = Value::List(vec![Value::from([("port", Value::from(80)), ("note", Value::Null)])]);
    let dynamic =
        Value::Dynamic(Box::new((Type::list(Type::Bool), Value::List(vec![true.into()]))));
    let config = [("name", "a".into()), ("rules", rules), ("anything", dynamic)];
    let request = plan_resource_change::Request {
        type_name: type_name(),
        prior_state: null(),
        proposed_new_state: thing_bytes(&config),
        config: thing_bytes(&config),
        client_capabilities: able(),
        ..Default::default()
    };
    let planned = client.plan_resource_change(request).await.unwrap().into_inner();
    assert!(!planned.legacy_type_system && planned.requires_replace.is_empty());
    assert_eq!(&planned.planned_private[..], b"planned");
    let plan = decode_thing(planned.planned_state.clone());
    assert!(plan.entry("id").unwrap().is_unknown());

    let request = apply_resource_change::Request {
        type_name: type_name(),
        prior_state: null(),
        planned_state: planned.planned_state,
        config: thing_bytes(&config),
        planned_private: planned.planned_private,
        ..Default::default()
    };
    let applied = client.apply_resource_change(request).await.unwrap().into_inner();
    assert_eq!(&applied.private[..], b"planned");
    assert_eq!(decode_identity(applied.new_identity.clone()), "id-a");
    let state = decode_thing(applied.new_state.clone());
    assert_eq!(text(&state, "id"), "id-a");
    assert_eq!(state.entry("anything"), plan.entry("anything"));

    let request = read_resource::Request {
        type_name: type_name(),
        current_state: applied.new_state.clone(),
        private: applied.private,
        current_identity: applied.new_identity,
        ..Default::default()
    };
    let read = client.read_resource(request).await.unwrap().into_inner();
    assert_eq!(decode_thing(read.new_state), state);
    assert_eq!((&read.private[..], read.deferred), (&b"planned"[..], None));
    assert_eq!(decode_identity(read.new_identity), "id-a");

    let request = apply_resource_change::Request {
        type_name: type_name(),
        prior_state: applied.new_state,
        planned_state: null(),
        config: null(),
        ..Default::default()
    };
    let deleted = client.apply_resource_change(request).await.unwrap().into_inner();
    assert!(decode_thing(deleted.new_state).is_null());
}

#[tokio::test]
async fn a_change_that_needs_a_new_object_says_so() {
    let (_plugin, mut client) = start().await;
    let request = plan_resource_change::Request {
        type_name: type_name(),
        prior_state: thing_bytes(&[("name", "a".into()), ("id", "id-a".into())]),
        proposed_new_state: thing_bytes(&[("name", "b".into()), ("id", "id-a".into())]),
        config: thing_bytes(&[("name", "b".into())]),
        prior_identity: identity("id-a"),
        ..Default::default()
    };
    let planned = client.plan_resource_change(request).await.unwrap().into_inner();
    let name = attribute_path::step::Selector::AttributeName("name".to_owned());
    assert_eq!(planned.requires_replace[0].steps[0].selector, Some(name));
    assert_eq!(decode_identity(planned.planned_identity), "id-a");
}

#[tokio::test]
async fn objects_that_are_gone_or_not_yet_known_are_told_apart() {
    let (_plugin, mut client) = start().await;
    let request = |behave: &str| read_resource::Request {
        type_name: type_name(),
        current_state: thing_bytes(&[("name", "a".into()), ("behave", behave.into())]),
        client_capabilities: able(),
        ..Default::default()
    };
    let gone = client.read_resource(request("gone")).await.unwrap().into_inner();
    assert!(decode_thing(gone.new_state).is_null());
    let put_off = client.read_resource(request("defer")).await.unwrap().into_inner();
    assert_eq!(put_off.deferred.unwrap().reason(), deferred::Reason::AbsentPrereq);
}

#[tokio::test]
async fn objects_are_imported_by_id_and_by_identity() {
    let (_plugin, mut client) = start().await;
    for (id, identity) in [("a".to_owned(), None), (String::new(), identity("id-a"))] {
        let request = import_resource_state::Request {
            type_name: type_name(),
            id,
            identity,
            ..Default::default()
        };
        let answer = client.import_resource_state(request).await.unwrap().into_inner();
        let [imported] = &answer.imported_resources[..] else { panic!("{answer:?}") };
        assert_eq!(imported.type_name, "fake_thing");
        assert_eq!(&imported.private[..], b"imported");
        assert_eq!(text(&decode_thing(imported.state.clone()), "id"), "id-a");
        assert_eq!(decode_identity(imported.identity.clone()), "id-a");
    }
}

#[tokio::test]
async fn states_are_taken_over_from_other_types() {
    let (_plugin, mut client) = start().await;
    let request = |source: &str, source_state| move_resource_state::Request {
        source_provider_address: "registry.terraform.io/hashicorp/null".to_owned(),
        source_type_name: source.to_owned(),
        source_state,
        target_type_name: type_name(),
        ..Default::default()
    };
    let state = || raw(&serde_json::json!({ "id": "a" }));
    let moved = client.move_resource_state(request("null_resource", state())).await.unwrap();
    assert_eq!(text(&decode_thing(moved.into_inner().target_state), "name"), "a");
    let other = client.move_resource_state(request("other", state())).await.unwrap().into_inner();
    assert_eq!((other.target_state, other.diagnostics.len()), (None, 1));
    let none = client.move_resource_state(request("null_resource", None)).await.unwrap();
    assert!(none.into_inner().diagnostics[0].detail.contains("source state"));
}

#[tokio::test]
async fn data_sources_are_read() {
    let (_plugin, mut client) = start().await;
    let ty = Type::object([("name", Type::String), ("shout", Type::String)]);
    let config = Value::from([("name", Value::from("a")), ("shout", Value::Null)]);
    let request = read_data_source::Request {
        type_name: type_name(),
        config: encode(&config, &ty),
        ..Default::default()
    };
    let answer = client.read_data_source(request).await.unwrap().into_inner();
    assert_eq!(text(&decode(answer.state, &ty), "shout"), "A");
}

#[tokio::test]
async fn ephemeral_resources_are_opened_renewed_and_closed() {
    let (_plugin, mut client) = start().await;
    let type_name = || "fake_token".to_owned();
    let ty = Type::object([("name", Type::String), ("token", Type::String)]);
    let config = Value::from([("name", Value::from("a")), ("token", Value::Null)]);
    let request = open_ephemeral_resource::Request {
        type_name: type_name(),
        config: encode(&config, &ty),
        ..Default::default()
    };
    let opened = client.open_ephemeral_resource(request).await.unwrap().into_inner();
    assert_eq!(text(&decode(opened.result, &ty), "token"), "token of a");
    assert_eq!(opened.renew_at.unwrap().seconds, 2_000_000_000);
    let request =
        renew_ephemeral_resource::Request { type_name: type_name(), private: opened.private };
    let renewed = client.renew_ephemeral_resource(request).await.unwrap().into_inner();
    assert_eq!(renewed.private.as_deref(), Some(&b"1+"[..]));
    assert_eq!(renewed.renew_at, None);
    let request =
        close_ephemeral_resource::Request { type_name: type_name(), private: renewed.private };
    let closed = client.close_ephemeral_resource(request).await.unwrap().into_inner();
    assert!(closed.diagnostics.is_empty());
}

#[tokio::test]
async fn functions_are_called_with_any_number_of_arguments() {
    let (_plugin, mut client) = start().await;
    let request = |arguments: &[Value]| call_function::Request {
        name: "join".to_owned(),
        arguments: arguments.iter().filter_map(|value| encode(value, &Type::String)).collect(),
    };
    let text = |text: &str| Value::from(text);
    let joined = client.call_function(request(&[text("-"), text("a"), text("b")])).await.unwrap();
    assert_eq!(decode(joined.into_inner().result, &Type::String), text("a-b"));
    let wrong = client.call_function(request(&[text("-"), text("a"), text("b-")])).await.unwrap();
    assert_eq!(wrong.into_inner().error.unwrap().function_argument, Some(2));
    let few = client.call_function(request(&[])).await.unwrap().into_inner().error.unwrap();
    assert!(few.text.contains("takes"), "{}", few.text);

    let number = encode(&Value::from(1), &Type::Number);
    let request =
        |name: &str, arguments| call_function::Request { name: name.to_owned(), arguments };
    let mistyped = client.call_function(request("join", vec![number.unwrap()])).await.unwrap();
    assert_eq!(mistyped.into_inner().error.unwrap().function_argument, Some(0));
    let unknown = client.call_function(request("split", Vec::new())).await.unwrap();
    assert!(unknown.into_inner().error.unwrap().text.contains("split"));
}

#[tokio::test]
async fn what_the_provider_does_not_have_is_unimplemented() {
    let (_plugin, mut client) = start().await;
    let mut codes = vec![
        client.list_resource(list_resource::Request::default()).await.map(drop),
        client.invoke_action(invoke_action::Request::default()).await.map(drop),
        client.read_state_bytes(read_state_bytes::Request::default()).await.map(drop),
        client.write_state_bytes(futures::stream::empty()).await.map(drop),
    ];
    macro_rules! call {
        ($($rpc:ident $messages:ident),* $(,)?) => {
            $(codes.push(client.$rpc($messages::Request::default()).await.map(drop));)*
        };
    }
    call!(
        generate_resource_config generate_resource_config,
        validate_list_resource_config validate_list_resource_config,
        validate_action_config validate_action_config,
        plan_action plan_action,
        validate_state_store_config validate_state_store,
        configure_state_store configure_state_store,
        lock_state lock_state,
        unlock_state unlock_state,
        get_states get_states,
        delete_state delete_state,
    );
    for code in codes {
        assert_eq!(code.unwrap_err().code(), Code::Unimplemented);
    }
}
