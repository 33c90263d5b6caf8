//! The keys of further conditions, and the values that fit them.

use tfsdk::{
    Diagnostics,
    schema::{Validator, validators},
    value::{Path, Tf},
};

use super::Condition;
use crate::services::istio::syntax;

/// Keys that stand alone.
const KEYS: &[&str] = &[
    "source.ip",
    "remote.ip",
    "source.namespace",
    "source.serviceAccount",
    "source.principal",
    "request.auth.principal",
    "request.auth.audiences",
    "request.auth.presenter",
    "destination.ip",
    "destination.port",
    "connection.sni",
];

/// Keys with a name in brackets.
const KEYS_OF_MAPS: &[&str] = &[
    "request.headers",
    "request.experimental.inline.headers",
    "request.auth.claims",
    "experimental.envoy.filters.",
];

/// What a condition may look at.
pub(super) fn key() -> impl Validator {
    validators::satisfies("must be a key that Istio knows", |value| {
        value.as_str().map_or(Ok(()), key_problem)
    })
}

fn key_problem(key: &str) -> Result<(), String> {
    if KEYS.contains(&key) {
        return Ok(());
    }
    if let Some(map) = KEYS_OF_MAPS.iter().find(|map| key.starts_with(**map)) {
        let name = key.split_once('[').and_then(|(_, rest)| rest.strip_suffix(']'));
        return match name {
            Some(name) if !name.is_empty() => Ok(()),
            _ => Err(format!("must have a name in brackets, as `{map}[name]`, and is {key:?}")),
        };
    }
    let instead = match key {
        "destination.namespace" => ": the policy's own namespace is meant",
        key if key.starts_with("destination.labels") => ": use `selector`",
        _ => "",
    };
    Err(format!(
        "must be one of {}, or one of `request.headers` and `request.auth.claims` with a name in \
         brackets, and is {key:?}{instead}",
        KEYS.join(", ")
    ))
}

/// Checks the values of a condition.
pub(super) fn check(condition: &Condition, path: &Path, diagnostics: &mut Diagnostics) {
    let lists = [("values", &condition.values), ("not_values", &condition.not_values)];
    let empty = |list: &Tf<Vec<String>>| list.is_null() || list.known().is_some_and(Vec::is_empty);
    if lists.iter().all(|(_, list)| empty(list)) {
        diagnostics.error_at(
            path,
            "Condition without values",
            "Set `values` or `not_values`. `[\"*\"]` is any value.",
        );
    }
    for (name, list) in lists {
        let path = path.attribute(name);
        for (i, value) in list.items().iter().enumerate().filter(|(_, value)| !value.is_empty()) {
            if let Err(problem) = value_problem(condition.key.text(), value) {
                diagnostics.error_at(path.index(i), "Invalid value", problem);
            }
        }
    }
}

fn value_problem(key: &str, value: &str) -> Result<(), String> {
    match key {
        "source.ip" | "remote.ip" | "destination.ip" => {
            syntax::subnet().check(&value.into(), &Path::root())
        }
        "destination.port" => port_problem(value),
        "source.serviceAccount" => service_account_problem(value),
        _ => Ok(()),
    }
}

/// What is wrong with a port that is written as text.
pub(super) fn port_problem(text: &str) -> Result<(), String> {
    match text.parse::<u16>() {
        Ok(_) if !text.starts_with('+') => Ok(()),
        _ => Err(format!("must be a port as text, such as \"8080\", and is {text:?}")),
    }
}

/// What is wrong with a service account.
pub(super) fn service_account_problem(text: &str) -> Result<(), String> {
    let parts: Vec<&str> = text.split('/').collect();
    let fits = parts.len() <= 2 && parts.iter().all(|part| !part.is_empty());
    if fits && !text.contains('*') && text.len() <= 320 {
        return Ok(());
    }
    Err(format!("must be `namespace/name` or `name`, without wildcards, and is {text:?}"))
}
