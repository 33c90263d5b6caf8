//! The caller's networks, subnets and route tables, all of them the world's.

use ipnet::Ipv4Net;
use serde_json::{Value, json};

use super::{CcnRoute, filter, not_found};
use crate::{
    cloud::service::{Answer, ApiError, Context, Params},
    fields,
    world::{NetworkKind, Subnet, Vpc},
};

/// Made long before anybody calls.
const CREATED: &str = "2025-01-01 08:00:00";

pub(super) fn vpcs(cx: &Context<'_>, params: &Params) -> Answer {
    filter::exclusive(params, "VpcIds", "Filters")?;
    let filters = filter::read(
        params,
        &["vpc-id", "vpc-name", "is-default", "cidr-block", "tag-key"],
        &["tag:"],
    )?;
    let ids = wanted(params, "VpcIds", own(cx).map(|vpc| vpc.id.as_str()))?;
    let found: Vec<&Vpc> = own(cx)
        .filter(|vpc| ids.is_empty() || ids.contains(&vpc.id.as_str()))
        .filter(|vpc| {
            filter::passes(&filters, |name| match name {
                "vpc-id" => vec![vpc.id.clone()],
                "vpc-name" => vec![vpc.name.clone()],
                "is-default" => vec!["false".to_owned()],
                "cidr-block" => vec![vpc.cidr.clone()],
                _ => Vec::new(),
            })
        })
        .collect();
    let total = found.len();
    let page: Vec<Value> =
        params.page(found, 20, 100)?.into_iter().map(|vpc| show_vpc(cx, vpc)).collect();
    Ok(fields! {"TotalCount": total, "VpcSet": page})
}

fn show_vpc(cx: &Context<'_>, vpc: &Vpc) -> Value {
    let secondary = vpc.assistant_cidrs.iter().map(|cidr| (cidr, 0));
    let containers = cx
        .world
        .clusters
        .iter()
        .filter(|cluster| cluster.vpc_id == vpc.id && cluster.network == NetworkKind::GlobalRouter)
        .map(|cluster| (&cluster.cluster_cidr, 1));
    let assistants: Vec<Value> = secondary
        .chain(containers)
        .filter(|(cidr, _)| !cidr.is_empty())
        .map(|(cidr, kind)| json!({"VpcId": vpc.id, "CidrBlock": cidr, "AssistantType": kind}))
        .collect();
    json!({
        "VpcId": vpc.id, "VpcName": vpc.name, "CidrBlock": vpc.cidr, "IsDefault": false,
        "EnableMulticast": false, "CreatedTime": CREATED, "EnableDhcp": true,
        "DnsServerSet": ["183.60.83.19", "183.60.82.98"], "DomainName": "", "DhcpOptionsId": "",
        "TagSet": cx.state.tags.listing("vpc", &vpc.id), "AssistantCidrSet": assistants,
        "EnableRouteVpcPublish": false,
    })
}

pub(super) fn subnets(cx: &Context<'_>, params: &Params) -> Answer {
    filter::exclusive(params, "SubnetIds", "Filters")?;
    let filters = filter::read(
        params,
        &["subnet-id", "subnet-name", "vpc-id", "cidr-block", "zone", "is-default"],
        &["tag:"],
    )?;
    let all = || own(cx).flat_map(|vpc| vpc.subnets.iter().map(move |subnet| (vpc, subnet)));
    let ids = wanted(params, "SubnetIds", all().map(|(_, subnet)| subnet.id.as_str()))?;
    let found: Vec<(&Vpc, &Subnet)> = all()
        .filter(|(_, subnet)| ids.is_empty() || ids.contains(&subnet.id.as_str()))
        .filter(|(vpc, subnet)| {
            filter::passes(&filters, |name| match name {
                "subnet-id" => vec![subnet.id.clone()],
                "subnet-name" => vec![subnet.name.clone()],
                "vpc-id" => vec![vpc.id.clone()],
                "cidr-block" => vec![subnet.cidr.clone()],
                "zone" => vec![subnet.zone.clone()],
                "is-default" => vec!["false".to_owned()],
                _ => Vec::new(),
            })
        })
        .collect();
    let total = found.len();
    let page: Vec<Value> = params
        .page(found, 20, 100)?
        .into_iter()
        .map(|(vpc, subnet)| show_subnet(cx, vpc, subnet))
        .collect();
    Ok(fields! {"TotalCount": total, "SubnetSet": page})
}

fn show_subnet(cx: &Context<'_>, vpc: &Vpc, subnet: &Subnet) -> Value {
    let bits = subnet.cidr.parse::<Ipv4Net>().map_or(32, |range| range.prefix_len());
    // The first, second and last address of a subnet are the cloud's.
    let total = (1_u64 << (32 - u32::from(bits))).saturating_sub(3);
    json!({
        "VpcId": vpc.id, "SubnetId": subnet.id, "SubnetName": subnet.name,
        "CidrBlock": subnet.cidr, "IsDefault": false, "EnableBroadcast": false,
        "Zone": subnet.zone, "RouteTableId": table_id(vpc), "CreatedTime": CREATED,
        "AvailableIpAddressCount": total, "TotalIpAddressCount": total,
        "TagSet": cx.state.tags.listing("subnet", &subnet.id),
    })
}

/// Each network has one route table, in which the routes of its CCNs appear.
pub(super) fn route_tables(cx: &Context<'_>, params: &Params) -> Answer {
    filter::exclusive(params, "RouteTableIds", "Filters")?;
    let filters = filter::read(
        params,
        &["route-table-id", "route-table-name", "vpc-id", "association.main"],
        &["tag:"],
    )?;
    let known: Vec<String> = own(cx).map(table_id).collect();
    let ids = wanted(params, "RouteTableIds", known.iter().map(String::as_str))?;
    let found: Vec<&Vpc> = own(cx)
        .filter(|vpc| ids.is_empty() || ids.contains(&table_id(vpc).as_str()))
        .filter(|vpc| {
            filter::passes(&filters, |name| match name {
                "route-table-id" => vec![table_id(vpc)],
                "route-table-name" => vec!["default".to_owned()],
                "vpc-id" => vec![vpc.id.clone()],
                "association.main" => vec!["true".to_owned()],
                _ => Vec::new(),
            })
        })
        .collect();
    let total = found.len();
    let page: Vec<Value> =
        params.page(found, 20, 100)?.into_iter().map(|vpc| show_table(cx, vpc)).collect();
    Ok(fields! {"TotalCount": total, "RouteTableSet": page})
}

fn show_table(cx: &Context<'_>, vpc: &Vpc) -> Value {
    let id = table_id(vpc);
    let joined: Vec<&str> =
        cx.state.vpc.attachments_of(&vpc.id).map(|row| row.key.ccn_id.as_str()).collect();
    // Routes that other members of the network's CCNs publish.
    let foreign = |route: &&CcnRoute| {
        joined.contains(&route.attachment.ccn_id.as_str()) && route.attachment.instance_id != vpc.id
    };
    let routes = cx.state.vpc.routes.iter().filter(foreign).enumerate().map(|(index, route)| {
        json!({
            "RouteId": index + 1, "RouteItemId": route.id.replace("ccnr-", "rti-"),
            "RouteTableId": id, "DestinationCidrBlock": route.cidr, "GatewayType": "CCN",
            "GatewayId": route.attachment.ccn_id, "RouteType": "CCN", "Enabled": route.enabled,
            "PublishedToVbc": false, "RouteDescription": "", "CreatedTime": CREATED,
        })
    });
    let local = json!({
        "RouteId": 0, "RouteItemId": id.replace("rtb-", "rti-"), "RouteTableId": id,
        "DestinationCidrBlock": vpc.cidr, "GatewayType": "NORMAL_CVM", "GatewayId": "Local",
        "RouteType": "NETD", "Enabled": true, "PublishedToVbc": false, "RouteDescription": "",
        "CreatedTime": CREATED,
    });
    let routes: Vec<Value> = std::iter::once(local).chain(routes).collect();
    let subnets = vpc.subnets.iter();
    let associations: Vec<Value> =
        subnets.map(|subnet| json!({"SubnetId": subnet.id, "RouteTableId": id})).collect();
    json!({
        "VpcId": vpc.id, "RouteTableId": id, "RouteTableName": "default", "Main": true,
        "AssociationSet": associations, "RouteSet": routes, "CreatedTime": CREATED, "TagSet": [],
        "LocalCidrForCcn": [],
    })
}

fn table_id(vpc: &Vpc) -> String {
    vpc.id.replacen("vpc-", "rtb-", 1)
}

/// The caller's networks in the region of the call.
fn own<'a>(cx: &'a Context<'_>) -> impl Iterator<Item = &'a Vpc> + 'a {
    let (account, region) = (cx.caller.account.as_str(), cx.region);
    cx.world.vpcs.iter().filter(move |vpc| vpc.account == account && vpc.region == region)
}

/// Ids that a parameter asks for; all of them must be there.
fn wanted<'a>(
    params: &'a Params,
    name: &str,
    known: impl Iterator<Item = &'a str>,
) -> Result<Vec<&'a str>, ApiError> {
    let ids = params.strings(name);
    let known: Vec<&str> = known.collect();
    match ids.iter().find(|id| !known.contains(id)) {
        Some(id) => Err(not_found(id)),
        None => Ok(ids),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::{cloud::bench::Bench, world::World};

    #[test]
    fn networks_of_the_caller_in_the_region() {
        let world = World::two_accounts();
        let (own, foreign) = (world.vpcs[0].id.clone(), world.vpcs[1].id.clone());
        let bench = Bench::with(world);
        let found = bench.ok("hub", "vpc:DescribeVpcs", json!({"Limit": "100", "Offset": "0"}));
        assert_eq!(found["TotalCount"], 1);
        assert_eq!(found["VpcSet"][0]["VpcId"], own);
        let assistants = found["VpcSet"][0]["AssistantCidrSet"].as_array().unwrap();
        assert!(assistants.iter().all(|one| one["AssistantType"] == 1));
        assert_eq!(assistants.len(), 2, "one container range for each cluster");
        let code = bench.refused("hub", "vpc:DescribeVpcs", json!({"VpcIds": [foreign]}));
        assert_eq!(code, "ResourceNotFound");
        let filters = json!([{"Name": "vpc-id", "Values": [foreign]}]);
        let found = bench.ok("hub", "vpc:DescribeVpcs", json!({ "Filters": filters }));
        assert_eq!(found["TotalCount"], 0);
    }

    #[test]
    fn subnets_and_route_tables_of_a_network() {
        let world = World::two_accounts();
        let id = world.vpcs[0].id.clone();
        let bench = Bench::with(world);
        let filters = json!([{"Name": "vpc-id", "Values": [id]}]);
        let subnets = bench.ok("hub", "vpc:DescribeSubnets", json!({ "Filters": filters }));
        assert_eq!(subnets["SubnetSet"][0]["AvailableIpAddressCount"], 4_093);
        assert_eq!(subnets["TotalCount"], 2);
        let tables = bench.ok("hub", "vpc:DescribeRouteTables", json!({ "Filters": filters }));
        assert_eq!(tables["RouteTableSet"][0]["RouteSet"][0]["GatewayId"], "Local");
    }
}
