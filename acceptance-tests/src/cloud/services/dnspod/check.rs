//! What DNSPod refuses in a record.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Domain, RecordData, State, lines};
use crate::cloud::service::{ApiError, Params};

const KINDS: [&str; 10] = ["A", "AAAA", "CNAME", "MX", "TXT", "NS", "SRV", "CAA", "HTTPS", "SVCB"];
/// Shortest time to live of the free plan, in seconds.
const FREE_TTL: u64 = 600;
const MAX_TTL: u64 = 604_800;
/// Most address records of the free plan for one host, type and line.
const FREE_ROLL: usize = 2;

/// Reads the record of a create or modify call. What a modify call leaves out
/// is as on creation, except the remark, which stays.
///
/// # Errors
/// A value that DNSPod would not take.
pub(super) fn read(
    params: &Params,
    domain: &Domain,
    before: Option<&RecordData>,
) -> Result<RecordData, ApiError> {
    let kind = params.required("RecordType")?.to_uppercase();
    if !KINDS.contains(&kind.as_str()) {
        let text = format!("{kind} is no record type.");
        return Err(ApiError::new("InvalidParameter.RecordTypeInvalid", text));
    }
    let (line, line_id) = line(params)?;
    let sub_domain = match params.str("SubDomain") {
        None | Some("") => "@".to_owned(),
        Some(name) => host(name)?,
    };
    let enabled = match params.str("Status") {
        None | Some("ENABLE") => true,
        Some("DISABLE") => false,
        Some(other) => {
            let text = format!("Status {other} is neither ENABLE nor DISABLE.");
            return Err(ApiError::new("InvalidParameter.RecordStatusInvalid", text));
        }
    };
    Ok(RecordData {
        sub_domain,
        line: line.to_owned(),
        line_id: line_id.to_owned(),
        value: value(&kind, params.required("Value")?)?,
        mx: mx(params, &kind)?,
        ttl: ttl(params, domain)?,
        weight: weight(params)?,
        enabled,
        remark: match params.str("Remark") {
            Some(remark) => remark.to_owned(),
            None => before.map(|before| before.remark.clone()).unwrap_or_default(),
        },
        kind,
    })
}

/// Refuses a record that clashes with the domain's others, `except` aside.
///
/// # Errors
/// The same record exists, or there are too many of its kind.
pub(super) fn conflicts(
    state: &State,
    domain: &Domain,
    data: &RecordData,
    except: Option<u64>,
) -> Result<(), ApiError> {
    let same: Vec<&RecordData> = state
        .records
        .values()
        .filter(|r| r.domain == domain.name && Some(r.id) != except)
        .map(|r| &r.data)
        .filter(|r| r.sub_domain == data.sub_domain && r.line_id == data.line_id)
        .collect();
    if same.iter().any(|r| r.kind == data.kind && r.value == data.value) {
        let text = "The record already exists.";
        return Err(ApiError::new("InvalidParameter.DomainRecordExist", text));
    }
    let address = |kind: &str| matches!(kind, "A" | "AAAA");
    let clash = |r: &&RecordData| match (r.kind.as_str(), data.kind.as_str()) {
        ("CNAME", kind) | (kind, "CNAME") => address(kind),
        _ => false,
    };
    if same.iter().any(clash) {
        let text = format!("{} cannot have an address and be an alias.", data.sub_domain);
        return Err(ApiError::new("InvalidParameter.DomainRecordExist", text));
    }
    let alike = same.iter().filter(|r| r.kind == data.kind).count();
    if domain.grade == "DP_FREE" && address(&data.kind) && alike >= FREE_ROLL {
        let text = format!("The plan allows {FREE_ROLL} records of one host, type and line.");
        return Err(ApiError::new("LimitExceeded.SubdomainRollLimit", text));
    }
    Ok(())
}

fn line(params: &Params) -> Result<(&'static str, &'static str), ApiError> {
    let name = params.required("RecordLine")?;
    let id = params.str("RecordLineId").filter(|id| !id.is_empty());
    let found = match id {
        Some(id) => lines::by_id(id),
        None => lines::by_name(name),
    };
    found.ok_or_else(|| {
        let text = format!("There is no line {}.", id.unwrap_or(name));
        ApiError::new("InvalidParameter.RecordLineInvalid", text)
    })
}

fn host(name: &str) -> Result<String, ApiError> {
    let label = |label: &str| {
        let inner = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        label == "*" || (!label.is_empty() && label.len() <= 63 && label.chars().all(inner))
    };
    if name == "@" || name.split('.').all(label) {
        return Ok(name.to_lowercase());
    }
    Err(ApiError::new("InvalidParameter.SubdomainInvalid", format!("{name} is no host name.")))
}

fn value(kind: &str, text: &str) -> Result<String, ApiError> {
    let good = match kind {
        "A" => text.parse::<Ipv4Addr>().is_ok(),
        "AAAA" => text.parse::<Ipv6Addr>().is_ok(),
        "CNAME" | "MX" | "NS" => text.contains('.') && host(text.trim_end_matches('.')).is_ok(),
        _ => true,
    };
    if !good {
        let message = format!("{text} is no value for a record of type {kind}.");
        return Err(ApiError::new("InvalidParameter.RecordValueInvalid", message));
    }
    Ok(match kind {
        "CNAME" | "MX" | "NS" => format!("{}.", text.trim_end_matches('.').to_lowercase()),
        _ => text.to_owned(),
    })
}

fn mx(params: &Params, kind: &str) -> Result<u64, ApiError> {
    match (kind, params.unsigned("MX")) {
        ("MX", Some(priority @ 1..=50)) => Ok(priority),
        ("MX", _) => {
            Err(ApiError::new("InvalidParameter.MxInvalid", "MX must be between 1 and 50."))
        }
        _ => Ok(0),
    }
}

fn ttl(params: &Params, domain: &Domain) -> Result<u64, ApiError> {
    let seconds = params.unsigned("TTL").unwrap_or(FREE_TTL);
    if domain.grade == "DP_FREE" && seconds < FREE_TTL {
        let text = format!("The plan's shortest TTL is {FREE_TTL} seconds.");
        return Err(ApiError::new("LimitExceeded.RecordTtlLimit", text));
    }
    if !(1..=MAX_TTL).contains(&seconds) {
        let text = format!("TTL must be between 1 and {MAX_TTL}.");
        return Err(ApiError::invalid_value(text));
    }
    Ok(seconds)
}

fn weight(params: &Params) -> Result<Option<u64>, ApiError> {
    match params.unsigned("Weight") {
        Some(weight) if weight > 100 => {
            Err(ApiError::invalid_value("Weight must be between 0 and 100."))
        }
        weight => Ok(weight),
    }
}
