//! A cloud on a stopped clock, for unit tests of its products.

use jiff::SignedDuration;
use serde_json::{Map, Value};

use super::{Cloud, Instruments, clock::Clock, clusters::NoClusters, transition::Progression};
use crate::world::World;

/// Calls as `"vpc:CreateCcn"`, from the accounts of the world; changes are
/// immediate unless a test sets something else.
pub(crate) struct Trial {
    pub(crate) cloud: Cloud,
}

impl Trial {
    pub(crate) fn new(world: World) -> Self {
        let clock = Clock::stopped("2026-08-01T01:30:00Z".parse().unwrap());
        let clusters = std::sync::Arc::new(NoClusters);
        let cloud = Cloud::new(world, Instruments::new(clock), clusters, 0.0).unwrap();
        cloud.set_progression("*", Progression::Immediate);
        Self { cloud }
    }

    /// Calls an action that must succeed.
    pub(crate) fn ok(&self, account: &str, operation: &str, params: Value) -> Map<String, Value> {
        match self.call(account, operation, &params) {
            Ok(fields) => fields,
            Err(error) => panic!("{account} {operation} {params}: {error}"),
        }
    }

    /// Calls an action that must fail; returns the code.
    pub(crate) fn refused(&self, account: &str, operation: &str, params: Value) -> String {
        match self.call(account, operation, &params) {
            Ok(fields) => panic!("{account} {operation} {params}: {fields:?}"),
            Err(error) => error.code.into_owned(),
        }
    }

    pub(crate) fn advance(&self, seconds: i64) {
        self.cloud.clock().advance(SignedDuration::from_secs(seconds));
    }

    pub(crate) fn pace(&self, kind: &str, progression: &str) {
        self.cloud.set_progression(kind, progression.parse().unwrap());
    }

    pub(crate) fn uin(&self, account: &str) -> String {
        self.cloud.world().uin(account).to_owned()
    }

    fn call(&self, account: &str, operation: &str, params: &Value) -> super::service::Answer {
        let (service, action) = operation.split_once(':').unwrap();
        self.cloud.invoke(account, service, action, crate::world::REGION, params)
    }
}
