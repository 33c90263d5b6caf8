//! Where traffic goes, as several kinds say it.

use tfsdk::{Model, value::Tf};

use crate::services::istio::syntax;

/// A service that requests are sent to.
#[derive(Clone, Model)]
pub(super) struct Destination {
    /// The service: a name of the mesh's registry, best in full
    /// (`reviews.default.svc.cluster.local`), or a host of a ServiceEntry. A
    /// short name is completed with the namespace of this object.
    #[attr(required, validate(syntax::wildcard_domain()))]
    pub host: Tf<String>,

    /// Name of a subset that a DestinationRule of the host defines.
    #[attr(optional, validate(syntax::subset()))]
    pub subset: Tf<String>,

    /// Port of the service. Needed where it has several.
    #[attr(optional)]
    pub port: Tf<PortSelector>,
}

/// A port, by its number.
#[derive(Clone, Model)]
pub(super) struct PortSelector {
    /// Number of the port.
    #[attr(required, validate(syntax::port()))]
    pub number: Tf<i64>,
}
