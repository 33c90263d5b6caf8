//! The actions by which instances join and leave a CCN, and the state machine
//! behind them.
//!
//! ```text
//! same account:   attach ─► ATTACHING ─► ACTIVE
//! cross account:  attach ─► PENDING ─accept─► ATTACHING ─► ACTIVE
//!                              ├─reject─► REJECTED
//!                              └─time──► EXPIRED ─reset─► PENDING
//! any:            detach ─► DETACHING ─► (gone)
//! ```

use serde_json::Map;

use super::{
    ATTACH, Attachment, AttachmentKey, AttachmentState as S, DETACH, EXPIRY, VISIBILITY, ccn,
    not_found,
};
use crate::{
    cloud::{
        service::{Answer, ApiError, Context, Params},
        transition::Managed,
    },
    world::Vpc,
};

/// Most CCNs that one network can be in.
const CCNS_PER_VPC: usize = 5;

/// By the owner of the instance: joins an own CCN, or applies to join another
/// account's.
pub(super) fn attach(cx: &mut Context<'_>, params: &Params) -> Answer {
    let ccn_id = params.required("CcnId")?;
    let caller = cx.caller.uin.clone();
    let owner = params.str("CcnUin").filter(|uin| !uin.is_empty()).unwrap_or(&caller).to_owned();
    if cx.world.account_by_uin(&owner).is_none() {
        let text = format!("The account {owner} does not exist.");
        return Err(ApiError::new("UnsupportedOperation.UinNotFound", text));
    }
    let ccn = cx.state.vpc.ccns.get(ccn_id).filter(|ccn| ccn.uin == owner);
    let route_table = ccn.ok_or_else(|| not_found(ccn_id))?.route_table.clone();
    let instances = instances(params)?;
    let mut rows = Vec::with_capacity(instances.len());
    for instance in &instances {
        rows.push(new_row(cx, instance, ccn_id, &owner, &route_table)?);
    }
    for mut row in rows {
        let id = row.key.to_string();
        if owner == caller {
            row.state.begin(ATTACH, &id, S::Attaching, S::Active, cx.moment);
        } else {
            row.state.begin(EXPIRY, &id, S::Pending, S::Expired, cx.moment);
            row.visible.begin(VISIBILITY, &id, false, true, cx.moment);
        }
        cx.state.vpc.attachments.insert(row.key.clone(), row);
    }
    settle(cx);
    Ok(Map::new())
}

/// By the owner of the CCN: lets pending applications in.
pub(super) fn accept(cx: &mut Context<'_>, params: &Params) -> Answer {
    let pending = pending_rows(cx, params)?;
    let now = cx.moment.now;
    for (key, instance) in pending {
        let moment = cx.moment;
        if let Some(row) = cx.state.vpc.attachments.get_mut(&key) {
            if let Some(order) = instance.str("OrderType") {
                order.clone_into(&mut row.order_type);
            }
            row.attached = now;
            row.state.begin(ATTACH, &key.to_string(), S::Attaching, S::Active, moment);
        }
    }
    settle(cx);
    Ok(Map::new())
}

/// By the owner of the CCN: refuses pending applications.
pub(super) fn reject(cx: &mut Context<'_>, params: &Params) -> Answer {
    for (key, _) in pending_rows(cx, params)? {
        if let Some(row) = cx.state.vpc.attachments.get_mut(&key) {
            row.state.force(S::Rejected);
        }
    }
    Ok(Map::new())
}

/// By the owner of the instance: applies again after an application expired.
pub(super) fn reset(cx: &mut Context<'_>, params: &Params) -> Answer {
    let ccn_id = params.required("CcnId")?;
    let owner = params.required("CcnUin")?;
    let mut keys = Vec::new();
    for instance in instances(params)? {
        let key = key_of(ccn_id, &instance)?;
        let row = cx.state.vpc.attachments.get(&key);
        let own = row.filter(|row| cx.is_caller(&row.instance_uin) && row.ccn_uin == owner);
        let state = own.ok_or_else(|| not_found(&key.instance_id))?.state.current();
        if *state != S::Expired {
            let text = format!("The application of {} is {state}, not EXPIRED.", key.instance_id);
            return Err(ApiError::new("UnsupportedOperation", text));
        }
        keys.push(key);
    }
    for key in keys {
        let (id, moment) = (key.to_string(), cx.moment);
        if let Some(row) = cx.state.vpc.attachments.get_mut(&key) {
            row.attached = moment.now;
            row.state.begin(EXPIRY, &id, S::Pending, S::Expired, moment);
            row.visible.begin(VISIBILITY, &id, false, true, moment);
        }
    }
    Ok(Map::new())
}

/// By either side: takes instances out, or withdraws applications.
pub(super) fn detach(cx: &mut Context<'_>, params: &Params) -> Answer {
    let ccn_id = params.required("CcnId")?;
    let mut keys = Vec::new();
    for instance in instances(params)? {
        let key = key_of(ccn_id, &instance)?;
        match visible_row(cx, &key)?.state.current() {
            S::Attaching | S::Detaching => {
                let text = format!("Another task of {} is running.", key.instance_id);
                let code = "UnsupportedOperation.MutexOperationTaskRunning";
                return Err(ApiError::new(code, text));
            }
            _ => keys.push(key),
        }
    }
    for key in keys {
        let moment = cx.moment;
        let state = &mut cx.state.vpc;
        state.unpublish(&key);
        if let Some(row) = state.attachments.get_mut(&key) {
            row.state.begin(DETACH, &key.to_string(), S::Detaching, S::Deleted, moment);
        }
    }
    settle(cx);
    Ok(Map::new())
}

/// By either side: changes the remark.
pub(super) fn modify(cx: &mut Context<'_>, params: &Params) -> Answer {
    let ccn_id = params.required("CcnId")?;
    let instances = instances(params)?;
    for instance in &instances {
        visible_row(cx, &key_of(ccn_id, instance)?)?;
    }
    for instance in &instances {
        let key = key_of(ccn_id, instance)?;
        if let Some(row) = cx.state.vpc.attachments.get_mut(&key) {
            row.description = instance.text("Description");
        }
    }
    Ok(Map::new())
}

/// Finishes what is due: publishes the routes of what became active, removes what is gone.
pub(super) fn settle(cx: &mut Context<'_>) {
    let moment = cx.moment;
    let mut changed = Vec::new();
    for row in cx.state.vpc.attachments.values_mut() {
        row.visible.settle(moment);
        row.state.settle(moment);
        match row.state.current() {
            S::Active if !row.published => {
                row.published = true;
                changed.push((row.key.clone(), S::Active));
            }
            S::Deleted => changed.push((row.key.clone(), S::Deleted)),
            _ => {}
        }
    }
    for (key, state) in changed {
        if state == S::Deleted {
            cx.state.vpc.remove_attachment(&key);
        } else {
            super::route::publish_subnets(cx, &key);
        }
    }
}

/// The row of this key if the caller may see it.
///
/// # Errors
/// `UnsupportedOperation.CcnNotAttached`.
pub(super) fn visible_row<'a>(
    cx: &'a Context<'_>,
    key: &AttachmentKey,
) -> Result<&'a Attachment, ApiError> {
    let row = cx.state.vpc.attachments.get(key).filter(|row| is_visible(cx, row));
    row.ok_or_else(|| {
        let text = format!("{} is not attached to {}.", key.instance_id, key.ccn_id);
        ApiError::new("UnsupportedOperation.CcnNotAttached", text)
    })
}

/// The owner of the instance sees its rows, the owner of the CCN all that have
/// reached it.
pub(super) fn is_visible(cx: &Context<'_>, row: &Attachment) -> bool {
    cx.is_caller(&row.instance_uin) || cx.is_caller(&row.ccn_uin) && *row.visible.current()
}

fn pending_rows(
    cx: &Context<'_>,
    params: &Params,
) -> Result<Vec<(AttachmentKey, Params)>, ApiError> {
    let ccn_id = params.required("CcnId")?;
    ccn::own(cx, ccn_id)?;
    let mut rows = Vec::new();
    for instance in instances(params)? {
        let key = key_of(ccn_id, &instance)?;
        let state = visible_row(cx, &key)?.state.current();
        if *state != S::Pending {
            let text = format!("The application of {} is {state}, not PENDING.", key.instance_id);
            return Err(ApiError::new("UnsupportedOperation.NotPendingCcnInstance", text));
        }
        rows.push((key, instance));
    }
    Ok(rows)
}

fn new_row(
    cx: &Context<'_>,
    instance: &Params,
    ccn_id: &str,
    owner: &str,
    route_table: &str,
) -> Result<Attachment, ApiError> {
    let key = key_of(ccn_id, instance)?;
    let vpc = own_vpc(cx, &key, owner)?;
    if cx.state.vpc.attachments.contains_key(&key) {
        let text = format!("{} is already attached to {ccn_id}.", vpc.id);
        return Err(ApiError::new("UnsupportedOperation.CcnAttached", text));
    }
    if cx.state.vpc.attachments_of(&vpc.id).count() >= CCNS_PER_VPC {
        let text = format!("{} is in {CCNS_PER_VPC} CCNs already.", vpc.id);
        return Err(ApiError::new("LimitExceeded.CurrentInstanceAttachedCcnInstances", text));
    }
    let wanted = instance.str("RouteTableId").filter(|id| !id.is_empty());
    if wanted.is_some_and(|id| id != route_table) {
        let text = format!("The CCN {ccn_id} has no such route table.");
        return Err(ApiError::new("UnsupportedOperation.CcnRouteTableNotExist", text));
    }
    let order = instance.str("OrderType").unwrap_or("PayByCcnOwner");
    if !["PayByCcnOwner", "PayByInstanceOwner"].contains(&order) {
        return Err(ApiError::invalid_value(format!("The OrderType {order} does not exist.")));
    }
    let cidrs = std::iter::once(&vpc.cidr).chain(&vpc.assistant_cidrs).cloned().collect();
    Ok(Attachment {
        ccn_uin: owner.to_owned(),
        instance_uin: cx.caller.uin.clone(),
        instance_name: vpc.name.clone(),
        cidrs,
        description: instance.text("Description"),
        route_table: route_table.to_owned(),
        order_type: order.to_owned(),
        attached: cx.moment.now,
        state: Managed::settled(S::Pending),
        visible: Managed::settled(true),
        published: false,
        key,
    })
}

fn own_vpc<'a>(cx: &'a Context<'_>, key: &AttachmentKey, owner: &str) -> Result<&'a Vpc, ApiError> {
    match key.instance_type.as_str() {
        "VPC" => {}
        "DIRECTCONNECT" | "BMVPC" | "VPNGW" if owner != cx.caller.uin => {
            let text = "Only networks can be attached across accounts.";
            return Err(ApiError::new("UnsupportedOperation.CcnCrossAccount", text));
        }
        "DIRECTCONNECT" | "BMVPC" | "VPNGW" => return Err(not_found(&key.instance_id)),
        other => {
            let text = format!("The InstanceType {other} does not exist.");
            return Err(ApiError::invalid_value(text));
        }
    }
    let vpc = cx.world.vpc(&key.instance_id);
    let vpc = vpc.filter(|vpc| vpc.account == cx.caller.account);
    let vpc = vpc.filter(|vpc| vpc.region == key.instance_region);
    vpc.ok_or_else(|| not_found(&key.instance_id))
}

fn instances(params: &Params) -> Result<Vec<Params>, ApiError> {
    let instances = params.objects("Instances");
    if instances.is_empty() { Err(ApiError::missing("Instances")) } else { Ok(instances) }
}

fn key_of(ccn_id: &str, instance: &Params) -> Result<AttachmentKey, ApiError> {
    Ok(AttachmentKey {
        ccn_id: ccn_id.to_owned(),
        instance_type: instance.required("InstanceType")?.to_owned(),
        instance_region: instance.required("InstanceRegion")?.to_owned(),
        instance_id: instance.required("InstanceId")?.to_owned(),
    })
}

#[cfg(test)]
mod tests;
