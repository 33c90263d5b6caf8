//! What the kinds of Istio have in common: a model of the whole object around
//! the typed `spec` of each.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use tfsdk::{
    Diagnostics, Model,
    schema::{Attribute, Kind, Nesting, Object, validators},
    value::{Path, Tf, Value},
};

use crate::{
    cluster::FIELD_MANAGER,
    services::{
        InCluster, WaitFor,
        istio::{
            loose::loosened,
            mesh::{self, InMesh},
            metadata::Metadata,
            wire::Spelling,
        },
    },
};

/// One kind of Istio's objects.
pub(super) trait IstioKind: Send + Sync + 'static {
    /// The `spec`, every field typed.
    type Spec: tfsdk::schema::Model;

    /// The resource's name, as in `crossmesh_istio_gateway`.
    const TYPE: &'static str;
    /// Documentation of the resource.
    const DESCRIPTION: &'static str;
    /// API group.
    const GROUP: &'static str;
    /// Kind.
    const KIND: &'static str;
    /// Versions in which servers may have it, the preferred one first.
    const VERSIONS: &'static [&'static str];
    /// Fields whose names do not follow from those of the attributes.
    const SPELLINGS: &'static [Spelling] = &[];

    /// Checks a configuration as Istio's own webhook would, beyond what single
    /// attributes say. Values may be unknown: those hold.
    fn check(subject: &Subject<'_, Self::Spec>, diagnostics: &mut Diagnostics);
}

/// A configuration to check.
#[derive(Debug)]
pub(super) struct Subject<'a, S> {
    /// Name, namespace, labels and annotations; `None` while unknown.
    pub metadata: Option<&'a Metadata>,
    /// The `spec`, which is at the path `spec`.
    pub spec: &'a S,
}

/// An Istio object as it is configured.
pub(super) struct Manifest<K> {
    /// Which cluster, and the metadata.
    pub head: Head,
    /// The `spec` as Terraform has it.
    pub spec: Value,
    /// How it is applied, and what is computed.
    pub tail: Tail,
    kind: PhantomData<K>,
}

/// Where the object is.
#[derive(Clone, Model)]
pub(super) struct Head {
    #[attr(flatten)]
    pub place: InCluster,

    /// The mesh, in place of the cluster.
    #[attr(flatten)]
    pub mesh: InMesh,

    /// Name, namespace, labels and annotations.
    #[attr(required)]
    pub metadata: Tf<Metadata>,
}

/// How the object is applied, and what is computed.
#[derive(Clone, Model)]
pub(super) struct Tail {
    /// Takes over fields that other managers own with other values, and adopts
    /// an object of this name that exists already. Without it, both are errors
    /// that name the managers.
    #[attr(optional, default = false)]
    pub force_conflicts: Tf<bool>,

    /// The name under which the fields are owned in the cluster
    /// (`metadata.managedFields`). Another name takes them over.
    #[attr(optional, default = FIELD_MANAGER, validate(validators::length(1..=128)))]
    pub field_manager: Tf<String>,

    /// What to wait for after every apply. Istio itself reports nothing unless
    /// its status reporting is on.
    #[attr(optional)]
    pub wait_for: Tf<WaitFor>,

    /// `cluster/namespace/name`.
    #[attr(computed, stable)]
    pub id: Tf<String>,

    /// The uid that the cluster gave the object.
    #[attr(computed, stable)]
    pub uid: Tf<String>,
}

impl<K> Manifest<K> {
    /// An object of which only cluster, namespace and name are known.
    pub(super) fn named(place: InCluster, namespace: &str, name: &str) -> Self {
        let metadata = Metadata {
            name: name.into(),
            namespace: namespace.into(),
            labels: Tf::Null,
            annotations: Tf::Null,
        };
        let mut manifest = Self {
            head: Head { place, mesh: InMesh::default(), metadata: Tf::Known(metadata) },
            spec: Value::Null,
            tail: Tail {
                force_conflicts: Tf::Known(false),
                field_manager: FIELD_MANAGER.into(),
                wait_for: Tf::Null,
                id: Tf::Null,
                uid: Tf::Null,
            },
            kind: PhantomData,
        };
        manifest.tail.id = manifest.id();
        manifest
    }

    /// `cluster/namespace/name`, as far as it is known.
    pub(super) fn id(&self) -> Tf<String> {
        let metadata = self.head.metadata.known();
        let parts = metadata.and_then(|metadata| {
            let cluster = self.head.place.cluster.known()?;
            Some(format!("{cluster}/{}/{}", metadata.namespace.known()?, metadata.name.known()?))
        });
        parts.map_or(Tf::Unknown, Tf::Known)
    }

    /// The object's name.
    pub(super) fn name(&self) -> &str {
        self.head.metadata.known().map_or("", |metadata| metadata.name.text())
    }

    /// The object's namespace.
    pub(super) fn namespace(&self) -> &str {
        self.head.metadata.known().map_or("", |metadata| metadata.namespace.text())
    }

    /// The manager that owns the fields.
    pub(super) fn manager(&self) -> &str {
        self.tail.field_manager.text()
    }
}

impl<K: IstioKind> tfsdk::schema::Model for Manifest<K> {
    fn object() -> Object {
        let spec = K::Spec::object();
        let description = spec.description.clone();
        let spec = Attribute::new("spec", Kind::Nested(Nesting::Single, loosened(spec)));
        let spec = Object::new("", [spec.required().literal().doc(description)]);
        let object = Object::new(K::DESCRIPTION, []);
        object
            .flatten(mesh::instead_of_cluster(Head::object()))
            .flatten(spec)
            .flatten(Tail::object())
    }

    fn decode(value: &Value, path: &Path) -> Result<Self, Diagnostics> {
        let (head, tail) = (Head::decode(value, path), Tail::decode(value, path));
        let (head, tail) = match (head, tail) {
            (Ok(head), Ok(tail)) => (head, tail),
            (head, tail) => {
                let problems = [head.err(), tail.err()].into_iter().flatten();
                return Err(problems.flatten().collect());
            }
        };
        let spec = value.entry("spec").cloned().unwrap_or_default();
        Ok(Self { head, spec, tail, kind: PhantomData })
    }

    fn encode(&self) -> Value {
        let mut entries = BTreeMap::from([("spec".to_owned(), self.spec.clone())]);
        for part in [self.head.encode(), self.tail.encode()] {
            if let Value::Map(part) = part {
                entries.extend(part);
            }
        }
        Value::Map(entries)
    }

    fn empty() -> Self {
        Self { head: Head::empty(), spec: Value::Null, tail: Tail::empty(), kind: PhantomData }
    }
}

impl<K> Clone for Manifest<K> {
    fn clone(&self) -> Self {
        let Self { head, spec, tail, kind } = self;
        Self { head: head.clone(), spec: spec.clone(), tail: tail.clone(), kind: *kind }
    }
}

impl<K> fmt::Debug for Manifest<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { head, spec, tail, kind: _ } = self;
        f.debug_tuple("Manifest").field(head).field(spec).field(tail).finish()
    }
}
