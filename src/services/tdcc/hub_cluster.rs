//! `crossmesh_tdcc_hub_cluster`: the hub that clusters register with.

use std::{
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use tfsdk::{
    Diagnostic, Diagnostics, Model,
    engine::{Change, Operation, Resource},
    schema::validators,
    value::Tf,
};

use crate::{
    cloud::{
        Account, Error, Kind,
        api::{
            is,
            tdcc::{self, HubCluster, hub_state, open_state},
        },
        settle,
    },
    services::{
        Client, Cx, PlanCx, Scope,
        diagnostic::{self, Doing},
        waiting::{Seen, wait},
    },
};

/// The hub cluster of TDCC (分布式云中心): what clusters of other accounts,
/// clouds and data centres register with. There is one for each account and
/// region. Creating the first one opens TDCC for the account; the account must
/// have been admitted to TDCC, and its console opened once to authorise the
/// service role.
///
/// A hub that is in the subnet already, such as one that was made in the console,
/// is taken over.
///
/// The API of TDCC is not published: what is called is inferred, and can be
/// overridden with the provider's `tdcc`.
#[derive(Clone, Model)]
pub(super) struct Hub {
    #[attr(flatten)]
    pub scope: Scope,

    /// Id of the hub cluster, `cls-…`.
    #[attr(computed, stable)]
    pub id: Tf<String>,

    /// The VPC that agents reach the hub in, directly or through a CCN.
    #[attr(required, replace, validate(validators::not_empty()))]
    pub vpc_id: Tf<String>,

    /// The subnet of the VPC that the hub takes its addresses from.
    #[attr(required, replace, validate(validators::not_empty()))]
    pub subnet_id: Tf<String>,

    /// Name, given by the cloud.
    #[attr(computed, stable)]
    pub name: Tf<String>,

    /// Description, given by the cloud.
    #[attr(computed, stable)]
    pub description: Tf<String>,

    /// Version of Kubernetes that the hub cluster runs.
    #[attr(computed, stable)]
    pub kubernetes_version: Tf<String>,

    /// Status, such as `Running`.
    #[attr(computed, stable)]
    pub status: Tf<String>,

    /// When the hub was created, as the API writes it.
    #[attr(computed, stable)]
    pub created_time: Tf<String>,
}

/// The resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct TdccHubCluster;

impl Resource for TdccHubCluster {
    type Model = Hub;
    type Client = Client;

    const TYPE: &'static str = "crossmesh_tdcc_hub_cluster";
    const TIMEOUTS: &'static [(Operation, Duration)] = &[
        (Operation::Create, Duration::from_secs(1800)),
        (Operation::Delete, Duration::from_secs(900)),
    ];

    async fn plan(&self, cx: &PlanCx, change: &mut Change<Hub>) -> Result<(), Diagnostics> {
        Scope::plan(cx, change, |model| &mut model.scope).await
    }

    async fn create(&self, cx: &Cx, mut plan: Hub) -> Result<Hub, Diagnostics> {
        let account = plan.scope.open_for_create(cx).await?;
        let id = create_once(cx, &account, &plan).await?;
        plan.id = id.as_str().into();
        cx.save(&plan);
        let hub = wait_running(cx, &account, &id).await?;
        plan.take(hub);
        Ok(plan)
    }

    async fn read(&self, cx: &Cx, mut state: Hub) -> Result<Option<Hub>, Diagnostics> {
        let account = state.scope.open(cx).await?;
        let found =
            tdcc::find_hub(&account, state.id.text()).await.doing("read the hub cluster")?;
        Ok(found.map(|hub| {
            state.take(hub);
            state
        }))
    }

    /// Nothing of a hub can be changed: another name for its account is all
    /// that comes here.
    async fn update(&self, _cx: &Cx, _prior: Hub, plan: Hub) -> Result<Hub, Diagnostics> {
        Ok(plan)
    }

    async fn delete(&self, cx: &Cx, state: Hub) -> Result<(), Diagnostics> {
        let account = state.scope.open(cx).await?;
        let id = state.id.text();
        // A cluster that was deregistered a moment ago may still count.
        let asked = wait(cx, format!("the hub cluster {id} to be deleted"), || async {
            match tdcc::delete_hub(&account, id).await {
                Ok(()) => Ok(Seen::Done(true)),
                Err(error) if error.has_code("ResourceInUse") => {
                    Ok(Seen::pending(format!("in use ({})", error.message())))
                }
                Err(error) if error.kind() == Kind::Unsupported => match tdcc::hubs(&account).await
                {
                    Ok(hubs) if hubs.iter().all(|hub| hub.cluster_id != id) => Ok(Seen::Done(true)),
                    _ => Ok(Seen::Done(false)),
                },
                Err(error) => Err(error),
            }
        });
        if !asked.await.doing("delete the hub cluster")? {
            return Err(cannot_delete(&account, id));
        }
        wait_gone(cx, &account, id).await
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Hub, Diagnostics> {
        let (mut scope, id) = Scope::import(cx, id)?;
        let account = scope.open(cx).await?;
        if let Some(region) = region_of(&account, id).await.doing("read the hub cluster")? {
            scope.region = Tf::Known(region);
        }
        Ok(Hub { scope, id: id.into(), ..Hub::empty() })
    }
}

impl Hub {
    /// Takes over what the API answered.
    fn take(&mut self, hub: HubCluster) {
        self.id = hub.cluster_id.into();
        self.vpc_id = hub.vpc_id.into();
        self.subnet_id = hub.subnet_id.into();
        self.name = hub.cluster_name.into();
        self.description = hub.cluster_desc.into();
        self.kubernetes_version = hub.k8s_version.into();
        self.status = hub.status.into();
        self.created_time = hub.created_time.into();
    }
}

/// Takes over the hub in the planned subnet, or creates exactly one there. The
/// subnet, which lies in one VPC and one region, is the hub's natural key.
async fn create_once(cx: &Cx, account: &Account, plan: &Hub) -> Result<String, Diagnostics> {
    let (vpc_id, subnet_id) = (plan.vpc_id.text(), plan.subnet_id.text());
    let _turn = cx.client().turns.take(format!("TDCC hub in {subnet_id}")).await;
    let look = || async {
        let mut hubs = tdcc::hubs(account).await?.into_iter();
        Ok(hubs.find(|hub| hub.vpc_id == vpc_id && hub.subnet_id == subnet_id))
    };
    // One that is on its way out is no hub to take over, and is in the way of another.
    let found =
        wait(cx, format!("the former hub cluster in {subnet_id} to be deleted"), || async {
            Ok(match look().await? {
                Some(hub) if is(&hub.status, hub_state::DELETING) => Seen::pending(hub.status),
                found => Seen::Done(found),
            })
        });
    if let Some(hub) = found.await.doing("look for the hub cluster")? {
        cx.client().claims.take_over(&format!("hub cluster {}", hub.cluster_id))?;
        return Ok(hub.cluster_id);
    }
    let look = || async { look().await.map(|found| found.map(|hub| hub.cluster_id)) };
    match settle(|| tdcc::create_hub(account, vpc_id, subnet_id), look).await {
        Ok(id) => {
            cx.client().claims.made(format!("hub cluster {id}"));
            Ok(id)
        }
        Err(error) => Err(cannot_create(account, &error).await),
    }
}

/// How many looks in a row must say that the opening failed: the first may
/// still be about an earlier attempt.
const FAILED_LOOKS: u32 = 2;

async fn wait_running(cx: &Cx, account: &Account, id: &str) -> Result<HubCluster, Diagnostics> {
    let failed_looks = AtomicU32::new(0);
    wait(cx, format!("the hub cluster {id} to become {}", hub_state::RUNNING), || async {
        let Some(hub) = tdcc::find_hub(account, id).await? else {
            return Ok(Seen::pending("not visible yet"));
        };
        if is(&hub.status, hub_state::RUNNING) {
            return Ok(Seen::Done(hub));
        }
        let opening = opening(account).await?;
        if !is(&opening, open_state::FAILED) {
            failed_looks.store(0, Ordering::Relaxed);
        } else if failed_looks.fetch_add(1, Ordering::Relaxed) + 1 >= FAILED_LOOKS {
            return Ok(Seen::failed(hub.status, OPENING_FAILED));
        }
        Ok(Seen::pending(format!("{} (opening of TDCC: {opening})", hub.status)))
    })
    .await
    .doing("create the hub cluster")
}

const OPENING_FAILED: &str = "the opening of TDCC failed (DescribeOpenStatus says Failed). Open \
    the console of TDCC with this account to see why (service role not authorised, account in \
    arrears, no addresses left in the subnet), then apply again: the failed hub is replaced";

/// How far the product is opened; `unknown` where it does not say so.
async fn opening(account: &Account) -> Result<String, Error> {
    match tdcc::open_status(account).await {
        Ok(opening) => Ok(opening.status),
        Err(error) if matches!(error.kind(), Kind::Unsupported | Kind::Denied) => {
            Ok("unknown".to_owned())
        }
        Err(error) => Err(error),
    }
}

async fn wait_gone(cx: &Cx, account: &Account, id: &str) -> Result<(), Diagnostics> {
    wait(cx, format!("the hub cluster {id} to be gone"), || async {
        Ok(match tdcc::find_hub(account, id).await? {
            Some(hub) => Seen::pending(hub.status),
            None => Seen::Done(()),
        })
    })
    .await
    .doing("delete the hub cluster")
}

/// Name of the region that a hub is in, as far as the API tells.
async fn region_of(account: &Account, id: &str) -> Result<Option<String>, Error> {
    let Some(hub) = tdcc::find_hub(account, id).await? else { return Ok(None) };
    let regions = match tdcc::regions(account).await {
        Err(error) if matches!(error.kind(), Kind::Unsupported | Kind::Denied) => return Ok(None),
        regions => regions?,
    };
    let region = regions.into_iter().find(|region| region.region_id == hub.region_id);
    Ok(region.map(|region| region.region_name).filter(|name| !name.is_empty()))
}

/// Says why no hub could be created, with what the product's state adds to it.
async fn cannot_create(account: &Account, error: &Error) -> Diagnostics {
    let hint = match error.kind() {
        Kind::Quota => others(account).await,
        Kind::Denied | Kind::Failed | Kind::Conflict | Kind::Invalid => not_open(account).await,
        _ => None,
    };
    let mut diagnostics = diagnostic::cloud("create the hub cluster", error);
    if let Some(hint) = hint {
        let explained = |mut it: Diagnostic| {
            it.detail = format!("{hint} {}", it.detail);
            it
        };
        diagnostics = diagnostics.into_iter().map(explained).collect();
    }
    diagnostics
}

/// The hubs that the account has, where there can be no more.
async fn others(account: &Account) -> Option<String> {
    let hubs = tdcc::hubs(account).await.ok()?;
    let named = |hub: HubCluster| {
        format!("{} (VPC {}, subnet {})", hub.cluster_id, hub.vpc_id, hub.subnet_id)
    };
    let hubs: Vec<String> = hubs.into_iter().map(named).collect();
    if hubs.is_empty() {
        return None;
    }
    Some(format!(
        "An account has one hub cluster for each region, and this account has {}. Give \
         `vpc_id` and `subnet_id` of that one to take it over, or choose another `region`.",
        hubs.join(", ")
    ))
}

async fn not_open(account: &Account) -> Option<String> {
    let opening = opening(account).await.ok()?;
    is(&opening, open_state::NOT_OPEN).then(|| {
        "TDCC is not open for this account yet: where the following does not say why, apply for \
         TDCC, open its console once with this account, authorise its service role, and apply \
         again."
            .to_owned()
    })
}

fn cannot_delete(account: &Account, id: &str) -> Diagnostics {
    Diagnostic::error(
        "Unable to delete the hub cluster",
        format!(
            "The account cannot delete hub clusters through the API: the action is not published, \
             and the cloud does not know it by the name that was called. Delete the hub {id} in \
             the console of TDCC and run the destroy again, which then finds it gone; or give the \
             action's name in the provider's `tdcc = {{ actions = {{ DeleteHubCluster = \"…\" }} \
             }}`; or keep the hub and let Terraform forget it with `terraform state rm`.\n\n  \
             Account: {}\n  Region: {}\n  Action: tdcc:DeleteHubCluster",
            account.label(),
            account.region().unwrap_or_default()
        ),
    )
    .into()
}
