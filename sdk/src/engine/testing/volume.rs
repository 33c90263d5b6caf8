//! A resource, a data source and an ephemeral resource as authors write them.

use std::time::Duration;

use crate::{
    Diagnostic, Diagnostics,
    engine::{
        Change, Cx, DataSource, EphemeralResource, MoveSource, Opened, Operation, PlanCx, Resource,
    },
    schema::{Attribute, Model, Object, ObjectReader, ObjectWriter},
    value::{Path, Tf, Type, Value},
};

/// The model of all three.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Volume {
    pub(crate) id: Tf<String>,
    pub(crate) name: Tf<String>,
    pub(crate) size: Tf<i64>,
    pub(crate) token: Tf<String>,
}

impl Model for Volume {
    fn object() -> Object {
        Object::new(
            "A volume.",
            [
                Attribute::new("id", Type::String).computed().stable(),
                Attribute::new("name", Type::String).required(),
                Attribute::new("size", Type::Number).optional().default(10),
                Attribute::new("token", Type::String).optional().write_only(),
            ],
        )
    }

    fn decode(value: &Value, path: &Path) -> Result<Self, Diagnostics> {
        let mut reader = ObjectReader::new(value, path);
        let volume = Self {
            id: reader.attribute("id"),
            name: reader.attribute("name"),
            size: reader.attribute("size"),
            token: reader.attribute("token"),
        };
        reader.finish(volume)
    }

    fn encode(&self) -> Value {
        ObjectWriter::new()
            .attribute("id", &self.id)
            .attribute("name", &self.name)
            .attribute("size", &self.size)
            .attribute("token", &self.token)
            .finish()
    }

    fn empty() -> Self {
        Self { id: Tf::Null, name: Tf::Null, size: Tf::Null, token: Tf::Null }
    }
}

/// What the name of a volume makes its operations do.
fn obey(volume: &Volume) -> Result<Volume, Diagnostics> {
    match volume.name.text() {
        "panic" => panic!("at the disk"),
        "error" => Err(Diagnostic::error("Disk full", "Buy another.").into()),
        "unknown" => Ok(Volume { id: Tf::Unknown, ..volume.clone() }),
        "renamed" => Ok(Volume { name: "x".into(), id: "1".into(), ..volume.clone() }),
        _ => Ok(Volume { id: "vol-1".into(), ..volume.clone() }),
    }
}

/// The managed resource.
pub(crate) struct Volumes;

impl Resource for Volumes {
    type Model = Volume;
    type Client = ();

    const TYPE: &'static str = "test_volume";
    const TIMEOUTS: &'static [(Operation, Duration)] =
        &[(Operation::Create, Duration::from_secs(60))];
    const IDENTITY: &'static [&'static str] = &["id"];

    fn validate(&self, config: &Volume, diagnostics: &mut Diagnostics) {
        if config.name.text() == config.size.known().map(ToString::to_string).unwrap_or_default() {
            diagnostics.error_at("name", "Dull name", "Find a better one.");
        }
    }

    async fn plan(&self, _cx: &PlanCx<()>, change: &mut Change<Volume>) -> Result<(), Diagnostics> {
        if change.changes(|volume| &volume.size) {
            change.replace("size");
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx<()>, plan: Volume) -> Result<Volume, Diagnostics> {
        cx.save(&Volume { id: "vol-1".into(), ..plan.clone() });
        tokio::task::yield_now().await;
        obey(&plan)
    }

    async fn read(&self, _cx: &Cx<()>, state: Volume) -> Result<Option<Volume>, Diagnostics> {
        Ok((state.id.text() != "gone").then_some(state))
    }

    async fn delete(&self, _cx: &Cx<()>, _state: Volume) -> Result<(), Diagnostics> {
        Ok(())
    }

    async fn import(&self, _cx: &Cx<()>, id: &str) -> Result<Volume, Diagnostics> {
        Ok(Volume { id: id.into(), ..Volume::empty() })
    }

    fn moved_from(&self, source: &MoveSource) -> Result<Option<Volume>, Diagnostics> {
        Ok((source.type_name == "old_volume").then(Volume::empty))
    }
}

/// The data source.
pub(crate) struct VolumeData;

impl DataSource for VolumeData {
    type Model = Volume;
    type Client = ();

    const TYPE: &'static str = "test_volume";
    const TIMEOUT: Option<Duration> = Some(Duration::from_secs(30));

    async fn read(&self, cx: &Cx<()>, config: Volume) -> Result<Volume, Diagnostics> {
        cx.warn(Diagnostic::warning("Waited", format!("{:?}", cx.timeout())));
        obey(&config)
    }
}

/// The ephemeral resource.
pub(crate) struct VolumeKey;

impl EphemeralResource for VolumeKey {
    type Model = Volume;
    type Client = ();

    const TYPE: &'static str = "test_key";

    async fn open(&self, _cx: &Cx<()>, config: Volume) -> Result<Opened<Volume>, Diagnostics> {
        let model = obey(&config)?;
        Ok(Opened { model, private: b"key".to_vec(), renew_at: None })
    }

    async fn close(&self, cx: &Cx<()>, private: Vec<u8>) -> Result<(), Diagnostics> {
        let stopped = cx.stop().is_cancelled();
        Err(Diagnostic::error("Closed", format!("{private:?}, stopped: {stopped}")).into())
    }
}
