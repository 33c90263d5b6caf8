//! The agent's objects in the member's cluster.

use std::{cmp::Reverse, collections::BTreeMap};

use futures::future::try_join_all;
use serde_json::Value;
use tfsdk::{Diagnostic, Diagnostics};

use super::manifests::{Manifests, holds_others, is_workload, registration_of, unmarked};
use crate::{
    cluster::{self, ApplyOptions, DeleteOptions, Document, ObjectRef, Propagation, apply_step},
    services::{Cx, Site, diagnostic},
};

/// An operation on the agent's objects.
pub(super) struct Installation<'a> {
    /// The operation.
    pub cx: &'a Cx,
    /// The member's cluster.
    pub site: &'a Site,
    /// Takes over fields that others own with other values.
    pub force: bool,
}

/// What was in the cluster before.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Survey {
    /// Objects of others that hold objects of others (a namespace, definitions):
    /// they stay when the agent goes.
    pub kept: Vec<String>,
    /// The registration whose agent runs there already, if it is another.
    pub occupant: Option<String>,
}

/// What came of a removal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Removal {
    /// All objects are gone.
    Complete,
    /// The cluster itself is gone.
    ClusterGone,
}

impl Installation<'_> {
    /// Looks at what is there before anything is applied.
    ///
    /// # Errors
    ///
    /// All conflicts with other managers, so that none is met half-way; the
    /// cluster cannot be reached.
    pub(super) async fn survey(
        &self,
        manifests: &Manifests,
        registration: &str,
    ) -> Result<Survey, Diagnostics> {
        let found = self.read(manifests.documents().iter().map(|it| &it.reference)).await?;
        let references = manifests.documents().iter().map(|document| &document.reference);
        let mut survey = Survey { kept: kept(references, &found), occupant: None };
        let mut conflicts = Diagnostics::new();
        for document in manifests.documents() {
            let Some(object) = found.get(&document.reference.to_string()) else { continue };
            if let Some(other) = registration_of(object).filter(|other| *other != registration) {
                survey.occupant = Some(other.to_owned());
            }
            if !self.force
                && let Err(conflict) = self.try_out(document).await
            {
                conflicts.extend(conflict);
            }
        }
        conflicts.into_result()?;
        Ok(survey)
    }

    async fn try_out(&self, document: &Document) -> Result<(), Diagnostics> {
        let cluster = &self.site.cluster;
        let options = ApplyOptions::default();
        let patience = self.site.patience(self.cx);
        let tried = cluster.dry_run(&document.object, &options, patience);
        let doing = doing("apply", document);
        let outcome = self.site.run(self.cx, &doing, tried).await?;
        outcome.map(drop).map_err(|error| diagnostic::cluster(&doing, &error))
    }

    /// Applies the objects one after another, those in `kept` as objects of
    /// others; `done` is told each key.
    ///
    /// # Errors
    ///
    /// The object that was refused, and why; later ones are not applied.
    pub(super) async fn apply(
        &self,
        manifests: &Manifests,
        kept: &[String],
        mut done: impl FnMut(String),
    ) -> Result<(), Diagnostics> {
        let options = ApplyOptions { force: self.force, ..ApplyOptions::default() };
        for document in manifests.documents() {
            let key = document.reference.to_string();
            let stranger = kept.contains(&key).then(|| unmarked(&document.object));
            let object = stranger.as_ref().unwrap_or(&document.object);
            let doing = doing("apply", document);
            let patience = self.site.expectant(self.cx);
            let applying = self.site.cluster.apply(object, &options, patience);
            let applied = self.site.run(self.cx, &doing, applying).await?;
            let applied = applied.map_err(|error| diagnostic::cluster(&doing, &error))?;
            for text in applied.warnings {
                let text = format!("{key}: {text}");
                self.cx.warn(Diagnostic::warning("Warning of the API server", text));
            }
            done(key);
        }
        Ok(())
    }

    /// Reads objects; those that are gone, or being deleted, are missing in the
    /// result, and all are if the cluster itself is gone.
    ///
    /// # Errors
    ///
    /// An object cannot be read.
    pub(super) async fn read(
        &self,
        objects: impl Iterator<Item = &ObjectRef>,
    ) -> Result<BTreeMap<String, Value>, Diagnostics> {
        let reading = objects.map(|object| async move {
            let doing = format!("read the agent's {}", object.kind);
            let found = self.site.cluster.get(object, self.site.patience(self.cx));
            let found = match self.site.run(self.cx, &doing, found).await? {
                Err(error) if self.site.is_gone(&error).await => None,
                Err(error) => return Err(diagnostic::cluster(&doing, &error)),
                Ok(found) => found,
            };
            let stays = |it: &Value| it.pointer("/metadata/deletionTimestamp").is_none();
            Ok(found.filter(stays).map(|found| (object.to_string(), found)))
        });
        let found = try_join_all(reading.collect::<Vec<_>>()).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// Deletes objects in the reverse of the order of their creation and waits
    /// until they are gone, except those in `kept`; `done` is told each key.
    ///
    /// # Errors
    ///
    /// An object that stays, and why; what it depends on is not deleted.
    pub(super) async fn remove(
        &self,
        keys: &[String],
        kept: &[String],
        mut done: impl FnMut(&str),
    ) -> Result<Removal, Diagnostics> {
        for object in in_reverse(keys) {
            let key = object.to_string();
            if kept.contains(&key) {
                self.cx.warn(stays(&key));
            } else if let Err(error) = self.remove_one(&object).await? {
                if self.site.is_gone(&error).await {
                    return Ok(Removal::ClusterGone);
                }
                let doing = format!("delete the agent's {}", object.kind);
                return Err(diagnostic::cluster(&doing, &error));
            }
            done(&key);
        }
        Ok(Removal::Complete)
    }

    async fn remove_one(&self, object: &ObjectRef) -> Result<cluster::Result<()>, Diagnostics> {
        // An agent whose pods still end could register once more.
        let propagation = is_workload(object).then_some(Propagation::Foreground);
        let options = DeleteOptions { propagation, ..DeleteOptions::default() };
        let patience = self.site.patience(self.cx);
        let deleting = self.site.cluster.delete(object, &options, patience);
        self.site.run(self.cx, &format!("delete the agent's {}", object.kind), deleting).await
    }
}

/// Those of the agent's objects that others made before, and that may hold more
/// of theirs.
pub(super) fn kept<'a>(
    objects: impl Iterator<Item = &'a ObjectRef>,
    found: &BTreeMap<String, Value>,
) -> Vec<String> {
    let is_strange = |key: &String| found.get(key).is_some_and(|it| registration_of(it).is_none());
    objects.filter(|it| holds_others(it)).map(ToString::to_string).filter(is_strange).collect()
}

/// Objects in the order of their deletion: what depends on others comes first.
fn in_reverse(keys: &[String]) -> Vec<ObjectRef> {
    let mut objects: Vec<ObjectRef> = keys.iter().rev().filter_map(|it| it.parse().ok()).collect();
    objects.sort_by_key(|object| Reverse(apply_step(object)));
    objects
}

fn doing(verb: &str, document: &Document) -> String {
    format!("{verb} the agent's {}", document.reference.kind)
}

fn stays(key: &str) -> Diagnostic {
    Diagnostic::warning(
        "Object of the agent stays",
        format!(
            "{key} was in the cluster before the agent was, and may hold objects of others: it is \
             left there. Delete it by hand if nobody needs it."
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_depends_on_others_goes_first() {
        let keys = [
            "v1/Namespace/agents",
            "apiextensions.k8s.io/v1/CustomResourceDefinition/imports.example.com",
            "v1/ServiceAccount/agents/agent",
            "v1/Secret/agents/registration",
            "apps/v1/Deployment/agents/agent",
        ]
        .map(str::to_owned);
        let order: Vec<String> = in_reverse(&keys).iter().map(|it| it.kind.clone()).collect();
        let expected =
            ["Deployment", "Secret", "ServiceAccount", "CustomResourceDefinition", "Namespace"];
        assert_eq!(order, expected);
    }
}
