//! One managed resource at the time of one request, and what all its
//! operations share.

use crate::{
    Diagnostic, Diagnostics,
    engine::{
        IdentitySchema, Operation,
        conform::conform,
        erased::AnyResource,
        panic::{Panic, catch},
        rules::Violation,
        session::Session,
        settle::settle,
        shape::{Shape, View},
        timeouts,
    },
    schema::Schema,
    value::{Path, Value},
};

/// A managed resource with its schema and the configured provider. The
/// operations are in `plan`, `apply`, `read`, `import` and `upgrade`.
pub(crate) struct Managed<'a, C> {
    pub(crate) resource: &'a dyn AnyResource<C>,
    pub(crate) schema: &'a Schema,
    pub(crate) identity: Option<&'a IdentitySchema>,
    pub(crate) session: Session<C>,
}

impl<C> Managed<'_, C> {
    pub(crate) fn type_name(&self) -> &'static str {
        self.resource.type_name()
    }

    pub(crate) fn shape(&self) -> Shape<'_> {
        (&self.schema.block).into()
    }

    /// An object as the resource's model knows it.
    pub(crate) fn strip(&self, object: &Value) -> Value {
        timeouts::strip(object, self.resource.timeouts())
    }

    pub(crate) fn timeout(&self, object: &Value, operation: Operation) -> std::time::Duration {
        timeouts::timeout(object, operation, self.resource.timeouts())
    }

    /// What a model encoded, in the schema's exact form, with the timeouts of
    /// `from`; and what did not fit.
    pub(crate) fn encoded(&self, value: Value, from: &Value) -> (Value, Vec<Violation>) {
        let mut misfits = Vec::new();
        let value = timeouts::restore(value, from, self.resource.timeouts());
        let value = conform(View::Object(self.shape()), value, &Path::root(), &mut misfits);
        (value, misfits)
    }

    /// See [`settle`]. An equivalence of the provider may panic: then the value
    /// stays as it is.
    pub(crate) fn settled(
        &self,
        known: &Value,
        actual: Value,
        reading: bool,
    ) -> (Value, Option<Panic>) {
        match catch(|| settle(self.shape(), known, actual.clone(), reading)) {
            Ok(settled) => (settled, None),
            Err(panic) => (actual, Some(panic)),
        }
    }
}

/// What violations say to the person: that the provider is at fault, and what
/// became of the object.
pub(crate) fn provider_bugs(
    violations: Vec<Violation>,
    summary: &str,
    type_name: &str,
    outcome: &str,
) -> Diagnostics {
    violations
        .into_iter()
        .map(|Violation { path, problem }| {
            let name = if path.is_root() { "The object".to_owned() } else { format!("{path}") };
            let detail = format!(
                "{type_name}: {name} {problem}.\n\nThis is a bug in the provider. Please report \
                 it with this message. {outcome}"
            );
            let diagnostic = Diagnostic::error(summary, detail);
            if path.is_root() { diagnostic } else { diagnostic.at(path) }
        })
        .collect()
}

/// Errors of provider code, with one in place if there is none among them.
pub(crate) fn at_least_one_error(errors: Diagnostics, doing: &str, type_name: &str) -> Diagnostics {
    let mut errors = errors;
    if !errors.has_errors() {
        errors.error(
            format!("Failed while {doing} {type_name}"),
            "The provider gave no reason. This is a bug in the provider.",
        );
    }
    errors
}
