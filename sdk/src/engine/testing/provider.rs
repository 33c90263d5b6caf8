//! The provider around the resource.

use std::sync::{Arc, Mutex};

use crate::{
    Diagnostic, Diagnostics,
    engine::{
        Configure, Engine, Provider, Registry, Server, Stop,
        testing::{CLIENT, Puppet},
    },
    schema::{Attribute, Model, Object, ObjectReader, ObjectWriter},
    value::{Path, Tf, Type, Value},
};

/// The provider block of [`TestProvider`].
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) endpoint: Tf<String>,
    pub(crate) retries: Tf<i64>,
}

impl Model for Settings {
    fn object() -> Object {
        Object::new(
            "A provider for tests.",
            [
                Attribute::new("endpoint", Type::String).optional(),
                Attribute::new("retries", Type::Number).optional().default(3),
            ],
        )
    }

    fn decode(value: &Value, path: &Path) -> Result<Self, Diagnostics> {
        let mut reader = ObjectReader::new(value, path);
        let settings =
            Self { endpoint: reader.attribute("endpoint"), retries: reader.attribute("retries") };
        reader.finish(settings)
    }

    fn encode(&self) -> Value {
        ObjectWriter::new()
            .attribute("endpoint", &self.endpoint)
            .attribute("retries", &self.retries)
            .finish()
    }

    fn empty() -> Self {
        Self { endpoint: Tf::Null, retries: Tf::Null }
    }
}

/// A provider that offers what a test gives it. It refuses the endpoint
/// `wrong`, panics at `panic`, and defers while the endpoint is unknown.
pub(crate) struct TestProvider {
    registry: Mutex<Option<Registry<()>>>,
    /// What the last configuration was.
    pub(crate) seen: Arc<Mutex<Option<Settings>>>,
}

impl TestProvider {
    pub(crate) fn new(registry: Registry<()>) -> Self {
        Self { registry: Mutex::new(Some(registry)), seen: Arc::default() }
    }
}

impl Provider for TestProvider {
    type Config = Settings;
    type Client = ();

    const NAME: &'static str = "test";

    fn registry(&self) -> Registry<()> {
        self.registry.lock().expect("no test panics here").take().unwrap_or_default()
    }

    fn validate(&self, config: &Settings, diagnostics: &mut Diagnostics) {
        if config.endpoint.text() == "wrong" {
            diagnostics.error_at("endpoint", "Wrong endpoint", "There is nothing.");
        }
    }

    fn defers(&self, config: &Settings) -> bool {
        config.endpoint.is_unknown()
    }

    async fn configure(
        &self,
        config: Settings,
        _terraform_version: &str,
        _stop: Stop,
    ) -> Result<(), Diagnostics> {
        match config.endpoint.text() {
            "wrong" => return Err(Diagnostic::error("Wrong endpoint", "There is nothing.").into()),
            "panic" => panic!("no such endpoint"),
            _ => {}
        }
        *self.seen.lock().expect("no test panics here") = Some(config);
        Ok(())
    }
}

/// An engine for one resource, not configured yet.
pub(crate) fn engine(puppet: Puppet) -> Engine<TestProvider> {
    let mut registry = Registry::new();
    registry.resources.push(Arc::new(puppet));
    match Engine::new(TestProvider::new(registry)) {
        Ok(engine) => engine,
        Err(problems) => panic!("{problems}"),
    }
}

/// An engine for one resource, configured with an endpoint.
pub(crate) async fn configured(puppet: Puppet) -> Engine<TestProvider> {
    let engine = engine(puppet);
    let found = engine.configure(configure(Value::from("here"))).await;
    assert!(found.is_empty(), "{found}");
    engine
}

/// A request to configure the provider.
pub(crate) fn configure(endpoint: Value) -> Configure {
    Configure {
        terraform_version: "1.11.4".to_owned(),
        config: Value::from([("endpoint", endpoint), ("retries", Value::Null)]),
        client: CLIENT,
    }
}
