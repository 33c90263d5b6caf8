//! Address ranges that are in a CCN already: of overlapping routes only one
//! carries traffic, so that what joins second would silently not be reached.

use std::{collections::BTreeMap, fmt::Write as _};

use ipnet::IpNet;
use tfsdk::{Diagnostic, Diagnostics, Severity};

use super::row::{Key, Standing};
use crate::{
    cloud::{
        Account, Error,
        api::{
            Filter,
            ccn::{self, Ccn},
            vpc,
        },
    },
    functions::cidr::{Conflict, conflicts},
    services::Client,
};

/// Who looks into the CCN, and what the CCN allows.
///
/// The CCN's owner sees all of it. The owner of an instance sees its own part.
#[derive(Clone, Debug)]
pub(super) struct View {
    account: Account,
    allows: Allows,
}

/// Which overlaps the CCN carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Allows {
    /// Equal ranges: traffic is balanced over them.
    equal: bool,
    /// One within another: the longer prefix wins.
    nested: bool,
}

impl View {
    /// As the CCN's owner sees it.
    pub(super) fn of_owner(account: &Account, ccn: &Ccn) -> Self {
        let allows = Allows { equal: ccn.route_ecmp_flag, nested: ccn.route_overlap_flag };
        Self { account: account.clone(), allows }
    }

    /// As the CCN's owner sees it if that account is in the configuration, else
    /// as `member` does. Whatever the owner is asked is only read.
    pub(super) async fn of_member(client: &Client, member: &Account, ccn: (&str, &str)) -> Self {
        let (ccn_id, ccn_uin) = ccn;
        if let (Some(owner), Some(region)) =
            (client.accounts.with_uin(ccn_uin).await, member.region())
        {
            let owner = owner.in_region(region);
            if let Ok(Some(ccn)) = ccn::find(&owner, ccn_id).await {
                return Self::of_owner(&owner, &ccn);
            }
        }
        Self { account: member.clone(), allows: Allows::default() }
    }

    /// Says which of the newcomer's `ranges` are in the CCN already, by what.
    /// `None` if none is.
    ///
    /// # Errors
    ///
    /// Those of the call.
    pub(super) async fn overlaps(
        &self,
        newcomer: &Key,
        ranges: &[String],
    ) -> Result<Option<Overlap>, Error> {
        let rows = ccn::attachments(&self.account, &newcomer.ccn_id).await?;
        let new = newcomer.instance();
        let mut held: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for row in rows.into_iter().filter(|row| Standing::of(row).is_in() && !new.is_of(row)) {
            let owner = format!("{} (account {})", row.instance_id, row.instance_uin);
            held.entry(owner).or_default().extend(row.cidr_block);
        }
        let found = self.collisions(&newcomer.instance_id, ranges, held);
        let what = format!("{} cannot join {}", newcomer.instance_id, newcomer.ccn_id);
        Ok(Overlap::new(what, newcomer, &found))
    }

    /// Says which routes of other instances stand in the way of a container
    /// range that `newcomer` is to publish. `None` if none does.
    ///
    /// # Errors
    ///
    /// Those of the call.
    pub(super) async fn overlaps_routes(
        &self,
        newcomer: &Key,
        range: &str,
    ) -> Result<Option<Overlap>, Error> {
        let routes = ccn::routes(&self.account, &newcomer.ccn_id, &[]).await?;
        let mut held: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let others = routes.into_iter().filter(|route| route.instance_id != newcomer.instance_id);
        for route in others.filter(|route| route.enabled) {
            let owner = format!("{} (account {})", route.instance_id, route.instance_uin);
            held.entry(owner).or_default().push(route.destination_cidr_block);
        }
        let found = self.collisions(&newcomer.instance_id, &[range.to_owned()], held);
        let what = format!("The range {range} cannot be published to {}", newcomer.ccn_id);
        Ok(Overlap::new(what, newcomer, &found))
    }

    fn collisions(
        &self,
        newcomer: &str,
        ranges: &[String],
        mut held: BTreeMap<String, Vec<String>>,
    ) -> Vec<Conflict> {
        held.insert(newcomer.to_owned(), ranges.to_vec());
        // A row may show what is no range; that is not this check's concern.
        held.values_mut().for_each(|ranges| ranges.retain(|range| parsed(range).is_some()));
        let found = conflicts(&held).unwrap_or_default();
        let of_newcomer = |found: &Conflict| found.a == newcomer || found.b == newcomer;
        found.into_iter().filter(of_newcomer).filter(|found| !self.allows.carries(found)).collect()
    }
}

impl Allows {
    fn carries(self, found: &Conflict) -> bool {
        if parsed(&found.a_cidr) == parsed(&found.b_cidr) { self.equal } else { self.nested }
    }
}

/// The ranges of the network that is about to be attached: its own, further
/// ones and those of containers. `None` if the account has no such network, or
/// the instance is none.
///
/// # Errors
///
/// Those of the call.
pub(super) async fn ranges_of(account: &Account, key: &Key) -> Result<Option<Vec<String>>, Error> {
    if key.instance_type != "VPC" {
        return Ok(None);
    }
    let account = account.in_region(&key.instance_region);
    let filters = [Filter::new("vpc-id", &*key.instance_id)];
    let vpcs = vpc::list(&account, &filters).await?;
    let vpc = vpcs.into_iter().find(|vpc| vpc.vpc_id == key.instance_id);
    Ok(vpc.map(|vpc| {
        let further = vpc.assistant_cidr_set.into_iter().map(|further| further.cidr_block);
        std::iter::once(vpc.cidr_block).chain(further).collect()
    }))
}

/// Ranges of a newcomer that are in the CCN already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Overlap {
    what: String,
    lines: String,
}

impl Overlap {
    fn new(what: String, newcomer: &Key, found: &[Conflict]) -> Option<Self> {
        let mut lines = String::new();
        let new = &newcomer.instance_id;
        for Conflict { a, b, a_cidr, b_cidr, .. } in found {
            let (own, other, of) = if a == new { (a_cidr, b_cidr, b) } else { (b_cidr, a_cidr, a) };
            let _ = write!(lines, "\n  {own} of {new} overlaps {other} of {of}");
        }
        (!found.is_empty()).then_some(Self { what, lines })
    }

    /// Refuses the newcomer.
    pub(super) fn refused(&self) -> Diagnostics {
        self.said("Give one of them other ranges, or detach the other.").into()
    }

    /// Warns of what an apply would refuse as things are. More than a warning
    /// would be in the way: the same plan may detach the other first, and
    /// Terraform plans before it destroys, too.
    pub(super) fn foreseen(&self) -> Diagnostic {
        let way_out = "The apply will refuse it unless the other is detached before: give one of \
                       them other ranges.";
        Diagnostic { severity: Severity::Warning, ..self.said(way_out) }
    }

    fn said(&self, way_out: &str) -> Diagnostic {
        let Self { what, lines } = self;
        Diagnostic::error(
            "Overlapping address ranges",
            format!(
                "{what}: the addresses are in use there, and only one of overlapping routes \
                 carries traffic.\n{lines}\n\n{way_out} If the overlap is meant, the CCN's owner \
                 can allow it with `route_overlap` (one range within another) or `route_ecmp` \
                 (equal ranges)."
            ),
        )
    }
}

fn parsed(range: &str) -> Option<IpNet> {
    range.trim().parse::<IpNet>().ok().map(|range| range.trunc())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::cloud::scripted::{Scripted, answer};

    fn key() -> Key {
        Key::parse("ccn-1#VPC#ap-guangzhou#vpc-new").unwrap()
    }

    fn row(id: &str, state: &str, ranges: &[&str]) -> Value {
        json!({
            "CcnId": "ccn-1", "InstanceType": "VPC", "InstanceRegion": "ap-guangzhou",
            "InstanceId": id, "InstanceUin": "100", "State": state, "CidrBlock": ranges,
        })
    }

    /// What is said of a newcomer with 10.0.0.0/16 when these rows are there.
    async fn said(ccn: &Ccn, rows: Vec<Value>) -> String {
        let total = rows.len();
        let cloud = Scripted::new(vec![answer(json!({"TotalCount": total, "InstanceSet": rows}))]);
        let view = View::of_owner(&cloud.account(), ccn);
        let found = view.overlaps(&key(), &["10.0.0.0/16".to_owned()]).await.unwrap();
        found.map(|found| found.refused().to_string()).unwrap_or_default()
    }

    #[tokio::test]
    async fn ranges_of_what_is_in_the_ccn_are_taken() {
        let text = said(&Ccn::default(), vec![row("vpc-old", "ACTIVE", &["10.0.4.0/24"])]).await;
        assert!(
            text.contains("10.0.0.0/16 of vpc-new overlaps 10.0.4.0/24 of vpc-old (account 100)"),
            "{text}"
        );
        let text = said(&Ccn::default(), vec![row("vpc-old", "attaching", &["10.0.0.0/8"])]).await;
        assert!(text.contains("10.0.0.0/8 of vpc-old"), "{text}");
    }

    #[tokio::test]
    async fn applications_neighbours_and_the_newcomer_itself_do_not_count() {
        let rows = vec![
            row("vpc-asks", "PENDING", &["10.0.0.0/16"]),
            row("vpc-left", "DETACHING", &["10.0.0.0/16"]),
            row("vpc-near", "ACTIVE", &["10.1.0.0/16", "not a range"]),
            row("vpc-new", "ACTIVE", &["10.0.0.0/16"]),
        ];
        assert_eq!(said(&Ccn::default(), rows).await, "");
    }

    #[tokio::test]
    async fn overlaps_of_others_are_their_own() {
        let rows = vec![
            row("vpc-a", "ACTIVE", &["10.9.0.0/16"]),
            row("vpc-b", "ACTIVE", &["10.9.0.0/16"]),
        ];
        assert_eq!(said(&Ccn::default(), rows).await, "");
    }

    #[tokio::test]
    async fn what_the_ccn_allows_is_no_conflict() {
        let equal = || vec![row("vpc-old", "ACTIVE", &["10.0.0.0/16"])];
        let nested = || vec![row("vpc-old", "ACTIVE", &["10.0.4.0/24"])];
        let ecmp = Ccn { route_ecmp_flag: true, ..Ccn::default() };
        let overlap = Ccn { route_overlap_flag: true, ..Ccn::default() };
        assert_eq!(said(&ecmp, equal()).await, "");
        assert_eq!(said(&overlap, nested()).await, "");
        assert_ne!(said(&overlap, equal()).await, "");
        assert_ne!(said(&ecmp, nested()).await, "");
    }

    #[tokio::test]
    async fn further_ranges_of_a_network_count() {
        let vpc = json!({
            "VpcId": "vpc-new", "CidrBlock": "10.0.0.0/16",
            "AssistantCidrSet": [{"CidrBlock": "172.16.0.0/19", "AssistantType": 1}],
        });
        let cloud = Scripted::new(vec![answer(json!({"TotalCount": 1, "VpcSet": [vpc]}))]);
        let ranges = ranges_of(&cloud.account(), &key()).await.unwrap().unwrap();
        assert_eq!(ranges, ["10.0.0.0/16", "172.16.0.0/19"]);
        let gateway = Key { instance_type: "VPNGW".to_owned(), ..key() };
        assert_eq!(ranges_of(&cloud.account(), &gateway).await.unwrap(), None);
    }
}
