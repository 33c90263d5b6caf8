//! VPC: private networks, and the Cloud Connect Networks (CCN) that join them
//! across accounts.
//!
//! Source: API reference of product `vpc`, version 2017-03-12. The arrows of
//! the attachments' state machine are inferred from the actions' descriptions.

mod attachment;
mod bandwidth;
mod ccn;
mod filter;
mod membership;
mod network;
mod route;
mod view;

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Map, Value, json};

pub use attachment::{Attachment, AttachmentKey, AttachmentState};
pub use ccn::Ccn;
pub use route::{CcnRoute, RouteOrigin};

use crate::cloud::{
    objects::ObjectRecord,
    service::{Answer, ApiError, Context, Params, Service},
    transition::{Pace, Progression},
};

/// The product `vpc`, version 2017-03-12.
#[derive(Clone, Copy, Debug)]
pub struct VpcService;

/// Cloud Connect Networks of all accounts. Networks themselves are the world's.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// By id.
    pub ccns: BTreeMap<String, Ccn>,
    /// By CCN and instance.
    pub attachments: BTreeMap<AttachmentKey, Attachment>,
    /// In the order in which they were published.
    pub routes: Vec<CcnRoute>,
}

/// How long an attachment takes to become active.
pub const ATTACH: &str = "vpc/attach";
/// How long an attachment takes to go.
pub const DETACH: &str = "vpc/detach";
/// When an application that nobody answers expires.
pub const EXPIRY: &str = "vpc/application-expiry";
/// How long a foreign application takes to be seen by the CCN's owner.
pub const VISIBILITY: &str = "vpc/application-visibility";

impl Service for VpcService {
    fn name(&self) -> &'static str {
        "vpc"
    }

    fn catalogue(&self) -> &'static [&'static str] {
        &[include_str!("../../../catalogue/vpc.json")]
    }

    fn needs_region(&self, action: &str) -> bool {
        !action.contains("Ccn")
    }

    fn set_defaults(&self, pace: &mut Pace) {
        pace.set_default(ATTACH, Progression::After(Duration::from_millis(400)));
        pace.set_default(DETACH, Progression::After(Duration::from_millis(300)));
        pace.set_default(EXPIRY, Progression::After(Duration::from_secs(7 * 86_400)));
        pace.set_default(VISIBILITY, Progression::Immediate);
    }

    fn settle(&self, cx: &mut Context<'_>) {
        membership::settle(cx);
    }

    fn call(&self, cx: &mut Context<'_>, action: &str, params: &Params) -> Answer {
        match action {
            "CreateCcn" => ccn::create(cx, params),
            "DescribeCcns" => ccn::describe(cx, params),
            "ModifyCcnAttribute" => ccn::modify(cx, params),
            "DeleteCcn" => ccn::delete(cx, params),
            "AttachCcnInstances" => membership::attach(cx, params),
            "AcceptAttachCcnInstances" => membership::accept(cx, params),
            "RejectAttachCcnInstances" => membership::reject(cx, params),
            "ResetAttachCcnInstances" => membership::reset(cx, params),
            "DetachCcnInstances" => membership::detach(cx, params),
            "ModifyCcnAttachedInstancesAttribute" => membership::modify(cx, params),
            "DescribeCcnAttachedInstances" => view::attachments(cx, params),
            "DescribeCcnRoutes" => view::routes(cx, params),
            "DescribeCcnRouteTables" => view::route_tables(cx, params),
            "EnableCcnRoutes" => route::switch(cx, params, true),
            "DisableCcnRoutes" => route::switch(cx, params, false),
            "DescribeCcnRegionBandwidthLimits" => bandwidth::describe(cx, params),
            "GetCcnRegionBandwidthLimits" => bandwidth::list(cx, params),
            "SetCcnRegionBandwidthLimits" => bandwidth::set(cx, params),
            "ModifyCcnRegionBandwidthLimitsType" => bandwidth::set_type(cx, params),
            "DescribeVpcs" => network::vpcs(cx, params),
            "DescribeSubnets" => network::subnets(cx, params),
            "DescribeRouteTables" => network::route_tables(cx, params),
            _ => Err(ApiError::not_simulated("vpc", action)),
        }
    }

    fn objects(&self, cx: &Context<'_>) -> Vec<ObjectRecord> {
        let state = &cx.state.vpc;
        let ccns = state.ccns.values().map(|ccn| ObjectRecord {
            kind: "ccn",
            id: ccn.id.clone(),
            owner: ccn.uin.clone(),
            state: Some("AVAILABLE".to_owned()),
            detail: json!({"name": ccn.name}),
        });
        let attachments = state.attachments.values().map(|row| ObjectRecord {
            kind: "ccn_attachment",
            id: row.key.to_string(),
            owner: row.instance_uin.clone(),
            state: Some(row.state.current().to_string()),
            detail: json!({"ccn_uin": row.ccn_uin, "description": row.description}),
        });
        let published = state.routes.iter().filter(|r| r.origin == RouteOrigin::Container);
        let ranges = published.map(|route| ObjectRecord {
            kind: "ccn_cluster_cidr",
            id: format!("{}#{}", route.attachment.instance_id, route.cidr),
            owner: route.instance_uin.clone(),
            state: Some(if route.enabled { "enabled" } else { "disabled" }.to_owned()),
            detail: json!({"ccn": route.attachment.ccn_id}),
        });
        ccns.chain(attachments).chain(ranges).collect()
    }

    fn delete_object(&self, cx: &mut Context<'_>, kind: &str, id: &str) -> Option<()> {
        let state = &mut cx.state.vpc;
        match kind {
            "ccn" => {
                state.ccns.remove(id)?;
                state.attachments.retain(|key, _| key.ccn_id != id);
                state.routes.retain(|route| route.attachment.ccn_id != id);
                cx.state.tags.clear("ccn", id);
                Some(())
            }
            "ccn_attachment" => state.remove_attachment(&AttachmentKey::parse(id)?),
            "ccn_cluster_cidr" => {
                let (vpc_id, range) = id.split_once('#')?;
                (!state.withdraw_container_range(vpc_id, range).is_empty()).then_some(())
            }
            _ => None,
        }
    }

    fn patch_object(
        &self,
        cx: &mut Context<'_>,
        kind: &str,
        id: &str,
        patch: &Map<String, Value>,
    ) -> Option<Result<(), String>> {
        let state = &mut cx.state.vpc;
        match kind {
            "ccn" => Some(state.ccns.get_mut(id)?.patch(patch)),
            "ccn_attachment" => Some(state.patch_attachment(&AttachmentKey::parse(id)?, patch)?),
            "ccn_cluster_cidr" => {
                let (vpc_id, range) = id.split_once('#')?;
                state.patch_container_range(vpc_id, range, patch)
            }
            _ => None,
        }
    }
}

/// `ResourceNotFound` in the words of this product.
fn not_found(id: &str) -> ApiError {
    ApiError::not_found(format!("The resource `{id}` is not found."))
}
