//! Reading domains and records.

use serde_json::{Value, json};

use super::{Domain, NAME_SERVERS, Record, State, own_domain, status};
use crate::{
    cloud::service::{Answer, ApiError, Context, Params},
    fields,
};

/// `DescribeRecordList`: everything that the index knows already.
pub(super) fn records(cx: &mut Context<'_>, params: &Params) -> Answer {
    let domain = own_domain(cx, params)?;
    let sub_domain = params.str("SubDomain").or_else(|| params.str("Subdomain"));
    let equal = |wanted: Option<&str>, actual: &str| {
        wanted.is_none_or(|wanted| wanted.is_empty() || wanted == actual)
    };
    let keyword = params.str("Keyword").unwrap_or_default();
    let matches = |record: &Record| {
        let data = &record.data;
        equal(sub_domain, &data.sub_domain)
            && equal(params.str("RecordType"), &data.kind)
            && equal(params.str("RecordLine"), &data.line)
            && equal(params.str("RecordLineId"), &data.line_id)
            && (data.sub_domain.contains(keyword) || data.value.contains(keyword))
    };
    let mut items = Vec::new();
    for record in cx.state.dnspod.records.values_mut() {
        if record.domain != domain.name || !matches(record) {
            continue;
        }
        record.listed.observe();
        if *record.listed.current() {
            items.push(record_item(record));
        }
    }
    let total = items.len();
    let page = params.page(items, 100, 3_000)?;
    if page.is_empty() && params.str("ErrorOnEmpty") != Some("no") {
        let text = format!("{} has no such record.", domain.name);
        return Err(ApiError::new("ResourceNotFound.NoDataOfRecord", text));
    }
    let count = json!({"SubdomainCount": total, "ListCount": page.len(), "TotalCount": total});
    Ok(fields! {"RecordCountInfo": count, "RecordList": page})
}

/// `DescribeDomain`.
pub(super) fn domain(cx: &Context<'_>, params: &Params) -> Answer {
    let domain = own_domain(cx, params)?;
    Ok(fields! {"DomainInfo": {
        "DomainId": domain.id,
        "Domain": domain.name,
        "Punycode": domain.name,
        "Status": "ENABLE",
        "DnsStatus": "",
        "Grade": domain.grade,
        "GradeLevel": grade_level(&domain),
        "GradeTitle": "",
        "GroupId": 1,
        "IsMark": "no",
        "IsVip": is_vip(&domain),
        "TTL": 600,
        "CnameSpeedup": "DISABLE",
        "SlaveDNS": "no",
        "SearchEnginePush": "NO",
        "Owner": domain.owner,
        "Uin": domain.owner,
        "RecordCount": record_count(&cx.state.dnspod, &domain),
        "DnspodNsList": name_servers(),
        "ActualNsList": name_servers(),
        "Remark": "",
        "CreatedOn": CREATED,
        "UpdatedOn": CREATED,
        "TagList": [],
        "IsSubDomain": false,
    }})
}

/// `DescribeDomainList`: the caller's own domains.
pub(super) fn domains(cx: &Context<'_>, params: &Params) -> Answer {
    let keyword = params.str("Keyword").unwrap_or_default();
    let state = &cx.state.dnspod;
    let mine: Vec<Value> = state
        .domains
        .values()
        .filter(|d| cx.is_caller(&d.owner) && d.name.contains(keyword))
        .map(|d| domain_item(state, d))
        .collect();
    let total = mine.len();
    let page = params.page(mine, 20, 5_000)?;
    Ok(fields! {
        "DomainCountInfo": {"AllTotal": total, "DomainTotal": page.len(), "MineTotal": total,
            "ErrorTotal": 0, "GroupTotal": 0, "LockTotal": 0, "PauseTotal": 0, "ShareTotal": 0,
            "ShareOutTotal": 0, "SpamTotal": 0, "VipExpire": 0, "VipTotal": 0},
        "DomainList": page,
    })
}

/// A record as `DescribeRecord` shows it.
pub(super) fn record_info(record: &Record, domain_id: u64) -> Value {
    let data = &record.data;
    json!({
        "Id": record.id,
        "SubDomain": data.sub_domain,
        "RecordType": data.kind,
        "RecordLine": data.line,
        "RecordLineId": data.line_id,
        "Value": data.value,
        "Weight": data.weight,
        "MX": data.mx,
        "TTL": data.ttl,
        "Enabled": u8::from(data.enabled),
        "MonitorStatus": "",
        "Remark": data.remark,
        "UpdatedOn": record.updated,
        "DomainId": domain_id,
    })
}

const CREATED: &str = "2026-01-01 00:00:00";

fn record_item(record: &Record) -> Value {
    let data = &record.data;
    json!({
        "RecordId": record.id,
        "Name": data.sub_domain,
        "Type": data.kind,
        "Line": data.line,
        "LineId": data.line_id,
        "Value": data.value,
        "Weight": data.weight,
        "MX": data.mx,
        "TTL": data.ttl,
        "Status": status(data),
        "MonitorStatus": "",
        "Remark": data.remark,
        "UpdatedOn": record.updated,
        "DefaultNS": record.default_ns,
    })
}

fn domain_item(state: &State, domain: &Domain) -> Value {
    json!({
        "DomainId": domain.id,
        "Name": domain.name,
        "Punycode": domain.name,
        "Status": "ENABLE",
        "DNSStatus": "",
        "Grade": domain.grade,
        "GradeLevel": grade_level(domain),
        "GradeTitle": "",
        "GroupId": 1,
        "IsVip": is_vip(domain),
        "TTL": 600,
        "CNAMESpeedup": "DISABLE",
        "SearchEnginePush": "NO",
        "EffectiveDNS": name_servers(),
        "Owner": domain.owner,
        "RecordCount": record_count(state, domain),
        "Remark": "",
        "CreatedOn": CREATED,
        "UpdatedOn": CREATED,
        "TagList": [],
    })
}

fn record_count(state: &State, domain: &Domain) -> usize {
    state.records.values().filter(|r| r.domain == domain.name).count()
}

fn name_servers() -> [&'static str; 2] {
    NAME_SERVERS.map(|name| name.trim_end_matches('.'))
}

fn grade_level(domain: &Domain) -> u8 {
    if domain.grade == "DP_FREE" { 2 } else { 4 }
}

fn is_vip(domain: &Domain) -> &'static str {
    if domain.grade == "DP_FREE" { "NO" } else { "YES" }
}
