//! `crossmesh_ccn_attachment`: an instance in a CCN of the same account.

use std::time::Duration;

use tfsdk::{
    Diagnostic, Diagnostics, Model,
    engine::{Change, Operation, Resource},
    value::Tf,
};

use super::{
    ends::Ends,
    membership::{Application, Goal, LAG, PLAN_LAG, describe, leave, own_ccn, wait_for},
    overlap::View,
    row::{Facts, Key},
};
use crate::{
    cloud::{
        Account,
        api::ccn::{Attachment, Ccn, Instance},
    },
    services::{Client, Cx, PlanCx, Scope, diagnostic::Doing},
};

/// An instance, mostly a VPC, in a Cloud Connect Network (CCN) of the same
/// account.
///
/// An instance of another account joins with
/// `crossmesh_ccn_cross_account_attachment`.
#[derive(Clone, Model)]
pub(super) struct Joined {
    #[attr(flatten)]
    pub scope: Scope,

    #[attr(flatten)]
    pub ends: Ends,

    /// Remark.
    #[attr(optional)]
    pub description: Tf<String>,

    /// Route table of the CCN, `ccnrtb-…`. Default: the CCN's default one.
    #[attr(optional, computed, stable, replace)]
    pub route_table_id: Tf<String>,

    #[attr(flatten)]
    pub facts: Facts,

    /// UIN of the account that owns the CCN.
    #[attr(computed, stable)]
    pub ccn_uin: Tf<String>,
}

/// The resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct CcnAttachment;

impl Resource for CcnAttachment {
    type Model = Joined;
    type Client = Client;

    const TYPE: &'static str = "crossmesh_ccn_attachment";
    const TIMEOUTS: &'static [(Operation, Duration)] = &[
        (Operation::Create, Duration::from_secs(600)),
        (Operation::Update, Duration::from_secs(600)),
        (Operation::Delete, Duration::from_secs(600)),
    ];

    async fn plan(&self, cx: &PlanCx, change: &mut Change<Joined>) -> Result<(), Diagnostics> {
        Scope::plan(cx, change, |model| &mut model.scope).await?;
        Ends::plan(change, |model| (&mut model.ends, &mut model.scope));
        let lost = change.prior.as_ref().is_some_and(|prior| prior.facts.standing().is_lost());
        if lost {
            change.planned.facts.forget();
        }
        if lost || change.is_create() { check(cx, &change.planned).await } else { Ok(()) }
    }

    async fn create(&self, cx: &Cx, mut plan: Joined) -> Result<Joined, Diagnostics> {
        let account = plan.scope.open_for_create(cx).await?;
        let key = plan.ends.settle(&plan.scope.region);
        let application = application(&account, &plan, &key).await?;
        application.submit(cx, &account).await?;
        cx.save(&plan);
        let row = wait_active(cx, &account, &key).await?;
        application.settle_remark(&account, &row).await?;
        plan.take(&row);
        Ok(plan)
    }

    async fn read(&self, cx: &Cx, mut state: Joined) -> Result<Option<Joined>, Diagnostics> {
        let account = state.scope.open(cx).await?;
        let Some(key) = state.ends.key() else { return Ok(None) };
        let Some(row) = key.find(&account).await.doing("read the attachment")? else {
            return Ok(None);
        };
        state.take(&row);
        state.description = row.description.into();
        Ok(Some(state))
    }

    async fn update(
        &self,
        cx: &Cx,
        prior: Joined,
        mut plan: Joined,
    ) -> Result<Joined, Diagnostics> {
        let account = plan.scope.open(cx).await?;
        let key = plan.ends.settle(&plan.scope.region);
        if plan.facts.state.is_unknown() {
            let application = application(&account, &plan, &key).await?;
            application.submit(cx, &account).await?;
            let row = wait_active(cx, &account, &key).await?;
            application.settle_remark(&account, &row).await?;
            plan.take(&row);
        } else if plan.description != prior.description {
            describe(&account, &key, plan.description.text()).await?;
        }
        Ok(plan)
    }

    async fn delete(&self, cx: &Cx, state: Joined) -> Result<(), Diagnostics> {
        let account = state.scope.open(cx).await?;
        match state.ends.key() {
            Some(key) => leave(cx, &account, &key).await,
            None => Ok(()),
        }
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Joined, Diagnostics> {
        let (scope, id) = Scope::import(cx, id)?;
        Ok(Joined { scope, ends: Key::parse(id)?.into(), ..Joined::empty() })
    }
}

impl Joined {
    /// Takes over what the API says, except the remark.
    fn take(&mut self, row: &Attachment) {
        self.facts.take(row);
        self.ccn_uin = row.ccn_uin.clone().into();
        self.route_table_id = row.route_table_id.clone().into();
    }
}

async fn application<'a>(
    account: &Account,
    plan: &Joined,
    key: &'a Key,
) -> Result<Application<'a>, Diagnostics> {
    let found = own_ccn(account, &key.ccn_id, LAG).await.doing("read the CCN")?;
    match found {
        Some(ccn) => Ok(to_join(account, &ccn, plan, key)),
        None => Err(not_owned(account, &key.ccn_id).await),
    }
}

fn to_join<'a>(account: &Account, ccn: &Ccn, plan: &Joined, key: &'a Key) -> Application<'a> {
    let instance = Instance {
        description: plan.description.known().cloned(),
        route_table_id: plan.route_table_id.known().cloned(),
        ..key.instance()
    };
    Application { key, ccn_uin: None, instance, view: View::of_owner(account, ccn) }
}

async fn wait_active(cx: &Cx, account: &Account, key: &Key) -> Result<Attachment, Diagnostics> {
    let what = format!("{} to become ACTIVE in {}", key.instance_id, key.ccn_id);
    wait_for(cx, account, key, Goal::Active, what).await
}

/// Says at plan what the apply would fail for. What cannot be asked now is left
/// to the apply, and of what may have changed until then it only warns.
async fn check(cx: &PlanCx, planned: &Joined) -> Result<(), Diagnostics> {
    let (Some(client), Some(key)) = (cx.client(), planned.ends.key()) else { return Ok(()) };
    let Some(account) = planned.scope.open_for_check(client).await else { return Ok(()) };
    let Ok(found) = own_ccn(&account, &key.ccn_id, PLAN_LAG).await else { return Ok(()) };
    let Some(ccn) = found else { return Err(not_owned(&account, &key.ccn_id).await) };
    if let Ok(Some(overlap)) = to_join(&account, &ccn, planned, &key).find_overlaps(&account).await
    {
        cx.warn(overlap.foreseen());
    }
    Ok(())
}

async fn not_owned(account: &Account, ccn_id: &str) -> Diagnostics {
    let uin = account.uin().await.map_or_else(|_| String::new(), |uin| format!(" ({uin})"));
    Diagnostic::error(
        "CCN not found",
        format!(
            "{}{uin} has no CCN {ccn_id}. If it is another account's, its VPCs join \
             with crossmesh_ccn_cross_account_attachment; else correct `ccn_id` or `account`.",
            account.called_first()
        ),
    )
    .at("ccn_id")
    .into()
}
