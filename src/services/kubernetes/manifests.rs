//! `crossmesh_kubernetes_manifests`: the objects of a YAML text in a cluster.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;
use tfsdk::{
    Diagnostic, Diagnostics, Model,
    engine::{Change, Operation, Resource},
    schema::validators,
    value::Tf,
};

use super::{adoption, documents::Documents, rollout::Rollout};
use crate::{
    cluster::{ApplyOptions, Document, Drift, FIELD_MANAGER, ObjectRef, drift},
    services::{Client, Cx, InCluster, PlanCx, Site, diagnostic::Doing, notes::Notes},
};

/// Note: the objects were imported and not read yet.
const IMPORTED: &str = "imported";

/// What asks whether a cluster can be reached.
const REACH: &str = "reach the cluster";

/// Longest description of what changed in one object, in characters.
const CHANGE_LIMIT: usize = 400;

/// Any Kubernetes objects, written as YAML, applied server-side and kept as they
/// are written: namespaces and definitions first, then what needs them. Objects
/// that leave the text are deleted. Nothing is asked of the cluster at plan, so
/// that cluster, definitions and objects can be made in one apply.
#[derive(Clone, Model)]
#[model(exactly_one_of("manifests", "manifests_wo"))]
pub(super) struct Manifests {
    #[attr(flatten)]
    pub place: InCluster,

    /// The objects: YAML or JSON, any number of documents, also `List` kinds.
    /// Objects of namespaced kinds that name no namespace go to `default`. The
    /// text stays in the state as it is: use `manifests_wo` for Secrets.
    #[attr(optional)]
    pub manifests: Tf<String>,

    /// The same for a text that is never stored, neither in the plan nor in the
    /// state: for Secrets, and with ephemeral values. Needs Terraform 1.11. What
    /// changes in it is found by the digests in `objects`.
    #[attr(optional, write_only)]
    pub manifests_wo: Tf<String>,

    /// Takes over fields that other managers own with other values, and adopts
    /// objects that exist already. Without it, both are errors that name the
    /// managers.
    #[attr(optional, default = false)]
    pub force_conflicts: Tf<bool>,

    /// The name under which the fields are owned in the cluster
    /// (`metadata.managedFields`). Another name takes them over.
    #[attr(optional, default = FIELD_MANAGER, validate(validators::length(1..=128)))]
    pub field_manager: Tf<String>,

    /// Waits until the objects are ready: rollouts complete, Jobs done, load
    /// balancers with an address, definitions served.
    #[attr(optional, default = true)]
    pub wait: Tf<bool>,

    /// A short digest of each object by `apiVersion/kind/namespace/name`, known at
    /// plan: a changed digest is a changed object. Of an object that others
    /// changed it says what they changed; one that they deleted is missing.
    #[attr(computed)]
    pub objects: Tf<BTreeMap<String, String>>,

    /// The cluster and the key of the first object at creation.
    #[attr(computed, stable)]
    pub id: Tf<String>,
}

/// The resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct KubernetesManifests;

impl Resource for KubernetesManifests {
    type Model = Manifests;
    type Client = Client;

    const TYPE: &'static str = "crossmesh_kubernetes_manifests";
    const TIMEOUTS: &'static [(Operation, Duration)] = &[
        (Operation::Create, Duration::from_secs(600)),
        (Operation::Read, Duration::from_secs(60)),
        (Operation::Update, Duration::from_secs(600)),
        (Operation::Delete, Duration::from_secs(600)),
    ];

    fn validate(&self, config: &Manifests, diagnostics: &mut Diagnostics) {
        match config.documents() {
            Ok(Some(documents)) if config.manifests.is_known() && documents.have_secret_data() => {
                diagnostics.warn_at(
                    "manifests",
                    "Data of a Secret in the state",
                    "The text has a Secret, whose data the state holds in clear. `manifests_wo` \
                     applies the same text without storing it (Terraform 1.11 or later).",
                );
            }
            Ok(_) => {}
            Err(problems) => diagnostics.extend(problems),
        }
    }

    async fn plan(&self, cx: &PlanCx, change: &mut Change<Manifests>) -> Result<(), Diagnostics> {
        InCluster::plan(cx, change, |model| &mut model.place).await?;
        let Some(documents) = change.config.documents()? else {
            change.planned.objects = Tf::Unknown;
            return Ok(());
        };
        let before = change.prior.as_ref().and_then(|prior| Some((prior, prior.stored()?)));
        match before {
            Some((prior, stored)) if documents.means_the_same_as(&stored) => {
                // Only the spelling differs, which is no change.
                let wanted = stored.digests();
                if change.config.manifests.is_known() {
                    change.planned.manifests = prior.manifests.clone();
                }
                change.planned.objects = Tf::Known(wanted);
            }
            _ => change.planned.objects = Tf::Known(documents.digests()),
        }
        if change.is_create() {
            change.planned.id = change.planned.id_of(&documents);
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx, mut plan: Manifests) -> Result<Manifests, Diagnostics> {
        let documents = plan.documents()?.unwrap_or_default();
        let site = plan.place.open_for_create(cx).await?;
        plan.id = plan.id_of(&documents);
        plan.objects = Tf::Known(BTreeMap::new());
        let rollout = plan.rollout(cx, &site, None);
        let all: Vec<&Document> = documents.iter().collect();
        let mut state = plan.clone();
        rollout.apply(&all, |_| false, |key, digest| state.keep(cx, key, digest)).await?;
        if plan.wait.or_default() {
            rollout.wait_ready(&all).await?;
        }
        Ok(state)
    }

    async fn read(&self, cx: &Cx, mut state: Manifests) -> Result<Option<Manifests>, Diagnostics> {
        let site = state.place.open(cx).await?;
        let before = state.objects.known().cloned().unwrap_or_default();
        let keys: Vec<String> = before.keys().cloned().collect();
        let rollout = state.rollout(cx, &site, None);
        let found = rollout.read(&keys).await?;
        if found.is_empty() && !keys.is_empty() {
            return Ok(None);
        }
        if Notes::of(cx).get::<bool>(IMPORTED).unwrap_or_default() {
            Notes::remove(cx, IMPORTED);
            state.adopt(&keys, &found)?;
            return Ok(Some(state));
        }
        let stored = state.stored();
        let digests = stored.as_ref().map(Documents::digests).unwrap_or_default();
        let seen = found.iter().map(|(key, object)| {
            let digest = digests.get(key).or_else(|| before.get(key)).cloned().unwrap_or_default();
            let manifest = stored.as_ref().and_then(|stored| stored.get(key));
            let changed = changed(&rollout, key, manifest, object);
            (key.clone(), changed.unwrap_or(digest))
        });
        state.objects = Tf::Known(seen.collect());
        Ok(Some(state))
    }

    async fn update(
        &self,
        cx: &Cx,
        prior: Manifests,
        plan: Manifests,
    ) -> Result<Manifests, Diagnostics> {
        let documents = plan.documents()?.unwrap_or_default();
        let site = plan.place.open(cx).await?;
        let before = prior.objects.known().cloned().unwrap_or_default();
        let wanted = plan.objects.known().cloned().unwrap_or_else(|| documents.digests());
        let former = Some(prior.field_manager.text()).filter(|it| *it != plan.field_manager.text());
        let rollout = plan.rollout(cx, &site, former);
        let changed: Vec<&Document> = documents
            .iter()
            .filter(|document| {
                let key = document.reference.to_string();
                former.is_some() || before.get(&key) != wanted.get(&key)
            })
            .collect();
        if changed.is_empty() && prior.place.endpoint != plan.place.endpoint {
            // Nothing else tells whether the cluster can be reached there.
            let patience = site.patience(cx);
            site.run(cx, REACH, site.cluster.version(patience)).await?.doing(REACH)?;
        }
        let mut state = Manifests { objects: Tf::Known(before.clone()), ..plan.clone() };
        let known = |key: &str| before.contains_key(key);
        rollout.apply(&changed, known, |key, digest| state.keep(cx, key, digest)).await?;
        let (renamed, left): (Vec<String>, Vec<String>) =
            before.into_keys().filter(|key| !wanted.contains_key(key)).partition(|key| {
                // The same object in another version stays.
                key.parse::<ObjectRef>().is_ok_and(|object| documents.has(&object))
            });
        renamed.iter().for_each(|key| state.drop_key(cx, key));
        rollout.delete(&left, |key| state.drop_key(cx, key)).await?;
        if plan.wait.or_default() {
            rollout.wait_ready(&changed).await?;
        }
        Ok(Manifests { objects: Tf::Known(wanted), ..plan })
    }

    async fn delete(&self, cx: &Cx, state: Manifests) -> Result<(), Diagnostics> {
        let site = state.place.open(cx).await?;
        let keys: Vec<String> =
            state.objects.known().into_iter().flatten().map(|it| it.0.clone()).collect();
        let rollout = state.rollout(cx, &site, None);
        let mut left = state.clone();
        rollout.delete(&keys, |key| left.drop_key(cx, key)).await
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Manifests, Diagnostics> {
        let form = "CLUSTER/apiVersion/kind/namespace/name, with commas between several objects";
        let (place, rest) = InCluster::import(cx, id, form)?;
        let mut objects = BTreeMap::new();
        for key in rest.split(',').map(str::trim) {
            let object: ObjectRef = key.parse().map_err(|problem: String| {
                Diagnostic::error("Malformed import id", format!("{problem}. The id is {form}."))
            })?;
            objects.insert(object.to_string(), String::new());
        }
        let first = objects.keys().next().cloned().unwrap_or_default();
        Notes::set(cx, IMPORTED, &true);
        let id = format!("{}/{first}", place.cluster.text());
        Ok(Manifests {
            place,
            objects: Tf::Known(objects),
            id: id.into(),
            force_conflicts: Tf::Known(false),
            field_manager: FIELD_MANAGER.into(),
            wait: Tf::Known(true),
            ..Manifests::empty()
        })
    }
}

impl Manifests {
    /// The objects of the configuration; `None` while the text is not known.
    fn documents(&self) -> Result<Option<Documents>, Diagnostics> {
        for (name, text) in [("manifests", &self.manifests), ("manifests_wo", &self.manifests_wo)] {
            if let Some(text) = text.known() {
                return Documents::parse(text, name).map(Some);
            }
        }
        Ok(None)
    }

    /// The objects of the text that the state has, if it has one.
    fn stored(&self) -> Option<Documents> {
        Documents::parse(self.manifests.known()?, "manifests").ok()
    }

    fn id_of(&self, documents: &Documents) -> Tf<String> {
        let first = documents.iter().next().map(|document| document.reference.to_string());
        match (self.place.cluster.known(), first) {
            (Some(cluster), Some(first)) => format!("{cluster}/{first}").into(),
            _ => Tf::Unknown,
        }
    }

    fn rollout<'a>(&self, cx: &'a Cx, site: &'a Site, former: Option<&str>) -> Rollout<'a> {
        let options = ApplyOptions {
            manager: self.field_manager.text().to_owned(),
            force: self.force_conflicts.or_default(),
            ..ApplyOptions::default()
        };
        Rollout { cx, site, options, former: former.map(str::to_owned) }
    }

    /// Notes that an object is there, and keeps the state.
    fn keep(&mut self, cx: &Cx, key: String, digest: String) {
        if let Some(objects) = self.objects.known_mut() {
            objects.insert(key, digest);
        }
        cx.save(self);
    }

    /// Notes that an object is gone, and keeps the state.
    fn drop_key(&mut self, cx: &Cx, key: &str) {
        if let Some(objects) = self.objects.known_mut() {
            objects.remove(key);
        }
        cx.save(self);
    }

    /// Makes a text of objects that were imported.
    fn adopt(
        &mut self,
        keys: &[String],
        found: &BTreeMap<String, Value>,
    ) -> Result<(), Diagnostics> {
        let mut steps = Documents::in_reverse(keys.iter());
        steps.reverse();
        let objects = steps.iter().flatten().filter_map(|object| found.get(&object.to_string()));
        let text = adoption::text_of(objects, self.field_manager.text());
        let documents = Documents::parse(&text, "manifests")?;
        self.objects = Tf::Known(documents.digests());
        self.manifests = text.into();
        Ok(())
    }
}

/// What others changed of our fields, in words; `None` if nothing.
fn changed(
    rollout: &Rollout<'_>,
    key: &str,
    manifest: Option<&Document>,
    object: &Value,
) -> Option<String> {
    match (rollout.is_as_accepted(key, object), manifest) {
        (Some(true), _) => None,
        (_, Some(manifest)) => {
            let changes = drift(&manifest.object, object, &rollout.options.manager, None);
            (!changes.is_empty()).then(|| described(&changes))
        }
        (Some(false), None) => Some("changed since it was applied".to_owned()),
        (None, None) => None,
    }
}

fn described(changes: &[Drift]) -> String {
    let short = |value: &Option<Value>| match value {
        None => "nothing".to_owned(),
        Some(value @ (Value::Object(_) | Value::Array(_))) if value.to_string().len() > 60 => {
            "…".to_owned()
        }
        Some(value) => value.to_string(),
    };
    let one = |change: &Drift| {
        let by = change.manager.as_ref().map(|it| format!(" by {it:?}")).unwrap_or_default();
        let (from, to) = (short(&change.expected), short(&change.found));
        format!("{} from {from} to {to}{by}", change.path)
    };
    let text = format!("changed: {}", changes.iter().map(one).collect::<Vec<_>>().join("; "));
    if text.chars().count() <= CHANGE_LIMIT {
        return text;
    }
    text.chars().take(CHANGE_LIMIT).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::FieldPath;

    fn change(path: &str, found: Value) -> Drift {
        let manager = Some("kubectl-edit".to_owned());
        Drift {
            path: FieldPath::parse(path),
            expected: Some(json!(2)),
            found: Some(found),
            manager,
        }
    }

    #[test]
    fn changes_are_described_with_their_manager() {
        let text = described(&[change(".spec.replicas", json!(5))]);
        assert_eq!(text, "changed: .spec.replicas from 2 to 5 by \"kubectl-edit\"");
        let long = described(&[change(".spec.a", json!({"b": "x".repeat(100)}))]);
        assert!(long.contains("from 2 to …"), "{long}");
        let many = described(&vec![change(".spec.replicas", json!(5)); 50]);
        assert_eq!(many.chars().count(), CHANGE_LIMIT + 1);
    }

    fn config(manifests: Tf<String>) -> Manifests {
        Manifests { manifests, ..Manifests::empty() }
    }

    #[test]
    fn problems_of_the_text_are_found_before_the_plan() {
        let mut found = Diagnostics::new();
        KubernetesManifests.validate(&config("kind: A".into()), &mut found);
        assert!(found.has_errors() && found.to_string().contains("(manifests)"), "{found}");
        let mut found = Diagnostics::new();
        KubernetesManifests.validate(&config(Tf::Unknown), &mut found);
        assert!(found.is_empty());
    }

    #[test]
    fn a_secret_in_the_state_is_warned_of() {
        let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData: {a: b}\n";
        let mut found = Diagnostics::new();
        KubernetesManifests.validate(&config(secret.into()), &mut found);
        assert!(!found.has_errors() && found.to_string().contains("manifests_wo"), "{found}");
        let mut found = Diagnostics::new();
        let unstored = Manifests { manifests_wo: secret.into(), ..Manifests::empty() };
        KubernetesManifests.validate(&unstored, &mut found);
        assert!(found.is_empty(), "{found}");
    }
}
