//! `crossmesh_ccn_cross_account_attachment`: an instance in a CCN of another
//! account, by the owner of the instance.

use std::time::Duration;

use tfsdk::{
    Diagnostic, Diagnostics, Model,
    engine::{Change, Operation, Resource},
    schema::validators,
    value::Tf,
};

use super::{
    ends::Ends,
    membership::{Application, Goal, describe, leave, wait_for},
    overlap::View,
    payer,
    row::{Facts, Key, Standing},
};
use crate::{
    cloud::{
        Account,
        api::ccn::{Attachment, Instance},
    },
    services::{Client, Cx, PlanCx, Scope, diagnostic::Doing},
};

/// An instance, mostly a VPC, in a Cloud Connect Network (CCN) of another
/// account, by the owner of the instance.
///
/// Creating it applies for joining. The CCN's owner accepts with
/// `crossmesh_ccn_cross_account_attachment_accepter`, in the same configuration
/// or another. An application that expired, was rejected or has failed shows in
/// `state`, and the next apply applies anew. Either side can end the attachment:
/// destroying this or the accepter detaches the instance.
#[derive(Clone, Model)]
pub(super) struct Applied {
    #[attr(flatten)]
    pub scope: Scope,

    #[attr(flatten)]
    pub ends: Ends,

    /// UIN (root account id) of the account that owns the CCN.
    #[attr(required, replace, validate(validators::matches("^[0-9]+$", "must be a UIN: digits")))]
    pub ccn_uin: Tf<String>,

    /// Remark; the CCN's owner sees it.
    #[attr(optional)]
    pub description: Tf<String>,

    /// Route table of the CCN, `ccnrtb-…`. Default: the CCN's default one.
    #[attr(optional, computed, stable, replace)]
    pub route_table_id: Tf<String>,

    /// Who pays: `PayByCcnOwner` or `PayByInstanceOwner`. Default: the cloud's.
    /// The API does not show it: after an import, setting it only notes it.
    #[attr(optional, validate(validators::one_of(payer::PAYERS)))]
    pub order_type: Tf<String>,

    /// Whether to wait until the CCN's owner has accepted. Not together with an
    /// accepter that refers to this object: it could never begin.
    #[attr(optional, default = false)]
    pub wait_for_active: Tf<bool>,

    #[attr(flatten)]
    pub facts: Facts,
}

/// The resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct CcnCrossAccountAttachment;

impl Resource for CcnCrossAccountAttachment {
    type Model = Applied;
    type Client = Client;

    const TYPE: &'static str = "crossmesh_ccn_cross_account_attachment";
    const TIMEOUTS: &'static [(Operation, Duration)] = &[
        (Operation::Create, Duration::from_secs(600)),
        (Operation::Update, Duration::from_secs(600)),
        (Operation::Delete, Duration::from_secs(600)),
    ];

    async fn plan(&self, cx: &PlanCx, change: &mut Change<Applied>) -> Result<(), Diagnostics> {
        Scope::plan(cx, change, |model| &mut model.scope).await?;
        Ends::plan(change, |model| (&mut model.ends, &mut model.scope));
        payer::plan(cx, change, |model| &model.order_type);
        let standing = change.prior.as_ref().map(|prior| prior.facts.standing());
        let lost = standing.is_some_and(Standing::is_lost);
        let awaited = change.planned.wait_for_active.or_default()
            && matches!(standing, Some(Standing::Pending | Standing::Attaching));
        if lost || awaited {
            change.planned.facts.forget();
        }
        if lost || change.is_create() { check(cx, &change.planned).await } else { Ok(()) }
    }

    async fn create(&self, cx: &Cx, mut plan: Applied) -> Result<Applied, Diagnostics> {
        let account = plan.scope.open_for_create(cx).await?;
        let key = plan.ends.settle(&plan.scope.region);
        let application = application(cx.client(), &account, &plan, &key).await;
        application.submit(cx, &account).await?;
        cx.save(&plan);
        let row = plan.wait(cx, &account, &key).await?;
        application.settle_remark(&account, &row).await?;
        plan.take(&row);
        Ok(plan)
    }

    async fn read(&self, cx: &Cx, mut state: Applied) -> Result<Option<Applied>, Diagnostics> {
        let account = state.scope.open(cx).await?;
        let Some(key) = state.ends.key() else { return Ok(None) };
        let Some(row) = key.find(&account).await.doing("read the attachment")? else {
            return Ok(None);
        };
        state.take(&row);
        state.ccn_uin = row.ccn_uin.into();
        state.description = row.description.into();
        if !state.wait_for_active.is_known() {
            state.wait_for_active = Tf::Known(false);
        }
        Ok(Some(state))
    }

    async fn update(
        &self,
        cx: &Cx,
        prior: Applied,
        mut plan: Applied,
    ) -> Result<Applied, Diagnostics> {
        let account = plan.scope.open(cx).await?;
        let key = plan.ends.settle(&plan.scope.region);
        if plan.facts.state.is_unknown() {
            let application = application(cx.client(), &account, &plan, &key).await;
            application.submit(cx, &account).await?;
            let row = plan.wait(cx, &account, &key).await?;
            application.settle_remark(&account, &row).await?;
            plan.take(&row);
        } else if plan.description != prior.description {
            describe(&account, &key, plan.description.text()).await?;
        }
        Ok(plan)
    }

    async fn delete(&self, cx: &Cx, state: Applied) -> Result<(), Diagnostics> {
        let account = state.scope.open(cx).await?;
        match state.ends.key() {
            Some(key) => leave(cx, &account, &key).await,
            None => Ok(()),
        }
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Applied, Diagnostics> {
        let (scope, id) = Scope::import(cx, id)?;
        Ok(Applied { scope, ends: Key::parse(id)?.into(), ..Applied::empty() })
    }
}

impl Applied {
    /// Takes over what the API says, except what the person may change.
    fn take(&mut self, row: &Attachment) {
        self.facts.take(row);
        self.route_table_id = row.route_table_id.clone().into();
    }

    async fn wait(&self, cx: &Cx, account: &Account, key: &Key) -> Result<Attachment, Diagnostics> {
        let Key { ccn_id, instance_id, .. } = key;
        let (goal, what) = if self.wait_for_active.or_default() {
            let owner = self.ccn_uin.text();
            let what = format!(
                "{instance_id} to become ACTIVE in {ccn_id}, for which the account {owner} has to \
                 accept it"
            );
            (Goal::Active, what)
        } else {
            (Goal::Applied, format!("the application of {instance_id} to join {ccn_id}"))
        };
        wait_for(cx, account, key, goal, what).await
    }
}

async fn application<'a>(
    client: &Client,
    account: &Account,
    plan: &'a Applied,
    key: &'a Key,
) -> Application<'a> {
    let instance = Instance {
        description: plan.description.known().cloned(),
        route_table_id: plan.route_table_id.known().cloned(),
        order_type: plan.order_type.known().cloned(),
        ..key.instance()
    };
    let ccn_uin = plan.ccn_uin.text();
    let view = View::of_member(client, account, (&key.ccn_id, ccn_uin)).await;
    Application { key, ccn_uin: Some(ccn_uin), instance, view }
}

/// Warns at plan of what the apply would fail for, and of what is odd. What
/// cannot be asked now is left to the apply.
async fn check(cx: &PlanCx, planned: &Applied) -> Result<(), Diagnostics> {
    let Some(client) = cx.client() else { return Ok(()) };
    let Some(account) = planned.scope.open_for_check(client).await else { return Ok(()) };
    if let (Some(owner), Ok(uin)) = (planned.ccn_uin.known(), account.uin().await)
        && owner == uin
    {
        cx.warn(same_account(&account, uin));
    }
    let (Some(key), true) = (planned.ends.key(), planned.ccn_uin.is_known()) else {
        return Ok(());
    };
    let application = application(client, &account, planned, &key).await;
    if let Ok(Some(overlap)) = application.find_overlaps(&account).await {
        cx.warn(overlap.foreseen());
    }
    Ok(())
}

fn same_account(account: &Account, uin: &str) -> Diagnostic {
    Diagnostic::warning(
        "The CCN is the account's own",
        format!(
            "`ccn_uin` is the UIN of {} ({uin}) itself, so that there is nobody who \
             has to accept. Use crossmesh_ccn_attachment, or set `account` to the account that \
             owns the instance.",
            account.called()
        ),
    )
    .at("ccn_uin")
}
