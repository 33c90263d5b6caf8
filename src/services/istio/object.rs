//! The one resource behind every Istio kind: server-side apply, and drift on the
//! fields that we own.

use std::{sync::OnceLock, time::Duration};

use serde_json::{Map, Value as Json, json};
use tfsdk::{
    Diagnostic, Diagnostics,
    engine::{Change, Operation, Resource},
    schema::Model,
    value::{Path, Value},
};

use crate::{
    cluster::{
        self, ApplyOptions, DeleteOptions, Drift, ErrorKind, ObjectRef, Patience, drift, fields_of,
        owned_digest, project,
    },
    services::{
        Client, Cx, InCluster, PlanCx, Site,
        diagnostic::{self, Doing},
        istio::{
            drifted,
            kind::{Head, IstioKind, Manifest, Subject},
            loose,
            mesh::{self, InMesh},
            metadata::Metadata,
            wire::{self, Shape},
        },
        notes::Notes,
    },
};

/// Note: digest of what we own of the object, right after we applied it.
const ACCEPTED: &str = "accepted";

/// What `kubectl apply` notes on an object; nobody configures it.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// The resource of one kind.
#[derive(Debug)]
pub(super) struct IstioObject<K> {
    shape: OnceLock<Shape>,
    kind: std::marker::PhantomData<K>,
}

impl<K> Default for IstioObject<K> {
    fn default() -> Self {
        Self { shape: OnceLock::new(), kind: std::marker::PhantomData }
    }
}

impl<K: IstioKind> Resource for IstioObject<K> {
    type Model = Manifest<K>;
    type Client = Client;

    const TYPE: &'static str = K::TYPE;
    const TIMEOUTS: &'static [(Operation, Duration)] = &[
        (Operation::Create, Duration::from_secs(300)),
        (Operation::Read, Duration::from_secs(30)),
        (Operation::Update, Duration::from_secs(300)),
        (Operation::Delete, Duration::from_secs(300)),
    ];

    fn validate(&self, config: &Manifest<K>, diagnostics: &mut Diagnostics) {
        if !matches!(config.spec, Value::Map(_)) {
            return;
        }
        match K::Spec::decode(&config.spec, &Path::from("spec")) {
            Ok(spec) => {
                let metadata = config.head.metadata.known();
                let mut found = Diagnostics::new();
                loose::check(&K::Spec::object(), &config.spec, &Path::from("spec"), &mut found);
                K::check(&Subject { metadata, spec: &spec }, &mut found);
                diagnostics.extend(found.into_iter().map(placed));
            }
            Err(problems) => diagnostics.extend(problems.into_iter().map(placed)),
        }
    }

    async fn plan(&self, cx: &PlanCx, change: &mut Change<Manifest<K>>) -> Result<(), Diagnostics> {
        mesh::plan(cx, change).await?;
        if change.is_create() {
            change.planned.tail.id = change.planned.id();
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx, mut plan: Manifest<K>) -> Result<Manifest<K>, Diagnostics> {
        let site = plan.head.open_for_create(cx).await?;
        plan.tail.id = plan.id();
        self.apply(cx, &site, &mut plan, None).await?;
        self.wait(cx, &site, &plan).await?;
        Ok(plan)
    }

    async fn read(
        &self,
        cx: &Cx,
        mut state: Manifest<K>,
    ) -> Result<Option<Manifest<K>>, Diagnostics> {
        let site = state.head.place.open(cx).await?;
        let Some(found) = self.find(cx, &site, &state).await? else { return Ok(None) };
        if state.spec.is_null() {
            self.adopt(cx, &mut state, &found);
        } else {
            self.take(cx, &mut state, &found)?;
        }
        state.tail.uid = text_at(&found, "/metadata/uid").into();
        Ok(Some(state))
    }

    async fn update(
        &self,
        cx: &Cx,
        prior: Manifest<K>,
        mut plan: Manifest<K>,
    ) -> Result<Manifest<K>, Diagnostics> {
        let site = plan.head.place.open(cx).await?;
        self.apply(cx, &site, &mut plan, Some(prior.manager())).await?;
        self.wait(cx, &site, &plan).await?;
        Ok(plan)
    }

    async fn delete(&self, cx: &Cx, state: Manifest<K>) -> Result<(), Diagnostics> {
        let site = state.head.place.open(cx).await?;
        let patience = site.patience(cx);
        let uid = Some(state.tail.uid.text().to_owned()).filter(|uid| !uid.is_empty());
        let options = DeleteOptions { uid, ..DeleteOptions::default() };
        let doing = format!("delete the {}", K::KIND);
        let operation = async {
            let object = self.reference(&site, &state, patience).await?;
            site.cluster.delete(&object, &options, patience).await
        };
        match site.run(cx, &doing, operation).await? {
            Err(error) if !site.is_gone(&error).await => Err(diagnostic::cluster(&doing, &error)),
            _ => Ok(()),
        }
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Manifest<K>, Diagnostics> {
        let (place, mesh, rest) = match Head::import(cx, id).await? {
            Some(found) => found,
            None => {
                let (place, rest) = InCluster::import(cx, id, "CLUSTER/NAMESPACE/NAME")?;
                (place, InMesh::default(), rest)
            }
        };
        match rest.split_once('/') {
            Some((namespace, name)) if !namespace.is_empty() && !name.is_empty() => {
                let mut manifest = Manifest::named(place, namespace, name);
                manifest.head.mesh = mesh;
                Ok(manifest)
            }
            _ => Err(Diagnostic::error(
                "Malformed import id",
                format!(
                    "{id:?} is no id of a {}: expected CLUSTER/NAMESPACE/NAME or MESH/NAMESPACE/NAME, \
                     such as \"cls-0a1b2c3d/istio-system/ingress\".",
                    K::KIND
                ),
            )
            .into()),
        }
    }
}

impl<K: IstioKind> IstioObject<K> {
    /// Names and types of the `spec`'s fields; made when first needed.
    fn shape(&self) -> &Shape {
        self.shape.get_or_init(|| Shape::of(&K::Spec::object(), K::SPELLINGS))
    }

    /// Applies the planned object. `former` is the manager that applied it
    /// before, if it exists already.
    async fn apply(
        &self,
        cx: &Cx,
        site: &Site,
        plan: &mut Manifest<K>,
        former: Option<&str>,
    ) -> Result<(), Diagnostics> {
        let doing = format!("apply the {}", K::KIND);
        let mut object = self.json(plan)?;
        let options = ApplyOptions {
            manager: plan.manager().to_owned(),
            force: plan.tail.force_conflicts.or_default(),
            create_only: former.is_none(),
            known_version: None,
        };
        let former = former.filter(|former| *former != options.manager);
        let patience = site.expectant(cx);
        let operation = async {
            let cluster = &site.cluster;
            let served =
                cluster.preferred_version(K::GROUP, K::KIND, K::VERSIONS, patience).await?;
            object["apiVersion"] = served.api_version.into();
            match former {
                Some(former) => cluster.hand_over(former, &object, &options, patience).await,
                None => cluster.apply(&object, &options, patience).await,
            }
        };
        let applied = site.run(cx, &doing, operation).await?;
        let applied = applied.map_err(|error| self.refused(&doing, plan, &object, &error))?;
        for text in applied.warnings {
            cx.warn(Diagnostic::warning("Warning of the API server", text));
        }
        plan.tail.uid = text_at(&applied.object, "/metadata/uid").into();
        if let Some(accepted) = owned_digest(&applied.object, plan.manager()) {
            Notes::set(cx, ACCEPTED, &accepted);
        }
        Ok(())
    }

    /// Waits for what was asked for. The object is kept in the state meanwhile.
    async fn wait(&self, cx: &Cx, site: &Site, plan: &Manifest<K>) -> Result<(), Diagnostics> {
        let Some(wait_for) = plan.tail.wait_for.known() else { return Ok(()) };
        cx.save(plan);
        let doing = format!("wait for the {}", K::KIND);
        let patience = site.patience(cx);
        let operation = async {
            let object = self.reference(site, plan, patience).await?;
            site.cluster.wait_ready(&object, &wait_for.rule(), patience).await
        };
        site.run(cx, &doing, operation).await?.map(drop).doing(&doing)
    }

    /// The object; `None` when it, its namespace, its kind or its cluster is
    /// gone, or it is being deleted.
    async fn find(
        &self,
        cx: &Cx,
        site: &Site,
        state: &Manifest<K>,
    ) -> Result<Option<Json>, Diagnostics> {
        let doing = format!("read the {}", K::KIND);
        let patience = site.reading(cx);
        let operation = async {
            let object = self.reference(site, state, patience).await?;
            site.cluster.get_shared(&object, patience).await
        };
        match site.read(cx, &doing, operation).await? {
            Ok(found) => Ok(found.filter(|it| it.pointer("/metadata/deletionTimestamp").is_none())),
            Err(error) if site.is_gone(&error).await => Ok(None),
            Err(error) => Err(diagnostic::cluster(&doing, &error)),
        }
    }

    /// How the cluster knows the object now: in the preferred version that it
    /// serves, or the newest one when it serves none.
    async fn reference(
        &self,
        site: &Site,
        of: &Manifest<K>,
        patience: Patience,
    ) -> cluster::Result<ObjectRef> {
        let served = site.cluster.preferred_version(K::GROUP, K::KIND, K::VERSIONS, patience).await;
        let api_version = match served {
            Ok(served) => served.api_version,
            Err(error) if error.kind() == &ErrorKind::KindNotServed => newest::<K>(),
            Err(error) => return Err(error),
        };
        Ok(ObjectRef::new(api_version, K::KIND, Some(of.namespace()), of.name()))
    }

    /// The object as it is applied, in the newest version.
    fn json(&self, manifest: &Manifest<K>) -> Result<Json, Diagnostics> {
        let spec = self.shape().to_wire(&manifest.spec, &Path::from("spec"))?;
        let mut metadata = Map::new();
        metadata.insert("name".to_owned(), manifest.name().into());
        metadata.insert("namespace".to_owned(), manifest.namespace().into());
        if let Some(given) = manifest.head.metadata.known() {
            for (name, entries) in [("labels", &given.labels), ("annotations", &given.annotations)]
            {
                if let Some(entries) = entries.known() {
                    metadata.insert(name.to_owned(), json!(entries));
                }
            }
        }
        Ok(
            json!({"apiVersion": newest::<K>(), "kind": K::KIND, "metadata": metadata, "spec": spec}),
        )
    }

    /// Takes over what changed of our fields since we applied them.
    fn take(&self, cx: &Cx, state: &mut Manifest<K>, found: &Json) -> Result<(), Diagnostics> {
        let owned = owned_digest(found, state.manager());
        if owned.is_some() && owned == Notes::of(cx).get(ACCEPTED) {
            return Ok(());
        }
        let mut object = self.json(state)?;
        let changes = drift(&object, found, state.manager(), None);
        if changes.is_empty() {
            return Ok(());
        }
        warn_of_managers::<K>(cx, self.shape(), &changes, &object, state);
        for change in &changes {
            change.bring(&mut object);
        }
        self.show(cx, state, &object);
        Ok(())
    }

    /// Takes over an object that was imported: what we own of it, or all of it
    /// if we own nothing.
    fn adopt(&self, cx: &Cx, state: &mut Manifest<K>, found: &Json) {
        let ours = fields_of(found, state.manager());
        let mut object = ours.map_or_else(|| found.clone(), |ours| project(found, &ours));
        if let Some(Json::Object(annotations)) = object.pointer_mut("/metadata/annotations") {
            annotations.remove(LAST_APPLIED);
        }
        for maps in ["labels", "annotations"] {
            let metadata = object.get_mut("metadata").and_then(Json::as_object_mut);
            if let Some(metadata) = metadata.filter(|it| it.get(maps) == Some(&json!({}))) {
                metadata.remove(maps);
            }
        }
        self.show(cx, state, &object);
        if let Some(accepted) = owned_digest(found, state.manager()) {
            Notes::set(cx, ACCEPTED, &accepted);
        }
    }

    /// Makes `state` what `object` says.
    fn show(&self, cx: &Cx, state: &mut Manifest<K>, object: &Json) {
        let none = Json::Object(Map::new());
        let mut foreign = Vec::new();
        state.spec = self.shape().value_of(object.get("spec").unwrap_or(&none), &mut foreign);
        if let tfsdk::value::Tf::Known(Metadata { labels, annotations, .. }) =
            &mut state.head.metadata
        {
            *labels = drifted::texts(object.pointer("/metadata/labels")).into();
            *annotations = drifted::texts(object.pointer("/metadata/annotations")).into();
        }
        if !foreign.is_empty() {
            cx.warn(Diagnostic::warning(
                "Fields that this version of the provider does not know",
                format!(
                    "The {} {} has fields that are not shown, and that are lost when the list or \
                     object around them is applied next: {}. A newer version of the provider may \
                     know them.",
                    K::KIND,
                    state.tail.id.text(),
                    foreign.join(", ")
                ),
            ));
        }
    }

    fn refused(
        &self,
        doing: &str,
        plan: &Manifest<K>,
        sent: &Json,
        error: &cluster::Error,
    ) -> Diagnostics {
        if !matches!(error.kind(), ErrorKind::Exists { .. }) {
            let locate = |field: &_| wire::locate(self.shape(), field, sent);
            return diagnostic::refused(doing, error, locate);
        }
        let id = plan.id();
        Diagnostic::error(
            format!("Unable to {doing}"),
            format!(
                "{} {}/{} exists in the cluster {:?}, and this provider did not make it: {}. \
                 Import it with the id {:?}, or set `force_conflicts = true` to adopt it and take \
                 over the fields of this configuration.",
                K::KIND,
                plan.namespace(),
                plan.name(),
                error.cluster(),
                error.message(),
                id.text()
            ),
        )
        .into()
    }
}

/// Says in words where in the object it is: Terraform shows no place within
/// nested attributes.
fn placed(diagnostic: Diagnostic) -> Diagnostic {
    match &diagnostic.path {
        Some(path) => Diagnostic { detail: format!("{path}: {}", diagnostic.detail), ..diagnostic },
        None => diagnostic,
    }
}

fn newest<K: IstioKind>() -> String {
    format!("{}/{}", K::GROUP, K::VERSIONS.first().copied().unwrap_or("v1"))
}

/// Says who changed our fields, where another manager did.
fn warn_of_managers<K: IstioKind>(
    cx: &Cx,
    shape: &Shape,
    changes: &[Drift],
    sent: &Json,
    state: &Manifest<K>,
) {
    let taken: Vec<String> = changes
        .iter()
        .filter_map(|change| {
            let attribute = wire::locate(shape, &change.path, sent)?;
            Some(format!("\n  {attribute} by {:?}", change.manager.as_ref()?))
        })
        .collect();
    if !taken.is_empty() {
        cx.warn(Diagnostic::warning(
            "Fields were changed by other managers",
            format!(
                "Others changed fields of the {} {} and own them now. The plan puts them back, \
                 which needs `force_conflicts = true`; leave them out of the configuration to let \
                 the others have them.\n{}",
                K::KIND,
                state.tail.id.text(),
                taken.concat()
            ),
        ));
    }
}

fn text_at<'a>(object: &'a Json, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Json::as_str).unwrap_or_default()
}
