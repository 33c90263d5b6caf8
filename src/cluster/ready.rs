//! Waiting until an applied object is ready, and saying why it is not.

use std::time::Duration;

use serde_json::Value;

use super::{
    client::Cluster,
    error::{ErrorKind, Result, Verb},
    list::Selection,
    object::ObjectRef,
    readiness::{Readiness, ReadyRule, pod_trouble},
    retry::{Pacer, Patience},
};

/// Pods whose trouble is shown.
const SHOWN_PODS: usize = 3;

impl Cluster {
    /// Waits until an object is ready, and returns it as it is then.
    ///
    /// Fails with [`ErrorKind::Failed`] as soon as the cluster gave up on it,
    /// or with [`ErrorKind::NotReady`] at the end of `patience`; both say what
    /// is wrong, down to the pods that do not start.
    pub async fn wait_ready(
        &self,
        object: &ObjectRef,
        rule: &ReadyRule,
        patience: Patience,
    ) -> Result<Value> {
        let context = self.context(Verb::Wait, Some(object));
        let mut pacer = Pacer::looking(patience);
        loop {
            let (readiness, found) = match self.get_once(Verb::Wait, object).await {
                Ok(Some(found)) => (rule.judge(&found), Some(found)),
                Ok(None) => (Readiness::Waiting("it does not exist".to_owned()), None),
                Err(error) if error.is_transient() && !patience.left().is_zero() => {
                    (Readiness::Waiting(error.message().to_owned()), None)
                }
                Err(error) => return Err(error.with_waited(pacer.elapsed())),
            };
            let (kind, reason) = match (readiness, found) {
                (Readiness::Ready, Some(found)) => return Ok(found),
                (Readiness::Failed(reason), found) => {
                    (ErrorKind::Failed, self.explained(reason, found.as_ref(), object).await)
                }
                (Readiness::Waiting(reason), found) if patience.left().is_zero() => {
                    (ErrorKind::NotReady, self.explained(reason, found.as_ref(), object).await)
                }
                _ => {
                    pacer.pause().await;
                    continue;
                }
            };
            return Err(context.error(kind, reason).with_waited(pacer.elapsed()));
        }
    }

    /// Adds what the object's pods say, as far as they can be read.
    async fn explained(&self, reason: String, found: Option<&Value>, object: &ObjectRef) -> String {
        let Some(labels) = found.and_then(pod_selector) else { return reason };
        let namespace = found.and_then(|it| it.pointer("/metadata/namespace")?.as_str());
        let selection = Selection {
            api_version: "v1",
            kind: "Pod",
            namespace: namespace.or(object.namespace.as_deref()),
            labels: Some(&labels),
        };
        let patience = Patience::within(Duration::ZERO);
        let pods = self.list(selection, patience).await.unwrap_or_default();
        let troubles: Vec<String> = pods.iter().filter_map(pod_trouble).take(SHOWN_PODS).collect();
        if troubles.is_empty() { reason } else { format!("{reason}; {}", troubles.join("; ")) }
    }
}

fn pod_selector(object: &Value) -> Option<String> {
    let labels = object.pointer("/spec/selector/matchLabels")?.as_object()?;
    let pairs: Vec<String> = labels
        .iter()
        .filter_map(|(name, value)| Some(format!("{name}={}", value.as_str()?)))
        .collect();
    (!pairs.is_empty()).then(|| pairs.join(","))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cluster::canned::{absent, cluster, json_reply};

    fn deployment() -> ObjectRef {
        "apps/v1/Deployment/shop/web".parse().unwrap()
    }

    fn state(available: i64) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": "web", "namespace": "shop", "generation": 1},
            "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}},
            "status": {"observedGeneration": 1, "replicas": 1, "updatedReplicas": 1,
                "availableReplicas": available}})
    }

    fn minute() -> Patience {
        Patience::within(Duration::from_secs(60))
    }

    #[tokio::test(start_paused = true)]
    async fn an_object_is_polled_until_it_is_ready() {
        let mut reads = 0;
        let (cluster, _) = cluster(move |seen| {
            if !seen.path.ends_with("/web") {
                return None;
            }
            reads += 1;
            Some(match reads {
                1 => absent("deployments", "web"),
                2 => (503, Vec::new(), String::new()),
                3 => json_reply(200, &state(0)),
                _ => json_reply(200, &state(1)),
            })
        });
        let found = cluster.wait_ready(&deployment(), &ReadyRule::ByKind, minute()).await.unwrap();
        assert_eq!(found, state(1));
    }

    #[tokio::test(start_paused = true)]
    async fn time_out_tells_what_the_pods_say() {
        let (cluster, log) = cluster(|seen| {
            let pod = json!({"metadata": {"name": "web-1"}, "status": {"containerStatuses": [
                {"name": "web", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no"}}}]}});
            match seen.path.as_str() {
                "/api/v1/namespaces/shop/pods" => Some(json_reply(200, &json!({"items": [pod]}))),
                path => path.ends_with("/web").then(|| json_reply(200, &state(0))),
            }
        });
        let outcome = cluster.wait_ready(&deployment(), &ReadyRule::ByKind, minute()).await;
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::NotReady);
        assert_eq!(
            error.message(),
            "0 of 1 replicas are available; pod web-1, container web: ImagePullBackOff: no"
        );
        assert_eq!(error.waited().map(|it| it.as_secs()), Some(60));
        assert_eq!(log.lock().unwrap().last().unwrap().query, "limit=500&labelSelector=app%3Dweb");
    }

    #[tokio::test(start_paused = true)]
    async fn failure_ends_the_wait_at_once() {
        let (cluster, log) = cluster(|seen| {
            let mut stuck = state(0);
            stuck["status"]["conditions"] = json!([{"type": "Progressing", "status": "False"}]);
            seen.path.ends_with("/web").then(|| json_reply(200, &stuck))
        });
        let outcome = cluster.wait_ready(&deployment(), &ReadyRule::ByKind, minute()).await;
        assert_eq!(outcome.unwrap_err().kind(), &ErrorKind::Failed);
        assert_eq!(log.lock().unwrap().iter().filter(|it| it.path.ends_with("/web")).count(), 1);
    }
}
