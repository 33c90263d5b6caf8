//! Emptying a part of an object, which a server-side apply cannot always do.
//!
//! Where a manifest has an empty map or list in place of one with fields of ours,
//! most API servers (Kubernetes before 1.36) leave a null there, which they then
//! refuse for custom resources. What we own alone is removed by a merge patch
//! then, and the apply made again.

use http::Method;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::{
    client::{Cluster, Request},
    error::{Context, Error, ErrorKind, Result},
    fields::{FieldPath, Step},
    object::ObjectRef,
    owned,
};

const MERGE_PATCH: &str = "application/merge-patch+json";

impl Cluster {
    /// Empties what an apply of `intent` as `manager` failed to empty, as its
    /// `error` says. Returns whether anything was done, so that the apply may
    /// succeed now.
    pub(super) async fn clear(
        &self,
        context: &Context,
        intent: &Value,
        object: &ObjectRef,
        manager: &str,
        error: &Error,
    ) -> Result<bool> {
        let paths = nulls(error);
        if paths.is_empty() {
            return Ok(false);
        }
        let located = self.locate(context, object).await?;
        let Some(live) = self.get_once(context.verb, &located.object).await? else {
            return Ok(false);
        };
        let mut patch = json!({});
        for path in paths {
            let Some(emptied) = emptied(path, intent, &live, manager) else { return Ok(false) };
            put(&mut patch, path, emptied);
        }
        patch["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"].clone();
        let manager = utf8_percent_encode(manager, NON_ALPHANUMERIC);
        let path = format!("{}?fieldManager={manager}", located.path);
        self.call(Request::send(context.clone(), Method::PATCH, path, MERGE_PATCH, &patch)).await?;
        Ok(true)
    }
}

/// Where the server found a null in place of a map or a list.
fn nulls(error: &Error) -> Vec<&FieldPath> {
    let ErrorKind::Invalid { causes } = error.kind() else { return Vec::new() };
    let is_null = |message: &str| {
        message.contains("must be of type object: \"null\"")
            || message.contains("must be of type array: \"null\"")
    };
    causes.iter().filter(|cause| is_null(&cause.message)).map(|cause| &cause.field).collect()
}

/// The merge patch for the part at `path`, which takes out what `manager` owns
/// alone. `None` if the manifest does not want it empty or a patch cannot do it.
fn emptied(path: &FieldPath, intent: &Value, live: &Value, manager: &str) -> Option<Value> {
    let ours = owned::fields_of(live, manager)?;
    let is_ours =
        |path: &FieldPath| ours.covers(path) && owned::other_manager(live, path, manager).is_none();
    match (at(intent, path)?, at(live, path)?) {
        (Value::Object(wanted), Value::Object(fields)) if wanted.is_empty() => {
            let removed = fields.keys().filter(|name| is_ours(&path.field(name)));
            Some(removed.map(|name| (name.clone(), Value::Null)).collect::<Map<_, _>>().into())
        }
        (Value::Array(wanted), Value::Array(_)) if wanted.is_empty() && is_ours(path) => {
            Some(json!([]))
        }
        _ => None,
    }
}

/// The value at a path through maps.
fn at<'a>(value: &'a Value, path: &FieldPath) -> Option<&'a Value> {
    path.steps().iter().try_fold(value, |value, step| match step {
        Step::Field(name) => value.get(name),
        _ => None,
    })
}

/// Sets the value at a path through maps, which are made.
fn put(object: &mut Value, path: &FieldPath, value: Value) {
    let place = path.steps().iter().fold(object, |place, step| match step {
        Step::Field(name) => &mut place[name.as_str()],
        _ => place,
    });
    *place = value;
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cluster::{
        ApplyOptions, Patience,
        canned::{calls, cluster, json_reply, refusal},
    };

    fn gateway(spec: Value) -> Value {
        json!({"apiVersion": "networking.istio.io/v1", "kind": "Gateway",
            "metadata": {"name": "a", "namespace": "shop"}, "spec": spec})
    }

    fn live() -> Value {
        let mut live = gateway(json!({"servers": [], "selector": {"a": "b"}, "theirs": 1}));
        live["metadata"]["resourceVersion"] = "7".into();
        live["metadata"]["managedFields"] = json!([
            {"manager": "crossmesh", "operation": "Apply", "time": "1",
                "fieldsV1": {"f:spec": {"f:servers": {}, "f:selector": {"f:a": {}}}}},
            {"manager": "kubectl", "operation": "Update", "time": "2",
                "fieldsV1": {"f:spec": {"f:theirs": {}}}},
        ]);
        live
    }

    #[tokio::test]
    async fn what_is_ours_is_taken_out_and_the_apply_made_again() {
        let mut refused = false;
        let (cluster, log) = cluster(move |seen| match seen.content_type.as_str() {
            "" => seen.path.ends_with("/a").then(|| json_reply(200, &live())),
            MERGE_PATCH => Some(json_reply(200, &gateway(json!({})))),
            _ if std::mem::replace(&mut refused, true) => {
                Some(json_reply(200, &gateway(json!({}))))
            }
            _ => Some(refusal(
                422,
                "Invalid",
                json!({"causes": [{"field": "spec", "message":
                "Invalid value: \"null\": spec in body must be of type object: \"null\""}]}),
            )),
        });
        let patience = Patience::within(Duration::ZERO);
        cluster.apply(&gateway(json!({})), &ApplyOptions::default(), patience).await.unwrap();
        let path = "/apis/networking.istio.io/v1/namespaces/shop/gateways/a";
        let expected = ["PATCH", "GET", "PATCH", "PATCH"].map(|method| format!("{method} {path}"));
        assert_eq!(calls(&log), expected);
        let patch = log.lock().unwrap()[2].clone();
        assert_eq!(patch.query, "fieldManager=crossmesh");
        assert_eq!(
            patch.body,
            json!({"metadata": {"resourceVersion": "7"}, "spec": {"servers": null, "selector": null}})
        );
    }

    #[test]
    fn only_what_is_wanted_empty_is_emptied() {
        let path = FieldPath::parse("spec");
        assert_eq!(emptied(&path, &gateway(json!({"servers": []})), &live(), "crossmesh"), None);
        assert_eq!(emptied(&path, &gateway(json!({})), &live(), "another"), None);
        let list = FieldPath::parse("spec.servers");
        let wanted = gateway(json!({"servers": []}));
        assert_eq!(emptied(&list, &wanted, &live(), "crossmesh"), Some(json!([])));
    }
}
