//! Stored states and identities of this and of older versions.

use crate::{
    Diagnostic, Diagnostics,
    engine::{
        UpgradeState, identity,
        managed::{Managed, at_least_one_error, provider_bugs},
        panic::catch,
        rules::Violation,
        unknown::unknown_paths,
    },
    value::{Path, Value, json},
};

const SUMMARY: &str = "Unable to read the stored state";
const STATE_STAYS: &str = "The state stays as it was.";

impl<C> Managed<'_, C> {
    /// Brings a stored state to the current schema. Terraform asks this for
    /// every object of every state, also when nothing changed.
    pub(crate) fn upgraded(&self, request: &UpgradeState) -> Result<Value, Diagnostics> {
        let current = self.schema.version;
        let Some(json) = &request.json else {
            return Err(self.too_old().into());
        };
        if request.version > current {
            return Err(self.too_new("state", request.version, current).into());
        }
        let ty = self.schema.ty();
        let (state, mut violations) = if request.version == current {
            let state = json::decode_state(json, &ty)
                .map_err(|error| self.unreadable(&error.to_string()))?;
            self.encoded(state.clone(), &state)
        } else {
            let document = serde_json::from_slice(json)
                .map_err(|error| self.unreadable(&error.to_string()))?;
            // What users wrote under `timeouts` outlives the versions.
            let times = json::decode_state(json, &ty).unwrap_or_default();
            let upgraded = catch(|| self.resource.upgrade(request.version, document))
                .map_err(|panic| panic.diagnostic("upgrading", self.type_name(), STATE_STAYS))?
                .map_err(|e| at_least_one_error(e, "upgrading", self.type_name()))?;
            self.encoded(upgraded, &times)
        };
        violations.extend(
            unknown_paths(self.shape(), &state, &Path::root())
                .into_iter()
                .map(|path| Violation { path, problem: "has no known value".to_owned() }),
        );
        if violations.is_empty() {
            return Ok(self.settled(&state, state.clone(), false).0);
        }
        let summary = "The provider upgraded a state wrongly";
        Err(provider_bugs(violations, summary, self.type_name(), STATE_STAYS))
    }

    /// Brings a stored identity to the current schema.
    pub(crate) fn upgraded_identity(&self, request: &UpgradeState) -> Result<Value, Diagnostics> {
        let Some(schema) = self.identity else {
            return Err(Diagnostic::error(
                SUMMARY,
                format!("A {} has no identity in this version of the provider.", self.type_name()),
            )
            .into());
        };
        if request.version > schema.version {
            return Err(self.too_new("identity", request.version, schema.version).into());
        }
        let Some(json) = &request.json else {
            return Err(self.too_old().into());
        };
        let stored = json::decode_state(json, &identity::ty(schema));
        Ok(stored.map_err(|error| self.unreadable(&error.to_string()))?)
    }

    fn too_old(&self) -> Diagnostic {
        Diagnostic::error(
            SUMMARY,
            format!(
                "The state of this {} was written by Terraform 0.11 or older. Apply once with \
                 Terraform 0.12 and the provider version of that time, or remove the object from \
                 the state and import it again.",
                self.type_name()
            ),
        )
    }

    fn too_new(&self, what: &str, found: i64, current: i64) -> Diagnostic {
        Diagnostic::error(
            SUMMARY,
            format!(
                "The {what} of this {} has schema version {found}, and this version of the \
                 provider knows up to {current}: a newer version of the provider wrote it. \
                 Use that version or a later one.",
                self.type_name()
            ),
        )
    }

    fn unreadable(&self, problem: &str) -> Diagnostic {
        Diagnostic::error(
            SUMMARY,
            format!(
                "The state of this {} does not fit its schema: {problem}. If it was edited by \
                 hand, correct it; otherwise this is a bug in the provider.",
                self.type_name()
            ),
        )
    }
}

#[cfg(test)]
mod tests;
