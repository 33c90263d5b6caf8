//! Schemas: every part is described, and secrets are marked.

use tfsdk::{
    schema::{Attribute, Block, Kind, Schema},
    value::Type,
};

use crate::{NAME, check, schemas};

/// Names that end so hold secrets.
const SECRETS: [&str; 7] =
    ["secret_key", "password", "token", "kubeconfig", "client_key", "private_key", "credential"];

/// Words that say nothing about what they stand before.
const FILLERS: [&str; 4] = ["a", "an", "its", "the"];

#[test]
fn every_part_is_described() {
    let mut faults = Vec::new();
    for (place, schema) in every_schema() {
        faults.extend(sentence(&place, &schema.block.description));
        each(&schema.block, &place, &mut |place, attribute| {
            faults.extend(sentence(place, &attribute.description));
            if repeats(&attribute.name, &attribute.description) {
                faults.push(format!("{place}: the description only repeats the name"));
            }
        });
    }
    for (name, function) in &schemas().functions {
        let place = format!("function {name}");
        faults.extend(sentence(&place, &function.description));
        if function.summary.is_empty() || function.summary.ends_with('.') {
            faults.push(format!("{place}: the summary is a line without a full stop"));
        }
        for parameter in function.parameters.iter().chain(&function.variadic) {
            faults.extend(sentence(&format!("{place}.{}", parameter.name), &parameter.description));
        }
    }
    for (name, identity) in &schemas().identities {
        for attribute in &identity.attributes {
            let place = format!("identity of {name}.{}", attribute.name);
            faults.extend(sentence(&place, &attribute.description));
        }
    }
    check("Every part of every schema is described in sentences with a full stop.", faults);
}

#[test]
fn objects_carry_the_providers_name() {
    let all = schemas();
    let names = all.resources.keys().chain(all.data_sources.keys()).chain(all.ephemeral.keys());
    let prefix = format!("{NAME}_");
    let strange = names.filter(|name| {
        let parts = name.strip_prefix(&prefix).map(|rest| rest.split('_').count());
        parts.is_none_or(|parts| parts < 2)
    });
    check("Types are called crossmesh_<service>_<object>.", strange);
}

#[test]
fn every_resource_has_an_account() {
    let without = schemas().resources.iter().filter(|(_, schema)| {
        let account = schema.block.attributes.iter().find(|attribute| attribute.name == "account");
        account.is_none_or(|account| !account.optional)
    });
    let names = without.map(|(name, _)| name);
    check("Every resource takes `account`, so that one provider block serves all.", names);
}

#[test]
fn secrets_are_sensitive() {
    let mut faults = Vec::new();
    for (place, schema) in every_schema() {
        each(&schema.block, &place, &mut |place, attribute| {
            let secret = SECRETS.iter().any(|name| attribute.name.ends_with(name))
                && !attribute.description.starts_with("Path ");
            let leaf = matches!(&attribute.kind, Kind::Type(ty) if *ty != Type::Bool);
            if secret && leaf && !attribute.sensitive && !attribute.write_only {
                faults.push(place.to_owned());
            }
        });
    }
    check("What holds a secret is sensitive or write-only.", faults);
}

#[test]
fn timeouts_are_those_of_operations() {
    let mut faults = Vec::new();
    for (place, schema) in every_schema() {
        let found = schema.block.attributes.iter().find(|attribute| attribute.name == "timeouts");
        let Some(Kind::Nested(_, timeouts)) = found.map(|attribute| &attribute.kind) else {
            continue;
        };
        for attribute in &timeouts.attributes {
            let known = ["create", "delete", "read", "update"].contains(&attribute.name.as_str());
            let default = attribute.description.contains("Default `");
            if !known || !default || !attribute.optional {
                faults.push(format!("{place}.timeouts.{}", attribute.name));
            }
        }
    }
    check("Timeouts are optional, one an operation, and say their default.", faults);
}

/// Every schema with its place: `resource crossmesh_ccn_instance`.
fn every_schema() -> impl Iterator<Item = (String, &'static Schema)> {
    let all = schemas();
    let kinds = [
        ("resource", &all.resources),
        ("data source", &all.data_sources),
        ("ephemeral resource", &all.ephemeral),
    ];
    let objects = kinds.into_iter().flat_map(|(kind, schemas)| {
        schemas.iter().map(move |(name, schema)| (format!("{kind} {name}"), schema))
    });
    std::iter::once(("provider".to_owned(), &all.provider)).chain(objects)
}

/// Hands every attribute to `see`, with its place; nested ones follow.
fn each(block: &Block, place: &str, see: &mut impl FnMut(&str, &Attribute)) {
    attributes(&block.attributes, place, see);
    for nested in &block.blocks {
        each(&nested.block, &format!("{place}.{}", nested.name), see);
    }
}

fn attributes(list: &[Attribute], place: &str, see: &mut impl FnMut(&str, &Attribute)) {
    for attribute in list {
        let place = format!("{place}.{}", attribute.name);
        see(&place, attribute);
        if let Kind::Nested(_, object) = &attribute.kind {
            attributes(&object.attributes, &place, see);
        }
    }
}

/// What is wrong with a description, if anything.
fn sentence(place: &str, text: &str) -> Option<String> {
    let text = text.trim();
    let lower = text.chars().next().is_some_and(char::is_lowercase);
    if text.is_empty() {
        Some(format!("{place}: no description"))
    } else if lower && !text.starts_with(NAME) {
        Some(format!("{place}: begins in lower case: {text:?}"))
    } else if !text.ends_with('.') && !text.ends_with(".)") {
        Some(format!("{place}: does not end with a full stop: {text:?}"))
    } else {
        None
    }
}

/// Whether a description says no more than the name: "The name." of `name`.
fn repeats(name: &str, description: &str) -> bool {
    let words = description.split(|letter: char| !letter.is_alphanumeric());
    let words = words.map(str::to_lowercase);
    let words = words.filter(|word| !word.is_empty() && !FILLERS.contains(&word.as_str()));
    words.eq(name.split('_').map(str::to_owned))
}

#[test]
fn poor_descriptions_are_found() {
    for poor in ["", "name of it.", "Name of it"] {
        assert!(sentence("x", poor).is_some(), "{poor:?}");
    }
    for good in ["Name of it.", "`a` or `b`.", "Name (at most 60 bytes.)"] {
        assert_eq!(sentence("x", good), None);
    }
    assert!(repeats("vpc_id", "The VPC id."));
    assert!(!repeats("vpc_id", "Id of the VPC that is attached."));
}
