//! `crossmesh_kubernetes_manifests`: the objects of a YAML text in a cluster.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;
use tfsdk::{
    Diagnostic, Diagnostics, Model,
    engine::{Change, Operation, Resource},
    schema::validators,
    value::{Path, Tf},
};

use super::{
    adoption, changes::Changes, documents::Documents, ledger::Ledger, records::Records,
    rollout::Rollout, shown::Shown,
};
use crate::{
    cluster::{ApplyOptions, Document, FIELD_MANAGER, ObjectRef, ReadyRule, owned_digest},
    services::{Client, Cx, InCluster, PlanCx, Site, WaitFor, diagnostic::Doing, notes::Notes},
};

/// Note: the objects were imported and not read yet.
const IMPORTED: &str = "imported";

/// How many keys are named where one is not among them.
const SHOWN_KEYS: usize = 20;

/// What asks whether a cluster can be reached.
const REACH: &str = "reach the cluster";

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
    /// text stays in the state as it is: use `manifests_wo` for Secrets. Plans do
    /// not show it; `objects` shows what changes.
    #[attr(optional, sensitive)]
    pub manifests: Tf<String>,

    /// The same for a text that is never stored, neither in the plan nor in the
    /// state: for Secrets, and with ephemeral values. Needs Terraform 1.11. Which
    /// objects change in it is found by digests beside the state.
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

    /// What else to wait for, after every apply, by the keys of `objects`: an
    /// object's own conditions and fields.
    #[attr(optional)]
    pub wait_for: Tf<BTreeMap<String, WaitFor>>,

    /// Each object as JSON by `apiVersion/kind/namespace/name`, known at plan, so
    /// that the plan shows what changes. Data of Secrets is masked, and numbered
    /// when it changes; of `manifests_wo` nothing but that number is there. An
    /// object that others changed is shown as the cluster has it; one that they
    /// deleted is missing.
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
        config.check_waits(diagnostics);
    }

    async fn plan(&self, cx: &PlanCx, change: &mut Change<Manifests>) -> Result<(), Diagnostics> {
        InCluster::plan(cx, change, |model| &mut model.place).await?;
        let Some(documents) = change.config.documents()? else {
            change.planned.objects = Tf::Unknown;
            return Ok(());
        };
        let records = Records::of(&Notes::read(cx.private()));
        let write_only = !change.config.manifests_wo.is_null();
        let before = change.prior.as_ref().and_then(|prior| Some((prior, prior.stored()?)));
        let shown = match before {
            Some((prior, stored)) if documents.means_the_same_as(&stored) => {
                // Only the spelling differs, which is no change.
                if change.config.manifests.is_known() {
                    change.planned.manifests = prior.manifests.clone();
                }
                Shown::of(&stored, write_only, &records)
            }
            _ => Shown::of(&documents, write_only, &records),
        };
        change.planned.objects = Tf::Known(shown.texts);
        if change.is_create() {
            change.planned.id = change.planned.id_of(&documents);
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx, mut plan: Manifests) -> Result<Manifests, Diagnostics> {
        let documents = plan.documents()?.unwrap_or_default();
        let site = plan.place.open_for_create(cx).await?;
        plan.id = plan.id_of(&documents);
        let rollout = plan.rollout(cx, &site, None);
        let all: Vec<&Document> = documents.iter().collect();
        let mut ledger = plan.ledger(cx, BTreeMap::new(), &documents);
        rollout
            .apply(&all, |_| false, |document, applied| ledger.applied(document, applied))
            .await?;
        rollout.wait_ready(plan.waits(&documents, &all)).await?;
        Ok(ledger.state())
    }

    async fn read(&self, cx: &Cx, mut state: Manifests) -> Result<Option<Manifests>, Diagnostics> {
        let site = state.place.open(cx).await?;
        let before = state.objects.known().cloned().unwrap_or_default();
        let keys: Vec<String> = before.keys().cloned().collect();
        let found = state.rollout(cx, &site, None).read(&keys).await?;
        if found.is_empty() && !keys.is_empty() {
            return Ok(None);
        }
        let mut records = Records::open(cx);
        found.iter().for_each(|(key, object)| records.see(key, object));
        if Notes::of(cx).get::<bool>(IMPORTED).unwrap_or_default() {
            Notes::remove(cx, IMPORTED);
            state.adopt(&keys, &found, &mut records)?;
        } else {
            let stored = state.stored();
            let mut changes = Changes::new(stored.as_ref(), &records, state.field_manager.text());
            let seen = found.iter().map(|(key, object)| (key.clone(), changes.show(key, object)));
            state.objects = Tf::Known(seen.collect());
            changes.warn(cx, state.force_conflicts.or_default());
        }
        records.write(cx);
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
        let former = Some(prior.field_manager.text()).filter(|it| *it != plan.field_manager.text());
        let rollout = plan.rollout(cx, &site, former);
        let mut ledger = plan.ledger(cx, before.clone(), &documents);
        let wanted = ledger.wanted().clone();
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
        let known = |key: &str| before.contains_key(key);
        let applied = |document: &Document, applied: &_| ledger.applied(document, applied);
        rollout.apply(&changed, known, applied).await?;
        let left = before.keys().filter(|key| !wanted.contains_key(*key)).cloned().collect();
        let (renamed, left) = documents.renamed(left);
        renamed.iter().for_each(|key| ledger.gone(key));
        let left = ledger.with_uids(left);
        rollout.delete(&left, |key| ledger.gone(key)).await?;
        rollout.wait_ready(plan.waits(&documents, &changed)).await?;
        Ok(Manifests { objects: Tf::Known(wanted), ..plan })
    }

    async fn delete(&self, cx: &Cx, state: Manifests) -> Result<(), Diagnostics> {
        let site = state.place.open(cx).await?;
        let keys = state.objects.known().into_iter().flatten().map(|it| it.0.clone()).collect();
        let rollout = state.rollout(cx, &site, None);
        let mut ledger = Ledger::new(cx, state, Records::open(cx), Shown::default());
        let objects = ledger.with_uids(keys);
        rollout.delete(&objects, |key| ledger.gone(key)).await
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

    /// The books of an operation that finds `objects` there.
    fn ledger<'a>(
        &self,
        cx: &'a Cx,
        objects: BTreeMap<String, String>,
        documents: &Documents,
    ) -> Ledger<'a> {
        let records = Records::open(cx);
        let mut wanted = Shown::of(documents, !self.manifests_wo.is_null(), &records);
        if let Tf::Known(planned) = &self.objects {
            wanted.texts.clone_from(planned);
        }
        let state = Self { objects: Tf::Known(objects), ..self.clone() };
        Ledger::new(cx, state, records, wanted)
    }

    /// What to wait for: the kinds' own readiness of what was applied, and what
    /// was asked for.
    fn waits<'a>(
        &self,
        documents: &'a Documents,
        applied: &[&'a Document],
    ) -> Vec<(&'a Document, ReadyRule)> {
        let by_kind = applied.iter().filter(|_| self.wait.or_default());
        let by_kind = by_kind.map(|document| (*document, ReadyRule::ByKind));
        let asked = self.wait_for.known().into_iter().flatten();
        let asked = asked.filter_map(|(key, it)| Some((documents.get(key)?, it.rule())));
        by_kind.chain(asked).collect()
    }

    /// Refuses waits for objects that the text does not have.
    fn check_waits(&self, diagnostics: &mut Diagnostics) {
        let Ok(Some(documents)) = self.documents() else { return };
        for key in self.wait_for.known().into_iter().flatten().map(|(key, _)| key) {
            if documents.get(key).is_none() {
                let keys = documents.iter().map(|it| format!("\n  {}", it.reference));
                diagnostics.error_at(
                    Path::from("wait_for").key(key),
                    "No such object",
                    format!(
                        "The text has no object {key:?}. Its first objects are:\n{}",
                        keys.take(SHOWN_KEYS).collect::<String>()
                    ),
                );
            }
        }
    }

    /// Makes a text of objects that were imported.
    fn adopt(
        &mut self,
        keys: &[String],
        found: &BTreeMap<String, Value>,
        records: &mut Records,
    ) -> Result<(), Diagnostics> {
        let mut steps = Documents::in_reverse(keys.iter());
        steps.reverse();
        let objects = steps.iter().flatten().filter_map(|object| found.get(&object.to_string()));
        let text = adoption::text_of(objects, self.field_manager.text());
        let documents = Documents::parse(&text, "manifests")?;
        let shown = Shown::of(&documents, false, records);
        for (key, hidden) in &shown.hidden {
            let owned = found.get(key).and_then(|it| owned_digest(it, self.field_manager.text()));
            records.accept(key, owned, hidden);
        }
        self.objects = Tf::Known(shown.texts);
        self.manifests = text.into();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
