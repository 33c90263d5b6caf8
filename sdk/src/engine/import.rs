//! Importing and moving: states for objects that this type did not create.

use crate::{
    Diagnostic, Diagnostics,
    engine::{
        IdentitySchema, ImportBy, ImportResource, ImportResponse, MoveResponse, MoveSource,
        Operation, identity,
        managed::{Managed, at_least_one_error, provider_bugs},
        panic::{catch, caught},
        rules::Violation,
        shape::entry,
        unknown::{unknown_paths, without_unknowns},
    },
    value::{Path, Value},
};

const IMPORTING: &str = "importing";
const NOT_IMPORTED: &str = "Nothing was imported.";

impl<C> Managed<'_, C> {
    /// Starts an import: what a read needs to find the object. Terraform reads
    /// it next.
    pub(crate) async fn import(&self, request: ImportResource) -> ImportResponse {
        let mut answer = ImportResponse::default();
        if let Some(deferred) = self.session.deferral(request.client) {
            answer.deferred = Some(deferred);
            answer.state = Some(Value::unknown());
            return answer;
        }
        let state = match &request.by {
            ImportBy::Id(id) => self.import_id(id, &mut answer).await,
            ImportBy::Identity(identity) => self.import_identity(identity),
        };
        match state {
            Ok(state) => {
                answer.identity = match request.by {
                    ImportBy::Identity(identity) => Some(identity),
                    ImportBy::Id(_) => identity::of_state(self.identity, &state),
                };
                answer.state = Some(state);
            }
            Err(errors) => answer.diagnostics.extend(errors),
        }
        answer
    }

    async fn import_id(&self, id: &str, answer: &mut ImportResponse) -> Result<Value, Diagnostics> {
        let type_name = self.type_name();
        let timeout = self.timeout(&Value::Null, Operation::Read);
        let cx = self.session.cx(IMPORTING, type_name, timeout, Vec::new())?;
        let outcome = caught(async { self.resource.import(&cx, id).await }).await;
        let notes = cx.into_notes();
        answer.private = notes.private;
        answer.diagnostics.extend(notes.warnings);
        match outcome {
            Ok(Ok(state)) => self.foreign(state, "The provider imported an invalid object"),
            Ok(Err(errors)) => Err(at_least_one_error(errors, IMPORTING, type_name)),
            Err(panic) => Err(panic.diagnostic(IMPORTING, type_name, NOT_IMPORTED).into()),
        }
    }

    fn import_identity(&self, identity: &Value) -> Result<Value, Diagnostics> {
        let Some(schema) = self.identity else {
            return Err(Diagnostic::error(
                format!("Unable to import a {} by identity", self.type_name()),
                "This resource has no identity. Import it by id.",
            )
            .into());
        };
        let missing = identity::missing(schema, identity);
        if !missing.is_empty() {
            return Err(Diagnostic::error(
                format!("Unable to import a {} by identity", self.type_name()),
                format!("The identity lacks {}.", missing.join(", ")),
            )
            .into());
        }
        let empty = catch(|| self.resource.empty());
        let empty =
            empty.map_err(|panic| panic.diagnostic(IMPORTING, self.type_name(), NOT_IMPORTED))?;
        let state = named(empty, schema, identity);
        self.foreign(state, "The provider imported an invalid object")
    }

    /// Takes over the state of another type.
    pub(crate) fn take_over(&self, source: &MoveSource) -> MoveResponse {
        let mut answer = MoveResponse::default();
        let moving = "taking over";
        let outcome = catch(|| self.resource.moved_from(source));
        let state = match outcome {
            Ok(Ok(Some(state))) => self.foreign(state, "The provider took over an invalid object"),
            Ok(Ok(None)) => Err(Diagnostic::error(
                "Unable to move the resource",
                format!(
                    "A {} cannot take over the state of a {} of {} (schema version {}). Remove \
                     the `moved` block, and import the object instead.",
                    self.type_name(),
                    source.type_name,
                    source.provider,
                    source.schema_version
                ),
            )
            .into()),
            Ok(Err(errors)) => Err(at_least_one_error(errors, moving, self.type_name())),
            Err(panic) => {
                Err(panic.diagnostic(moving, self.type_name(), "The state stays as it was.").into())
            }
        };
        match state {
            Ok(state) => {
                answer.identity = identity::of_state(self.identity, &state);
                answer.state = Some(state);
            }
            Err(errors) => answer.diagnostics.extend(errors),
        }
        answer
    }

    /// A state that comes from elsewhere, in the schema's form.
    fn foreign(&self, state: Value, summary: &str) -> Result<Value, Diagnostics> {
        let (state, mut violations) = self.encoded(state, &Value::Null);
        let unknown = unknown_paths(self.shape(), &state, &Path::root());
        violations.extend(
            unknown
                .into_iter()
                .map(|path| Violation { path, problem: "has no known value".to_owned() }),
        );
        if !violations.is_empty() {
            return Err(provider_bugs(violations, summary, self.type_name(), NOT_IMPORTED));
        }
        let (state, _) = self.settled(&state, state.clone(), false);
        Ok(without_unknowns(state, &Value::Null))
    }
}

/// `object` with the attributes of an identity.
fn named(object: Value, schema: &IdentitySchema, identity: &Value) -> Value {
    let Value::Map(mut entries) = object else {
        return object;
    };
    for attribute in &schema.attributes {
        entries.insert(attribute.name.clone(), entry(identity, &attribute.name).clone());
    }
    Value::Map(entries)
}

#[cfg(test)]
mod tests;
