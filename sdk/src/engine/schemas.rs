//! All schemas of a provider, as Terraform gets them.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    engine::{
        Provider, Registry, Schemas,
        erased::{AnyDataSource, AnyResource, read_timeout},
        identity,
        timeouts::{self, TIMEOUTS},
    },
    schema::{Attribute, Kind, Model, Schema},
};

/// The schemas of everything in a registry, `timeouts` included.
pub(crate) fn collect<P: Provider>(registry: &Registry<P::Client>) -> Schemas {
    let mut provider = P::Config::schema();
    // The engine fills defaults in; to Terraform a computed attribute in a
    // provider block makes no sense.
    without_defaults(&mut provider.block.attributes);
    let resources: BTreeMap<String, Schema> = registry
        .resources
        .iter()
        .map(|resource| (resource.type_name().to_owned(), resource_schema(resource)))
        .collect();
    let identities = registry.resources.iter().filter_map(|resource| {
        let name = resource.type_name();
        let identity = identity::schema(&resources[name].block, resource.identity())?;
        Some((name.to_owned(), identity))
    });
    Schemas {
        provider,
        identities: identities.collect(),
        data_sources: registry
            .data_sources
            .iter()
            .map(|source| (source.type_name().to_owned(), source_schema(source)))
            .collect(),
        ephemeral: registry
            .ephemeral
            .iter()
            .map(|ephemeral| (ephemeral.type_name().to_owned(), ephemeral.schema()))
            .collect(),
        functions: registry
            .functions
            .iter()
            .map(|function| (function.name().to_owned(), function.signature()))
            .collect(),
        resources,
    }
}

fn resource_schema<C>(resource: &Arc<dyn AnyResource<C>>) -> Schema {
    with_timeouts(resource.schema(), resource.timeouts())
}

fn source_schema<C>(source: &Arc<dyn AnyDataSource<C>>) -> Schema {
    with_timeouts(source.schema(), &read_timeout(source.timeout()))
}

fn with_timeouts(mut schema: Schema, defaults: timeouts::Defaults<'_>) -> Schema {
    let attributes = &mut schema.block.attributes;
    if !defaults.is_empty() && attributes.iter().all(|a| a.name != TIMEOUTS) {
        attributes.push(timeouts::attribute(defaults));
    }
    schema
}

fn without_defaults(attributes: &mut [Attribute]) {
    for attribute in attributes {
        attribute.default = None;
        if let Kind::Nested(_, object) = &mut attribute.kind {
            without_defaults(&mut object.attributes);
        }
    }
}
