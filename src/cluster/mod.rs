//! Kubernetes: clients by cluster, server-side apply, readiness.
//!
//! A [`Cluster`] is one API server under the label that the user knows it by,
//! with its credentials, connections and what is known of its kinds. Objects
//! are plain JSON values, named by an [`ObjectRef`]. Every operation takes a
//! [`Patience`], waits out what passes by itself within it, and fails with one
//! [`Error`] that says what helps.
//!
//! Knows nothing of Terraform and of any cloud.

mod access;
mod apply;
mod batch;
mod bring;
#[cfg(test)]
mod canned;
mod clear;
mod client;
mod connect;
mod delete;
mod digest;
mod discovery;
mod drift;
mod error;
mod exec;
mod fields;
mod hand_over;
mod intent;
mod kubeconfig;
mod list;
mod manifest;
mod object;
mod outage;
mod owned;
mod quantity;
mod read;
mod readiness;
mod ready;
mod retry;
mod status;
mod wanted;

pub use self::{
    access::{Access, AccessError, AccessFuture, AccessSource, Direct, Exec},
    apply::{Applied, ApplyOptions, FIELD_MANAGER, Outcome},
    client::{Cluster, ServerVersion},
    delete::{DeleteOptions, Propagation},
    digest::{digest, owned_digest},
    discovery::ServedKind,
    drift::{Drift, MASKED, drift},
    error::{Cause, Error, ErrorKind, FieldConflict, Result, Verb},
    fields::{FieldPath, FieldSet, Step},
    intent::intent,
    list::Selection,
    manifest::{Document, ManifestError, apply_order, apply_step, parse as parse_manifests},
    object::{ObjectRef, Scope, known_scope},
    owned::{Owner, fields_of, owners, project},
    quantity::same_quantity,
    readiness::{Readiness, ReadyRule, readiness},
    retry::Patience,
    wanted::{Condition, Wanted, WantedField},
};
