//! Planning: Terraform's algorithm over the schema's rules, then the resource's
//! own plan.

mod correlate;
mod draft;
mod merge;
mod replace;

use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use self::draft::{Open, Prior, draft};
use self::{merge::merge, replace::replacements};
use crate::{
    Diagnostic, Diagnostics,
    engine::{
        PlanCx, PlanResource, PlanResponse,
        conform::conform,
        erased::Hooked,
        identity,
        managed::{Managed, at_least_one_error, provider_bugs},
        panic::caught,
        rules::{check_plan, check_replace},
        shape::{Element, Shape, View, distinct, entry},
    },
    value::{Path, Value},
};

const UNCHANGED: &str = "Nothing was changed.";

impl<C> Managed<'_, C> {
    /// Plans a create, an update or a delete.
    ///
    /// A replacement is planned in two calls: the first, with the object as it
    /// is, names the changes that need a new one; the second plans a create.
    pub(crate) async fn plan(&self, request: PlanResource) -> PlanResponse {
        let mut answer = PlanResponse {
            // Private bytes are about one remote object: a new one has none.
            private: if request.prior.is_null() { Vec::new() } else { request.private.clone() },
            deferred: self.session.deferral(request.client),
            ..PlanResponse::default()
        };
        if request.proposed.is_null() {
            answer.planned = Some(Value::Null);
            answer.identity = request.identity;
            return answer;
        }
        match self.planned(&request, &mut answer).await {
            Ok(planned) => {
                answer.identity = identity::of_plan(self.identity, &planned, &request.prior);
                answer.planned = Some(planned);
            }
            Err(errors) => answer.diagnostics.extend(errors),
        }
        answer
    }

    async fn planned(
        &self,
        request: &PlanResource,
        answer: &mut PlanResponse,
    ) -> Result<Value, Diagnostics> {
        let Drafts { planned, changing, is_change } = self.drafts(&request.prior, &request.config);
        let duplicates = duplicates(self.shape(), &planned);
        if duplicates.has_errors() {
            return Err(duplicates);
        }
        let Hooked { before, after, replace } =
            self.own_plan(request, &planned, &mut answer.diagnostics).await?;
        // A change that only the resource knows of makes open attributes
        // unknown like any other.
        let base = if is_change || before == after { planned } else { changing };
        let merged = merge(&base, &before, &after);
        let mut violations = Vec::new();
        let planned = conform(View::Object(self.shape()), merged, &Path::root(), &mut violations);
        if !request.prior.is_null() {
            answer.replace = replacements(self.shape(), &request.prior, &planned, &Path::root());
            let added = replace.into_iter().filter(|path| !answer.replace.contains(path));
            answer.replace.extend(added.collect::<Vec<_>>());
        }
        violations.extend(check_plan(self.schema, &request.prior, &request.config, &planned));
        violations.extend(check_replace(&request.prior, &planned, &answer.replace));
        if answer.replace.is_empty() {
            violations.extend(identity::changed(self.identity, &request.prior, &planned));
        }
        if violations.is_empty() {
            return Ok(planned);
        }
        let summary = "The provider planned an impossible change";
        Err(provider_bugs(violations, summary, self.type_name(), UNCHANGED))
    }

    /// What the schema determines of the plan.
    pub(crate) fn drafts(&self, prior: &Value, config: &Value) -> Drafts {
        let from = Prior::root(prior);
        let kept = draft(self.shape(), from, config, Open::Kept);
        let changing = draft(self.shape(), from, config, Open::Unknown);
        if prior.is_null() {
            return Drafts { planned: changing.clone(), changing, is_change: true };
        }
        // Another time to wait is no change of the object.
        let is_change = self.strip(&kept) != self.strip(prior);
        let planned = if is_change { changing.clone() } else { kept };
        Drafts { planned, changing, is_change }
    }

    async fn own_plan(
        &self,
        request: &PlanResource,
        planned: &Value,
        diagnostics: &mut Diagnostics,
    ) -> Result<Hooked, Diagnostics> {
        let warnings = Arc::new(Mutex::new(Diagnostics::new()));
        let cx = PlanCx {
            client: self.session.client.clone().filter(|_| !self.session.defers),
            private: if request.prior.is_null() { Vec::new() } else { request.private.clone() },
            warnings: warnings.clone(),
        };
        let (prior, config) = (self.strip(&request.prior), self.strip(&request.config));
        let planned = self.strip(planned);
        let outcome = caught(async { self.resource.plan(&cx, &prior, &config, &planned).await });
        let outcome = outcome.await;
        let warnings =
            std::mem::take(&mut *warnings.lock().unwrap_or_else(PoisonError::into_inner));
        diagnostics.extend(warnings);
        match outcome {
            Ok(Ok(hooked)) => Ok(hooked),
            Ok(Err(errors)) => Err(at_least_one_error(errors, "planning", self.type_name())),
            Err(panic) => Err(panic.diagnostic("planning", self.type_name(), UNCHANGED).into()),
        }
    }
}

/// The planned object before the resource's own plan.
pub(crate) struct Drafts {
    pub(crate) planned: Value,
    /// The planned object if something changes of which the schema knows
    /// nothing.
    changing: Value,
    /// Whether anything changes so far.
    is_change: bool,
}

/// Elements of a set that are different as configured and the same once
/// defaults are filled in: Terraform could not tell them apart.
fn duplicates(shape: Shape<'_>, planned: &Value) -> Diagnostics {
    let mut found = Diagnostics::new();
    in_object(shape, planned, &Path::root(), &mut found);
    found
}

fn in_object(shape: Shape<'_>, object: &Value, path: &Path, found: &mut Diagnostics) {
    for a in shape.attributes {
        let view = View::of_kind(&a.kind);
        in_part(view, entry(object, &a.name), &path.attribute(&a.name), found);
    }
    for b in shape.blocks {
        let view = View::of_block(b);
        in_part(view, entry(object, &b.name), &path.attribute(&b.name), found);
    }
}

fn in_part(view: View<'_>, value: &Value, path: &Path, found: &mut Diagnostics) {
    match (view, value) {
        (View::Object(shape), Value::Map(_)) => in_object(shape, value, path, found),
        (View::List(Element::Object(shape)), Value::List(items)) => {
            for (i, item) in items.iter().enumerate() {
                in_object(shape, item, &path.index(i), found);
            }
        }
        (View::Map(Element::Object(shape)), Value::Map(entries)) => {
            for (key, item) in entries {
                in_object(shape, item, &path.key(key), found);
            }
        }
        (View::Set(Element::Object(shape)), Value::Set(items)) => {
            if distinct(items.clone()).len() < items.len() {
                found.push(
                    Diagnostic::error(
                        "Duplicate element in a set",
                        format!(
                            "Two elements of {path} are the same once defaults are filled in. \
                             Remove one of them."
                        ),
                    )
                    .at(path),
                );
            }
            for item in items {
                in_object(shape, item, &path.element(item.clone()), found);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
