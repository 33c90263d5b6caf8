//! What each side sees of attachments and routes.

use serde_json::{Value, json};

use super::{Attachment, CcnRoute, ccn, filter, membership::is_visible, not_found};
use crate::{
    cloud::{
        clock::local_time,
        service::{Answer, ApiError, Context, Params},
    },
    fields,
};

/// Attachments: all of an own CCN, and the own ones in others'.
pub(super) fn attachments(cx: &mut Context<'_>, params: &Params) -> Answer {
    let ccn_id = params.str("CcnId").filter(|id| !id.is_empty());
    let filters =
        filter::read(params, &["ccn-id", "instance-type", "instance-region", "instance-id"], &[])?;
    if ccn_id.is_none() && filters.is_empty() {
        return Err(ApiError::missing("CcnId"));
    }
    let mut keys: Vec<_> = cx
        .state
        .vpc
        .attachments
        .values()
        .filter(|row| is_visible(cx, row) && ccn_id.is_none_or(|id| id == row.key.ccn_id))
        .filter(|row| {
            filter::passes(&filters, |name| {
                vec![match name {
                    "ccn-id" => row.key.ccn_id.clone(),
                    "instance-type" => row.key.instance_type.clone(),
                    "instance-region" => row.key.instance_region.clone(),
                    _ => row.key.instance_id.clone(),
                }]
            })
        })
        .map(|row| (row.attached, row.key.clone()))
        .collect();
    if let Some(id) = ccn_id.filter(|_| keys.is_empty()) {
        let known = ccn::own(cx, id).is_ok() || cx.state.vpc.ccns.contains_key(id);
        known.then_some(()).ok_or_else(|| not_found(id))?;
    }
    // A look by the CCN's owner counts for the applications that it does not show yet.
    for row in cx.state.vpc.attachments.values_mut() {
        if row.ccn_uin == cx.caller.uin && ccn_id.is_none_or(|id| id == row.key.ccn_id) {
            row.visible.observe();
        }
    }
    keys.sort();
    if params.str("OrderDirection").is_some_and(|order| order.eq_ignore_ascii_case("desc")) {
        keys.reverse();
    }
    let total = keys.len();
    let mut page = Vec::new();
    for (_, key) in params.page(keys, 20, 100)? {
        if let Some(row) = cx.state.vpc.attachments.get_mut(&key) {
            row.state.observe();
            page.push(show(row));
        }
    }
    Ok(fields! {"TotalCount": total, "InstanceSet": page})
}

fn show(row: &Attachment) -> Value {
    json!({
        "CcnId": row.key.ccn_id, "CcnUin": row.ccn_uin, "InstanceType": row.key.instance_type,
        "InstanceId": row.key.instance_id, "InstanceName": row.instance_name,
        "InstanceRegion": row.key.instance_region, "InstanceUin": row.instance_uin,
        "CidrBlock": row.cidrs, "State": row.state.current().to_string(),
        "AttachedTime": local_time(row.attached), "InstanceArea": "CHINA_MAINLAND",
        "Description": row.description, "RouteTableId": row.route_table,
        "RouteTableName": "default",
    })
}

/// Routes: all of an own CCN, and those of the own networks in others'.
pub(super) fn routes(cx: &Context<'_>, params: &Params) -> Answer {
    let ccn_id = params.required("CcnId")?;
    let ids = params.strings("RouteIds");
    filter::exclusive(params, "RouteIds", "Filters")?;
    let filters = filter::read(
        params,
        &[
            "route-id",
            "cidr-block",
            "instance-type",
            "instance-region",
            "instance-id",
            "route-table-id",
        ],
        &[],
    )?;
    let state = &cx.state.vpc;
    let owner = ccn::own(cx, ccn_id).is_ok();
    let member = state
        .attachments
        .values()
        .any(|row| row.key.ccn_id == ccn_id && cx.is_caller(&row.instance_uin));
    if !owner && !member {
        return Err(not_found(ccn_id));
    }
    let table = state.ccns.get(ccn_id).map(|ccn| ccn.route_table.clone()).unwrap_or_default();
    let routes: Vec<&CcnRoute> = state
        .routes
        .iter()
        .filter(|route| route.attachment.ccn_id == ccn_id)
        .filter(|route| owner || cx.is_caller(&route.instance_uin))
        .filter(|route| ids.is_empty() || ids.contains(&route.id.as_str()))
        .filter(|route| filter::passes(&filters, |name| vec![route_value(route, &table, name)]))
        .collect();
    let total = routes.len();
    let page: Vec<Value> =
        params.page(routes, 20, 100)?.into_iter().map(|route| show_route(route, &table)).collect();
    Ok(fields! {"TotalCount": total, "RouteSet": page})
}

fn route_value(route: &CcnRoute, table: &str, name: &str) -> String {
    match name {
        "route-id" => route.id.clone(),
        "cidr-block" => route.cidr.clone(),
        "instance-type" => route.attachment.instance_type.clone(),
        "instance-region" => route.attachment.instance_region.clone(),
        "instance-id" => route.attachment.instance_id.clone(),
        _ => table.to_owned(),
    }
}

fn show_route(route: &CcnRoute, table: &str) -> Value {
    json!({
        "RouteId": route.id, "DestinationCidrBlock": route.cidr,
        "InstanceType": route.attachment.instance_type,
        "InstanceId": route.attachment.instance_id, "InstanceName": route.instance_name,
        "InstanceRegion": route.attachment.instance_region, "InstanceUin": route.instance_uin,
        "Enabled": route.enabled, "ExtraState": "Running", "IsBgp": false, "RoutePriority": 0,
        "RouteTableId": table, "UpdateTime": local_time(route.updated),
    })
}

/// Route tables of own CCNs: every CCN has its default one.
pub(super) fn route_tables(cx: &Context<'_>, params: &Params) -> Answer {
    let filters = filter::read(params, &["ccn-id", "route-table-id", "route-table-name"], &[])?;
    let tables: Vec<Value> = cx
        .state
        .vpc
        .ccns
        .values()
        .filter(|ccn| cx.is_caller(&ccn.uin))
        .filter(|ccn| {
            filter::passes(&filters, |name| {
                vec![match name {
                    "ccn-id" => ccn.id.clone(),
                    "route-table-id" => ccn.route_table.clone(),
                    _ => "default".to_owned(),
                }]
            })
        })
        .map(|ccn| {
            json!({
                "CcnId": ccn.id, "CcnRouteTableId": ccn.route_table, "IsDefaultTable": true,
                "RouteTableName": "default", "RouteTableDescription": "",
                "CreateTime": local_time(ccn.created),
            })
        })
        .collect();
    let total = tables.len();
    Ok(fields! {"TotalCount": total, "CcnRouteTableSet": params.page(tables, 20, 100)?})
}
