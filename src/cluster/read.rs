//! Reading objects, and telling "gone" from "cannot be seen now".

use serde_json::Value;

use super::{
    client::{Cluster, Request},
    error::{Context, Error, ErrorKind, Result, Verb},
    list::Page,
    object::ObjectRef,
    retry::{Pacer, Patience},
};

/// Media type that asks for names instead of whole objects.
const NAMES_ONLY: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/// Where an object is, after what it left open was asked of the cluster.
pub(super) struct Located {
    pub(super) object: ObjectRef,
    pub(super) path: String,
}

impl Cluster {
    /// Reads an object; `None` means that it does not exist.
    ///
    /// An object whose definition was removed does not exist either. A
    /// definition that exists but is not served at the moment is
    /// [`ErrorKind::KindNotServed`], never `None`.
    pub async fn get(&self, object: &ObjectRef, patience: Patience) -> Result<Option<Value>> {
        let context = self.context(Verb::Get, Some(object));
        let mut pacer = Pacer::for_cluster(self, &context, patience)?;
        loop {
            match self.get_once(Verb::Get, object).await {
                Ok(found) => return Ok(found),
                Err(error) => pacer.after(error).await?,
            }
        }
    }

    pub(super) async fn get_once(&self, verb: Verb, object: &ObjectRef) -> Result<Option<Value>> {
        let context = self.context(verb, Some(object));
        match self.get_located(&context, object).await {
            Ok(found) => Ok(Some(found)),
            Err(error) => match error.kind() {
                ErrorKind::NotFound | ErrorKind::NamespaceMissing { .. } => Ok(None),
                ErrorKind::KindNotServed => self.unless_defined(error, object).await.map(|()| None),
                _ => Err(error),
            },
        }
    }

    async fn get_located(&self, context: &Context, object: &ObjectRef) -> Result<Value> {
        let located = self.locate(context, object).await?;
        let answer = self.call(Request::get(context.clone(), located.path)).await?;
        answer.json(context)
    }

    /// Finds the URL of an object: plural and scope from discovery, the
    /// namespace from the cluster's default if the object leaves it open.
    pub(super) async fn locate(&self, context: &Context, object: &ObjectRef) -> Result<Located> {
        let served = self.served(object).await?;
        let namespace = match (&object.namespace, served.namespaced) {
            (_, false) => None,
            (Some(namespace), true) => Some(namespace.clone()),
            (None, true) => Some(self.default_namespace_of(context).await?),
        };
        let path = served.path(namespace.as_deref(), Some(&object.name));
        Ok(Located { object: object.in_namespace(namespace.as_deref()), path })
    }

    /// `Ok` if the kind of `object` is really gone; else the error back.
    ///
    /// Kinds of Kubernetes' own groups cannot be removed. For others, the
    /// definitions of the group say whether the kind exists but is not served
    /// at the moment (not established yet, another version, an API server that
    /// is starting), which may pass.
    pub(super) async fn unless_defined(&self, error: Error, object: &ObjectRef) -> Result<()> {
        self.discovery().forget(&object.api_version);
        let group = object.group();
        if !group.contains('.') {
            return Err(error);
        }
        let context = self.context(error.verb(), Some(object));
        let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        let request = Request::get(context.clone(), definitions.to_owned()).accepting(NAMES_ONLY);
        let names: Page = match self.call(request).await {
            Ok(answer) => answer.json(&context)?,
            Err(denied) if denied.kind() == &ErrorKind::Forbidden => {
                return Err(error.with_next_step(
                    "Whether it was removed cannot be told without the right to list \
                     customresourcedefinitions: grant it, or drop the object from the state if \
                     its kind is gone for good.",
                ));
            }
            Err(other) if other.kind() == &ErrorKind::KindNotServed => {
                return Err(error.passing());
            }
            Err(other) => return Err(other),
        };
        let suffix = format!(".{group}");
        for item in names.items.iter().flatten() {
            let name = item.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("");
            if !name.ends_with(&suffix) {
                continue;
            }
            let request = Request::get(context.clone(), format!("{definitions}/{name}"));
            let definition: Value = match self.call(request).await {
                Ok(answer) => answer.json(&context)?,
                Err(gone) if gone.kind() == &ErrorKind::NotFound => continue,
                Err(other) => return Err(other),
            };
            if definition.pointer("/spec/names/kind").and_then(Value::as_str) == Some(&object.kind)
            {
                return Err(error.passing());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::cluster::{
        canned::{absent, calls, cluster, json_reply, refusal, unknown_path},
        list::Selection,
    };

    fn at_once() -> Patience {
        Patience::within(Duration::ZERO)
    }

    fn thing() -> ObjectRef {
        "example.com/v1/Thing/shop/a".parse().unwrap()
    }

    #[tokio::test]
    async fn an_absent_object_is_none_and_a_forbidden_one_an_error() {
        let object: ObjectRef = "v1/ConfigMap/shop/a".parse().unwrap();
        for reply in [absent("configmaps", "a"), absent("namespaces", "shop")] {
            let (cluster, _) =
                cluster(move |seen| seen.path.ends_with("/a").then(|| reply.clone()));
            assert_eq!(cluster.get(&object, at_once()).await.unwrap(), None);
        }
        let (cluster, _) =
            cluster(|seen| seen.path.ends_with("/a").then(|| refusal(403, "Forbidden", json!({}))));
        let error = cluster.get(&object, at_once()).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Forbidden);
    }

    #[tokio::test]
    async fn discovery_is_asked_once_and_again_after_a_miss() {
        let asked = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
        let count = asked.clone();
        let (cluster, _) = cluster(move |seen| {
            if seen.path == "/api/v1" {
                count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                return None;
            }
            Some(json_reply(200, &json!({"kind": "ConfigMap"})))
        });
        let object: ObjectRef = "v1/ConfigMap/shop/a".parse().unwrap();
        let reads = (0..8).map(|_| cluster.get(&object, at_once()));
        assert!(futures::future::join_all(reads).await.iter().all(Result::is_ok));
        assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 1);
        let missing: ObjectRef = "v1/Unknown/shop/a".parse().unwrap();
        for _ in 0..2 {
            let error = cluster.get(&missing, at_once()).await.unwrap_err();
            assert_eq!(error.kind(), &ErrorKind::KindNotServed);
        }
        assert_eq!(asked.load(std::sync::atomic::Ordering::Relaxed), 3);
    }

    #[tokio::test]
    async fn objects_of_a_removed_definition_are_gone() {
        let (cluster, log) = cluster(|seen| {
            let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
            (seen.path == definitions).then(|| {
                json_reply(
                    200,
                    &json!({"items": [
                {"metadata": {"name": "others.other.com"}}]}),
                )
            })
        });
        assert_eq!(cluster.get(&thing(), at_once()).await.unwrap(), None);
        let selection = Selection {
            api_version: "example.com/v1",
            kind: "Thing",
            namespace: None,
            labels: None,
        };
        assert_eq!(cluster.list(selection, at_once()).await.unwrap(), Vec::<Value>::new());
        assert_eq!(calls(&log).len(), 4);
    }

    #[tokio::test]
    async fn a_definition_that_is_there_but_not_served_is_an_error() {
        let (cluster, _) = cluster(|seen| {
            let root = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
            match seen.path.strip_prefix(root)? {
                "" => Some(json_reply(
                    200,
                    &json!({"items": [{"metadata": {"name": "things.example.com"}}]}),
                )),
                _ => Some(json_reply(200, &json!({"spec": {"names": {"kind": "Thing"}}}))),
            }
        });
        let error = cluster.get(&thing(), at_once()).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::KindNotServed);
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_loads_its_definitions_is_waited_for() {
        let mut asked = 0;
        let (cluster, _) = cluster(move |seen| {
            let definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
            if let Some(name) = seen.path.strip_prefix(definitions) {
                let name_only = json!({"metadata": {"name": "things.example.com"}});
                return Some(match (asked, name) {
                    (1, _) => unknown_path(),
                    (_, "") => json_reply(200, &json!({"items": [name_only]})),
                    _ => json_reply(200, &json!({"spec": {"names": {"kind": "Thing"}}})),
                });
            }
            if seen.path == "/apis/example.com/v1" {
                asked += 1;
                let kinds = json!({"resources": [
                    {"name": "things", "kind": "Thing", "namespaced": true}]});
                return (asked > 3).then(|| json_reply(200, &kinds));
            }
            seen.path.ends_with("/a").then(|| json_reply(200, &json!({"kind": "Thing"})))
        });
        let patience = Patience::within(Duration::from_secs(30));
        assert_eq!(cluster.get(&thing(), patience).await.unwrap(), Some(json!({"kind": "Thing"})));
    }

    #[tokio::test]
    async fn who_may_not_see_definitions_cannot_tell_that_a_kind_is_gone() {
        let (cluster, _) = cluster(|seen| {
            seen.path.contains("customresource").then(|| refusal(403, "Forbidden", json!({})))
        });
        let error = cluster.get(&thing(), at_once()).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::KindNotServed);
        assert!(error.next_step().contains("customresourcedefinitions"));
    }

    #[tokio::test]
    async fn a_built_in_kind_is_never_gone() {
        let (cluster, _) = cluster(|seen| (seen.path == "/apis/apps/v1").then(unknown_path));
        let object: ObjectRef = "apps/v1/Deployment/shop/a".parse().unwrap();
        let error = cluster.get(&object, at_once()).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::KindNotServed);
    }

    #[tokio::test]
    async fn a_version_that_was_read_for_another_kind_is_not_preferred() {
        let asked = std::sync::Arc::new(std::sync::atomic::AtomicU32::new(0));
        let count = asked.clone();
        let (cluster, _) = cluster(move |seen| {
            let resources = json!({"resources": [
                {"name": "envoyfilters", "kind": "EnvoyFilter", "namespaced": true},
                {"name": "gateways", "kind": "Gateway", "namespaced": true}]});
            count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            match seen.path.as_str() {
                "/apis/networking.istio.io" => {
                    let versions = json!([{"version": "v1"}, {"version": "v1alpha3"}]);
                    Some(json_reply(200, &json!({"versions": versions})))
                }
                "/apis/networking.istio.io/v1alpha3" => Some(json_reply(200, &resources)),
                _ => None,
            }
        });
        let group = "networking.istio.io";
        let versions = ["v1", "v1beta1", "v1alpha3"];
        cluster.preferred_version(group, "EnvoyFilter", &["v1alpha3"], at_once()).await.unwrap();
        for _ in 0..2 {
            let gateway =
                cluster.preferred_version(group, "Gateway", &versions, at_once()).await.unwrap();
            assert_eq!(gateway.api_version, "networking.istio.io/v1");
        }
        let asked = asked.load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!(asked, 4, "the group twice and each version once");
    }

    #[tokio::test]
    async fn the_first_version_that_serves_the_kind_is_preferred() {
        let (cluster, _) = cluster(|seen| match seen.path.as_str() {
            "/apis/networking.istio.io" => Some(json_reply(
                200,
                &json!({"versions": [
                {"version": "v1"}, {"version": "v1alpha3"}]}),
            )),
            "/apis/networking.istio.io/v1alpha3" => Some(json_reply(
                200,
                &json!({"resources": [
                {"name": "envoyfilters", "kind": "EnvoyFilter", "namespaced": true}]}),
            )),
            _ => None,
        });
        let versions = ["v1", "v1beta1", "v1alpha3"];
        let group = "networking.istio.io";
        let gateway =
            cluster.preferred_version(group, "Gateway", &versions, at_once()).await.unwrap();
        assert_eq!(gateway.api_version, "networking.istio.io/v1");
        let filter =
            cluster.preferred_version(group, "EnvoyFilter", &versions, at_once()).await.unwrap();
        assert_eq!(filter.api_version, "networking.istio.io/v1alpha3");
        let error =
            cluster.preferred_version(group, "Sidecar", &versions, at_once()).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::KindNotServed);
        let error =
            cluster.preferred_version("example.com", "X", &["v1"], at_once()).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::KindNotServed);
    }

    #[tokio::test(start_paused = true)]
    async fn answers_that_are_no_json_are_said_without_quoting_them() {
        let (cluster, _) = cluster(|seen| {
            seen.path.ends_with("/a").then(|| (200, Vec::new(), "{\"data\": hunter2".to_owned()))
        });
        let object: ObjectRef = "v1/ConfigMap/shop/a".parse().unwrap();
        let error = cluster.get(&object, at_once()).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::Malformed);
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
