//! Reading: what the object is now, in the spelling that the state has.

use crate::{
    Diagnostics,
    engine::{
        Operation, ReadResource, ReadResponse, identity,
        managed::{Managed, at_least_one_error, provider_bugs},
        panic::caught,
        rules::Violation,
        unknown::unknown_paths,
    },
    value::{Path, Value},
};

const READING: &str = "reading";
const STATE_STAYS: &str = "The state stays as it was.";

impl<C> Managed<'_, C> {
    /// Refreshes a state; null when the object is gone.
    pub(crate) async fn read(&self, request: ReadResource) -> ReadResponse {
        let mut answer = ReadResponse {
            private: request.private.clone(),
            identity: request.identity.clone(),
            ..ReadResponse::default()
        };
        if let Some(deferred) = self.session.deferral(request.client) {
            answer.state = Some(request.state);
            answer.deferred = Some(deferred);
            return answer;
        }
        match self.refreshed(&request.state, &mut answer).await {
            Ok(state) => {
                answer.identity = identity::of_state(self.identity, &state);
                answer.state = Some(state);
            }
            Err(errors) => answer.diagnostics.extend(errors),
        }
        answer
    }

    async fn refreshed(
        &self,
        state: &Value,
        answer: &mut ReadResponse,
    ) -> Result<Value, Diagnostics> {
        let type_name = self.type_name();
        let timeout = self.timeout(state, Operation::Read);
        let cx = self.session.cx(READING, type_name, timeout, answer.private.clone())?;
        let known = self.strip(state);
        let outcome = caught(async { self.resource.read(&cx, &known).await }).await;
        let notes = cx.into_notes();
        answer.private = notes.private;
        answer.diagnostics.extend(notes.warnings);
        let found = match outcome {
            Ok(Ok(Some(found))) => found,
            Ok(Ok(None)) => {
                tracing::debug!("the object is gone");
                return Ok(Value::Null);
            }
            Ok(Err(errors)) => return Err(at_least_one_error(errors, READING, type_name)),
            Err(panic) => return Err(panic.diagnostic(READING, type_name, STATE_STAYS).into()),
        };
        let (found, mut violations) = self.encoded(found, state);
        let (found, panic) = self.settled(state, found, true);
        if let Some(panic) = panic {
            let doing = "comparing values of";
            return Err(panic.diagnostic(doing, type_name, STATE_STAYS).into());
        }
        violations.extend(
            unknown_paths(self.shape(), &found, &Path::root())
                .into_iter()
                .map(|path| Violation { path, problem: "has no known value".to_owned() }),
        );
        violations.extend(identity::changed(self.identity, state, &found));
        if violations.is_empty() {
            return Ok(found);
        }
        let summary = "The provider read an invalid object";
        Err(provider_bugs(violations, summary, type_name, STATE_STAYS))
    }
}

#[cfg(test)]
mod tests;
