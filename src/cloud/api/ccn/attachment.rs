//! Networks attached to a CCN, within one account and across two.

use serde::{Deserialize, Serialize};

use crate::cloud::{
    Account, Action, Error, Kind,
    api::{Filter, is, vpc::VPC},
    found,
    page::{self, Page},
};

const ATTACH: Action = Action::write(&VPC, "AttachCcnInstances");
const ACCEPT: Action = Action::write(&VPC, "AcceptAttachCcnInstances");
const REJECT: Action = Action::write(&VPC, "RejectAttachCcnInstances");
const RESET: Action = Action::write(&VPC, "ResetAttachCcnInstances");
const DETACH: Action = Action::repeatable(&VPC, "DetachCcnInstances");
const DESCRIBE: Action = Action::read(&VPC, "DescribeCcnAttachedInstances");
const MODIFY: Action = Action::repeatable(&VPC, "ModifyCcnAttachedInstancesAttribute");

/// States of an attachment.
///
/// Same account: `ATTACHING` → `ACTIVE`. Across accounts: `PENDING` → accepted → `ATTACHING` → `ACTIVE`,
/// or `REJECTED`, or `EXPIRED` until it is reset. Detaching: `DETACHING` → gone.
pub mod attachment_state {
    /// Applied for by another account, waits for the owner of the CCN.
    pub const PENDING: &str = "PENDING";
    /// Connected.
    pub const ACTIVE: &str = "ACTIVE";
    /// The application was not accepted in time; the member may reset it.
    pub const EXPIRED: &str = "EXPIRED";
    /// The owner of the CCN refused.
    pub const REJECTED: &str = "REJECTED";
    /// Gone.
    pub const DELETED: &str = "DELETED";
    /// Attaching failed; detached by force after two hours.
    pub const FAILED: &str = "FAILED";
    /// On its way to be connected.
    pub const ATTACHING: &str = "ATTACHING";
    /// On its way to be gone.
    pub const DETACHING: &str = "DETACHING";
    /// Detaching failed; detached by force after two hours.
    pub const DETACHFAILED: &str = "DETACHFAILED";
}

/// A network instance as the attaching actions name it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Instance {
    /// Id, as in `vpc-12345678`.
    pub instance_id: String,
    /// Region of the instance.
    pub instance_region: String,
    /// `VPC`, `DIRECTCONNECT`, `BMVPC` or `VPNGW`.
    pub instance_type: String,
    /// Remark.
    pub description: Option<String>,
    /// CCN route table to attach to, `ccnrtb-…`; the default one if not given.
    pub route_table_id: Option<String>,
    /// Who pays: `PayByCcnOwner` or `PayByInstanceOwner`.
    pub order_type: Option<String>,
}

impl Instance {
    /// Just the three parts that identify it.
    pub fn new(
        instance_type: impl Into<String>,
        instance_region: impl Into<String>,
        instance_id: impl Into<String>,
    ) -> Self {
        Self {
            instance_type: instance_type.into(),
            instance_region: instance_region.into(),
            instance_id: instance_id.into(),
            ..Self::default()
        }
    }

    /// Whether `row` is the attachment of this instance.
    pub fn is_of(&self, row: &Attachment) -> bool {
        row.instance_id == self.instance_id
            && is(&row.instance_region, &self.instance_region)
            && is(&row.instance_type, &self.instance_type)
    }
}

/// An attachment (`DescribeCcnAttachedInstances`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Attachment {
    /// The CCN.
    pub ccn_id: String,
    /// Root UIN of the CCN's owner.
    pub ccn_uin: String,
    /// `VPC`, `DIRECTCONNECT`, `BMVPC` or `VPNGW`; case varies.
    pub instance_type: String,
    /// The instance.
    pub instance_id: String,
    /// Name of the instance.
    pub instance_name: String,
    /// Region of the instance.
    pub instance_region: String,
    /// Root UIN of the instance's owner.
    pub instance_uin: String,
    /// Ranges of the instance.
    pub cidr_block: Vec<String>,
    /// State; see [`attachment_state`].
    pub state: String,
    /// When it was attached.
    pub attached_time: String,
    /// Large area, as in `CHINA_MAINLAND`.
    pub instance_area: String,
    /// Remark.
    pub description: String,
    /// CCN route table.
    pub route_table_id: String,
    /// Name of the CCN route table.
    pub route_table_name: String,
}

/// Attaches instances (`AttachCcnInstances`); asynchronous. `ccn_uin` is the root UIN of the CCN's owner
/// when that is another account, which then has to accept.
///
/// # Errors
/// Those of the call; [`Kind::AlreadyExists`] if one is attached or applied for already. The natural key
/// for a look after [`Kind::AnswerLost`] is [`find_attachment`].
pub async fn attach(
    account: &Account,
    ccn_id: &str,
    ccn_uin: Option<&str>,
    instances: &[Instance],
) -> Result<(), Error> {
    account.perform(&ATTACH, &Request { ccn_id, ccn_uin, instances }).await
}

/// Accepts applications as the owner of the CCN (`AcceptAttachCcnInstances`); asynchronous.
///
/// # Errors
/// Those of the call; [`Kind::Conflict`] if one is not pending (any more), [`Kind::NotFound`] if there
/// is no application.
pub async fn accept(account: &Account, ccn_id: &str, instances: &[Instance]) -> Result<(), Error> {
    account.perform(&ACCEPT, &Request { ccn_id, ccn_uin: None, instances }).await
}

/// Refuses applications as the owner of the CCN (`RejectAttachCcnInstances`).
///
/// # Errors
/// As [`accept`].
pub async fn reject(account: &Account, ccn_id: &str, instances: &[Instance]) -> Result<(), Error> {
    account.perform(&REJECT, &Request { ccn_id, ccn_uin: None, instances }).await
}

/// Applies anew after an application expired, as the member (`ResetAttachCcnInstances`); `ccn_uin` is the
/// root UIN of the CCN's owner.
///
/// # Errors
/// Those of the call.
pub async fn reset(
    account: &Account,
    ccn_id: &str,
    ccn_uin: &str,
    instances: &[Instance],
) -> Result<(), Error> {
    account.perform(&RESET, &Request { ccn_id, ccn_uin: Some(ccn_uin), instances }).await
}

/// Detaches instances as either side (`DetachCcnInstances`); asynchronous. That they are not attached
/// (any more) is no error.
///
/// # Errors
/// Those of the call.
pub async fn detach(account: &Account, ccn_id: &str, instances: &[Instance]) -> Result<(), Error> {
    let request = Request { ccn_id, ccn_uin: None, instances };
    match account.perform(&DETACH, &request).await {
        Err(error) if error.kind() == Kind::NotFound => Ok(()),
        outcome => outcome,
    }
}

/// Sets the instances' descriptions, the only thing that can be changed
/// (`ModifyCcnAttachedInstancesAttribute`).
///
/// # Errors
/// Those of the call.
pub async fn describe_attachments(
    account: &Account,
    ccn_id: &str,
    instances: &[Instance],
) -> Result<(), Error> {
    account.perform(&MODIFY, &Request { ccn_id, ccn_uin: None, instances }).await
}

/// The attachment of an instance to a CCN, whoever of the two owners asks; `None` also once it is
/// `DELETED`, or the CCN is gone. Only type, region and id of `instance` count. If remains of an earlier
/// attachment are still there, the one that lives.
///
/// # Errors
/// Those of the call.
pub async fn find_attachment(
    account: &Account,
    ccn_id: &str,
    instance: &Instance,
) -> Result<Option<Attachment>, Error> {
    let filters =
        [Filter::new("ccn-id", ccn_id), Filter::new("instance-id", &*instance.instance_id)];
    let rows = found(attachments_where(account, &filters).await)?.unwrap_or_default();
    let is_it = |row: &Attachment| {
        row.ccn_id == ccn_id && instance.is_of(row) && !is(&row.state, attachment_state::DELETED)
    };
    Ok(rows.into_iter().filter(is_it).max_by_key(life))
}

/// How much life is in an attachment: 0 in remains, most in a connection.
fn life(row: &Attachment) -> usize {
    let states = [attachment_state::PENDING, attachment_state::ATTACHING, attachment_state::ACTIVE];
    states.iter().position(|state| is(&row.state, state)).map_or(0, |place| place + 1)
}

/// All attachments of a CCN that the account may see.
///
/// # Errors
/// Those of the call.
pub async fn attachments(account: &Account, ccn_id: &str) -> Result<Vec<Attachment>, Error> {
    attachments_where(account, &[Filter::new("ccn-id", ccn_id)]).await
}

/// The attachments that fit all `filters` (`DescribeCcnAttachedInstances`): `ccn-id`, `instance-type`,
/// `instance-region`, `instance-id`.
///
/// # Errors
/// Those of the call.
pub async fn attachments_where(
    account: &Account,
    filters: &[Filter],
) -> Result<Vec<Attachment>, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        filters: Option<&'a [Filter]>,
        offset: u64,
        limit: u64,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Answer {
        total_count: Option<u64>,
        instance_set: Vec<Attachment>,
    }
    let filters = (!filters.is_empty()).then_some(filters);
    page::all(super::PAGE, |offset, limit| async move {
        let answer: Answer = account.call(&DESCRIBE, &Request { filters, offset, limit }).await?;
        Ok(Page { items: answer.instance_set, total: answer.total_count })
    })
    .await
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Request<'a> {
    ccn_id: &'a str,
    ccn_uin: Option<&'a str>,
    instances: &'a [Instance],
}
