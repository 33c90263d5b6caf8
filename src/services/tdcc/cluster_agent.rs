//! `crossmesh_tdcc_cluster_agent`: the agent that connects a registered cluster.

mod connection;
mod import;
mod installation;
mod manifests;

use std::time::Duration;

use tfsdk::{
    Diagnostic, Diagnostics, Model,
    engine::{Change, Operation, Resource},
    schema::validators,
    value::Tf,
};

use self::{
    connection::{Connection, Outcome},
    installation::{Installation, Removal},
    manifests::{Manifests, is_workload},
};
use crate::{
    cloud::{
        Account,
        api::{
            is, is_any,
            tdcc::{self, RegisteredCluster, registered_state},
        },
    },
    cluster::ObjectRef,
    services::{
        Client, Cx, InCluster, PlanCx, Site,
        diagnostic::Doing,
        notes::Notes,
        owner::{self, Part},
    },
};

/// The account that the cluster is registered in.
const HUB: Part = Part { attribute: "hub_account", note: "hub" };

/// Note: keys of all objects of the agent, as they were applied last.
const APPLIED: &str = "applied";

/// Note: keys of objects that were there before, and stay.
const KEPT: &str = "kept";

/// Status of an agent whose registration is gone; not one of the API's.
const DEREGISTERED: &str = "Deregistered";

/// The agent of a registered cluster, in the cluster itself. It takes two
/// accounts: `account` and `region` reach the cluster, `hub_account` and
/// `hub_region` own its registration.
///
/// What TDCC hands out is applied as it is, and the resource is complete when
/// the agent runs and TDCC says `Running`. A token that has expired, or is not
/// accepted, is renewed once. Neither the manifests nor the token are kept in the
/// state. Destroying it removes every object of the agent, before the
/// registration goes; a namespace and definitions that others had made before
/// stay.
///
/// The API of TDCC is not published: what is called is inferred, and can be
/// overridden with the provider's `tdcc`.
#[derive(Clone, Model)]
pub(super) struct Agent {
    /// The member's cluster, and whose credentials reach it.
    #[attr(flatten)]
    pub place: InCluster,

    /// Id of the agent: that of the registered cluster.
    #[attr(computed, stable)]
    pub id: Tf<String>,

    /// Id of the registered cluster.
    #[attr(required, replace, validate(validators::not_empty()))]
    pub registered_cluster_id: Tf<String>,

    /// Name of the account that the cluster is registered in, a key of the
    /// provider's `accounts`. Default: the account of the provider's own
    /// credentials. Another account replaces the agent.
    #[attr(optional)]
    pub hub_account: Tf<String>,

    /// Region of the hub cluster. Default: that of `hub_account`, else the
    /// provider's.
    #[attr(optional, computed, stable, validate(validators::not_empty()))]
    pub hub_region: Tf<String>,

    /// Id of the hub cluster. Some editions of TDCC ask for it; where it is not
    /// known it is left out.
    #[attr(optional, validate(validators::not_empty()))]
    pub hub_cluster_id: Tf<String>,

    /// Whether the agent calls the hub over the internet, rather than through
    /// the hub's VPC (which the cluster's network must reach then, directly or
    /// through a CCN).
    #[attr(optional, default = false)]
    pub extranet: Tf<bool>,

    /// Whether a token that has expired, or that TDCC does not accept, is
    /// renewed.
    #[attr(optional, default = true)]
    pub renew: Tf<bool>,

    /// Takes over fields of the agent's objects that other managers own with
    /// other values. Without it they are an error that names the managers.
    #[attr(optional, default = false)]
    pub force_conflicts: Tf<bool>,

    /// TDCC's status of the cluster: `Running` when it is connected, `Abnormal`
    /// when its agent is not heard of any more. `Deregistered` when the
    /// registration is gone and the agent still there. A cluster that lost its
    /// connection gets its agent applied again.
    #[attr(computed)]
    pub status: Tf<String>,

    /// Namespace that the agent runs in.
    #[attr(computed)]
    pub namespace: Tf<String>,

    /// The agent's objects in the cluster, each as
    /// `apiVersion/kind/namespace/name`. One that is missing gets applied again.
    #[attr(computed)]
    pub objects: Tf<Vec<String>>,

    /// SHA-256 of the manifests that were applied.
    #[attr(computed)]
    pub manifest_digest: Tf<String>,

    /// When the token that was applied ends, as the API writes it. An agent that
    /// is connected needs it no more.
    #[attr(computed)]
    pub token_expiration: Tf<String>,
}

/// The resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct TdccClusterAgent;

impl Resource for TdccClusterAgent {
    type Model = Agent;
    type Client = Client;

    const TYPE: &'static str = "crossmesh_tdcc_cluster_agent";
    const TIMEOUTS: &'static [(Operation, Duration)] = &[
        (Operation::Create, Duration::from_secs(900)),
        (Operation::Read, Duration::from_secs(60)),
        (Operation::Update, Duration::from_secs(900)),
        (Operation::Delete, Duration::from_secs(600)),
    ];

    fn validate(&self, config: &Agent, diagnostics: &mut Diagnostics) {
        let id = config.registered_cluster_id.text();
        if !id.is_empty() && id == config.place.cluster.text() {
            diagnostics.error_at(
                "cluster",
                "Cluster named by its registration",
                "`cluster` is the cluster itself: a key of the provider's `clusters`, or the id \
                 that it has in its own account. The registered cluster has an id of its own, \
                 which goes to `registered_cluster_id` alone.",
            );
        }
    }

    async fn plan(&self, cx: &PlanCx, change: &mut Change<Agent>) -> Result<(), Diagnostics> {
        InCluster::plan(cx, change, |model| &mut model.place).await?;
        owner::plan(cx, change, HUB, |model| &mut model.hub_account).await?;
        let planned = &mut change.planned;
        if let Some(client) = cx.client()
            && planned.hub_region.is_unknown()
            && !planned.hub_account.is_unknown()
        {
            let hub = client.accounts.peek(planned.hub_account.known().map(String::as_str));
            let region = hub.and_then(Account::region);
            planned.hub_region = region.map_or(Tf::Unknown, Tf::from);
        }
        match &change.prior {
            Some(prior) if prior.is_impaired(cx) => change.planned.status = Tf::Unknown,
            // Another name for an account is no change.
            Some(prior) if prior.asks_for_the_same(&change.planned) => {
                change.planned = prior.clone();
            }
            _ => {}
        }
        Ok(())
    }

    async fn create(&self, cx: &Cx, mut plan: Agent) -> Result<Agent, Diagnostics> {
        let site = plan.place.open_for_create(cx).await?;
        let hub = plan.open_hub(cx).await?;
        owner::remember(cx, &hub, HUB).await?;
        plan.hub_region = hub.region().map(str::to_owned).into();
        plan.registered(&hub).await?;
        plan.id = plan.registered_cluster_id.clone();
        plan.objects = Tf::Known(Vec::new());
        let manifests = plan.manifests(&hub, true).await?;
        let installation = plan.installation(cx, &site);
        let survey = installation.survey(&manifests, plan.id.text()).await?;
        if let Some(other) = &survey.occupant {
            refuse_occupied(&hub, site.cluster.label(), other).await?;
        }
        Notes::set(cx, KEPT, &survey.kept);
        plan.install(cx, &hub, &site, manifests).await?;
        Ok(plan)
    }

    async fn read(&self, cx: &Cx, mut state: Agent) -> Result<Option<Agent>, Diagnostics> {
        let site = state.place.open(cx).await?;
        let applied: Vec<String> = match Notes::of(cx).get(APPLIED) {
            Some(applied) => applied,
            None => state.objects.known().cloned().unwrap_or_default(),
        };
        let objects: Vec<ObjectRef> = applied.iter().filter_map(|key| key.parse().ok()).collect();
        let found = state.installation(cx, &site).read(objects.iter()).await?;
        let is_gone = |object: &ObjectRef| !found.contains_key(&object.to_string());
        if found.is_empty() || objects.iter().any(|it| is_workload(it) && is_gone(it)) {
            return Ok(None);
        }
        let hub = state.open_hub(cx).await?;
        let registered = tdcc::find_registered(&hub, state.registered_cluster_id.text()).await;
        let registered = registered.doing("read the registered cluster")?;
        state.status = match registered {
            Some(registered) => registered.status,
            // Its objects are still to be removed, so that it stays in the state.
            None => DEREGISTERED.to_owned(),
        }
        .into();
        let present = applied.into_iter().filter(|key| found.contains_key(key));
        state.objects = Tf::Known(present.collect());
        Ok(Some(state))
    }

    async fn update(&self, cx: &Cx, prior: Agent, mut plan: Agent) -> Result<Agent, Diagnostics> {
        let site = plan.place.open(cx).await?;
        let hub = plan.open_hub(cx).await?;
        let registered = plan.registered(&hub).await?;
        plan.objects = prior.objects.clone();
        // An agent that is connected needs no token to stay so where it is.
        let needs_token =
            !is(&registered.status, registered_state::RUNNING) || plan.extranet != prior.extranet;
        let manifests = plan.manifests(&hub, needs_token).await?;
        plan.install(cx, &hub, &site, manifests).await?;
        Ok(plan)
    }

    async fn delete(&self, cx: &Cx, state: Agent) -> Result<(), Diagnostics> {
        let site = state.place.open(cx).await?;
        // What was missing at the last refresh may be on its way back.
        let keys: Vec<String> = match Notes::of(cx).get(APPLIED) {
            Some(applied) => applied,
            None => state.objects.known().cloned().unwrap_or_default(),
        };
        let kept: Vec<String> = Notes::of(cx).get(KEPT).unwrap_or_default();
        let mut left = Agent { objects: Tf::Known(keys.clone()), ..state.clone() };
        let installation = state.installation(cx, &site);
        let removal = installation.remove(&keys, &kept, |key| {
            left.drop_object(key);
            cx.save(&left);
        });
        if removal.await? == Removal::ClusterGone {
            cx.warn(cluster_gone(site.cluster.label()));
        }
        Ok(())
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Agent, Diagnostics> {
        let mut agent = Agent::from_import_id(cx, id)?;
        let site = agent.place.open(cx).await?;
        let hub = agent.open_hub(cx).await?;
        agent.hub_region = hub.region().map(str::to_owned).into();
        agent.registered(&hub).await?;
        let manifests = agent.recognise(cx, &hub, &site).await?;
        agent.take(&manifests);
        Notes::set(cx, APPLIED, &manifests.keys());
        Ok(agent)
    }
}

impl Agent {
    /// The account that the cluster is registered in, in the hub's region.
    async fn open_hub(&self, cx: &Cx) -> Result<Account, Diagnostics> {
        let account = owner::open(cx, &self.hub_account, HUB).await?;
        Ok(match self.hub_region.known() {
            Some(region) => account.in_region(region),
            None => account,
        })
    }

    fn installation<'a>(&self, cx: &'a Cx, site: &'a Site) -> Installation<'a> {
        Installation { cx, site, force: self.force_conflicts.or_default() }
    }

    /// The registration.
    async fn registered(&self, hub: &Account) -> Result<RegisteredCluster, Diagnostics> {
        let id = self.registered_cluster_id.text();
        let found = tdcc::find_registered(hub, id).await.doing("read the registered cluster")?;
        found
            .filter(|found| !is(&found.status, registered_state::DELETING))
            .ok_or_else(|| not_registered(hub, id))
    }

    /// What TDCC hands out, with a token that can be used if it `needs_token`.
    async fn manifests(&self, hub: &Account, needs_token: bool) -> Result<Manifests, Diagnostics> {
        let manifests = Manifests::fetch(hub, self, false).await?;
        let has_ended = |it: &Manifests| needs_token && it.has_ended(hub.cloud().now());
        if !has_ended(&manifests) {
            return Ok(manifests);
        }
        if !self.renew.or_default() {
            return Err(token_ended(&manifests, "Set `renew = true` to have it renewed."));
        }
        let renewed = Manifests::fetch(hub, self, true).await?;
        if has_ended(&renewed) {
            let hint = "It was renewed, and is of no use all the same: check this machine's clock.";
            return Err(token_ended(&renewed, hint));
        }
        Ok(renewed)
    }

    /// Applies the agent and waits until it is connected, with a renewed token if
    /// the first one is not accepted. Removes what is no part of it any more.
    async fn install(
        &mut self,
        cx: &Cx,
        hub: &Account,
        site: &Site,
        mut manifests: Manifests,
    ) -> Result<(), Diagnostics> {
        loop {
            self.apply(cx, site, &manifests).await?;
            let connection = Connection {
                cx,
                hub,
                site,
                registration: self.registered_cluster_id.text(),
                workloads: manifests.workloads().cloned().collect(),
                renewable: self.renew.or_default() && !manifests.renewed,
            };
            match connection.established().await? {
                Outcome::Connected(status) => {
                    self.status = status.into();
                    return Ok(());
                }
                Outcome::Rejected => manifests = Manifests::fetch(hub, self, true).await?,
            }
        }
    }

    async fn apply(
        &mut self,
        cx: &Cx,
        site: &Site,
        manifests: &Manifests,
    ) -> Result<(), Diagnostics> {
        let installation = self.installation(cx, site);
        let kept: Vec<String> = Notes::of(cx).get(KEPT).unwrap_or_default();
        let applied = installation.apply(manifests, &kept, |key| {
            self.add_object(key);
            cx.save(self);
        });
        applied.await?;
        let wanted = manifests.keys();
        let left: Vec<String> =
            self.objects.items().iter().filter(|key| !wanted.contains(key)).cloned().collect();
        installation.remove(&left, &kept, |key| self.drop_object(key)).await?;
        self.take(manifests);
        Notes::set(cx, APPLIED, &wanted);
        cx.save(self);
        Ok(())
    }

    /// Takes over what is known of manifests that are in the cluster.
    fn take(&mut self, manifests: &Manifests) {
        self.namespace = manifests.namespace().map(str::to_owned).into();
        self.objects = Tf::Known(manifests.keys());
        self.manifest_digest = manifests.digest.as_str().into();
        self.token_expiration = Tf::unless_empty(manifests.expiration.clone());
    }

    fn add_object(&mut self, key: String) {
        if let Some(objects) = self.objects.known_mut()
            && !objects.contains(&key)
        {
            objects.push(key);
        }
    }

    fn drop_object(&mut self, key: &str) {
        if let Some(objects) = self.objects.known_mut() {
            objects.retain(|known| known != key);
        }
    }

    /// Whether the arguments are the same.
    fn asks_for_the_same(&self, other: &Self) -> bool {
        let place = |it: &Self| {
            let InCluster { cluster, scope, .. } = it.place.clone();
            (cluster, scope.account, scope.region, it.registered_cluster_id.clone())
        };
        let hub =
            |it: &Self| (it.hub_account.clone(), it.hub_region.clone(), it.hub_cluster_id.clone());
        let manner = |it: &Self| (it.extranet, it.renew, it.force_conflicts);
        place(self) == place(other) && hub(self) == hub(other) && manner(self) == manner(other)
    }

    /// Whether the agent has to be applied again: it lost objects or its
    /// connection.
    fn is_impaired(&self, cx: &PlanCx) -> bool {
        let lost =
            [registered_state::WAITING_FOR_CONNECT, registered_state::ABNORMAL, DEREGISTERED];
        let applied: Option<Vec<String>> = Notes::read(cx.private()).get(APPLIED);
        is_any(self.status.text(), &lost)
            || applied.is_some_and(|all| all.iter().any(|it| !self.objects.items().contains(it)))
    }
}

/// Refuses a cluster that runs the agent of another registration that exists. One
/// whose registration is gone is a remainder, and is replaced.
async fn refuse_occupied(hub: &Account, cluster: &str, other: &str) -> Result<(), Diagnostics> {
    let found = tdcc::find_registered(hub, other).await.doing("read the registered cluster")?;
    if found.is_none() {
        return Ok(());
    }
    Err(Diagnostic::error(
        "Cluster is registered already",
        format!(
            "The cluster {cluster:?} runs the agent of the registered cluster {other}, and can run \
             one agent only. Remove that registration first, or use its id here."
        ),
    )
    .at("cluster")
    .into())
}

fn not_registered(hub: &Account, id: &str) -> Diagnostics {
    Diagnostic::error(
        "Registered cluster not found",
        format!(
            "The account has no registered cluster {id}. Register it \
             (`crossmesh_tdcc_registered_cluster`), correct the id, or say with `hub_account` and \
             `hub_region` whose it is and where.\n\n  Account: {}\n  Region: {}",
            hub.label(),
            hub.region().unwrap_or_default()
        ),
    )
    .at("registered_cluster_id")
    .into()
}

fn token_ended(manifests: &Manifests, hint: &str) -> Diagnostics {
    Diagnostic::error(
        "Registration token has expired",
        format!(
            "The token with which the agent registers ended at {}. {hint} Nothing was applied.",
            manifests.expiration
        ),
    )
    .at("renew")
    .into()
}

fn cluster_gone(cluster: &str) -> Diagnostic {
    Diagnostic::warning(
        "Cluster is gone",
        format!(
            "The cluster {cluster:?} does not exist any more, and its agent with it: nothing was \
             left to remove."
        ),
    )
}
