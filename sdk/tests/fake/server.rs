//! What the fake provider does.

use std::{
    fs::OpenOptions,
    io::Write,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use futures::{FutureExt, future::BoxFuture};
use tfsdk::{
    Diagnostic, Diagnostics,
    engine::{
        ApplyResource, ApplyResponse, Configure, DataResponse, Deferred, FunctionError, ImportBy,
        ImportResource, ImportResponse, MoveResponse, MoveSource, Opened, PlanResource,
        PlanResponse, ReadDataSource, ReadResource, ReadResponse, Renewed, Schemas, Server, Stop,
        UpgradeState, ValidateResource,
    },
    value::{Path, Value, json},
};

use crate::schemas::schemas;

/// The server.
pub(crate) struct Fake {
    schemas: Arc<Schemas>,
    stop: Stop,
    journal: Mutex<Option<String>>,
}

impl Fake {
    pub(crate) fn new() -> Self {
        Self { schemas: Arc::new(schemas()), stop: Stop::new(), journal: Mutex::default() }
    }

    /// Appends a line to the journal, if there is one.
    fn note(&self, line: &str) {
        let journal = self.journal.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(path) = journal.as_deref() {
            let mut file =
                OpenOptions::new().create(true).append(true).open(path).expect("journal");
            writeln!(file, "{line}").expect("journal");
        }
    }

    /// Waits as long as the object says, or until the person interrupts.
    async fn delay(&self, object: &Value) -> Result<(), Diagnostic> {
        let delay = Duration::from_millis(whole(object, "delay_ms"));
        tokio::select! {
            () = tokio::time::sleep(delay) => Ok(()),
            () = self.stop.cancelled() => {
                Err(Diagnostic::error("Interrupted", "The creation was interrupted."))
            }
        }
    }

    async fn apply(&self, request: ApplyResource) -> ApplyResponse {
        let name = text(&request.planned, "name").to_owned();
        match text(&request.planned, "behave") {
            "panic" => panic!("apply was told to, with fake-secret-text"),
            "fail" => {
                return ApplyResponse {
                    diagnostics: Diagnostic::error(
                        "Unable to make it",
                        "It said fake-secret-text.",
                    )
                    .at(Path::from("rules").index(1).attribute("port"))
                    .into(),
                    ..ApplyResponse::default()
                };
            }
            "unencodable" => {
                let state = Some(Value::from([("name", Value::from(true))]));
                return ApplyResponse { state, ..ApplyResponse::default() };
            }
            _ => {}
        }
        self.note(&format!("begin {name}"));
        tracing::info!(thing = name, "making a thing");
        let waited = self.delay(&request.planned).await;
        self.note(&format!("end {name}"));
        let state = with_id(request.planned);
        ApplyResponse {
            identity: identity(&state),
            state: Some(state),
            private: request.private,
            diagnostics: waited.err().map(Diagnostics::from).unwrap_or_default(),
        }
    }
}

impl Server for Fake {
    fn schemas(&self) -> Arc<Schemas> {
        Arc::clone(&self.schemas)
    }

    fn validate_provider(&self, config: Value) -> BoxFuture<'_, Diagnostics> {
        let mut diagnostics = Diagnostics::new();
        if text(&config, "journal") == "?" {
            diagnostics.warn_at("journal", "Odd journal", "The journal is odd.");
        }
        ready(diagnostics)
    }

    fn validate_resource(&self, request: ValidateResource) -> BoxFuture<'_, Diagnostics> {
        let mut diagnostics = refuse_empty(&request.config);
        if !request.client.write_only_attributes_allowed
            && !text(&request.config, "secret_wo").is_empty()
        {
            diagnostics.error_at("secret_wo", "Old Terraform", "Use Terraform 1.11.");
        }
        ready(diagnostics)
    }

    fn validate_data_source(&self, _type: String, config: Value) -> BoxFuture<'_, Diagnostics> {
        ready(refuse_empty(&config))
    }

    fn validate_ephemeral(&self, _type: String, config: Value) -> BoxFuture<'_, Diagnostics> {
        ready(refuse_empty(&config))
    }

    fn configure(&self, request: Configure) -> BoxFuture<'_, Diagnostics> {
        let secret = text(&request.config, "secret");
        tfsdk::plugin::mask(secret);
        tracing::debug!(secret, version = request.terraform_version, "configured with {secret}");
        let journal = request.config.entry("journal").and_then(Value::as_str);
        *self.journal.lock().unwrap_or_else(PoisonError::into_inner) = journal.map(str::to_owned);
        ready(Diagnostics::new())
    }

    fn upgrade_state(&self, request: UpgradeState) -> BoxFuture<'_, (Option<Value>, Diagnostics)> {
        let Some(stored) = request.json else {
            let old = Diagnostic::error("Very old state", "It was stored before Terraform 0.12.");
            return ready((None, old.into()));
        };
        let ty = self.schemas.resources[&request.type_name].ty();
        let state = json::decode_state(&stored, &ty).expect("a state of this version");
        ready((Some(state), Diagnostics::new()))
    }

    fn upgrade_identity(
        &self,
        request: UpgradeState,
    ) -> BoxFuture<'_, (Option<Value>, Diagnostics)> {
        let stored = request.json.expect("JSON");
        let stored: serde_json::Value = serde_json::from_slice(&stored).expect("JSON");
        let id = stored["id"].as_str().expect("an id");
        ready((
            Some(Value::from([("id", format!("v{}-{id}", request.version))])),
            Diagnostics::new(),
        ))
    }

    fn read_resource(&self, request: ReadResource) -> BoxFuture<'_, ReadResponse> {
        let gone = text(&request.state, "behave") == "gone";
        let put_off = text(&request.state, "behave") == "defer" && request.client.deferral_allowed;
        ready(ReadResponse {
            identity: identity(&request.state),
            state: Some(if gone { Value::Null } else { request.state }),
            private: request.private,
            deferred: put_off.then_some(Deferred::AbsentPrerequisite),
            diagnostics: Diagnostics::new(),
        })
    }

    fn plan_resource(&self, request: PlanResource) -> BoxFuture<'_, PlanResponse> {
        let mut planned = request.proposed;
        if let Value::Map(object) = &mut planned {
            if request.prior.is_null() {
                object.insert("id".to_owned(), Value::unknown());
            }
            object.insert("secret_wo".to_owned(), Value::Null);
            fill_defaults(object.get_mut("rules"));
        }
        let changed = !request.prior.is_null()
            && !planned.is_null()
            && text(&request.prior, "name") != text(&planned, "name");
        ready(PlanResponse {
            planned: Some(planned),
            replace: if changed { vec!["name".into()] } else { Vec::new() },
            private: b"planned".to_vec(),
            identity: request.identity,
            ..PlanResponse::default()
        })
    }

    fn apply_resource(&self, request: ApplyResource) -> BoxFuture<'_, ApplyResponse> {
        if request.planned.is_null() {
            self.note(&format!("delete {}", text(&request.prior, "name")));
            return ready(ApplyResponse { state: Some(Value::Null), ..ApplyResponse::default() });
        }
        self.apply(request).boxed()
    }

    fn import_resource(&self, request: ImportResource) -> BoxFuture<'_, ImportResponse> {
        let name = match &request.by {
            ImportBy::Id(id) => id.as_str(),
            ImportBy::Identity(identity) => text(identity, "id").trim_start_matches("id-"),
        };
        let ty = self.schemas.resources[&request.type_name].ty();
        let stored = serde_json::json!({ "name": name, "limit": [] }).to_string();
        let state = json::decode(stored.as_bytes(), &ty).map(with_id).expect("a state");
        ready(ImportResponse {
            identity: identity(&state),
            state: Some(state),
            private: b"imported".to_vec(),
            ..ImportResponse::default()
        })
    }

    fn move_resource(&self, target: String, source: MoveSource) -> BoxFuture<'_, MoveResponse> {
        if !["null_resource", "terraform_data"].contains(&source.type_name.as_str()) {
            let no = Diagnostic::error("Unable to move", format!("not from {}", source.type_name));
            return ready(MoveResponse { diagnostics: no.into(), ..MoveResponse::default() });
        }
        let ty = self.schemas.resources[&target].ty();
        let name = source.state["id"].as_str().expect("an id");
        let stored = serde_json::json!({ "name": name, "limit": [] }).to_string();
        let state = json::decode(stored.as_bytes(), &ty).map(with_id).expect("a state");
        ready(MoveResponse {
            identity: identity(&state),
            state: Some(state),
            ..MoveResponse::default()
        })
    }

    fn read_data_source(&self, request: ReadDataSource) -> BoxFuture<'_, DataResponse> {
        let name = text(&request.config, "name").to_owned();
        let state = Value::from([("shout", name.to_uppercase()), ("name", name)]);
        ready(DataResponse { state: Some(state), ..DataResponse::default() })
    }

    fn open_ephemeral(
        &self,
        request: ReadDataSource,
    ) -> BoxFuture<'_, (Option<Opened<Value>>, Option<Deferred>, Diagnostics)> {
        let name = text(&request.config, "name").to_owned();
        let model = Value::from([("token", format!("token of {name}")), ("name", name)]);
        let renew_at = Some(SystemTime::UNIX_EPOCH + Duration::from_secs(2_000_000_000));
        let opened = Opened { model, private: b"1".to_vec(), renew_at };
        ready((Some(opened), None, Diagnostics::new()))
    }

    fn renew_ephemeral(
        &self,
        _type: String,
        mut private: Vec<u8>,
    ) -> BoxFuture<'_, (Option<Renewed>, Diagnostics)> {
        private.push(b'+');
        ready((Some(Renewed { private, renew_at: None }), Diagnostics::new()))
    }

    fn close_ephemeral(&self, _type: String, private: Vec<u8>) -> BoxFuture<'_, Diagnostics> {
        self.note(&format!("close {}", String::from_utf8_lossy(&private)));
        ready(Diagnostics::new())
    }

    fn call_function(
        &self,
        _name: String,
        arguments: Vec<Value>,
    ) -> BoxFuture<'_, Result<Value, FunctionError>> {
        let texts: Vec<&str> = arguments.iter().filter_map(Value::as_str).collect();
        let (separator, texts) = texts.split_first().expect("checked by the caller");
        ready(match texts.iter().position(|text| text.contains(separator)) {
            Some(index) => Err(FunctionError {
                text: "the text contains the separator".to_owned(),
                argument: Some(index + 1),
            }),
            None => Ok(texts.join(separator).into()),
        })
    }

    fn stop(&self) -> Stop {
        self.stop.clone()
    }
}

fn ready<'a, T: Send + 'a>(value: T) -> BoxFuture<'a, T> {
    std::future::ready(value).boxed()
}

fn text<'a>(object: &'a Value, name: &str) -> &'a str {
    object.entry(name).and_then(Value::as_str).unwrap_or_default()
}

fn whole(object: &Value, name: &str) -> u64 {
    match object.entry(name) {
        Some(Value::Number(number)) => number.to_string().parse().expect("a whole number"),
        _ => 0,
    }
}

fn with_id(mut object: Value) -> Value {
    let id = format!("id-{}", text(&object, "name"));
    if let Value::Map(entries) = &mut object {
        entries.insert("id".to_owned(), id.into());
    }
    object
}

fn identity(state: &Value) -> Option<Value> {
    let id = state.entry("id").filter(|id| !id.is_null())?;
    Some(Value::from([("id", id.clone())]))
}

fn fill_defaults(rules: Option<&mut Value>) {
    let Some(Value::List(rules)) = rules else { return };
    for rule in rules {
        if let Value::Map(rule) = rule
            && rule.get("note").is_some_and(Value::is_null)
        {
            rule.insert("note".to_owned(), "none".into());
        }
    }
}

fn refuse_empty(config: &Value) -> Diagnostics {
    match config.entry("name") {
        Some(Value::String(name)) if name.is_empty() => {
            Diagnostic::error("Empty name", "The name must not be empty.").at("name").into()
        }
        _ => Diagnostics::new(),
    }
}
