//! Joining and leaving a CCN: what attachments of one account and across
//! accounts have in common.

use std::{future::Future, slice, time::Duration};

use tfsdk::{Diagnostic, Diagnostics};
use tokio::time::{Instant, sleep};

use super::{
    overlap::{self, Overlap, View},
    row::{Key, Standing, parties},
};
use crate::{
    cloud::{
        Account, Error, Kind,
        api::{
            Filter,
            ccn::{self, Attachment, Ccn, Instance},
        },
        settle,
    },
    services::{
        Cx, diagnostic,
        diagnostic::Doing,
        waiting::{Seen, wait},
    },
};

/// For how long after a write a read may still show what was before it.
pub(super) const LAG: Duration = Duration::from_secs(10);

/// For how long a plan, which mostly comes long after any write, allows for it.
pub(super) const PLAN_LAG: Duration = Duration::from_secs(2);

/// What the cloud does with attachments that failed.
pub(super) const REMOVED_BY_FORCE: &str = "The cloud removes it by force within two hours. Apply again: it is detached and made anew \
     then. If it fails again, the two networks may not be joined at all (regions, kinds of \
     accounts); the console shows why.";

/// An instance that is to be in a CCN, by the owner of the instance.
pub(super) struct Application<'a> {
    /// What joins what.
    pub key: &'a Key,
    /// UIN of the CCN's owner if that is another account.
    pub ccn_uin: Option<&'a str>,
    /// Remark, CCN route table and who pays.
    pub instance: Instance,
    /// Where overlapping ranges are looked for.
    pub view: View,
}

impl Application<'_> {
    /// Sees to it that the instance is applied for or attached, whatever is
    /// there: adopts what is on its way or done, applies anew for what expired,
    /// and detaches and attaches again what was rejected or has failed.
    ///
    /// # Errors
    ///
    /// The API refused, address ranges overlap, or what is there belongs to
    /// another account's CCN.
    pub(super) async fn submit(&self, cx: &Cx, account: &Account) -> Result<(), Diagnostics> {
        let found = self.key.find(account).await.doing("read the attachment")?;
        match found.as_ref().map(Standing::of) {
            None => {}
            Some(standing) if standing.is_live() || standing == Standing::Other => {
                return self.adopt(found.as_ref());
            }
            Some(Standing::Expired) if self.ccn_uin.is_some() => return self.reset(account).await,
            Some(_) => leave(cx, account, self.key).await?,
        }
        let _turn = turn(cx, self.key).await;
        self.check_ranges(cx, account).await?;
        self.attach(account).await
    }

    /// Refuses ranges that are in the CCN already. Who may not look is only
    /// warned: looking takes more rights than attaching.
    async fn check_ranges(&self, cx: &Cx, account: &Account) -> Result<(), Diagnostics> {
        match self.find_overlaps(account).await {
            Ok(None) => Ok(()),
            Ok(Some(overlap)) => Err(overlap.refused()),
            Err(error) if error.kind() == Kind::Denied => {
                cx.warn(unchecked(&error));
                Ok(())
            }
            Err(error) => Err(diagnostic::cloud("check the address ranges", &error)),
        }
    }

    /// Says which ranges are in the CCN already; `None` also if there is no such
    /// instance.
    ///
    /// # Errors
    ///
    /// Those of the calls.
    pub(super) async fn find_overlaps(&self, account: &Account) -> Result<Option<Overlap>, Error> {
        match overlap::ranges_of(account, self.key).await? {
            Some(ranges) => self.view.overlaps(self.key, &ranges).await,
            None => Ok(None),
        }
    }

    async fn attach(&self, account: &Account) -> Result<(), Diagnostics> {
        let (ccn_id, instances) = (&self.key.ccn_id, slice::from_ref(&self.instance));
        let attached = settle(
            || ccn::attach(account, ccn_id, self.ccn_uin, instances),
            || live_row(account, self.key),
        );
        match attached.await {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == Kind::AlreadyExists => {
                self.attached_elsewhere(account, &error).await
            }
            Err(error) if error.kind() == Kind::NotFound => Err(diagnostic::cloud_with_hint(
                "attach the instance",
                &error,
                &self.what_must_exist(),
            )),
            Err(error) => Err(diagnostic::cloud("attach the instance", &error)),
        }
    }

    fn what_must_exist(&self) -> String {
        let Key { ccn_id, instance_id, instance_region, .. } = self.key;
        let owner = self.ccn_uin.map_or_else(
            || format!("that the account owns {ccn_id}"),
            |uin| format!("that the account {uin} owns {ccn_id}"),
        );
        format!("Check that the account has {instance_id} in {instance_region}, and {owner}.")
    }

    /// "Attached already" is well if somebody was faster, and an error if it
    /// means another CCN.
    async fn attached_elsewhere(
        &self,
        account: &Account,
        error: &Error,
    ) -> Result<(), Diagnostics> {
        let by_instance = [Filter::new("instance-id", &*self.key.instance_id)];
        let rows = ccn::attachments_where(account, &by_instance).await;
        let rows = rows.doing("read the instance's attachments")?;
        let others: Vec<&str> = rows.iter().map(|row| row.ccn_id.as_str()).collect();
        if others.is_empty() || others.contains(&self.key.ccn_id.as_str()) {
            return Ok(());
        }
        let hint = format!(
            "{} is in {} already: detach it there first, or use that CCN.",
            self.key.instance_id,
            others.join(", ")
        );
        Err(diagnostic::cloud_with_hint("attach the instance", error, &hint))
    }

    /// Applies anew after nobody accepted in time.
    async fn reset(&self, account: &Account) -> Result<(), Diagnostics> {
        let (ccn_id, instances) = (&self.key.ccn_id, slice::from_ref(&self.instance));
        let ccn_uin = self.ccn_uin.unwrap_or_default();
        advance(|| ccn::reset(account, ccn_id, ccn_uin, instances), || live_row(account, self.key))
            .await
            .doing("apply anew for the attachment")
    }

    /// Takes over a row that is there, if it is the one that is meant.
    fn adopt(&self, found: Option<&Attachment>) -> Result<(), Diagnostics> {
        let Some(row) = found else { return Ok(()) };
        if let Some(uin) = self.ccn_uin
            && !row.ccn_uin.is_empty()
            && row.ccn_uin != uin
        {
            return Err(Diagnostic::error(
                "CCN of another owner",
                format!(
                    "{} belongs to the account {}, not to {uin}. Correct `ccn_uin`.{}",
                    row.ccn_id,
                    row.ccn_uin,
                    parties(row)
                ),
            )
            .at("ccn_uin")
            .into());
        }
        if let Some(table) = &self.instance.route_table_id
            && !row.route_table_id.is_empty()
            && row.route_table_id != *table
        {
            return Err(Diagnostic::error(
                "Attached to another route table",
                format!(
                    "{} is attached to {} already, with the route table {} instead of {table}. \
                     Detach it first, or set `route_table_id` to the one that it has.",
                    row.instance_id, row.ccn_id, row.route_table_id
                ),
            )
            .at("route_table_id")
            .into());
        }
        Ok(())
    }

    /// Sets the remark of what was there before, if it has another one.
    pub(super) async fn settle_remark(
        &self,
        account: &Account,
        row: &Attachment,
    ) -> Result<(), Diagnostics> {
        let wanted = self.instance.description.as_deref().unwrap_or_default();
        if row.description == wanted {
            return Ok(());
        }
        describe(account, self.key, wanted).await
    }
}

/// Takes a row a step further, once: after a lost answer, and after one that
/// says that the row does not stand where the step begins, `look` says whether
/// it has been taken.
///
/// # Errors
///
/// Those of both calls.
pub(super) async fn advance<W, L>(
    step: impl FnMut() -> W,
    mut look: impl FnMut() -> L,
) -> Result<(), Error>
where
    W: Future<Output = Result<(), Error>>,
    L: Future<Output = Result<Option<()>, Error>>,
{
    match settle(step, &mut look).await {
        Err(error) if error.kind() == Kind::Conflict => look().await?.ok_or(error),
        outcome => outcome,
    }
}

/// How far an application has to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Goal {
    /// It can be seen, and nothing has to be done by the instance's owner.
    Applied,
    /// It is connected.
    Active,
}

/// Waits until the row is as far as `goal`; `what` is said as in "vpc-1 to
/// become ACTIVE in ccn-1".
///
/// # Errors
///
/// It was rejected, expired or has failed; the time is over.
pub(super) async fn wait_for(
    cx: &Cx,
    account: &Account,
    key: &Key,
    goal: Goal,
    what: String,
) -> Result<Attachment, Diagnostics> {
    let settled = Instant::now() + LAG;
    wait(cx, what, || async {
        let Some(row) = key.find(account).await? else {
            return Ok(Seen::pending("not visible yet"));
        };
        let detail = match Standing::of(&row) {
            Standing::Active => return Ok(Seen::Done(row)),
            Standing::Pending | Standing::Attaching if goal == Goal::Applied => {
                return Ok(Seen::Done(row));
            }
            Standing::Failed => REMOVED_BY_FORCE,
            Standing::Rejected => {
                "The CCN's owner refused it. Apply again to apply for it anew, once they agree."
            }
            Standing::Expired => {
                "The CCN's owner did not accept in time. Apply again to apply for it anew."
            }
            _ => return Ok(Seen::pending(row.state)),
        };
        Ok(if Instant::now() < settled {
            Seen::pending(row.state)
        } else {
            Seen::failed(row.state, detail)
        })
    })
    .await
    .doing("attach the instance")
}

/// The account's own CCN of this id. That there is none is only believed after
/// `patience`: a CCN that was made a moment ago may not be listed yet.
///
/// # Errors
///
/// Those of the call.
pub(super) async fn own_ccn(
    account: &Account,
    ccn_id: &str,
    patience: Duration,
) -> Result<Option<Ccn>, Error> {
    let settled = Instant::now() + patience;
    loop {
        let found = ccn::find(account, ccn_id).await?;
        if found.is_some() || Instant::now() >= settled {
            return Ok(found);
        }
        sleep(Duration::from_secs(1)).await;
    }
}

/// Takes the instance out of the CCN, as either side, and waits until it is.
/// That it is out already is success.
///
/// # Errors
///
/// The API refused; the time is over.
pub(super) async fn leave(cx: &Cx, account: &Account, key: &Key) -> Result<(), Diagnostics> {
    let found = key.find(account).await.doing("read the attachment")?;
    // A row that is not seen may be there all the same.
    if found.as_ref().map(Standing::of) != Some(Standing::Detaching) {
        let instances = [key.instance()];
        ccn::detach(account, &key.ccn_id, &instances).await.doing("detach the instance")?;
    }
    let settled = Instant::now() + LAG;
    let what = format!("{} to be detached from {}", key.instance_id, key.ccn_id);
    wait(cx, what, || async {
        Ok(match key.find(account).await? {
            None => Seen::Done(()),
            Some(row) if Standing::of(&row) == Standing::Failed && Instant::now() >= settled => {
                Seen::failed(
                    row.state,
                    "The cloud removes it by force within two hours; try again then.",
                )
            }
            Some(row) => Seen::pending(row.state),
        })
    })
    .await
    .doing("detach the instance")
}

/// Sets the remark, the only thing of an attachment that can be changed.
///
/// # Errors
///
/// The API refused.
pub(super) async fn describe(
    account: &Account,
    key: &Key,
    description: &str,
) -> Result<(), Diagnostics> {
    let instance = Instance { description: Some(description.to_owned()), ..key.instance() };
    ccn::describe_attachments(account, &key.ccn_id, &[instance])
        .await
        .doing("change the attachment's description")
}

/// The turn at letting something into the CCN: between looking whose ranges are
/// in and joining them, nothing else may join.
pub(super) async fn turn(cx: &Cx, key: &Key) -> tokio::sync::OwnedMutexGuard<()> {
    cx.client().turns.take(format!("CCN {}", key.ccn_id)).await
}

/// Whether a write that was meant to bring the row there has done so.
async fn live_row(account: &Account, key: &Key) -> Result<Option<()>, Error> {
    let found = key.find(account).await?;
    Ok(found.filter(|row| Standing::of(row).is_live()).map(drop))
}

fn unchecked(error: &Error) -> Diagnostic {
    Diagnostic::warning(
        "Address ranges not checked",
        format!(
            "The account may not look whether the address ranges are in the CCN already: {}. If \
             they are, the CCN's routes to this instance are disabled.",
            error.message().trim_end_matches('.')
        ),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cloud::scripted::{Scripted, answer};

    #[tokio::test(start_paused = true)]
    async fn a_ccn_that_is_not_listed_yet_is_waited_for() {
        let none = answer(json!({"TotalCount": 0, "CcnSet": []}));
        let there = answer(json!({"TotalCount": 1, "CcnSet": [{"CcnId": "ccn-1"}]}));
        let cloud = Scripted::new(vec![none.clone(), none.clone(), there]);
        let found = own_ccn(&cloud.account(), "ccn-1", LAG).await.unwrap();
        assert_eq!(found.unwrap().ccn_id, "ccn-1");
        assert_eq!(cloud.actions().len(), 3);

        let cloud = Scripted::new(vec![none]);
        let before = Instant::now();
        assert_eq!(own_ccn(&cloud.account(), "ccn-1", LAG).await.unwrap(), None);
        assert_eq!(before.elapsed(), LAG);
    }
}
