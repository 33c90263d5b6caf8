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
mod tests {
    use serde_json::{Value, json};

    use super::super::{ATTACH, DETACH, EXPIRY, VISIBILITY};
    use crate::{cloud::trial::Trial, world::World};

    struct Two {
        trial: Trial,
        ccn: String,
        hub_vpc: String,
        member_vpc: String,
    }

    impl Two {
        fn new() -> Self {
            let world = World::two_accounts();
            let (hub_vpc, member_vpc) = (world.vpcs[0].id.clone(), world.vpcs[1].id.clone());
            let trial = Trial::new(world);
            let ccn = trial.ok("hub", "vpc:CreateCcn", json!({"CcnName": "mesh"}));
            let ccn = ccn["Ccn"]["CcnId"].as_str().unwrap().to_owned();
            Self { trial, ccn, hub_vpc, member_vpc }
        }

        fn params(&self, vpc: &str) -> Value {
            let instance = json!({
                "InstanceId": vpc, "InstanceType": "VPC", "InstanceRegion": "ap-guangzhou",
            });
            json!({"CcnId": self.ccn, "Instances": [instance]})
        }

        fn member_params(&self) -> Value {
            let mut params = self.params(&self.member_vpc);
            params["CcnUin"] = self.trial.uin("hub").into();
            params
        }

        fn apply(&self) {
            self.trial.ok("member", "vpc:AttachCcnInstances", self.member_params());
        }

        fn rows(&self, account: &str) -> Vec<(String, String)> {
            let params = json!({"CcnId": self.ccn});
            let answer = self.trial.ok(account, "vpc:DescribeCcnAttachedInstances", params);
            let rows = answer["InstanceSet"].as_array().unwrap().clone();
            assert_eq!(answer["TotalCount"], rows.len());
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            rows.iter().map(|row| (text(&row["InstanceId"]), text(&row["State"]))).collect()
        }

        fn state(&self) -> String {
            let rows = self.rows("member");
            rows.into_iter().find(|(id, _)| *id == self.member_vpc).unwrap().1
        }
    }

    #[test]
    fn own_network_attaches_and_detaches() {
        let two = Two::new();
        two.trial.pace(ATTACH, "after 5s");
        two.trial.pace(DETACH, "polls 1");
        let params = || two.params(&two.hub_vpc);
        two.trial.ok("hub", "vpc:AttachCcnInstances", params());
        assert_eq!(two.rows("hub"), [(two.hub_vpc.clone(), "ATTACHING".to_owned())]);
        let code = two.trial.refused("hub", "vpc:DetachCcnInstances", params());
        assert_eq!(code, "UnsupportedOperation.MutexOperationTaskRunning");
        two.trial.advance(5);
        assert_eq!(two.rows("hub")[0].1, "ACTIVE");
        let code = two.trial.refused("hub", "vpc:AttachCcnInstances", params());
        assert_eq!(code, "UnsupportedOperation.CcnAttached");
        let code = two.trial.refused("hub", "vpc:DeleteCcn", json!({"CcnId": two.ccn}));
        assert_eq!(code, "UnsupportedOperation.ExistCcnInstancesNotSupportDeleteCcn");
        two.trial.ok("hub", "vpc:DetachCcnInstances", params());
        assert_eq!(two.rows("hub")[0].1, "DETACHING");
        assert_eq!(two.rows("hub"), []);
        let code = two.trial.refused("hub", "vpc:DetachCcnInstances", params());
        assert_eq!(code, "UnsupportedOperation.CcnNotAttached");
        two.trial.ok("hub", "vpc:DeleteCcn", json!({"CcnId": two.ccn}));
        assert_eq!(two.trial.cloud.objects(), []);
    }

    #[test]
    fn foreign_network_is_let_in() {
        let two = Two::new();
        two.apply();
        assert_eq!(two.state(), "PENDING");
        let accept = || two.params(&two.member_vpc);
        let code = two.trial.refused("member", "vpc:AcceptAttachCcnInstances", accept());
        assert_eq!(code, "ResourceNotFound", "only the owner of the CCN accepts");
        two.trial.ok("hub", "vpc:AcceptAttachCcnInstances", accept());
        assert_eq!(two.state(), "ACTIVE");
        let code = two.trial.refused("hub", "vpc:AcceptAttachCcnInstances", accept());
        assert_eq!(code, "UnsupportedOperation.NotPendingCcnInstance");
        two.trial.ok("member", "vpc:DetachCcnInstances", accept());
        assert_eq!(two.rows("hub"), []);
    }

    #[test]
    fn rejected_application_must_be_detached_first() {
        let two = Two::new();
        two.apply();
        let params = || two.params(&two.member_vpc);
        two.trial.ok("hub", "vpc:RejectAttachCcnInstances", params());
        assert_eq!(two.state(), "REJECTED");
        let again = two.member_params();
        let code = two.trial.refused("member", "vpc:AttachCcnInstances", again);
        assert_eq!(code, "UnsupportedOperation.CcnAttached");
        two.trial.ok("member", "vpc:DetachCcnInstances", params());
        two.apply();
        assert_eq!(two.state(), "PENDING");
    }

    #[test]
    fn application_expires_and_is_renewed() {
        let two = Two::new();
        two.apply();
        two.trial.advance(7 * 86_400 - 1);
        assert_eq!(two.state(), "PENDING");
        two.trial.advance(1);
        assert_eq!(two.state(), "EXPIRED");
        let code =
            two.trial.refused("hub", "vpc:AcceptAttachCcnInstances", two.params(&two.member_vpc));
        assert_eq!(code, "UnsupportedOperation.NotPendingCcnInstance");
        two.trial.ok("member", "vpc:ResetAttachCcnInstances", two.member_params());
        assert_eq!(two.state(), "PENDING");
        let code = two.trial.refused("member", "vpc:ResetAttachCcnInstances", two.member_params());
        assert_eq!(code, "UnsupportedOperation");
        two.trial.pace(EXPIRY, "manual");
    }

    #[test]
    fn application_reaches_the_owner_late() {
        let two = Two::new();
        two.trial.pace(VISIBILITY, "after 10s");
        two.apply();
        assert_eq!(two.state(), "PENDING", "the applicant sees it at once");
        assert_eq!(two.rows("hub"), []);
        let accept = || two.params(&two.member_vpc);
        let code = two.trial.refused("hub", "vpc:AcceptAttachCcnInstances", accept());
        assert_eq!(code, "UnsupportedOperation.CcnNotAttached");
        two.trial.advance(10);
        assert_eq!(two.rows("hub").len(), 1);
        two.trial.ok("hub", "vpc:AcceptAttachCcnInstances", accept());
    }

    #[test]
    fn members_see_their_own_rows_only() {
        let two = Two::new();
        two.trial.ok("hub", "vpc:AttachCcnInstances", two.params(&two.hub_vpc));
        two.apply();
        assert_eq!(two.rows("hub").len(), 2);
        assert_eq!(two.rows("member"), [(two.member_vpc.clone(), "PENDING".to_owned())]);
        let ccns = two.trial.ok("member", "vpc:DescribeCcns", json!({}));
        assert_eq!(ccns["TotalCount"], 0);
        let code = two.trial.refused("member", "vpc:DescribeCcns", json!({"CcnIds": [two.ccn]}));
        assert_eq!(code, "ResourceNotFound");
        let code = two.trial.refused("member", "vpc:DetachCcnInstances", two.params(&two.hub_vpc));
        assert_eq!(code, "UnsupportedOperation.CcnNotAttached");
    }

    #[test]
    fn wrong_applications_are_refused() {
        let two = Two::new();
        let attach = "vpc:AttachCcnInstances";
        let mut unknown = two.member_params();
        unknown["CcnUin"] = "100099999999".into();
        assert_eq!(
            two.trial.refused("member", attach, unknown),
            "UnsupportedOperation.UinNotFound"
        );
        let without = two.params(&two.member_vpc);
        assert_eq!(two.trial.refused("member", attach, without), "ResourceNotFound");
        let mut foreign = two.params(&two.hub_vpc);
        foreign["CcnUin"] = two.trial.uin("hub").into();
        assert_eq!(two.trial.refused("member", attach, foreign), "ResourceNotFound");
        let mut region = two.member_params();
        region["Instances"][0]["InstanceRegion"] = "ap-shanghai".into();
        assert_eq!(two.trial.refused("member", attach, region), "ResourceNotFound");
        let mut kind = two.member_params();
        kind["Instances"][0]["InstanceType"] = "VPNGW".into();
        let code = two.trial.refused("member", attach, kind);
        assert_eq!(code, "UnsupportedOperation.CcnCrossAccount");
        assert_eq!(two.rows("hub"), []);
    }

    #[test]
    fn remark_is_changed_by_either_side() {
        let two = Two::new();
        two.apply();
        let mut params = two.params(&two.member_vpc);
        params["Instances"][0]["Description"] = "from the hub".into();
        two.trial.ok("hub", "vpc:ModifyCcnAttachedInstancesAttribute", params);
        let answer = two.trial.ok(
            "member",
            "vpc:DescribeCcnAttachedInstances",
            json!({"Filters": [{"Name": "instance-id", "Values": [two.member_vpc]}]}),
        );
        assert_eq!(answer["InstanceSet"][0]["Description"], "from the hub");
    }

    #[test]
    fn changes_behind_the_clients_backs() {
        let two = Two::new();
        two.apply();
        let id = two.trial.cloud.objects()[1].id.clone();
        assert_eq!(id, format!("{}#VPC#ap-guangzhou#{}", two.ccn, two.member_vpc));
        let patch = |state: &str| {
            let patch = json!({ "State": state });
            two.trial.cloud.patch_object("ccn_attachment", &id, patch.as_object().unwrap())
        };
        assert_eq!(patch("FAILED"), Ok(true));
        assert_eq!(two.state(), "FAILED");
        assert_eq!(patch("DETACHFAILED"), Ok(true));
        assert!(patch("BROKEN").unwrap_err().contains("BROKEN"));
        assert!(two.trial.cloud.delete_object("ccn_attachment", &id));
        assert!(!two.trial.cloud.delete_object("ccn_attachment", &id));
        assert_eq!(patch("ACTIVE"), Ok(false));
    }
}
