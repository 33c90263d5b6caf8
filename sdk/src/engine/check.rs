//! What is wrong with a provider before anyone uses it.

use std::collections::BTreeSet;

use crate::{
    Diagnostic, Diagnostics,
    engine::{Engine, Function, Provider, conform::conform, shape::View, timeouts::TIMEOUTS},
    schema::{Kind, Schema},
    value::{Path, Type, Value},
};

impl<P: Provider> Engine<P> {
    /// All that is wrong with the provider's types and schemas: what Terraform
    /// would refuse when it loads the provider, and what it would not notice.
    /// A unit test of each provider should assert that there is nothing; debug
    /// builds check it when the engine is made.
    pub fn check(&self) -> Diagnostics {
        let mut found = self.duplicates();
        let schemas = self.schemas_now();
        let mut add = |name: &str, problems: Vec<String>| {
            for problem in problems {
                found.error("Invalid provider", format!("{name}: {problem}."));
            }
        };
        add("provider block", sentences(schemas.provider.validate_as_provider()));
        for resource in self.resources() {
            let name = resource.type_name();
            let schema = &schemas.resources[name];
            add(name, check_name::<P>(name));
            add(name, check_schema(schema));
            add(name, check_own(&resource.schema(), !resource.timeouts().is_empty()));
            add(name, check_empty(&resource.schema(), resource.empty()));
            add(name, check_identity(schema, resource.identity()));
        }
        for source in self.data_sources() {
            let name = source.type_name();
            add(name, check_name::<P>(name));
            add(name, check_schema(&schemas.data_sources[name]));
            add(name, check_own(&source.schema(), source.timeout().is_some()));
        }
        for ephemeral in self.ephemeral() {
            let name = ephemeral.type_name();
            add(name, check_name::<P>(name));
            add(name, check_schema(&schemas.ephemeral[name]));
        }
        for function in self.functions() {
            add(function.name(), check_function(&**function));
        }
        found
    }
}

fn check_name<P: Provider>(name: &str) -> Vec<String> {
    let own = name.strip_prefix(P::NAME).and_then(|rest| rest.strip_prefix('_'));
    match own {
        Some(rest) if is_identifier(rest) => Vec::new(),
        _ => vec![format!("the type's name must be {}_ and lower_snake_case", P::NAME)],
    }
}

fn check_schema(schema: &Schema) -> Vec<String> {
    let mut problems = sentences(schema.validate());
    for block in schema.block.blocks.iter().filter(|block| block.ty() == Type::Dynamic) {
        problems.push(format!(
            "{}: blocks that repeat cannot hold dynamic attributes; nest the attributes instead",
            block.name
        ));
    }
    problems
}

fn sentences(result: Result<(), Diagnostics>) -> Vec<String> {
    let faults = result.err().unwrap_or_default();
    let sentence = |fault: Diagnostic| match fault.path {
        Some(path) => format!("{path}: {}", fault.detail),
        None => fault.detail,
    };
    faults.into_iter().map(sentence).collect()
}

/// Whether a name is lower_snake_case and starts with a letter.
fn is_identifier(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

fn check_own(schema: &Schema, has_timeouts: bool) -> Vec<String> {
    let has_own = schema.block.attributes.iter().any(|a| a.name == TIMEOUTS)
        || schema.block.blocks.iter().any(|b| b.name == TIMEOUTS);
    if has_own && has_timeouts {
        return vec![format!(
            "the attribute {TIMEOUTS} is added by itself; remove it from the model"
        )];
    }
    Vec::new()
}

/// A model and its schema may be written apart; they must agree.
fn check_empty(schema: &Schema, empty: Value) -> Vec<String> {
    let mut misfits = Vec::new();
    conform(View::Object((&schema.block).into()), empty, &Path::root(), &mut misfits);
    misfits
        .into_iter()
        .map(|misfit| format!("of the empty model, {} {}", misfit.path, misfit.problem))
        .collect()
}

fn check_identity(schema: &Schema, names: &[&str]) -> Vec<String> {
    let mut problems = Vec::new();
    for name in names {
        let Some(a) = schema.block.attributes.iter().find(|a| a.name == *name) else {
            problems.push(format!("the identity attribute {name} does not exist"));
            continue;
        };
        let is_plain = |ty: &Type| matches!(ty, Type::Bool | Type::Number | Type::String);
        let fits = match &a.kind {
            Kind::Type(Type::List(element)) => is_plain(element),
            Kind::Type(ty) => is_plain(ty),
            Kind::Nested(..) => false,
        };
        if !fits {
            problems.push(format!(
                "the identity attribute {name} must be a bool, number or string, or a list of such"
            ));
        }
        if a.sensitive || a.write_only {
            problems.push(format!("the identity attribute {name} must not be a secret"));
        }
    }
    problems
}

fn check_function(function: &dyn Function) -> Vec<String> {
    let mut problems = Vec::new();
    if !is_identifier(function.name()) {
        problems.push("the function's name must be lower_snake_case".to_owned());
    }
    let signature = function.signature();
    let mut seen = BTreeSet::new();
    for parameter in signature.parameters.iter().chain(&signature.variadic) {
        if !is_identifier(&parameter.name) {
            problems.push(format!("the parameter {:?} must be lower_snake_case", parameter.name));
        }
        if !seen.insert(&parameter.name) {
            problems.push(format!("there are two parameters {}", parameter.name));
        }
    }
    problems
}

#[cfg(test)]
mod tests;
