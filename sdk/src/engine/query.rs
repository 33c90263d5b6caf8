//! Reading data sources, and opening, renewing and closing ephemeral resources.

use crate::{
    Diagnostic, Diagnostics,
    engine::{
        DataResponse, Deferred, Opened, Operation, ReadDataSource, Renewed,
        conform::conform,
        erased::{AnyDataSource, AnyEphemeral, read_timeout},
        managed::{at_least_one_error, provider_bugs},
        panic::{Panic, catch, caught},
        plan::{Open, Prior, draft},
        rules::{Violation, check_result},
        session::Session,
        settle::settle,
        shape::{Shape, View},
        timeouts,
        unknown::unknown_paths,
        write_only::with_write_only,
    },
    schema::Schema,
    value::{Path, Value},
};

const READING: &str = "reading";
const OPENING: &str = "opening";
const NOTHING: &str = "Nothing was changed.";

/// A data source at the time of one request.
pub(crate) struct Source<'a, C> {
    pub(crate) source: &'a dyn AnyDataSource<C>,
    pub(crate) schema: &'a Schema,
    pub(crate) session: Session<C>,
}

impl<C> Source<'_, C> {
    /// A configuration as the data source's model knows it.
    pub(crate) fn strip(&self, config: &Value) -> Value {
        timeouts::strip(config, &read_timeout(self.source.timeout()))
    }

    /// Reads; in the answer everything is known and what is configured is as
    /// configured.
    pub(crate) async fn read(&self, request: ReadDataSource) -> DataResponse {
        let mut answer = DataResponse::default();
        let shape: Shape<'_> = (&self.schema.block).into();
        if let Some(deferred) = self.session.deferral(request.client) {
            answer.deferred = Some(deferred);
            let nothing = Prior::root(&Value::Null);
            answer.state = Some(draft(shape, nothing, &request.config, Open::Unknown));
            return answer;
        }
        let type_name = self.source.type_name();
        let defaults = read_timeout(self.source.timeout());
        let config = with_defaults(shape, &request.config);
        let timeout = timeouts::timeout(&config, Operation::Read, &defaults);
        let cx = match self.session.cx(READING, type_name, timeout, Vec::new()) {
            Ok(cx) => cx,
            Err(error) => {
                answer.diagnostics.push(error);
                return answer;
            }
        };
        let known = timeouts::strip(&config, &defaults);
        let outcome = caught(async { self.source.read(&cx, &known).await }).await;
        answer.diagnostics.extend(cx.into_notes().warnings);
        let result = result(outcome, READING, type_name).and_then(|found| {
            let found = timeouts::restore(found, &config, &defaults);
            checked(self.schema, &request.config, &config, found, type_name)
        });
        match result {
            Ok(state) => answer.state = Some(state),
            Err(errors) => answer.diagnostics.extend(errors),
        }
        answer
    }
}

/// An ephemeral resource at the time of one request.
pub(crate) struct Ephemeral<'a, C> {
    pub(crate) resource: &'a dyn AnyEphemeral<C>,
    pub(crate) schema: &'a Schema,
    pub(crate) session: Session<C>,
}

impl<C> Ephemeral<'_, C> {
    /// Opens it; in the answer everything is known and what is configured is as
    /// configured. One whose answer is wrong is closed again.
    pub(crate) async fn open(
        &self,
        request: ReadDataSource,
    ) -> (Option<Opened<Value>>, Option<Deferred>, Diagnostics) {
        if let Some(deferred) = self.session.deferral(request.client) {
            return (None, Some(deferred), Diagnostics::new());
        }
        let type_name = self.resource.type_name();
        let config = with_defaults((&self.schema.block).into(), &request.config);
        let cx = match self.cx(OPENING, Vec::new()) {
            Ok(cx) => cx,
            Err(error) => return (None, None, error.into()),
        };
        let outcome = caught(async { self.resource.open(&cx, &config).await }).await;
        let mut diagnostics = cx.into_notes().warnings;
        let opened = match result(outcome, OPENING, type_name) {
            Ok(opened) => opened,
            Err(errors) => {
                diagnostics.extend(errors);
                return (None, None, diagnostics);
            }
        };
        let Opened { model, private, renew_at } = opened;
        match checked(self.schema, &request.config, &config, model, type_name) {
            Ok(model) => (Some(Opened { model, private, renew_at }), None, diagnostics),
            Err(errors) => {
                diagnostics.extend(errors);
                diagnostics.extend(self.close(private).await);
                (None, None, diagnostics)
            }
        }
    }

    /// Prolongs it.
    pub(crate) async fn renew(&self, private: Vec<u8>) -> (Option<Renewed>, Diagnostics) {
        let doing = "renewing";
        let cx = match self.cx(doing, private.clone()) {
            Ok(cx) => cx,
            Err(error) => return (None, error.into()),
        };
        let outcome = caught(async { self.resource.renew(&cx, private).await }).await;
        let mut diagnostics = cx.into_notes().warnings;
        match result(outcome, doing, self.resource.type_name()) {
            Ok(renewed) => (Some(renewed), diagnostics),
            Err(errors) => {
                diagnostics.extend(errors);
                (None, diagnostics)
            }
        }
    }

    /// Ends it.
    pub(crate) async fn close(&self, private: Vec<u8>) -> Diagnostics {
        let doing = "closing";
        let cx = match self.cx(doing, private.clone()) {
            Ok(cx) => cx,
            Err(error) => return error.into(),
        };
        let outcome = caught(async { self.resource.close(&cx, private).await }).await;
        let mut diagnostics = cx.into_notes().warnings;
        if let Err(errors) = result(outcome, doing, self.resource.type_name()) {
            diagnostics.extend(errors);
        }
        diagnostics
    }

    fn cx(&self, doing: &str, private: Vec<u8>) -> Result<crate::engine::Cx<C>, Diagnostic> {
        self.session.cx(doing, self.resource.type_name(), timeouts::DEFAULT, private)
    }
}

/// A configuration with its defaults filled in.
pub(crate) fn with_defaults(shape: Shape<'_>, config: &Value) -> Value {
    let filled = draft(shape, Prior::root(&Value::Null), config, Open::Kept);
    with_write_only(shape, &filled, config)
}

fn result<T>(
    outcome: Result<Result<T, Diagnostics>, Panic>,
    doing: &str,
    type_name: &str,
) -> Result<T, Diagnostics> {
    match outcome {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(errors)) => Err(at_least_one_error(errors, doing, type_name)),
        Err(panic) => Err(panic.diagnostic(doing, type_name, NOTHING).into()),
    }
}

/// A result in the schema's form, wholly known, and true to the configuration.
fn checked(
    schema: &Schema,
    written: &Value,
    config: &Value,
    found: Value,
    type_name: &str,
) -> Result<Value, Diagnostics> {
    let shape: Shape<'_> = (&schema.block).into();
    let mut violations = Vec::new();
    let found = conform(View::Object(shape), found, &Path::root(), &mut violations);
    let found = catch(|| settle(shape, config, found, false))
        .map_err(|panic| panic.diagnostic("comparing values of", type_name, NOTHING))?;
    violations.extend(
        unknown_paths(shape, &found, &Path::root())
            .into_iter()
            .map(|path| Violation { path, problem: "has no known value".to_owned() }),
    );
    violations.extend(check_result(schema, written, &found));
    if violations.is_empty() {
        return Ok(found);
    }
    let summary = "The provider returned an invalid result";
    Err(provider_bugs(violations, summary, type_name, NOTHING))
}

#[cfg(test)]
mod tests;
