//! Reading objects, and telling "gone" from "cannot be seen now".

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde_json::Value;

use super::{
    client::{Cluster, Request},
    discovery::ServedKind,
    error::{Context, Error, ErrorKind, Result, Verb},
    object::ObjectRef,
    retry::{Pacer, Patience},
};

/// Objects per page of a list.
const PAGE: u32 = 500;

/// A list of more pages than this is a server that does not end.
const MOST_PAGES: usize = 2000;

/// A list that expired half-way is begun again this often.
const RESTARTS: usize = 3;

/// Media type that asks for names instead of whole objects.
const NAMES_ONLY: &str =
    "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";

/// Which objects to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selection<'a> {
    /// `v1` or `group/version`.
    pub api_version: &'a str,
    /// Kind of the objects.
    pub kind: &'a str,
    /// Namespace; all namespaces if `None`.
    pub namespace: Option<&'a str>,
    /// Label selector such as `app=web,tier!=db`.
    pub labels: Option<&'a str>,
}

/// Where an object is, after what it left open was asked of the cluster.
pub(super) struct Located {
    pub(super) object: ObjectRef,
    pub(super) path: String,
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    metadata: PageMetadata,
    #[serde(default)]
    items: Option<Vec<Value>>,
}

#[derive(Default, Deserialize)]
struct PageMetadata {
    #[serde(default, rename = "continue")]
    next: String,
}

impl Cluster {
    /// Reads an object; `None` means that it does not exist.
    ///
    /// An object whose definition was removed does not exist either. A
    /// definition that exists but is not served at the moment is
    /// [`ErrorKind::KindNotServed`], never `None`.
    pub async fn get(&self, object: &ObjectRef, patience: Patience) -> Result<Option<Value>> {
        let mut pacer = Pacer::new(patience);
        loop {
            match self.get_once(Verb::Get, object).await {
                Ok(found) => return Ok(found),
                Err(error) => pacer.after(error).await?,
            }
        }
    }

    /// Reads all objects of a selection, page by page; each carries its
    /// `apiVersion` and `kind`. Empty if the kind's definition was removed.
    pub async fn list(&self, selection: Selection<'_>, patience: Patience) -> Result<Vec<Value>> {
        let mut pacer = Pacer::new(patience);
        loop {
            match self.list_once(selection).await {
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

    async fn list_once(&self, selection: Selection<'_>) -> Result<Vec<Value>> {
        let Selection { api_version, kind, namespace, .. } = selection;
        let about = ObjectRef::new(api_version, kind, namespace, "*");
        let context = self.context(Verb::List, Some(&about));
        let mut restarts = 0;
        loop {
            match self.list_from_start(&context, &about, selection).await {
                Err(error) if error.kind() == &ErrorKind::Expired && restarts < RESTARTS => {
                    restarts += 1;
                }
                Err(error) if error.kind() == &ErrorKind::KindNotServed => {
                    return self.unless_defined(error, &about).await.map(|()| Vec::new());
                }
                other => return other,
            }
        }
    }

    async fn list_from_start(
        &self,
        context: &Context,
        about: &ObjectRef,
        selection: Selection<'_>,
    ) -> Result<Vec<Value>> {
        let served = self.served(about).await?;
        let mut base = format!("{}?limit={PAGE}", served.path(selection.namespace, None));
        if let Some(labels) = selection.labels {
            base.push_str("&labelSelector=");
            base.extend(utf8_percent_encode(labels, NON_ALPHANUMERIC));
        }
        let mut found = Vec::new();
        let mut next = String::new();
        for _ in 0..MOST_PAGES {
            let mut path = base.clone();
            if !next.is_empty() {
                path.push_str("&continue=");
                path.extend(utf8_percent_encode(&next, NON_ALPHANUMERIC));
            }
            let answer = self.call(Request::get(context.clone(), path)).await?;
            let page: Page = answer.json(context)?;
            found.extend(page.items.into_iter().flatten().map(|item| named(item, &served)));
            next = page.metadata.next;
            if next.is_empty() {
                return Ok(found);
            }
        }
        Err(context.error(ErrorKind::Malformed, "the list does not end"))
    }

    /// `Ok` if the kind of `object` is really gone; else the error back.
    ///
    /// Kinds of Kubernetes' own groups cannot be removed. For others, the
    /// definitions of the group say whether the kind exists but is not served
    /// at the moment (not established yet, another version). Whoever may not
    /// see definitions has to believe discovery.
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
            Err(denied) if denied.kind() == &ErrorKind::Forbidden => return Ok(()),
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
                return Err(error);
            }
        }
        Ok(())
    }
}

/// Items of a typed list come without their kind.
fn named(mut item: Value, served: &ServedKind) -> Value {
    if let Value::Object(fields) = &mut item {
        fields.entry("apiVersion").or_insert_with(|| served.api_version.clone().into());
        fields.entry("kind").or_insert_with(|| served.kind.clone().into());
    }
    item
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::cluster::canned::{absent, calls, cluster, json_reply, refusal, unknown_path};

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

    #[tokio::test]
    async fn a_built_in_kind_is_never_gone() {
        let (cluster, _) = cluster(|seen| (seen.path == "/apis/apps/v1").then(unknown_path));
        let object: ObjectRef = "apps/v1/Deployment/shop/a".parse().unwrap();
        let error = cluster.get(&object, at_once()).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::KindNotServed);
    }

    #[tokio::test]
    async fn lists_are_read_to_the_end_and_begun_again_when_they_expire() {
        let mut expired = false;
        let (cluster, log) = cluster(move |seen| {
            if !seen.path.ends_with("/configmaps") {
                return None;
            }
            let next = seen.query.split("&continue=").nth(1).unwrap_or("");
            Some(match next {
                "" => json_reply(
                    200,
                    &json!({"metadata": {"continue": "a b"}, "items": [{"metadata": {"name": "1"}}]}),
                ),
                _ if !std::mem::replace(&mut expired, true) => refusal(410, "Expired", json!({})),
                _ => json_reply(
                    200,
                    &json!({"metadata": {}, "items": [{"metadata": {"name": "2"}}]}),
                ),
            })
        });
        let selection = Selection {
            api_version: "v1",
            kind: "ConfigMap",
            namespace: Some("shop"),
            labels: Some("app=web"),
        };
        let found = cluster.list(selection, at_once()).await.unwrap();
        assert_eq!(
            found[1],
            json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "2"}})
        );
        let log = log.lock().unwrap();
        assert_eq!((found.len(), log.len()), (2, 4));
        assert_eq!(log[1].query, "limit=500&labelSelector=app%3Dweb&continue=a%20b");
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
