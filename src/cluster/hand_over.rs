//! Applying under another name than before.

use serde_json::{Value, json};

use super::{
    apply::{Applied, ApplyOptions},
    client::Cluster,
    error::{ErrorKind, Result},
    object::ObjectRef,
    retry::Patience,
};

impl Cluster {
    /// Applies a manifest that the manager `former` applied until now, and makes
    /// `former` give up what it owns: fields that the manifest no longer has are
    /// removed, and no field is ever absent in between.
    ///
    /// Conflicts with `former` alone are none.
    pub async fn hand_over(
        &self,
        former: &str,
        manifest: &Value,
        options: &ApplyOptions,
        patience: Patience,
    ) -> Result<Applied> {
        let applied = match self.apply(manifest, options, patience).await {
            Err(error) if is_only_with(error.kind(), former) => {
                let forced = ApplyOptions { force: true, ..options.clone() };
                self.apply(manifest, &forced, patience).await?
            }
            other => other?,
        };
        let Ok(object) = ObjectRef::of(&applied.object) else { return Ok(applied) };
        let empty = json!({"apiVersion": object.api_version, "kind": object.kind,
            "metadata": {"name": object.name, "namespace": object.namespace}});
        let given_up = ApplyOptions { manager: former.to_owned(), ..ApplyOptions::default() };
        let given_up = self.apply(&empty, &given_up, patience).await?;
        Ok(Applied { object: given_up.object, ..applied })
    }
}

fn is_only_with(kind: &ErrorKind, manager: &str) -> bool {
    match kind {
        ErrorKind::Conflict { fields } => fields.iter().all(|field| field.manager == manager),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::cluster::canned::{cluster, json_reply, refusal};

    fn manifest() -> Value {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "shop"},
            "data": {"a": "new"}})
    }

    fn with_conflict(manager: &str) -> Value {
        json!({"causes": [{"reason": "FieldManagerConflict", "field": ".data.a",
            "message": format!("conflict with {manager:?}")}]})
    }

    async fn queries(conflict_with: &'static str) -> (bool, Vec<String>) {
        let (cluster, log) = cluster(move |seen| {
            if seen.method != "PATCH" {
                return None;
            }
            let forced = seen.query.contains("force=true") || !seen.query.contains("=new");
            Some(if forced {
                json_reply(200, &manifest())
            } else {
                refusal(409, "Conflict", with_conflict(conflict_with))
            })
        });
        let options = ApplyOptions { manager: "new".to_owned(), ..ApplyOptions::default() };
        let patience = Patience::within(Duration::ZERO);
        let outcome = cluster.hand_over("old", &manifest(), &options, patience).await;
        let log = log.lock().unwrap();
        let patches = log.iter().filter(|seen| seen.method == "PATCH");
        (outcome.is_ok(), patches.map(|seen| seen.query.clone()).collect())
    }

    #[tokio::test]
    async fn the_former_manager_gives_up_after_the_new_one_has_taken_over() {
        let (done, queries) = queries("old").await;
        assert!(done);
        let expected = ["fieldManager=new&", "fieldManager=new&", "fieldManager=old&"];
        assert_eq!(queries.len(), expected.len());
        for (query, expected) in queries.iter().zip(expected) {
            assert!(query.starts_with(expected), "{query}");
        }
        assert!(queries[1].contains("force=true") && !queries[2].contains("force"));
    }

    #[tokio::test]
    async fn conflicts_with_others_stay() {
        let (done, queries) = queries("kubectl").await;
        assert!(!done);
        assert_eq!(queries.len(), 1);
    }
}
