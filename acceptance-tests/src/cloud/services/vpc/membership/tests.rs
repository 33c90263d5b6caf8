//! Who may do what in which state, and what each side sees.

use serde_json::{Value, json};

use super::super::{ATTACH, DETACH, EXPIRY, VISIBILITY};
use crate::{cloud::bench::Bench, world::World};

struct Two {
    bench: Bench,
    ccn: String,
    hub_vpc: String,
    member_vpc: String,
}

impl Two {
    fn new() -> Self {
        let world = World::two_accounts();
        let (hub_vpc, member_vpc) = (world.vpcs[0].id.clone(), world.vpcs[1].id.clone());
        let bench = Bench::with(world);
        let ccn = bench.ok("hub", "vpc:CreateCcn", json!({"CcnName": "mesh"}));
        let ccn = ccn["Ccn"]["CcnId"].as_str().unwrap().to_owned();
        Self { bench, ccn, hub_vpc, member_vpc }
    }

    fn params(&self, vpc: &str) -> Value {
        let instance = json!({
            "InstanceId": vpc, "InstanceType": "VPC", "InstanceRegion": "ap-guangzhou",
        });
        json!({"CcnId": self.ccn, "Instances": [instance]})
    }

    fn member_params(&self) -> Value {
        let mut params = self.params(&self.member_vpc);
        params["CcnUin"] = self.bench.uin("hub").into();
        params
    }

    fn apply(&self) {
        self.bench.ok("member", "vpc:AttachCcnInstances", self.member_params());
    }

    fn rows(&self, account: &str) -> Vec<(String, String)> {
        let params = json!({"CcnId": self.ccn});
        let answer = self.bench.ok(account, "vpc:DescribeCcnAttachedInstances", params);
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
    two.bench.pace(ATTACH, "after 5s");
    two.bench.pace(DETACH, "polls 1");
    let params = || two.params(&two.hub_vpc);
    two.bench.ok("hub", "vpc:AttachCcnInstances", params());
    assert_eq!(two.rows("hub"), [(two.hub_vpc.clone(), "ATTACHING".to_owned())]);
    let code = two.bench.refused("hub", "vpc:DetachCcnInstances", params());
    assert_eq!(code, "UnsupportedOperation.MutexOperationTaskRunning");
    two.bench.advance(5);
    assert_eq!(two.rows("hub")[0].1, "ACTIVE");
    let code = two.bench.refused("hub", "vpc:AttachCcnInstances", params());
    assert_eq!(code, "UnsupportedOperation.CcnAttached");
    let code = two.bench.refused("hub", "vpc:DeleteCcn", json!({"CcnId": two.ccn}));
    assert_eq!(code, "UnsupportedOperation.ExistCcnInstancesNotSupportDeleteCcn");
    two.bench.ok("hub", "vpc:DetachCcnInstances", params());
    assert_eq!(two.rows("hub")[0].1, "DETACHING");
    assert_eq!(two.rows("hub"), []);
    let code = two.bench.refused("hub", "vpc:DetachCcnInstances", params());
    assert_eq!(code, "UnsupportedOperation.CcnNotAttached");
    two.bench.ok("hub", "vpc:DeleteCcn", json!({"CcnId": two.ccn}));
    assert_eq!(two.bench.cloud.objects(), []);
}

#[test]
fn foreign_network_is_let_in() {
    let two = Two::new();
    two.apply();
    assert_eq!(two.state(), "PENDING");
    let accept = || two.params(&two.member_vpc);
    let code = two.bench.refused("member", "vpc:AcceptAttachCcnInstances", accept());
    assert_eq!(code, "ResourceNotFound", "only the owner of the CCN accepts");
    two.bench.ok("hub", "vpc:AcceptAttachCcnInstances", accept());
    assert_eq!(two.state(), "ACTIVE");
    let code = two.bench.refused("hub", "vpc:AcceptAttachCcnInstances", accept());
    assert_eq!(code, "UnsupportedOperation.NotPendingCcnInstance");
    two.bench.ok("member", "vpc:DetachCcnInstances", accept());
    assert_eq!(two.rows("hub"), []);
}

#[test]
fn rejected_application_must_be_detached_first() {
    let two = Two::new();
    two.apply();
    let params = || two.params(&two.member_vpc);
    two.bench.ok("hub", "vpc:RejectAttachCcnInstances", params());
    assert_eq!(two.state(), "REJECTED");
    let again = two.member_params();
    let code = two.bench.refused("member", "vpc:AttachCcnInstances", again);
    assert_eq!(code, "UnsupportedOperation.CcnAttached");
    two.bench.ok("member", "vpc:DetachCcnInstances", params());
    two.apply();
    assert_eq!(two.state(), "PENDING");
}

#[test]
fn application_expires_and_is_renewed() {
    let two = Two::new();
    two.apply();
    two.bench.advance(7 * 86_400 - 1);
    assert_eq!(two.state(), "PENDING");
    two.bench.advance(1);
    assert_eq!(two.state(), "EXPIRED");
    let code =
        two.bench.refused("hub", "vpc:AcceptAttachCcnInstances", two.params(&two.member_vpc));
    assert_eq!(code, "UnsupportedOperation.NotPendingCcnInstance");
    two.bench.ok("member", "vpc:ResetAttachCcnInstances", two.member_params());
    assert_eq!(two.state(), "PENDING");
    let code = two.bench.refused("member", "vpc:ResetAttachCcnInstances", two.member_params());
    assert_eq!(code, "UnsupportedOperation");
    two.bench.pace(EXPIRY, "manual");
}

#[test]
fn application_reaches_the_owner_late() {
    let two = Two::new();
    two.bench.pace(VISIBILITY, "after 10s");
    two.apply();
    assert_eq!(two.state(), "PENDING", "the applicant sees it at once");
    assert_eq!(two.rows("hub"), []);
    let accept = || two.params(&two.member_vpc);
    let code = two.bench.refused("hub", "vpc:AcceptAttachCcnInstances", accept());
    assert_eq!(code, "UnsupportedOperation.CcnNotAttached");
    two.bench.advance(10);
    assert_eq!(two.rows("hub").len(), 1);
    two.bench.ok("hub", "vpc:AcceptAttachCcnInstances", accept());
}

#[test]
fn members_see_their_own_rows_only() {
    let two = Two::new();
    two.bench.ok("hub", "vpc:AttachCcnInstances", two.params(&two.hub_vpc));
    two.apply();
    assert_eq!(two.rows("hub").len(), 2);
    assert_eq!(two.rows("member"), [(two.member_vpc.clone(), "PENDING".to_owned())]);
    let ccns = two.bench.ok("member", "vpc:DescribeCcns", json!({}));
    assert_eq!(ccns["TotalCount"], 0);
    let code = two.bench.refused("member", "vpc:DescribeCcns", json!({"CcnIds": [two.ccn]}));
    assert_eq!(code, "ResourceNotFound");
    let code = two.bench.refused("member", "vpc:DetachCcnInstances", two.params(&two.hub_vpc));
    assert_eq!(code, "UnsupportedOperation.CcnNotAttached");
}

#[test]
fn wrong_applications_are_refused() {
    let two = Two::new();
    let attach = "vpc:AttachCcnInstances";
    let mut unknown = two.member_params();
    unknown["CcnUin"] = "100099999999".into();
    assert_eq!(two.bench.refused("member", attach, unknown), "UnsupportedOperation.UinNotFound");
    let without = two.params(&two.member_vpc);
    assert_eq!(two.bench.refused("member", attach, without), "ResourceNotFound");
    let mut foreign = two.params(&two.hub_vpc);
    foreign["CcnUin"] = two.bench.uin("hub").into();
    assert_eq!(two.bench.refused("member", attach, foreign), "ResourceNotFound");
    let mut region = two.member_params();
    region["Instances"][0]["InstanceRegion"] = "ap-shanghai".into();
    assert_eq!(two.bench.refused("member", attach, region), "ResourceNotFound");
    let mut kind = two.member_params();
    kind["Instances"][0]["InstanceType"] = "VPNGW".into();
    let code = two.bench.refused("member", attach, kind);
    assert_eq!(code, "UnsupportedOperation.CcnCrossAccount");
    assert_eq!(two.rows("hub"), []);
}

#[test]
fn remark_is_changed_by_either_side() {
    let two = Two::new();
    two.apply();
    let mut params = two.params(&two.member_vpc);
    params["Instances"][0]["Description"] = "from the hub".into();
    two.bench.ok("hub", "vpc:ModifyCcnAttachedInstancesAttribute", params);
    let answer = two.bench.ok(
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
    let id = two.bench.cloud.objects()[1].id.clone();
    assert_eq!(id, format!("{}#VPC#ap-guangzhou#{}", two.ccn, two.member_vpc));
    let patch = |state: &str| {
        let patch = json!({ "State": state });
        two.bench.cloud.patch_object("ccn_attachment", &id, patch.as_object().unwrap())
    };
    assert_eq!(patch("FAILED"), Ok(true));
    assert_eq!(two.state(), "FAILED");
    assert_eq!(patch("DETACHFAILED"), Ok(true));
    assert!(patch("BROKEN").unwrap_err().contains("BROKEN"));
    assert!(two.bench.cloud.delete_object("ccn_attachment", &id));
    assert!(!two.bench.cloud.delete_object("ccn_attachment", &id));
    assert_eq!(patch("ACTIVE"), Ok(false));
}
