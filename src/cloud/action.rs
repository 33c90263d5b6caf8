//! What is called: services, actions, and what a repetition of an action would do.

use std::collections::BTreeMap;

/// A product of the cloud.
#[derive(Debug, PartialEq, Eq)]
pub struct Service {
    /// Short name: first label of the host and third part of the credential scope.
    pub name: &'static str,
    /// API version.
    pub version: &'static str,
    /// What the product makes of the region header.
    pub region: RegionUse,
}

/// What a product makes of the region header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegionUse {
    /// Its objects live in regions: a call without one is an error.
    Needed,
    /// Sent if there is one.
    Optional,
    /// Never sent: the product is global.
    Unused,
}

/// One action of a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Action {
    /// Whose it is.
    pub service: &'static Service,
    /// Its name as in the API's documents.
    pub name: &'static str,
    /// What it does to the cloud.
    pub effect: Effect,
}

/// What an action does to the cloud, and so whether it is repeated after a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing: repeated freely.
    Read,
    /// Something that must not happen twice: never repeated once its request may have arrived.
    Write,
    /// Sets or removes something named by its id, so that twice is the same as once: repeated.
    Repeatable,
}

impl Action {
    /// An action that only reads.
    pub const fn read(service: &'static Service, name: &'static str) -> Self {
        Self { service, name, effect: Effect::Read }
    }

    /// An action that must not happen twice.
    pub const fn write(service: &'static Service, name: &'static str) -> Self {
        Self { service, name, effect: Effect::Write }
    }

    /// A write whose repetition changes nothing.
    pub const fn repeatable(service: &'static Service, name: &'static str) -> Self {
        Self { service, name, effect: Effect::Repeatable }
    }
}

/// Other names for a product whose API is not published, or differs on a private cloud.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Dialect {
    /// Short name instead of the service's.
    pub service: Option<String>,
    /// Version instead of the service's.
    pub version: Option<String>,
    /// Action names instead of the usual ones, by the usual one.
    pub actions: BTreeMap<String, String>,
}

/// An action as it is called on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wire<'a> {
    pub(super) service: &'a str,
    pub(super) version: &'a str,
    pub(super) action: &'a str,
}

impl Action {
    pub(super) fn wire<'a>(&'a self, dialects: &'a BTreeMap<String, Dialect>) -> Wire<'a> {
        let dialect = dialects.get(self.service.name);
        Wire {
            service: dialect.and_then(|d| d.service.as_deref()).unwrap_or(self.service.name),
            version: dialect.and_then(|d| d.version.as_deref()).unwrap_or(self.service.version),
            action: dialect
                .and_then(|d| d.actions.get(self.name).map(String::as_str))
                .unwrap_or(self.name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static TDCC: Service =
        Service { name: "tdcc", version: "2022-01-25", region: RegionUse::Needed };

    #[test]
    fn a_dialect_renames_what_it_names() {
        let action = Action::read(&TDCC, "DescribeHubClusters");
        let plain = action.wire(&BTreeMap::new()).action.to_owned();
        assert_eq!(plain, "DescribeHubClusters");

        let dialect = Dialect {
            service: Some("tke".into()),
            version: Some("2018-05-25".into()),
            actions: BTreeMap::from([(
                "DescribeHubClusters".to_owned(),
                "DescribeTDCCHubClusters".to_owned(),
            )]),
        };
        let dialects = BTreeMap::from([("tdcc".to_owned(), dialect)]);
        assert_eq!(
            action.wire(&dialects),
            Wire { service: "tke", version: "2018-05-25", action: "DescribeTDCCHubClusters" }
        );
        assert_eq!(Action::read(&TDCC, "Other").wire(&dialects).action, "Other");
    }
}
