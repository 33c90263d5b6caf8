//! Why an application to join a CCN cannot be accepted, and who can do what
//! about it.

use tfsdk::{Diagnostic, Diagnostics};

use super::{
    membership::REMOVED_BY_FORCE,
    row::{Key, Standing, parties},
};
use crate::{
    cloud::{Account, Error, api::ccn::Attachment},
    wait,
};

/// Only the CCN's owner can accept.
pub(super) async fn not_owned(account: &Account, key: &Key) -> Diagnostics {
    let uin = account.uin().await.map_or_else(|_| String::new(), |uin| format!(" ({uin})"));
    Diagnostic::error(
        "CCN of another account",
        format!(
            "{}{uin} has no CCN {}, and only a CCN's owner can accept. Set `account` \
             to the one that owns it, or correct `ccn_id`.",
            account.called_first(),
            key.ccn_id
        ),
    )
    .at("ccn_id")
    .into()
}

/// Nobody accepts their own.
pub(super) fn not_foreign(row: &Attachment) -> Diagnostics {
    Diagnostic::error(
        "Instance of the same account",
        format!(
            "{} belongs to the account that owns {} itself, so that nothing has to be accepted. \
             Use crossmesh_ccn_attachment instead.{}",
            row.instance_id,
            row.ccn_id,
            parties(row)
        ),
    )
    .at("instance_id")
    .into()
}

/// The application was made and cannot be accepted any more.
pub(super) fn not_open(row: &Attachment) -> Diagnostics {
    let why = match Standing::of(row) {
        Standing::Expired => "expired before it was accepted",
        Standing::Rejected => "was rejected",
        _ => "has failed",
    };
    let way_out = if Standing::of(row) == Standing::Failed {
        REMOVED_BY_FORCE.to_owned()
    } else {
        format!(
            "Only the account {} can apply again: apply its crossmesh_ccn_cross_account_attachment \
             (it applies again by itself), then apply this.",
            row.instance_uin
        )
    };
    Diagnostic::error(
        "Unable to accept the attachment",
        format!(
            "The application of {} to join {} {why}. {way_out}{}",
            row.instance_id,
            row.ccn_id,
            parties(row)
        ),
    )
    .into()
}

/// There is nothing to accept.
pub(super) async fn no_application(
    account: &Account,
    key: &Key,
    error: &wait::Error<Error>,
) -> Diagnostics {
    let progress = error.progress();
    let uin = account.uin().await.unwrap_or("the UIN of this account");
    let Key { ccn_id, instance_id, instance_region, .. } = key;
    let mut text = format!(
        "Waited {} s for {}; seen last: {}. The owner of {instance_id} has to apply, with a \
         crossmesh_ccn_cross_account_attachment whose ccn_id is {ccn_id}, ccn_uin {uin} and \
         instance_region {instance_region}; let this object refer to that one so that Terraform \
         makes it first. To wait longer, raise `timeouts.create`.",
        progress.elapsed.as_secs(),
        progress.what,
        progress.state.as_deref().unwrap_or("nothing"),
    );
    if let Some(cause) = error.cause() {
        text.push_str(&format!(" The last look failed: {}", cause.message()));
    }
    Diagnostic::error("Unable to accept the attachment", text).into()
}
