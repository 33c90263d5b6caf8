//! Deleting objects, until they are gone.

use http::Method;
use serde_json::{Map, Value, json};

use super::{
    apply::finalizers,
    client::{Cluster, Request},
    error::{Context, Error, ErrorKind, Result, Verb},
    object::ObjectRef,
    retry::{Pacer, Patience},
};

/// How to delete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeleteOptions {
    /// `metadata.uid` of the object that is meant; one that was created anew
    /// under the same name is left alone.
    pub uid: Option<String>,
    /// What becomes of its dependents; the kind's default if `None`.
    pub propagation: Option<Propagation>,
}

/// What becomes of the objects that an object owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// Deleted after it.
    Background,
    /// Deleted before it.
    Foreground,
    /// Kept.
    Orphan,
}

impl Cluster {
    /// Deletes an object and waits until it is gone.
    ///
    /// An object that does not exist, that another took the place of, or whose
    /// definition was removed, counts as deleted. If finalizers hold it longer
    /// than `patience`, fails with [`ErrorKind::Terminating`] and their names.
    ///
    /// Source: `DELETE` with `DeleteOptions`, then `GET`.
    pub async fn delete(
        &self,
        object: &ObjectRef,
        options: &DeleteOptions,
        patience: Patience,
    ) -> Result<()> {
        let context = self.context(Verb::Delete, Some(object));
        let _writing = self.writing();
        let mut pacer = Pacer::new(patience);
        let uid = loop {
            match self.delete_once(&context, object, options).await {
                Ok(Some(uid)) => break uid,
                Ok(None) => return Ok(()),
                Err(error) => pacer.after(error).await?,
            }
        };
        self.wait_until_gone(&context, object, options.uid.clone().unwrap_or(uid), patience).await
    }

    /// Asks for the deletion. Returns the uid of what is being deleted, or
    /// `None` if there is nothing left to wait for.
    async fn delete_once(
        &self,
        context: &Context,
        object: &ObjectRef,
        options: &DeleteOptions,
    ) -> Result<Option<String>> {
        let outcome = match self.locate(context, object).await {
            Ok(located) => {
                let body = body(options);
                let request = Request::send(
                    context.clone(),
                    Method::DELETE,
                    located.path,
                    "application/json",
                    &body,
                );
                self.call(request).await
            }
            Err(error) => Err(error),
        };
        match outcome {
            Ok(answer) => {
                let answer: Value = answer.json(context)?;
                let uid =
                    answer.pointer("/metadata/uid").or_else(|| answer.pointer("/details/uid"));
                Ok(Some(uid.and_then(Value::as_str).unwrap_or_default().to_owned()))
            }
            Err(error) => match error.kind() {
                ErrorKind::NotFound | ErrorKind::NamespaceMissing { .. } => Ok(None),
                ErrorKind::Stale if options.uid.is_some() => Ok(None),
                ErrorKind::KindNotServed => self.unless_defined(error, object).await.map(|()| None),
                _ => Err(error),
            },
        }
    }

    async fn wait_until_gone(
        &self,
        context: &Context,
        object: &ObjectRef,
        uid: String,
        patience: Patience,
    ) -> Result<()> {
        let mut pacer = Pacer::looking(patience);
        loop {
            let problem = match self.get_once(Verb::Delete, object).await {
                Ok(None) => return Ok(()),
                Ok(Some(found)) if is_another(&found, &uid) => return Ok(()),
                Ok(Some(found)) => still_there(context, &found),
                Err(error) if error.is_transient() => error,
                Err(error) => return Err(error),
            };
            if patience.left().is_zero() {
                return Err(problem.with_waited(pacer.elapsed()));
            }
            pacer.pause().await;
        }
    }
}

fn body(options: &DeleteOptions) -> Value {
    let mut body = Map::new();
    body.insert("apiVersion".to_owned(), "v1".into());
    body.insert("kind".to_owned(), "DeleteOptions".into());
    if let Some(propagation) = options.propagation {
        let policy = match propagation {
            Propagation::Background => "Background",
            Propagation::Foreground => "Foreground",
            Propagation::Orphan => "Orphan",
        };
        body.insert("propagationPolicy".to_owned(), policy.into());
    }
    if let Some(uid) = &options.uid {
        body.insert("preconditions".to_owned(), json!({ "uid": uid }));
    }
    Value::Object(body)
}

fn is_another(found: &Value, uid: &str) -> bool {
    let found = found.pointer("/metadata/uid").and_then(Value::as_str).unwrap_or_default();
    !uid.is_empty() && !found.is_empty() && found != uid
}

fn still_there(context: &Context, found: &Value) -> Error {
    let finalizers = finalizers(found);
    let mut message = match finalizers.as_slice() {
        [] => "it is still being deleted".to_owned(),
        names => format!("it is still held by the finalizers {}", names.join(", ")),
    };
    // A namespace says itself what is left in it.
    let conditions = found.pointer("/status/conditions").and_then(Value::as_array);
    for condition in conditions.into_iter().flatten() {
        if condition.get("status").is_some_and(|it| it == "True")
            && let Some(text) = condition.get("message").and_then(Value::as_str)
            && found.get("kind").is_some_and(|it| it == "Namespace")
        {
            message.push_str("; ");
            message.push_str(text);
        }
    }
    context.error(ErrorKind::Terminating { finalizers }, message)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cluster::canned::{absent, calls, cluster, json_reply, refusal};

    fn object() -> ObjectRef {
        "v1/ConfigMap/shop/a".parse().unwrap()
    }

    fn minute() -> Patience {
        Patience::within(Duration::from_secs(60))
    }

    fn dying(uid: &str) -> Value {
        json!({"kind": "ConfigMap", "metadata": {"name": "a", "uid": uid,
            "deletionTimestamp": "2026-01-01T00:00:00Z", "finalizers": ["example.com/hold"]}})
    }

    #[tokio::test(start_paused = true)]
    async fn deletion_waits_until_the_object_is_gone() {
        let mut reads = 0;
        let (cluster, log) = cluster(move |seen| match seen.method.as_str() {
            "DELETE" => Some(json_reply(200, &dying("1"))),
            "GET" if seen.path.ends_with("/a") => {
                reads += 1;
                Some(if reads < 3 {
                    json_reply(200, &dying("1"))
                } else {
                    absent("configmaps", "a")
                })
            }
            _ => None,
        });
        let options =
            DeleteOptions { uid: Some("1".to_owned()), propagation: Some(Propagation::Foreground) };
        cluster.delete(&object(), &options, minute()).await.unwrap();
        let log = log.lock().unwrap();
        assert_eq!(
            log[0].body,
            json!({"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Foreground",
                "preconditions": {"uid": "1"}})
        );
        assert_eq!(log.len(), 4);
    }

    #[tokio::test(start_paused = true)]
    async fn what_took_its_place_is_left_alone() {
        let (replaced, log) = cluster(|seen| match seen.method.as_str() {
            "DELETE" => Some(json_reply(200, &dying("1"))),
            _ => seen
                .path
                .ends_with("/a")
                .then(|| json_reply(200, &json!({"metadata": {"uid": "2"}}))),
        });
        replaced.delete(&object(), &DeleteOptions::default(), minute()).await.unwrap();
        assert_eq!(calls(&log).len(), 2);
        let (before, log) =
            cluster(|seen| (seen.method == "DELETE").then(|| refusal(409, "Conflict", json!({}))));
        let options = DeleteOptions { uid: Some("1".to_owned()), propagation: None };
        before.delete(&object(), &options, minute()).await.unwrap();
        assert_eq!(calls(&log).len(), 1);
    }

    #[tokio::test]
    async fn absent_objects_count_as_deleted() {
        for reply in [absent("configmaps", "a"), absent("namespaces", "shop")] {
            let (cluster, _) =
                cluster(move |seen| (seen.method == "DELETE").then(|| reply.clone()));
            cluster.delete(&object(), &DeleteOptions::default(), minute()).await.unwrap();
        }
        let gone: ObjectRef = "example.com/v1/Thing/a".parse().unwrap();
        let (cluster, _) = cluster(|seen| {
            seen.path
                .contains("customresourcedefinitions")
                .then(|| json_reply(200, &json!({"items": []})))
        });
        cluster.delete(&gone, &DeleteOptions::default(), minute()).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn finalizers_that_hold_are_named() {
        let (cluster, _) =
            cluster(|seen| (seen.path.ends_with("/a")).then(|| json_reply(200, &dying("1"))));
        let error =
            cluster.delete(&object(), &DeleteOptions::default(), minute()).await.unwrap_err();
        let finalizers = vec!["example.com/hold".to_owned()];
        assert_eq!(error.kind(), &ErrorKind::Terminating { finalizers });
        assert!(error.to_string().contains("example.com/hold"), "{error}");
        assert_eq!(error.waited().map(|it| it.as_secs()), Some(60));
    }

    #[tokio::test(start_paused = true)]
    async fn an_unavailable_server_is_waited_for() {
        let mut tries = 0;
        let (cluster, log) = cluster(move |seen| {
            tries += u32::from(seen.path.ends_with("/a"));
            seen.path.ends_with("/a").then(|| match tries {
                1 => (503, Vec::new(), String::new()),
                2 => json_reply(200, &json!({"kind": "Status", "details": {"uid": "1"}})),
                3 => (503, Vec::new(), String::new()),
                _ => absent("configmaps", "a"),
            })
        });
        cluster.delete(&object(), &DeleteOptions::default(), minute()).await.unwrap();
        assert_eq!(calls(&log).len(), 4);
    }
}
