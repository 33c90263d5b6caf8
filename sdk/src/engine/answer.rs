//! Answers to requests, whatever happens.

use futures::future::BoxFuture;

use crate::{
    Diagnostic, Diagnostics,
    engine::{
        ApplyResponse, DataResponse, ImportResponse, MoveResponse, PlanResponse, ReadResponse,
        panic::caught,
    },
};

/// Runs one request; a panic outside the operations proper becomes an error too.
/// The wire layer has opened a span that names request and type.
pub(crate) fn within<'a, T: Answer + 'a, R: Into<Outcome<T>>>(
    rpc: &'static str,
    type_name: String,
    request: impl Future<Output = R> + Send + 'a,
) -> BoxFuture<'a, T> {
    Box::pin(async move {
        match caught(request).await.map(Into::into) {
            Ok(Outcome(Ok(answer))) => answer,
            Ok(Outcome(Err(error))) => T::failed(error.into()),
            Err(panic) => {
                let doing = format!("answering {rpc} for");
                let name = if type_name.is_empty() { "the provider block" } else { &type_name };
                T::failed(panic.diagnostic(&doing, name, "").into())
            }
        }
    })
}

/// What a request comes to: an answer, or that there is no such type.
pub(crate) struct Outcome<T>(Result<T, Diagnostic>);

impl<T> From<Result<T, Diagnostic>> for Outcome<T> {
    fn from(result: Result<T, Diagnostic>) -> Self {
        Self(result)
    }
}

impl From<Diagnostics> for Outcome<Diagnostics> {
    fn from(answer: Diagnostics) -> Self {
        Self(Ok(answer))
    }
}

/// An answer that can say what went wrong.
pub(crate) trait Answer: Default + Send {
    fn failed(diagnostics: Diagnostics) -> Self;
}

macro_rules! answers {
    ($($answer:ty),*) => {
        $(impl Answer for $answer {
            fn failed(diagnostics: Diagnostics) -> Self {
                Self { diagnostics, ..Self::default() }
            }
        })*
    };
}

answers!(ReadResponse, PlanResponse, ApplyResponse, ImportResponse, MoveResponse, DataResponse);

impl Answer for Diagnostics {
    fn failed(diagnostics: Diagnostics) -> Self {
        diagnostics
    }
}

impl<T: Send> Answer for (Option<T>, Diagnostics) {
    fn failed(diagnostics: Diagnostics) -> Self {
        (None, diagnostics)
    }
}

impl<T: Send, U: Send> Answer for (Option<T>, Option<U>, Diagnostics) {
    fn failed(diagnostics: Diagnostics) -> Self {
        (None, None, diagnostics)
    }
}
