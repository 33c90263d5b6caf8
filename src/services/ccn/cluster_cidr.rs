//! `crossmesh_ccn_cluster_cidr`: the container range of a Global Router cluster
//! in the CCN that its VPC is in.
//!
//! The actions are those of TKE's console. They are not in the public SDK, so
//! that an account may find them closed.

use std::time::Duration;

use tfsdk::{
    Diagnostic, Diagnostics, Model,
    engine::{Change, Operation, Resource},
    schema::validators,
    value::Tf,
};

use super::{
    overlap::View,
    row::{Key, Standing},
};
use crate::{
    cloud::{
        Account, Error, Kind,
        api::{
            Filter,
            ccn::{self, Route},
            tke::{self, CcnInstance, ContainerRoute},
        },
    },
    services::{
        Client, Cx, PlanCx, Scope, diagnostic,
        diagnostic::{Doing, facts},
        waiting::{Seen, wait},
    },
};

/// The container range of a TKE cluster with the Global Router network, in the
/// Cloud Connect Network (CCN) that its VPC is in: without it, the other
/// networks of the CCN do not reach the cluster's pods.
///
/// Clusters with VPC-CNI need none: their pods have addresses of the VPC's
/// subnets.
///
/// The API behind it (`AddClusterCIDRToCcn`, `DeleteClusterCIDRFromCcn`,
/// `DescribeCcnRoutes` of TKE) is what the console uses. It is not published, and
/// its use here is inferred.
#[derive(Clone, Model)]
pub(super) struct ClusterCidr {
    #[attr(flatten)]
    pub scope: Scope,

    /// `VPC#RANGE`, such as `vpc-4e5f6a7b#172.16.0.0/19`.
    #[attr(computed, stable)]
    pub id: Tf<String>,

    /// The cluster's VPC.
    #[attr(required, replace, validate(validators::not_empty()))]
    pub vpc_id: Tf<String>,

    /// The cluster's container range.
    #[attr(required, replace, validate(validators::ipv4_cidr()))]
    pub cluster_cidr: Tf<String>,

    /// The CCN. Default: the one that the VPC is in. Set it to the attachment's
    /// `ccn_id` so that Terraform attaches the VPC first.
    #[attr(optional, computed, stable, replace)]
    pub ccn_id: Tf<String>,

    /// Id of the route in the CCN.
    #[attr(computed, stable)]
    pub route_id: Tf<String>,

    /// Whether the route carries traffic. Null where the account may not see it.
    #[attr(computed, stable)]
    pub enabled: Tf<bool>,
}

/// The resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct CcnClusterCidr;

impl Resource for CcnClusterCidr {
    type Model = ClusterCidr;
    type Client = Client;

    const TYPE: &'static str = "crossmesh_ccn_cluster_cidr";
    const TIMEOUTS: &'static [(Operation, Duration)] = &[
        (Operation::Create, Duration::from_secs(600)),
        (Operation::Delete, Duration::from_secs(300)),
    ];

    async fn plan(&self, cx: &PlanCx, change: &mut Change<ClusterCidr>) -> Result<(), Diagnostics> {
        Scope::plan(cx, change, |model| &mut model.scope).await?;
        let planned = &mut change.planned;
        if let (Some(vpc), Some(range)) = (planned.vpc_id.known(), planned.cluster_cidr.known()) {
            planned.id = format!("{vpc}#{range}").into();
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx, mut plan: ClusterCidr) -> Result<ClusterCidr, Diagnostics> {
        let account = plan.scope.open_for_create(cx).await?;
        let attached = wait_attached(cx, &account, &plan).await?;
        plan.ccn_id = attached.ccn_id.as_str().into();
        let view = view(cx, &account, &attached).await;
        let turn = cx.client().turns.take(format!("CCN {}", attached.ccn_id)).await;
        check_routes(&view, &plan).await?;
        let (vpc_id, range) = (plan.vpc_id.text(), plan.cluster_cidr.text());
        let routes = tke::add_to_ccn(&account, vpc_id, range).await.map_err(unpublished)?;
        drop(turn);
        plan.id = format!("{vpc_id}#{range}").into();
        plan.route_id = Tf::Null;
        plan.enabled = Tf::Null;
        plan.take(&account, &routes).await?;
        cx.save(&plan);
        let routes = wait_published(cx, &account, &plan).await?;
        plan.take(&account, &routes).await?;
        if plan.enabled == Tf::Known(false) {
            check_routes(&view, &plan).await?;
            return Err(disabled(&plan).into());
        }
        Ok(plan)
    }

    async fn read(
        &self,
        cx: &Cx,
        mut state: ClusterCidr,
    ) -> Result<Option<ClusterCidr>, Diagnostics> {
        let account = state.scope.open(cx).await?;
        let routes = published(&account, &state).await.map_err(unpublished)?;
        if routes.is_empty() {
            return Ok(None);
        }
        if !state.ccn_id.is_known() {
            let rows = instances(&account, state.vpc_id.text()).await.map_err(unpublished)?;
            state.ccn_id = rows.into_iter().next().map(|row| row.ccn_id).into();
        }
        state.take(&account, &routes).await?;
        if state.enabled == Tf::Known(false) {
            cx.warn(Diagnostic { severity: tfsdk::Severity::Warning, ..disabled(&state) });
        }
        Ok(Some(state))
    }

    async fn update(
        &self,
        _cx: &Cx,
        _prior: ClusterCidr,
        plan: ClusterCidr,
    ) -> Result<ClusterCidr, Diagnostics> {
        // Another name for the same account.
        Ok(plan)
    }

    async fn delete(&self, cx: &Cx, state: ClusterCidr) -> Result<(), Diagnostics> {
        let account = state.scope.open(cx).await?;
        let (vpc_id, range) = (state.vpc_id.text(), state.cluster_cidr.text());
        tke::remove_from_ccn(&account, vpc_id, range).await.map_err(unpublished)?;
        wait(cx, format!("{range} to be gone from the CCN of {vpc_id}"), || async {
            let routes = published(&account, &state).await?;
            Ok(if routes.is_empty() { Seen::Done(()) } else { Seen::pending("published") })
        })
        .await
        .doing("take the container range out of the CCN")
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<ClusterCidr, Diagnostics> {
        let (scope, id) = Scope::import(cx, id)?;
        match id.split_once('#') {
            Some((vpc_id, range)) if vpc_id.starts_with("vpc-") && range.contains('/') => {
                Ok(ClusterCidr {
                    scope,
                    id: id.into(),
                    vpc_id: vpc_id.into(),
                    cluster_cidr: range.into(),
                    ..ClusterCidr::empty()
                })
            }
            _ => Err(Diagnostic::error(
                "Invalid import id",
                format!(
                    "The id has the form VPC#RANGE, such as vpc-4e5f6a7b#172.16.0.0/19; given was \
                     {id:?}."
                ),
            )
            .into()),
        }
    }
}

impl ClusterCidr {
    /// Takes over what is known of the range's route in the CCN.
    async fn take(
        &mut self,
        account: &Account,
        routes: &[ContainerRoute],
    ) -> Result<(), Diagnostics> {
        let seen = route_of(account, self).await.doing("read the CCN's routes")?;
        match seen {
            Some(route) => {
                self.route_id = route.route_id.into();
                self.enabled = route.enabled.into();
            }
            None => self.route_id = routes.first().map(|route| route.route_id.clone()).into(),
        }
        Ok(())
    }

    /// The VPC as what publishes to the CCN.
    fn key(&self) -> Key {
        Key {
            ccn_id: self.ccn_id.text().to_owned(),
            instance_type: "VPC".to_owned(),
            instance_region: self.scope.region.text().to_owned(),
            instance_id: self.vpc_id.text().to_owned(),
        }
    }
}

/// Waits until the VPC is connected to the CCN: its attachment may be made in
/// the same run.
async fn wait_attached(
    cx: &Cx,
    account: &Account,
    plan: &ClusterCidr,
) -> Result<CcnInstance, Diagnostics> {
    let vpc_id = plan.vpc_id.text();
    let ccn = plan.ccn_id.known().map_or("a CCN", String::as_str);
    let what = format!(
        "{vpc_id} to become ACTIVE in {ccn}; refer to its attachment (`ccn_id` or `depends_on`) so \
         that it is attached first"
    );
    wait(cx, what, || async {
        let rows = instances(account, vpc_id).await?;
        let mut rows = rows
            .into_iter()
            .filter(|row| plan.ccn_id.known().is_none_or(|wanted| *wanted == row.ccn_id));
        let Some(first) = rows.next() else { return Ok(Seen::pending("not attached")) };
        let state = first.state.clone();
        let is_active = |row: &CcnInstance| Standing::of_state(&row.state) == Standing::Active;
        let active = std::iter::once(first).chain(rows).find(is_active);
        Ok(active.map_or_else(|| Seen::pending(state), Seen::Done))
    })
    .await
    .map_err(|error| match error.cause() {
        Some(cause) if cause.kind() == Kind::Unsupported => unpublished(cause.clone()),
        _ => diagnostic::waited("publish the container range", &error),
    })
}

/// The CCNs that the VPC is in or about to be, in the order of their ids.
async fn instances(account: &Account, vpc_id: &str) -> Result<Vec<CcnInstance>, Error> {
    let mut rows = tke::ccn_instances(account, vpc_id).await?;
    rows.sort_by(|a, b| a.ccn_id.cmp(&b.ccn_id));
    Ok(rows)
}

async fn view(cx: &Cx, account: &Account, attached: &CcnInstance) -> View {
    View::of_member(cx.client(), account, (&attached.ccn_id, &attached.ccn_uin)).await
}

/// Refuses a range that others publish already, as far as the account may look.
async fn check_routes(view: &View, plan: &ClusterCidr) -> Result<(), Diagnostics> {
    match view.overlaps_routes(&plan.key(), plan.cluster_cidr.text()).await {
        Ok(Some(overlap)) => Err(overlap.refused()),
        Ok(None) => Ok(()),
        Err(error) if matches!(error.kind(), Kind::Denied | Kind::NotFound) => Ok(()),
        Err(error) => Err(diagnostic::cloud("read the CCN's routes", &error)),
    }
}

async fn published(account: &Account, of: &ClusterCidr) -> Result<Vec<ContainerRoute>, Error> {
    tke::routes_in_ccn(account, of.vpc_id.text(), of.cluster_cidr.text()).await
}

async fn wait_published(
    cx: &Cx,
    account: &Account,
    plan: &ClusterCidr,
) -> Result<Vec<ContainerRoute>, Diagnostics> {
    let (vpc_id, range) = (plan.vpc_id.text(), plan.cluster_cidr.text());
    wait(cx, format!("{range} of {vpc_id} to be published to {}", plan.ccn_id.text()), || async {
        let routes = published(account, plan).await?;
        Ok(if routes.is_empty() { Seen::pending("not visible yet") } else { Seen::Done(routes) })
    })
    .await
    .doing("publish the container range")
}

/// The range's route as the CCN shows it; `None` also if the account may not
/// look.
async fn route_of(account: &Account, of: &ClusterCidr) -> Result<Option<Route>, Error> {
    let (Some(ccn_id), Some(range)) = (of.ccn_id.known(), of.cluster_cidr.known()) else {
        return Ok(None);
    };
    let filters = [Filter::new("cidr-block", range)];
    match ccn::routes(account, ccn_id, &filters).await {
        Ok(routes) => Ok(routes.into_iter().find(|route| {
            route.instance_id == of.vpc_id.text() && route.destination_cidr_block == *range
        })),
        Err(error) if matches!(error.kind(), Kind::Denied | Kind::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

fn disabled(of: &ClusterCidr) -> Diagnostic {
    Diagnostic::error(
        "The container range's route is disabled",
        format!(
            "{} of {} is published to {}, and its route is disabled: no traffic follows it. Either \
             it overlaps another route of the CCN, or the CCN's owner has disabled it; they can \
             see and enable it in the CCN's route table.{}",
            of.cluster_cidr.text(),
            of.vpc_id.text(),
            of.ccn_id.text(),
            facts(&[("Route", of.route_id.text())])
        ),
    )
}

fn unpublished(error: Error) -> Diagnostics {
    let hint = if error.kind() == Kind::Unsupported {
        "The API for container ranges is not published and may be closed to an account. In that \
         case publish the range in the TKE console (cluster, basic information, container network: \
         register with CCN) and leave this object out."
    } else {
        ""
    };
    diagnostic::cloud_with_hint("publish the container range", &error, hint)
}
