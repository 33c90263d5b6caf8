//! DNSPod 2021-03-23: domains and their records.
//!
//! As in the cloud, a new record can be read by its id at once, while the list
//! shows it only after a while (`dnspod/index`); names and mail exchanges come
//! back with a trailing dot; a line's name is Chinese in every language.

mod check;
mod lines;
mod list;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    cloud::{
        clock::local_time,
        objects::ObjectRecord,
        service::{Answer, ApiError, Context, Params, Service},
        state,
        transition::{DEFAULT_PROGRESSION, Managed, Pace},
    },
    fields,
    world::World,
};

/// Domains and records of all accounts.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// Domains by name.
    pub domains: BTreeMap<String, Domain>,
    /// Records by id.
    pub records: BTreeMap<u64, Record>,
}

/// A domain.
#[derive(Clone, Debug)]
pub struct Domain {
    /// `example.com`.
    pub name: String,
    /// Numeric id.
    pub id: u64,
    /// UIN of the owner.
    pub owner: String,
    /// Plan, `DP_FREE`.
    pub grade: String,
}

/// What the caller sets in a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordData {
    /// Host, `@` for the domain itself.
    pub sub_domain: String,
    /// `A`, `CNAME`, …
    pub kind: String,
    /// Name of the line, `默认`.
    pub line: String,
    /// Id of the line, `0`.
    pub line_id: String,
    /// Value, with a trailing dot where it is a name.
    pub value: String,
    /// Priority of an MX record, else 0.
    pub mx: u64,
    /// Time to live in seconds.
    pub ttl: u64,
    /// Weight, if any.
    pub weight: Option<u64>,
    /// Whether it is served.
    pub enabled: bool,
    /// Remark.
    pub remark: String,
}

/// A record and what the cloud notes about it.
#[derive(Clone, Debug)]
pub struct Record {
    /// Numeric id.
    pub id: u64,
    /// Name of its domain.
    pub domain: String,
    /// What the caller set.
    pub data: RecordData,
    /// `UpdatedOn`.
    pub updated: String,
    /// One of the name servers that every domain has from the start.
    pub default_ns: bool,
    /// Whether the list shows it already.
    pub listed: Managed<bool>,
}

const NAME_SERVERS: [&str; 2] = ["f1g1ns1.dnspod.net.", "f1g1ns2.dnspod.net."];
/// Kind of change by which a record reaches the list.
const INDEX: &str = "dnspod/index";

/// The product.
#[derive(Clone, Copy, Debug, Default)]
pub struct Dnspod;

impl Service for Dnspod {
    fn name(&self) -> &'static str {
        "dnspod"
    }

    fn catalogue(&self) -> &'static [&'static str] {
        &[include_str!("../../../catalogue/dnspod.json")]
    }

    fn needs_region(&self, _: &str) -> bool {
        false
    }

    fn set_defaults(&self, pace: &mut Pace) {
        pace.set_default(INDEX, DEFAULT_PROGRESSION);
    }

    fn seed(&self, world: &World, state: &mut state::State) {
        for domain in &world.domains {
            for server in NAME_SERVERS {
                let id = state.ids.next_number();
                state.dnspod.records.insert(id, name_server(id, &domain.name, server));
            }
            let domain = Domain {
                name: domain.name.clone(),
                id: domain.id,
                owner: world.uin(&domain.account).to_owned(),
                grade: domain.grade.clone(),
            };
            state.dnspod.domains.insert(domain.name.clone(), domain);
        }
    }

    fn settle(&self, cx: &mut Context<'_>) {
        for record in cx.state.dnspod.records.values_mut() {
            record.listed.settle(cx.moment);
        }
    }

    fn call(&self, cx: &mut Context<'_>, action: &str, params: &Params) -> Answer {
        match action {
            "CreateRecord" => create(cx, params),
            "ModifyRecord" => modify(cx, params),
            "DeleteRecord" => delete(cx, params),
            "DescribeRecord" => describe(cx, params),
            "DescribeRecordList" => list::records(cx, params),
            "DescribeDomain" => list::domain(cx, params),
            "DescribeDomainList" => list::domains(cx, params),
            _ => Err(ApiError::not_simulated(self.name(), action)),
        }
    }

    fn objects(&self, cx: &Context<'_>) -> Vec<ObjectRecord> {
        let state = &cx.state.dnspod;
        let made = state.records.values().filter(|r| !r.default_ns);
        made.map(|r| ObjectRecord {
            kind: "dns_record",
            id: format!("{}#{}", r.domain, r.id),
            owner: state.domains.get(&r.domain).map(|d| d.owner.clone()).unwrap_or_default(),
            state: Some(status(&r.data).to_owned()),
            detail: json!({"SubDomain": r.data.sub_domain, "RecordType": r.data.kind,
                "Value": r.data.value, "TTL": r.data.ttl}),
        })
        .collect()
    }

    fn delete_object(&self, cx: &mut Context<'_>, kind: &str, id: &str) -> Option<()> {
        let number = record_number(kind, id)?;
        cx.state.dnspod.records.remove(&number).map(drop)
    }

    fn patch_object(
        &self,
        cx: &mut Context<'_>,
        kind: &str,
        id: &str,
        patch: &Map<String, Value>,
    ) -> Option<Result<(), String>> {
        let number = record_number(kind, id)?;
        let data = &mut cx.state.dnspod.records.get_mut(&number)?.data;
        for (field, value) in patch {
            match (field.as_str(), value) {
                ("Value", Value::String(text)) => data.value.clone_from(text),
                ("Remark", Value::String(text)) => data.remark.clone_from(text),
                ("TTL", Value::Number(seconds)) => data.ttl = seconds.as_u64().unwrap_or(600),
                ("State", Value::String(text)) => data.enabled = text == "ENABLE",
                _ => return Some(Err(format!("{field} of a DNS record cannot be set to {value}"))),
            }
        }
        Some(Ok(()))
    }
}

fn record_number(kind: &str, id: &str) -> Option<u64> {
    if kind != "dns_record" {
        return None;
    }
    id.rsplit('#').next()?.parse().ok()
}

/// `Status` as lists show it.
fn status(data: &RecordData) -> &'static str {
    if data.enabled { "ENABLE" } else { "DISABLE" }
}

fn name_server(id: u64, domain: &str, server: &str) -> Record {
    Record {
        id,
        domain: domain.to_owned(),
        data: RecordData {
            sub_domain: "@".to_owned(),
            kind: "NS".to_owned(),
            line: "默认".to_owned(),
            line_id: "0".to_owned(),
            value: server.to_owned(),
            mx: 0,
            ttl: 86_400,
            weight: None,
            enabled: true,
            remark: String::new(),
        },
        updated: "2026-01-01 00:00:00".to_owned(),
        default_ns: true,
        listed: Managed::settled(true),
    }
}

/// The caller's domain that `DomainId`, else `Domain`, names.
///
/// # Errors
/// No such domain, or somebody else's.
fn own_domain(cx: &Context<'_>, params: &Params) -> Result<Domain, ApiError> {
    let domains = &cx.state.dnspod.domains;
    let found = match params.unsigned("DomainId") {
        Some(id) => domains.values().find(|d| d.id == id),
        None => domains.get(params.required("Domain")?.trim_end_matches('.')),
    };
    let Some(domain) = found else {
        let text = format!("The domain {} does not exist.", params.text("Domain"));
        return Err(ApiError::new("InvalidParameterValue.DomainNotExists", text));
    };
    if !cx.is_caller(&domain.owner) {
        let text = format!("Account {} may not manage {}.", cx.caller.uin, domain.name);
        return Err(ApiError::new("OperationDenied.NoPermissionToOperateDomain", text));
    }
    Ok(domain.clone())
}

/// The id in `RecordId`, if the domain has that record.
///
/// # Errors
/// It has not.
fn record_id(cx: &Context<'_>, domain: &Domain, params: &Params) -> Result<u64, ApiError> {
    let id = params.unsigned("RecordId").ok_or_else(|| ApiError::missing("RecordId"))?;
    match cx.state.dnspod.records.get(&id) {
        Some(record) if record.domain == domain.name => Ok(id),
        _ => {
            let text = format!("{} has no record {id}.", domain.name);
            Err(ApiError::new("InvalidParameter.RecordIdInvalid", text))
        }
    }
}

fn create(cx: &mut Context<'_>, params: &Params) -> Answer {
    let domain = own_domain(cx, params)?;
    let data = check::read(params, &domain, None)?;
    check::conflicts(&cx.state.dnspod, &domain, &data, None)?;
    let id = cx.new_number();
    let mut listed = Managed::settled(false);
    listed.begin(INDEX, &id.to_string(), false, true, cx.moment);
    let updated = local_time(cx.moment.now);
    let record = Record { id, domain: domain.name, data, updated, default_ns: false, listed };
    cx.state.dnspod.records.insert(id, record);
    Ok(fields! {"RecordId": id})
}

fn modify(cx: &mut Context<'_>, params: &Params) -> Answer {
    let domain = own_domain(cx, params)?;
    let id = record_id(cx, &domain, params)?;
    let before = cx.state.dnspod.records.get(&id).map(|record| record.data.clone());
    let data = check::read(params, &domain, before.as_ref())?;
    check::conflicts(&cx.state.dnspod, &domain, &data, Some(id))?;
    if let Some(record) = cx.state.dnspod.records.get_mut(&id) {
        record.data = data;
        record.updated = local_time(cx.moment.now);
    }
    Ok(fields! {"RecordId": id})
}

fn delete(cx: &mut Context<'_>, params: &Params) -> Answer {
    let domain = own_domain(cx, params)?;
    let id = record_id(cx, &domain, params)?;
    cx.state.dnspod.records.remove(&id);
    Ok(fields! {})
}

fn describe(cx: &Context<'_>, params: &Params) -> Answer {
    let domain = own_domain(cx, params)?;
    let id = record_id(cx, &domain, params)?;
    let record = cx.state.dnspod.records.get(&id);
    Ok(fields! {"RecordInfo": record.map(|record| list::record_info(record, domain.id))})
}

#[cfg(test)]
mod tests;
