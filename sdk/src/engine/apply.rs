//! Applying: create, update, delete, and what is kept of the object whatever
//! happens.

use std::time::Duration;

use crate::{
    Diagnostic, Diagnostics,
    engine::{
        ApplyResource, ApplyResponse, Cx, Operation, identity,
        managed::{Managed, at_least_one_error, provider_bugs},
        panic::caught,
        rules::{Violation, check_applied},
        unknown::{unknown_paths, without_unknowns},
        write_only::with_write_only,
    },
    value::{Path, Value},
};

const INCONSISTENT: &str = "The provider returned an inconsistent result";

impl<C> Managed<'_, C> {
    /// Applies a planned create, update or delete.
    pub(crate) async fn apply(&self, request: ApplyResource) -> ApplyResponse {
        if request.planned.is_null() {
            return self.delete(request).await;
        }
        if request.prior.is_null() {
            return self.write(Operation::Create, request).await;
        }
        if self.strip(&request.prior) == self.strip(&request.planned) {
            // Only the times to wait changed, of which the remote side knows
            // nothing.
            return ApplyResponse {
                identity: identity::of_state(self.identity, &request.planned),
                state: Some(request.planned),
                private: request.private,
                diagnostics: Diagnostics::new(),
            };
        }
        self.write(Operation::Update, request).await
    }

    async fn write(&self, operation: Operation, request: ApplyResource) -> ApplyResponse {
        let doing = doing(operation);
        let mut answer = self.unchanged(&request);
        let timeout = self.timeout(&request.planned, operation);
        let cx = match self.begin(doing, timeout, &request) {
            Ok(cx) => cx,
            Err(error) => {
                answer.diagnostics.push(error);
                return answer;
            }
        };
        let plan = with_write_only(self.shape(), &request.planned, &request.config);
        let (prior, plan) = (self.strip(&request.prior), self.strip(&plan));
        let outcome = caught(async {
            match operation {
                Operation::Update => self.resource.update(&cx, &prior, &plan).await,
                _ => self.resource.create(&cx, &plan).await,
            }
        });
        let outcome = outcome.await;
        let notes = cx.into_notes();
        answer.private = notes.private;
        answer.diagnostics.extend(notes.warnings);
        match outcome {
            Ok(Ok(result)) => self.completed(operation, result, &request, &mut answer),
            Ok(Err(errors)) => {
                let errors = at_least_one_error(errors, doing, self.type_name());
                self.broken_off(errors, notes.saved, &request, &mut answer);
            }
            Err(panic) => {
                let kept = kept(operation, notes.saved.is_some());
                let error = panic.diagnostic(doing, self.type_name(), kept);
                self.broken_off(error.into(), notes.saved, &request, &mut answer);
            }
        }
        answer
    }

    async fn delete(&self, request: ApplyResource) -> ApplyResponse {
        let doing = doing(Operation::Delete);
        let mut answer = self.unchanged(&request);
        let timeout = self.timeout(&request.prior, Operation::Delete);
        let cx = match self.begin(doing, timeout, &request) {
            Ok(cx) => cx,
            Err(error) => {
                answer.diagnostics.push(error);
                return answer;
            }
        };
        let prior = self.strip(&request.prior);
        let outcome = caught(async { self.resource.delete(&cx, &prior).await }).await;
        let notes = cx.into_notes();
        answer.private = notes.private;
        answer.diagnostics.extend(notes.warnings);
        let errors = match outcome {
            Ok(Ok(())) => {
                answer.state = Some(Value::Null);
                answer.identity = None;
                answer.private = Vec::new();
                return answer;
            }
            Ok(Err(errors)) => at_least_one_error(errors, doing, self.type_name()),
            Err(panic) => {
                let kept = kept(Operation::Delete, notes.saved.is_some());
                panic.diagnostic(doing, self.type_name(), kept).into()
            }
        };
        self.broken_off(errors, notes.saved, &request, &mut answer);
        answer
    }

    /// The context of an operation, unless the provider is being stopped or is
    /// not configured.
    fn begin(
        &self,
        doing: &'static str,
        timeout: Duration,
        request: &ApplyResource,
    ) -> Result<Cx<C>, Diagnostic> {
        self.session.check_running(doing, self.type_name())?;
        self.session.cx(doing, self.type_name(), timeout, request.private.clone())
    }

    /// The answer if nothing happens: a create keeps nothing, everything else
    /// the prior state.
    fn unchanged(&self, request: &ApplyResource) -> ApplyResponse {
        let state = (!request.prior.is_null()).then(|| request.prior.clone());
        ApplyResponse {
            identity: identity::of_state(self.identity, &request.prior),
            state,
            private: request.private.clone(),
            diagnostics: Diagnostics::new(),
        }
    }

    /// The provider says that all went well: its result is held against the
    /// plan, and kept whatever comes of that.
    fn completed(
        &self,
        operation: Operation,
        result: Value,
        request: &ApplyResource,
        answer: &mut ApplyResponse,
    ) {
        let kept = kept(operation, true);
        let (state, mut violations) = self.encoded(result, &request.planned);
        let (state, panic) = self.settled(&request.planned, state, false);
        if let Some(panic) = panic {
            let doing = "comparing values of";
            answer.diagnostics.push(panic.diagnostic(doing, self.type_name(), kept));
        }
        let unknown = unknown_paths(self.shape(), &state, &Path::root());
        violations.extend(
            unknown
                .into_iter()
                .map(|path| Violation { path, problem: "has no known value".to_owned() }),
        );
        let state = without_unknowns(state, &Value::Null);
        if violations.is_empty() {
            violations = check_applied(self.schema, &request.planned, &state);
        }
        violations.extend(identity::changed(self.identity, &request.prior, &state));
        let missing = self.identity.map(|identity| identity::missing(identity, &state));
        violations.extend(
            missing
                .into_iter()
                .flatten()
                .map(|name| Violation::new(&name.into(), "identifies the object and has no value")),
        );
        let bugs = provider_bugs(violations, INCONSISTENT, self.type_name(), kept);
        answer.diagnostics.extend(bugs);
        answer.identity = identity::of_state(self.identity, &state);
        answer.state = Some(state);
    }

    /// The operation failed: what the provider saved is kept, or else what was.
    fn broken_off(
        &self,
        errors: Diagnostics,
        saved: Option<Value>,
        request: &ApplyResource,
        answer: &mut ApplyResponse,
    ) {
        answer.diagnostics.extend(errors);
        let Some(saved) = saved else { return };
        let timeouts_of = if request.planned.is_null() { &request.prior } else { &request.planned };
        let (state, misfits) = self.encoded(saved, timeouts_of);
        for misfit in misfits {
            tracing::error!(attribute = %misfit.path, problem = misfit.problem, "saved state");
        }
        let (state, _) = self.settled(timeouts_of, state, false);
        let state = without_unknowns(state, &request.prior);
        answer.identity = identity::of_state(self.identity, &state);
        answer.state = Some(state);
    }
}

fn doing(operation: Operation) -> &'static str {
    match operation {
        Operation::Create => "creating",
        Operation::Read => "reading",
        Operation::Update => "updating",
        Operation::Delete => "deleting",
    }
}

/// What becomes of the object when an operation ends badly.
fn kept(operation: Operation, saved: bool) -> &'static str {
    match (operation, saved) {
        (Operation::Create, true) => {
            "The object exists. Its state is kept and marked as tainted, so that the next apply \
             replaces it; `terraform untaint` keeps it instead."
        }
        (Operation::Create, false) => {
            "Nothing is kept in the state. The object may exist all the same: look for it before \
             you apply again, and import or remove it."
        }
        (Operation::Update, true) => {
            "The new state is kept; the next plan shows what it still lacks."
        }
        (Operation::Delete, _) => {
            "The object stays in the state; the next apply tries again to delete it."
        }
        _ => "The state stays as it was; the next plan shows what took effect.",
    }
}

#[cfg(test)]
mod tests;
