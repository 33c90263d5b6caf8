//! Applying, pruning, reading and deleting many objects: what does not depend on
//! each other at once.

use std::{collections::BTreeMap, future::Future};

use futures::{Stream, StreamExt, stream};
use serde_json::Value;
use tfsdk::{Diagnostic, Diagnostics, value::Path};

use super::documents::Documents;
use crate::{
    cluster::{
        self, Applied, ApplyOptions, DeleteOptions, Document, ErrorKind, ObjectRef, ReadyRule,
        apply_step,
    },
    services::{Cx, Site, diagnostic},
};

/// Requests that are under way at once.
const AT_ONCE: usize = 8;

/// An operation on the objects of one resource.
pub(super) struct Rollout<'a> {
    /// The operation.
    pub cx: &'a Cx,
    /// Where the objects are.
    pub site: &'a Site,
    /// Under which name and with how much force they are applied.
    pub options: ApplyOptions,
    /// The manager that applied them before, if another did.
    pub former: Option<String>,
}

impl Rollout<'_> {
    /// Applies objects step by step. `known` says which existed before as ours;
    /// `done` is told each object as soon as it is there.
    ///
    /// # Errors
    ///
    /// Every object of the step that failed; later steps are not begun.
    pub(super) async fn apply(
        &self,
        documents: &[&Document],
        known: impl Fn(&str) -> bool,
        mut done: impl FnMut(&Document, &Applied),
    ) -> Result<(), Diagnostics> {
        for step in documents.chunk_by(|a, b| apply_step(&a.reference) == apply_step(&b.reference))
        {
            let mut problems = Diagnostics::new();
            let mut applying = at_once(step.iter().map(|document| {
                let document: &Document = document;
                let key = document.reference.to_string();
                let known = known(&key);
                async move { (document, self.apply_one(document, known).await) }
            }));
            while let Some((document, outcome)) = applying.next().await {
                match outcome {
                    Ok(applied) => done(document, &applied),
                    Err(errors) => problems.extend(errors),
                }
            }
            drop(applying);
            problems.into_result()?;
            let is_definition = |it: &&&Document| {
                it.reference.is("apiextensions.k8s.io", "CustomResourceDefinition")
            };
            let definitions = step.iter().filter(is_definition);
            let waits = definitions.map(|it| (*it, ReadyRule::ByKind)).collect();
            self.wait_ready(waits).await?;
        }
        Ok(())
    }

    async fn apply_one(&self, document: &Document, known: bool) -> Result<Applied, Diagnostics> {
        let key = &document.reference;
        let doing = format!("apply {}", key.kind);
        let options = ApplyOptions { create_only: !known, ..self.options.clone() };
        let patience = self.site.expectant(self.cx);
        let operation = async {
            let cluster = &self.site.cluster;
            match self.former.as_ref().filter(|_| known) {
                Some(former) => {
                    cluster.hand_over(former, &document.object, &options, patience).await
                }
                None => cluster.apply(&document.object, &options, patience).await,
            }
        };
        let applied = self.site.run(self.cx, &doing, operation).await?;
        let applied = applied.map_err(|error| refused(&doing, document, &error))?;
        for text in &applied.warnings {
            let text = format!("{key}: {text}");
            self.cx.warn(Diagnostic::warning("Warning of the API server", text));
        }
        Ok(applied)
    }

    /// Waits until the objects are ready, each as its rule says.
    ///
    /// # Errors
    ///
    /// Every object that is not ready in time, and why.
    pub(super) async fn wait_ready(
        &self,
        waits: Vec<(&Document, ReadyRule)>,
    ) -> Result<(), Diagnostics> {
        let waiting = waits.into_iter().map(|(document, rule)| async move {
            let doing = format!("wait until {} is ready", document.reference.kind);
            let patience = self.site.patience(self.cx);
            let ready = self.site.cluster.wait_ready(&document.reference, &rule, patience);
            let outcome = self.site.run(self.cx, &doing, ready).await?;
            outcome.map(drop).map_err(|error| refused(&doing, document, &error))
        });
        let problems = at_once(waiting).filter_map(async |outcome| outcome.err());
        let problems: Vec<Diagnostics> = problems.collect().await;
        problems.into_iter().flatten().collect::<Diagnostics>().into_result().map(drop)
    }

    /// Deletes objects in the reverse of the order of their creation and waits
    /// until they are gone. Each is named with the uid that it had when it was seen
    /// last, if that is known: one that took its place is left alone. `done` is told
    /// each key.
    ///
    /// # Errors
    ///
    /// Every object of the step that stays; later steps are not begun.
    pub(super) async fn delete(
        &self,
        objects: &BTreeMap<String, Option<String>>,
        mut done: impl FnMut(&str),
    ) -> Result<(), Diagnostics> {
        for step in Documents::in_reverse(objects.keys()) {
            let mut problems = Diagnostics::new();
            let mut deleting = at_once(step.into_iter().map(|object| async move {
                let key = object.to_string();
                let uid = objects.get(&key).cloned().flatten();
                (key, self.delete_one(&object, uid).await)
            }));
            while let Some((key, outcome)) = deleting.next().await {
                match outcome {
                    Ok(()) => done(&key),
                    Err(errors) => problems.extend(errors),
                }
            }
            drop(deleting);
            problems.into_result()?;
        }
        Ok(())
    }

    async fn delete_one(&self, object: &ObjectRef, uid: Option<String>) -> Result<(), Diagnostics> {
        let doing = format!("delete {}", object.kind);
        let patience = self.site.patience(self.cx);
        let options = DeleteOptions { uid, ..DeleteOptions::default() };
        let deletion = self.site.cluster.delete(object, &options, patience);
        match self.site.run(self.cx, &doing, deletion).await? {
            Err(error) if !self.site.is_gone(&error).await => {
                Err(diagnostic::cluster(&doing, &error))
            }
            _ => Ok(()),
        }
    }

    /// Reads objects by their keys; those that are gone, or being deleted, are
    /// missing in the result.
    ///
    /// # Errors
    ///
    /// The first object that cannot be read; the others are not waited for.
    pub(super) async fn read(
        &self,
        keys: &[String],
    ) -> Result<BTreeMap<String, Value>, Diagnostics> {
        let objects = keys.iter().filter_map(|key| Some((key.clone(), key.parse().ok()?)));
        let mut reading = at_once(objects.map(|(key, object): (String, ObjectRef)| async move {
            let doing = format!("read {}", object.kind);
            let patience = self.site.reading(self.cx);
            let found = self.site.cluster.get_shared(&object, patience);
            match self.site.read(self.cx, &doing, found).await? {
                Ok(found) => Ok((key, found)),
                Err(error) if self.site.is_gone(&error).await => Ok((key, None)),
                Err(error) => Err(diagnostic::cluster(&doing, &error)),
            }
        }));
        let mut found = BTreeMap::new();
        while let Some(outcome) = reading.next().await {
            let outcome: Result<_, Diagnostics> = outcome;
            if let (key, Some(object)) = outcome?
                && object.pointer("/metadata/deletionTimestamp").is_none()
            {
                found.insert(key, object);
            }
        }
        Ok(found)
    }
}

/// A cluster's refusal of one object, with its place in the text.
fn refused(doing: &str, document: &Document, error: &cluster::Error) -> Diagnostics {
    let place = format!("\n  Document: {}, line {}", document.number, document.line);
    let key = &document.reference;
    if matches!(error.kind(), ErrorKind::Exists { .. }) {
        let cluster = error.cluster();
        let detail = format!(
            "{key} exists in the cluster {cluster:?}, and this provider did not make it: {}. Import \
             it with the id \"{cluster}/{key}\", or set `force_conflicts = true` to adopt it and \
             take over the fields of this text.\n{place}",
            error.message()
        );
        let diagnostic = Diagnostic::error(format!("Unable to {doing}"), detail);
        return diagnostic.at(Path::from("manifests")).into();
    }
    if let ErrorKind::Conflict { fields } = error.kind() {
        let one = |it: &cluster::FieldConflict| format!("\n  {} → {}", it.field, it.manager);
        let lines: String = fields.iter().map(one).collect();
        let detail = format!(
            "{key} has fields that other managers own with other values than this text. Leave them \
             out of the text to share the object, or set `force_conflicts = true`, which takes over \
             exactly these fields:\n{lines}\n{}{place}",
            diagnostic::facts(&[("Cluster", error.cluster())]).trim_start_matches('\n'),
        );
        let diagnostic = Diagnostic::error(format!("Unable to {doing}"), detail);
        return diagnostic.at(Path::from("manifests")).into();
    }
    diagnostic::cluster(doing, error)
        .into_iter()
        .map(|it| Diagnostic { detail: it.detail.clone() + &place, ..it }.at("manifests"))
        .collect()
}

/// Runs futures, a few at once, in whatever order they end.
fn at_once<F: Future>(futures: impl Iterator<Item = F>) -> impl Stream<Item = F::Output> + Unpin {
    // Collected, since a lazy closure's lifetimes keep the whole from being `Send`.
    Box::pin(stream::iter(futures.collect::<Vec<F>>()).buffer_unordered(AT_ONCE))
}
