//! Server-side apply.

use http::{Method, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{
    client::{Cluster, Request},
    error::{Context, ErrorKind, Result, Verb},
    intent::intent,
    object::ObjectRef,
    owned,
    read::Located,
    retry::{Pacer, Patience},
};

/// The field manager under which everything is applied unless the user names
/// another: one name for all runs, or else fields of earlier runs stay owned.
pub const FIELD_MANAGER: &str = "crossmesh";

const APPLY_PATCH: &str = "application/apply-patch+yaml";

/// How to apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApplyOptions {
    /// Name that the fields are owned under.
    pub manager: String,
    /// Takes over fields that others own with other values, and adopts an
    /// object that exists.
    pub force: bool,
    /// Refuses an object that exists and that `manager` never applied.
    pub create_only: bool,
    /// `metadata.resourceVersion` from before, if known: tells
    /// [`Outcome::Unchanged`] from [`Outcome::Updated`].
    pub known_version: Option<String>,
}

impl Default for ApplyOptions {
    /// As [`FIELD_MANAGER`], without force, over whatever is there.
    fn default() -> Self {
        Self {
            manager: FIELD_MANAGER.to_owned(),
            force: false,
            create_only: false,
            known_version: None,
        }
    }
}

/// What an apply did.
#[derive(Clone, Debug, PartialEq)]
pub struct Applied {
    /// The whole object as the server has it now, defaults, status and
    /// managed fields included.
    pub object: Value,
    /// Whether it was created, changed or left alone.
    pub outcome: Outcome,
    /// Warnings of the server (deprecations, policies).
    pub warnings: Vec<String>,
}

/// Effect of an apply on the object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did not exist.
    Created,
    /// It existed; the version before is not known, or another.
    Updated,
    /// It existed and its `resourceVersion` stayed as it was.
    Unchanged,
}

impl Cluster {
    /// Applies a manifest and returns the object.
    ///
    /// Idempotent, so throttling, lost answers and API servers that restart
    /// are waited out within `patience`; so is an older object of the same
    /// name that is still being deleted. See [`intent`] for what is sent.
    ///
    /// Source: `PATCH` with `application/apply-patch+yaml`.
    pub async fn apply(
        &self,
        manifest: &Value,
        options: &ApplyOptions,
        patience: Patience,
    ) -> Result<Applied> {
        self.apply_as(Verb::Apply, manifest, options, patience).await
    }

    /// Applies without storing: the same checks, defaults and conflicts, and
    /// the object as it would be. Its kind and namespace must exist.
    ///
    /// Of an object that would be created, `uid`, times and a Service's
    /// addresses and node ports are made up by the server: plan none of them.
    pub async fn dry_run(
        &self,
        manifest: &Value,
        options: &ApplyOptions,
        patience: Patience,
    ) -> Result<Applied> {
        self.apply_as(Verb::DryRun, manifest, options, patience).await
    }

    async fn apply_as(
        &self,
        verb: Verb,
        manifest: &Value,
        options: &ApplyOptions,
        patience: Patience,
    ) -> Result<Applied> {
        let intent = intent(manifest);
        let object = ObjectRef::of(&intent)
            .map_err(|problem| self.context(verb, None).error(ErrorKind::Malformed, problem))?;
        let context = self.context(verb, Some(&object));
        let _writing = (verb != Verb::DryRun).then(|| self.writing());
        let mut pacer = Pacer::new(patience);
        loop {
            let error = match self.try_apply(&context, &intent, &object, options).await {
                Ok(applied) => return Ok(applied),
                // Another write came in between; nothing of ours depends on what was there.
                Err(error) if error.kind() == &ErrorKind::Stale => error.brief(),
                Err(error) => error,
            };
            if error.kind() == &ErrorKind::KindNotServed {
                self.discovery().forget(&object.api_version);
            }
            pacer.after(error).await?;
        }
    }

    /// Applies; what an apply cannot empty is emptied before a second one.
    async fn try_apply(
        &self,
        context: &Context,
        intent: &Value,
        object: &ObjectRef,
        options: &ApplyOptions,
    ) -> Result<Applied> {
        match self.apply_once(context, intent, object, options).await {
            Err(refused)
                if context.verb == Verb::Apply
                    && self.clear(context, intent, object, &options.manager, &refused).await? =>
            {
                self.apply_once(context, intent, object, options).await
            }
            other => other,
        }
    }

    async fn apply_once(
        &self,
        context: &Context,
        intent: &Value,
        object: &ObjectRef,
        options: &ApplyOptions,
    ) -> Result<Applied> {
        let located = self.locate(context, object).await?;
        let mut known_version = options.known_version.clone();
        if options.create_only {
            let existing = self.get_once(context.verb, &located.object).await?;
            if let Some(existing) = existing {
                refuse_stranger(context, &existing, options)?;
                known_version = known_version.or_else(|| version_of(&existing));
            }
        }
        let answer = self.call(patch(context, intent, &located, options)).await?;
        let applied: Value = answer.json(context)?;
        refuse_terminating(context, &applied)?;
        let outcome = match known_version {
            _ if answer.status == StatusCode::CREATED => Outcome::Created,
            known if known.is_some() && version_of(&applied) == known => Outcome::Unchanged,
            _ => Outcome::Updated,
        };
        Ok(Applied { object: applied, outcome, warnings: answer.warnings })
    }
}

fn patch(context: &Context, intent: &Value, located: &Located, options: &ApplyOptions) -> Request {
    let mut body = intent.clone();
    if let Some(metadata) = body.get_mut("metadata").and_then(Value::as_object_mut) {
        match &located.object.namespace {
            Some(namespace) => metadata.insert("namespace".to_owned(), namespace.clone().into()),
            None => metadata.remove("namespace"),
        };
    }
    let manager = utf8_percent_encode(&options.manager, NON_ALPHANUMERIC);
    let mut path = format!("{}?fieldManager={manager}&fieldValidation=Strict", located.path);
    if options.force {
        path.push_str("&force=true");
    }
    if context.verb == Verb::DryRun {
        path.push_str("&dryRun=All");
    }
    Request::send(context.clone(), Method::PATCH, path, APPLY_PATCH, &body)
}

fn refuse_stranger(context: &Context, existing: &Value, options: &ApplyOptions) -> Result<()> {
    refuse_terminating(context, existing)?;
    if options.force || owned::fields_of(existing, &options.manager).is_some() {
        return Ok(());
    }
    let mut managers: Vec<String> =
        owned::owners(existing).into_iter().map(|owner| owner.manager).collect();
    managers.dedup();
    let by = match managers.as_slice() {
        [] => String::new(),
        names => format!(" (managed by {})", names.join(", ")),
    };
    let message = format!("it exists and was not created by this provider{by}");
    Err(context.error(ErrorKind::Exists { managers }, message))
}

/// An apply to an object in deletion succeeds and is lost with the object.
fn refuse_terminating(context: &Context, object: &Value) -> Result<()> {
    if object.pointer("/metadata/deletionTimestamp").is_none() {
        return Ok(());
    }
    let finalizers = finalizers(object);
    let held = match finalizers.as_slice() {
        [] => String::new(),
        names => format!(", held by the finalizers {}", names.join(", ")),
    };
    let message = format!("an object of this name is still being deleted{held}");
    Err(context.error(ErrorKind::Terminating { finalizers }, message))
}

pub(super) fn finalizers(object: &Value) -> Vec<String> {
    let list = object.pointer("/metadata/finalizers").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|it| it.as_str().map(str::to_owned)).collect()
}

fn version_of(object: &Value) -> Option<String> {
    object.pointer("/metadata/resourceVersion")?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::cluster::{
        canned::{absent, calls, cluster, json_reply, refusal, unknown_path},
        error::Error,
    };

    fn config_map() -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop"},
            "data": {"a": "b"}})
    }

    fn stored(version: &str, manager: &str) -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": "a", "namespace": "shop", "resourceVersion": version, "managedFields": [
                {"manager": manager, "operation": "Apply", "fieldsV1": {"f:data": {"f:a": {}}}}]},
            "data": {"a": "b"}})
    }

    fn create_only() -> ApplyOptions {
        ApplyOptions { create_only: true, ..ApplyOptions::default() }
    }

    fn minute() -> Patience {
        Patience::within(Duration::from_secs(60))
    }

    fn kind(outcome: Result<Applied>) -> ErrorKind {
        outcome.map_err(|error: Error| error.kind().clone()).unwrap_err()
    }

    #[tokio::test]
    async fn an_apply_is_one_patch_with_our_name() {
        let (cluster, log) = cluster(|seen| {
            (seen.method == "PATCH").then(|| {
                (201, vec![("warning", "299 - \"old\"")], stored("1", "crossmesh").to_string())
            })
        });
        let applied =
            cluster.apply(&config_map(), &ApplyOptions::default(), minute()).await.unwrap();
        assert_eq!(applied.outcome, Outcome::Created);
        assert_eq!(applied.warnings, ["old"]);
        let seen = log.lock().unwrap()[0].clone();
        assert_eq!(seen.path, "/api/v1/namespaces/shop/configmaps/a");
        assert_eq!(seen.query, "fieldManager=crossmesh&fieldValidation=Strict");
        assert_eq!(seen.content_type, APPLY_PATCH);
        assert_eq!(seen.body, config_map());
    }

    #[tokio::test]
    async fn an_open_namespace_is_the_cluster_s_default() {
        let (cluster, log) =
            cluster(|_| Some(json_reply(200, &stored("1", "crossmesh"))).filter(|_| false));
        let mut manifest = config_map();
        manifest["metadata"].as_object_mut().unwrap().remove("namespace");
        let outcome = cluster.dry_run(&manifest, &ApplyOptions::default(), minute()).await;
        assert_eq!(kind(outcome), ErrorKind::KindNotServed);
        let seen = log.lock().unwrap()[0].clone();
        assert_eq!(seen.path, "/api/v1/namespaces/default/configmaps/a");
        assert_eq!(seen.body["metadata"]["namespace"], "default");
        assert!(seen.query.ends_with("&dryRun=All"));
    }

    #[tokio::test]
    async fn creation_refuses_an_object_of_somebody_else() {
        let existing = |manager: &'static str| {
            cluster(move |seen| match seen.method.as_str() {
                "GET" if seen.path.ends_with("/a") => Some(json_reply(200, &stored("7", manager))),
                "PATCH" => Some(json_reply(200, &stored("7", "crossmesh"))),
                _ => None,
            })
        };
        let (cluster, log) = existing("kubectl");
        let refused = cluster.apply(&config_map(), &create_only(), minute()).await;
        assert_eq!(kind(refused), ErrorKind::Exists { managers: vec!["kubectl".to_owned()] });
        assert_eq!(calls(&log), ["GET /api/v1/namespaces/shop/configmaps/a"]);
        let forced = ApplyOptions { force: true, ..create_only() };
        let applied = cluster.apply(&config_map(), &forced, minute()).await.unwrap();
        assert_eq!(applied.outcome, Outcome::Unchanged);
        assert!(log.lock().unwrap().last().unwrap().query.ends_with("&force=true"));
        let (cluster, _) = existing("crossmesh");
        assert!(cluster.apply(&config_map(), &create_only(), minute()).await.is_ok());
    }

    #[tokio::test]
    async fn the_version_tells_a_change_from_none() {
        let (cluster, _) = cluster(|seen| {
            (seen.method == "PATCH").then(|| json_reply(200, &stored("7", "crossmesh")))
        });
        for (known, outcome) in [
            (Some("7"), Outcome::Unchanged),
            (Some("6"), Outcome::Updated),
            (None, Outcome::Updated),
        ] {
            let known_version = known.map(str::to_owned);
            let options = ApplyOptions { known_version, ..ApplyOptions::default() };
            let applied = cluster.apply(&config_map(), &options, minute()).await.unwrap();
            assert_eq!(applied.outcome, outcome);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_passes_by_itself_is_waited_out() {
        let mut tries = 0;
        let (cluster, log) = cluster(move |seen| {
            if seen.method != "PATCH" {
                return None;
            }
            tries += 1;
            Some(match tries {
                1 => (429, vec![("retry-after", "5")], "Too many requests".to_owned()),
                2 => (503, vec![], String::new()),
                3 => refusal(500, "InternalError", json!({})),
                4 => refusal(
                    403,
                    "Forbidden",
                    json!({"causes": [{"reason": "NamespaceTerminating"}]}),
                ),
                5 => {
                    let mut dying = stored("1", "x");
                    dying["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
                    json_reply(200, &dying)
                }
                _ => json_reply(201, &stored("1", "crossmesh")),
            })
        });
        let applied =
            cluster.apply(&config_map(), &ApplyOptions::default(), minute()).await.unwrap();
        assert_eq!((applied.outcome, log.lock().unwrap().len()), (Outcome::Created, 6));
    }

    #[tokio::test(start_paused = true)]
    async fn a_definition_that_is_on_its_way_is_waited_for() {
        let manifest =
            json!({"apiVersion": "example.com/v1", "kind": "Thing", "metadata": {"name": "a"}});
        let mut asked = 0;
        let (cluster, _) = cluster(move |seen| {
            if seen.path == "/apis/example.com/v1" {
                asked += 1;
                let kinds = json!({"resources": [{"name": "things", "kind": "Thing", "namespaced": false}]});
                return Some(if asked < 4 { unknown_path() } else { json_reply(200, &kinds) });
            }
            Some(json_reply(201, &json!({"kind": "Thing"}))).filter(|_| seen.method == "PATCH")
        });
        let options = ApplyOptions::default();
        let refused = cluster.apply(&manifest, &options, minute()).await;
        assert_eq!(kind(refused), ErrorKind::KindNotServed);
        let patient = minute().for_kind(Duration::from_secs(30));
        let applied = cluster.apply(&manifest, &options, patient).await.unwrap();
        assert_eq!(applied.outcome, Outcome::Created);
    }

    #[tokio::test(start_paused = true)]
    async fn a_write_of_another_in_between_is_tried_again() {
        let mut tries = 0;
        let (cluster, _) = cluster(move |seen| {
            tries += u32::from(seen.method == "PATCH");
            (seen.method == "PATCH").then(|| match tries {
                1 | 2 => refusal(409, "Conflict", json!({})),
                _ => json_reply(200, &stored("2", "crossmesh")),
            })
        });
        cluster.apply(&config_map(), &ApplyOptions::default(), minute()).await.unwrap();
    }

    #[tokio::test]
    async fn conflicts_and_missing_namespaces_are_final() {
        let conflict = json!({"causes": [{"reason": "FieldManagerConflict", "field": ".data.a",
            "message": "conflict with \"kubectl\""}]});
        let (cluster_a, _) = cluster(move |seen| {
            (seen.method == "PATCH").then(|| refusal(409, "Conflict", conflict.clone()))
        });
        let outcome = cluster_a.apply(&config_map(), &ApplyOptions::default(), minute()).await;
        assert!(matches!(kind(outcome), ErrorKind::Conflict { fields } if fields.len() == 1));
        let (cluster_b, _) =
            cluster(|seen| (seen.method == "PATCH").then(|| absent("namespaces", "shop")));
        let outcome = cluster_b.apply(&config_map(), &ApplyOptions::default(), minute()).await;
        assert_eq!(kind(outcome), ErrorKind::NamespaceMissing { namespace: "shop".to_owned() });
    }
}
