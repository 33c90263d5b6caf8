//! The types by which values are coded, found by name.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use crate::{
    engine::{Schemas, Server},
    plugin::rpc::Fault,
    schema::Schema,
    value::Type,
};

/// What a type name names.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Family {
    /// A managed resource.
    Resource,
    /// A data source.
    DataSource,
    /// An ephemeral resource.
    Ephemeral,
}

impl Family {
    /// As a person says it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Resource => "resource",
            Self::DataSource => "data source",
            Self::Ephemeral => "ephemeral resource",
        }
    }
}

/// The schemas, and the types made of them so far: each is made when it is
/// first needed, since most runs need few of many.
pub(crate) struct Types {
    server: Arc<dyn Server>,
    schemas: OnceLock<Arc<Schemas>>,
    made: Mutex<HashMap<(Family, String), Arc<Type>>>,
}

impl Types {
    /// Nothing made yet.
    pub(crate) fn new(server: Arc<dyn Server>) -> Self {
        Self { server, schemas: OnceLock::new(), made: Mutex::default() }
    }

    /// Every schema.
    pub(crate) fn schemas(&self) -> &Schemas {
        self.schemas.get_or_init(|| self.server.schemas())
    }

    /// The provider block's type.
    pub(crate) fn provider(&self) -> Type {
        self.schemas().provider.ty()
    }

    /// The type of a resource, a data source, ….
    pub(crate) fn of(&self, family: Family, name: &str) -> Result<Arc<Type>, Fault> {
        let key = (family, name.to_owned());
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ty) = made.get(&key) {
            return Ok(Arc::clone(ty));
        }
        let schema = self.schema(family, name).ok_or(Fault::UnknownType(family))?;
        let ty = Arc::new(schema.ty());
        made.insert(key, Arc::clone(&ty));
        Ok(ty)
    }

    /// The type of a resource's identity, if it has one.
    pub(crate) fn identity(&self, name: &str) -> Option<Type> {
        let schema = self.schemas().identities.get(name)?;
        Some(Type::object(schema.attributes.iter().map(|a| (a.name.as_str(), a.ty.clone()))))
    }

    fn schema(&self, family: Family, name: &str) -> Option<&Schema> {
        let schemas = self.schemas();
        match family {
            Family::Resource => schemas.resources.get(name),
            Family::DataSource => schemas.data_sources.get(name),
            Family::Ephemeral => schemas.ephemeral.get(name),
        }
    }
}
