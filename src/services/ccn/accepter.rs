//! `crossmesh_ccn_cross_account_attachment_accepter`: an instance of another
//! account in a CCN, by the owner of the CCN.

use std::{slice, time::Duration};

use tfsdk::{
    Diagnostics, Model,
    engine::{Change, Operation, Resource},
    schema::validators,
    value::Tf,
};
use tokio::time::Instant;

use super::{
    membership::{Goal, LAG, PLAN_LAG, advance, leave, own_ccn, turn, wait_for},
    overlap::View,
    payer,
    refusal::{no_application, not_foreign, not_open, not_owned},
    row::{Facts, Key, Standing},
};
use crate::{
    cloud::{
        Account, Error,
        api::ccn::{self, Attachment, Ccn, Instance},
    },
    services::{
        Client, Cx, PlanCx, Scope,
        diagnostic::Doing,
        waiting::{Seen, wait},
    },
    wait,
};

/// Lets an instance of another account into a Cloud Connect Network (CCN), by
/// the owner of the CCN.
///
/// The instance's owner applies with `crossmesh_ccn_cross_account_attachment`,
/// in the same configuration or another. Creating this waits for the
/// application, accepts it and waits until the instance is connected; what is
/// connected already is taken over. Destroying this detaches the instance: its
/// owner's attachment is gone with it.
///
/// When the instance is detached elsewhere, this is planned to be created, and
/// waits for a new application.
#[derive(Clone, Model)]
pub(super) struct Accepted {
    #[attr(flatten)]
    pub scope: Scope,

    /// Id of the attachment, `CCN#TYPE#REGION#INSTANCE`.
    #[attr(computed, stable)]
    pub id: Tf<String>,

    /// Id of the CCN, `ccn-…`.
    #[attr(required, replace, validate(validators::not_empty()))]
    pub ccn_id: Tf<String>,

    /// Id of the other account's instance, such as `vpc-…`.
    #[attr(required, replace, validate(validators::not_empty()))]
    pub instance_id: Tf<String>,

    /// Kind of the instance: `VPC`, `DIRECTCONNECT`, `BMVPC` or `VPNGW`.
    #[attr(
        optional,
        default = "VPC",
        replace,
        validate(validators::one_of(["VPC", "DIRECTCONNECT", "BMVPC", "VPNGW"]))
    )]
    pub instance_type: Tf<String>,

    /// Region of the instance.
    #[attr(required, replace, validate(validators::not_empty()))]
    pub instance_region: Tf<String>,

    /// Who pays: `PayByCcnOwner` or `PayByInstanceOwner`. Default: as the
    /// application says. The API does not show it: after an import, setting it
    /// only notes it. Changing it needs a new application; replace the
    /// instance's attachment too.
    #[attr(optional, validate(validators::one_of(payer::PAYERS)))]
    pub order_type: Tf<String>,

    /// Remark that the instance's owner gave.
    #[attr(computed, stable)]
    pub description: Tf<String>,

    #[attr(flatten)]
    pub facts: Facts,

    /// UIN of the account that owns the CCN.
    #[attr(computed, stable)]
    pub ccn_uin: Tf<String>,
}

/// The resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct CcnAccepter;

impl Resource for CcnAccepter {
    type Model = Accepted;
    type Client = Client;

    const TYPE: &'static str = "crossmesh_ccn_cross_account_attachment_accepter";
    const TIMEOUTS: &'static [(Operation, Duration)] = &[
        (Operation::Create, Duration::from_secs(600)),
        (Operation::Delete, Duration::from_secs(600)),
    ];

    async fn plan(&self, cx: &PlanCx, change: &mut Change<Accepted>) -> Result<(), Diagnostics> {
        Scope::plan(cx, change, |model| &mut model.scope).await?;
        payer::plan(cx, change, |model| &model.order_type);
        if !change.is_create() {
            return Ok(());
        }
        if let Some(key) = change.planned.key() {
            change.planned.id = key.to_string().into();
        }
        check(cx, &change.planned).await
    }

    async fn create(&self, cx: &Cx, mut plan: Accepted) -> Result<Accepted, Diagnostics> {
        let account = plan.scope.open_for_create(cx).await?;
        let Some(key) = plan.key() else { return Ok(plan) };
        let found = own_ccn(&account, &key.ccn_id, LAG).await.doing("read the CCN")?;
        let Some(ccn) = found else { return Err(not_owned(&account, &key).await) };
        let row = wait_for_application(cx, &account, &key).await?;
        if Standing::of(&row) == Standing::Pending {
            let _turn = turn(cx, &key).await;
            check_ranges(&account, &ccn, &key, &row).await?;
            accept(&account, &key, plan.order_type.known().cloned()).await?;
        }
        plan.id = key.to_string().into();
        plan.take(&row);
        cx.save(&plan);
        let what = format!("{} to become ACTIVE in {}", key.instance_id, key.ccn_id);
        let row = wait_for(cx, &account, &key, Goal::Active, what).await?;
        plan.take(&row);
        Ok(plan)
    }

    async fn read(&self, cx: &Cx, mut state: Accepted) -> Result<Option<Accepted>, Diagnostics> {
        let account = state.scope.open(cx).await?;
        let Some(key) = state.key() else { return Ok(None) };
        let found = key.find(&account).await.doing("read the attachment")?;
        // An application that is open again, refused or expired is not accepted.
        let Some(row) = found.filter(|row| Standing::of(row).stays_accepted()) else {
            return Ok(None);
        };
        state.take(&row);
        Ok(Some(state))
    }

    async fn update(
        &self,
        _cx: &Cx,
        _prior: Accepted,
        plan: Accepted,
    ) -> Result<Accepted, Diagnostics> {
        // Another name for the account, or who pays noted after an import.
        Ok(plan)
    }

    async fn delete(&self, cx: &Cx, state: Accepted) -> Result<(), Diagnostics> {
        let account = state.scope.open(cx).await?;
        match state.key() {
            Some(key) => leave(cx, &account, &key).await,
            None => Ok(()),
        }
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Accepted, Diagnostics> {
        let (scope, id) = Scope::import(cx, id)?;
        let key = Key::parse(id)?;
        Ok(Accepted {
            scope,
            id: key.to_string().into(),
            ccn_id: key.ccn_id.into(),
            instance_id: key.instance_id.into(),
            instance_type: key.instance_type.into(),
            instance_region: key.instance_region.into(),
            ..Accepted::empty()
        })
    }
}

impl Accepted {
    /// The key, once all of it is known.
    fn key(&self) -> Option<Key> {
        Some(Key {
            ccn_id: self.ccn_id.known()?.clone(),
            instance_type: self.instance_type.known()?.clone(),
            instance_region: self.instance_region.known()?.clone(),
            instance_id: self.instance_id.known()?.clone(),
        })
    }

    /// Takes over what the API says.
    fn take(&mut self, row: &Attachment) {
        self.facts.take(row);
        self.description = row.description.clone().into();
        self.ccn_uin = row.ccn_uin.clone().into();
    }
}

/// Waits until the application can be seen by the CCN's owner: it may have been
/// made a moment ago by another account.
async fn wait_for_application(
    cx: &Cx,
    account: &Account,
    key: &Key,
) -> Result<Attachment, Diagnostics> {
    let settled = Instant::now() + LAG;
    let what = format!("the application of {} to join {}", key.instance_id, key.ccn_id);
    let seen = wait(cx, what, || async {
        let Some(row) = key.find(account).await? else {
            return Ok(Seen::pending("no application"));
        };
        Ok(match Standing::of(&row) {
            Standing::Pending | Standing::Attaching | Standing::Active => Seen::Done(row),
            Standing::Expired | Standing::Rejected | Standing::Failed
                if Instant::now() >= settled =>
            {
                Seen::Done(row)
            }
            _ => Seen::pending(row.state),
        })
    })
    .await;
    let row = match seen {
        Err(error @ wait::Error::Timeout { .. }) => {
            return Err(no_application(account, key, &error).await);
        }
        seen => seen.doing("accept the attachment")?,
    };
    let uin = account.uin().await.doing("ask whose the credentials are")?;
    if row.instance_uin == uin {
        return Err(not_foreign(&row));
    }
    if Standing::of(&row).is_lost() { Err(not_open(&row)) } else { Ok(row) }
}

/// Refuses to let ranges in that are in the CCN already.
async fn check_ranges(
    account: &Account,
    ccn: &Ccn,
    key: &Key,
    row: &Attachment,
) -> Result<(), Diagnostics> {
    let found = View::of_owner(account, ccn).overlaps(key, &row.cidr_block).await;
    let overlap = found.doing("check the address ranges")?;
    overlap.map_or(Ok(()), |overlap| Err(overlap.refused()))
}

async fn accept(
    account: &Account,
    key: &Key,
    order_type: Option<String>,
) -> Result<(), Diagnostics> {
    let instance = Instance { order_type, ..key.instance() };
    advance(
        || ccn::accept(account, &key.ccn_id, slice::from_ref(&instance)),
        || is_accepted(account, key),
    )
    .await
    .doing("accept the attachment")
}

async fn is_accepted(account: &Account, key: &Key) -> Result<Option<()>, Error> {
    let found = key.find(account).await?;
    Ok(found.filter(|row| Standing::of(row).is_in()).map(drop))
}

/// Says at plan what the apply would fail for. What cannot be asked now is left
/// to the apply, and of what may have changed until then it only warns.
async fn check(cx: &PlanCx, planned: &Accepted) -> Result<(), Diagnostics> {
    let (Some(client), Some(key)) = (cx.client(), planned.key()) else { return Ok(()) };
    let Some(account) = planned.scope.open_for_check(client).await else { return Ok(()) };
    let Ok(found) = own_ccn(&account, &key.ccn_id, PLAN_LAG).await else { return Ok(()) };
    let Some(ccn) = found else { return Err(not_owned(&account, &key).await) };
    let Ok(Some(row)) = key.find(&account).await else { return Ok(()) };
    if account.uin().await.is_ok_and(|uin| uin == row.instance_uin) {
        return Err(not_foreign(&row));
    }
    if Standing::of(&row) == Standing::Pending
        && let Ok(Some(overlap)) =
            View::of_owner(&account, &ccn).overlaps(&key, &row.cidr_block).await
    {
        cx.warn(overlap.foreseen());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cloud::scripted::{Scripted, answer, no_answer, refusal};

    fn rows(state: &str) -> Value {
        json!({"TotalCount": 1, "InstanceSet": [{
            "CcnId": "ccn-1", "InstanceType": "VPC", "InstanceRegion": "ap-guangzhou",
            "InstanceId": "vpc-2", "State": state,
        }]})
    }

    /// What accepting comes to when the first answer is this one and the row
    /// stands so then, and how often it was accepted.
    async fn accepted(first: crate::cloud::scripted::Reply, then: &str) -> (bool, usize) {
        let key = Key::parse("ccn-1#VPC#ap-guangzhou#vpc-2").unwrap();
        let cloud = Scripted::new(vec![first, answer(rows(then))]);
        let outcome = accept(&cloud.account(), &key, None).await;
        let accepts = cloud.actions().into_iter().filter(|it| it.starts_with("Accept"));
        (outcome.is_ok(), accepts.count())
    }

    #[tokio::test(start_paused = true)]
    async fn what_somebody_else_accepted_meanwhile_is_accepted() {
        let not_pending = || refusal("UnsupportedOperation.NotPendingCcnInstance");
        assert_eq!(accepted(not_pending(), "ACTIVE").await, (true, 1));
        assert_eq!(accepted(not_pending(), "attaching").await, (true, 1));
        assert_eq!(accepted(not_pending(), "REJECTED").await, (false, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_answer_is_looked_for() {
        assert_eq!(accepted(no_answer(true), "ATTACHING").await, (true, 1));
    }
}
