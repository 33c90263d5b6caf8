//! Between the protocol's messages and the SDK's own types.

mod diagnostic;
mod dynamic;
mod schema;
mod types;

pub(crate) use self::{
    diagnostic::{diagnostics, path},
    dynamic::{decode, decode_some, encode, encode_some, json},
    schema::{function, identity_schema, schema},
    types::{Family, Types},
};

use crate::{
    engine::{ClientCapabilities, Deferred},
    plugin::wire::tfplugin6 as wire,
};

/// What Terraform can do; one that does not say so can do nothing.
pub(crate) fn client(capabilities: Option<wire::ClientCapabilities>) -> ClientCapabilities {
    let capabilities = capabilities.unwrap_or_default();
    ClientCapabilities {
        deferral_allowed: capabilities.deferral_allowed,
        write_only_attributes_allowed: capabilities.write_only_attributes_allowed,
    }
}

/// Why an answer is put off.
pub(crate) fn deferred(deferred: Deferred) -> wire::Deferred {
    use wire::deferred::Reason;
    let reason = match deferred {
        Deferred::ResourceConfigUnknown => Reason::ResourceConfigUnknown,
        Deferred::ProviderConfigUnknown => Reason::ProviderConfigUnknown,
        Deferred::AbsentPrerequisite => Reason::AbsentPrereq,
    };
    wire::Deferred { reason: reason.into() }
}
