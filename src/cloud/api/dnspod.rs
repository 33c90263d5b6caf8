//! Public DNS, `dnspod` 2021-03-23; a global product.

use serde::{Deserialize, Serialize};

use crate::cloud::{
    Account, Action, Error, Kind, RegionUse, Service, found,
    page::{self, Page},
};

static DNSPOD: Service =
    Service { name: "dnspod", version: "2021-03-23", region: RegionUse::Unused };

const CREATE: Action = Action::write(&DNSPOD, "CreateRecord");
const MODIFY: Action = Action::repeatable(&DNSPOD, "ModifyRecord");
const DELETE: Action = Action::repeatable(&DNSPOD, "DeleteRecord");
const DESCRIBE: Action = Action::read(&DNSPOD, "DescribeRecord");
const LIST: Action = Action::read(&DNSPOD, "DescribeRecordList");
const DESCRIBE_DOMAIN: Action = Action::read(&DNSPOD, "DescribeDomain");

/// Largest page; the API allows 3000.
const PAGE: u64 = 1000;

/// Name of the default line; Chinese even in English answers.
pub const DEFAULT_LINE: &str = "默认";
/// Id of the default line.
pub const DEFAULT_LINE_ID: &str = "0";
/// Status of a record that is answered.
pub const ENABLE: &str = "ENABLE";
/// Status of a record that is not answered.
pub const DISABLE: &str = "DISABLE";

/// What a record is to be (`CreateRecord`, `ModifyRecord`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct RecordSpec {
    /// Domain.
    pub domain: String,
    /// Domain by id; wins over the name.
    pub domain_id: Option<u64>,
    /// Host part; `@` for the domain itself.
    pub sub_domain: Option<String>,
    /// Type, as in `A` or `CNAME`.
    pub record_type: String,
    /// Line, as in [`DEFAULT_LINE`]; required.
    pub record_line: String,
    /// Line by id; wins over the name.
    pub record_line_id: Option<String>,
    /// Value.
    pub value: String,
    /// Priority of MX, HTTPS and SVCB records.
    #[serde(rename = "MX")]
    pub mx: Option<u64>,
    /// Seconds that answers may be kept, 1 to 604800; the least depends on the plan.
    #[serde(rename = "TTL")]
    pub ttl: Option<u64>,
    /// Weight among records of one name, 0 to 100.
    pub weight: Option<u64>,
    /// [`ENABLE`] or [`DISABLE`].
    pub status: Option<String>,
    /// Remark; an empty one removes it.
    pub remark: Option<String>,
}

/// A record, as both reading actions tell it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Record {
    /// Id.
    pub record_id: u64,
    /// Host part; `@` for the domain itself.
    pub sub_domain: String,
    /// Type.
    pub record_type: String,
    /// Name of the line.
    pub record_line: String,
    /// Id of the line.
    pub record_line_id: String,
    /// Value; of CNAME and MX records with a dot at the end.
    pub value: String,
    /// Priority; 0 where there is none.
    pub mx: u64,
    /// Seconds that answers may be kept.
    pub ttl: u64,
    /// Weight; `None` where none is set.
    pub weight: Option<u64>,
    /// Whether it is answered.
    pub enabled: bool,
    /// Remark.
    pub remark: String,
    /// What monitoring says.
    pub monitor_status: String,
    /// When it was changed last.
    pub updated_on: String,
    /// Whether it is one of the domain's own NS records.
    pub default_ns: bool,
}

/// A domain (`DescribeDomain`).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct Domain {
    /// Id.
    pub domain_id: u64,
    /// Name.
    pub domain: String,
    /// `ENABLE`, `PAUSE` or `SPAM`.
    pub status: String,
    /// Plan, as in `DP_FREE`.
    pub grade: String,
    /// Default of records' TTL.
    #[serde(rename = "TTL")]
    pub ttl: u64,
    /// Name servers that it should have.
    pub dnspod_ns_list: Vec<String>,
    /// Name servers that it has.
    pub actual_ns_list: Vec<String>,
}

/// Creates a record and returns its id (`CreateRecord`). Lists may show it up to 30 seconds later;
/// [`find_record`] does not lag.
///
/// # Errors
/// Those of the call; [`Kind::AlreadyExists`] if an equal one exists. The look after
/// [`Kind::AnswerLost`] is [`records`].
pub async fn create_record(account: &Account, spec: &RecordSpec) -> Result<u64, Error> {
    account.call(&CREATE, spec).await.map(|RecordId { record_id }| record_id)
}

/// Changes a record (`ModifyRecord`).
///
/// # Errors
/// Those of the call; [`Kind::NotFound`] if there is no such record.
pub async fn modify_record(
    account: &Account,
    record_id: u64,
    spec: &RecordSpec,
) -> Result<(), Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        record_id: u64,
        #[serde(flatten)]
        spec: &'a RecordSpec,
    }
    account.perform(&MODIFY, &Request { record_id, spec }).await
}

/// Deletes a record (`DeleteRecord`). That it is gone already is no error.
///
/// # Errors
/// Those of the call.
pub async fn delete_record(account: &Account, domain: &str, record_id: u64) -> Result<(), Error> {
    match account.perform(&DELETE, &Which { domain, record_id }).await {
        Err(error) if error.kind() == Kind::NotFound => Ok(()),
        outcome => outcome,
    }
}

/// The record with this id (`DescribeRecord`).
///
/// # Errors
/// Those of the call.
pub async fn find_record(
    account: &Account,
    domain: &str,
    record_id: u64,
) -> Result<Option<Record>, Error> {
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Answer {
        record_info: Option<RecordInfo>,
    }
    let answer = found(account.call::<_, Answer>(&DESCRIBE, &Which { domain, record_id }).await)?;
    Ok(answer.and_then(|answer| answer.record_info).map(Record::from))
}

/// The records of a domain, of one host part and one type if given (`DescribeRecordList`). An empty list
/// if there is none, or no such domain.
///
/// # Errors
/// Those of the call.
pub async fn records(
    account: &Account,
    domain: &str,
    sub_domain: Option<&str>,
    record_type: Option<&str>,
) -> Result<Vec<Record>, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        domain: &'a str,
        sub_domain: Option<&'a str>,
        record_type: Option<&'a str>,
        offset: u64,
        limit: u64,
        error_on_empty: &'a str,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Count {
        total_count: Option<u64>,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Answer {
        record_count_info: Count,
        record_list: Vec<RecordListItem>,
    }
    let records = page::all(PAGE, |offset, limit| async move {
        let request =
            Request { domain, sub_domain, record_type, offset, limit, error_on_empty: "no" };
        let answer: Answer = account.call(&LIST, &request).await?;
        Ok(Page { items: answer.record_list, total: answer.record_count_info.total_count })
    })
    .await;
    let records = found(records)?.unwrap_or_default();
    Ok(records.into_iter().map(Record::from).collect())
}

/// A domain of the account (`DescribeDomain`).
///
/// # Errors
/// Those of the call; [`Kind::Denied`] if it belongs to another account.
pub async fn find_domain(account: &Account, domain: &str) -> Result<Option<Domain>, Error> {
    #[derive(Serialize)]
    #[serde(rename_all = "PascalCase")]
    struct Request<'a> {
        domain: &'a str,
    }
    #[derive(Deserialize, Default)]
    #[serde(rename_all = "PascalCase", default)]
    struct Answer {
        domain_info: Option<Domain>,
    }
    let answer = found(account.call::<_, Answer>(&DESCRIBE_DOMAIN, &Request { domain }).await)?;
    Ok(answer.and_then(|answer| answer.domain_info))
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RecordId {
    record_id: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Which<'a> {
    domain: &'a str,
    record_id: u64,
}

/// A record as `DescribeRecord` spells it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct RecordInfo {
    id: u64,
    sub_domain: String,
    record_type: String,
    record_line: String,
    record_line_id: String,
    value: String,
    weight: Option<u64>,
    #[serde(rename = "MX")]
    mx: u64,
    #[serde(rename = "TTL")]
    ttl: u64,
    enabled: u64,
    monitor_status: String,
    remark: String,
    updated_on: String,
}

impl From<RecordInfo> for Record {
    fn from(info: RecordInfo) -> Self {
        Self {
            record_id: info.id,
            sub_domain: info.sub_domain,
            record_type: info.record_type,
            record_line: info.record_line,
            record_line_id: info.record_line_id,
            value: info.value,
            mx: info.mx,
            ttl: info.ttl,
            weight: info.weight,
            enabled: info.enabled == 1,
            remark: info.remark,
            monitor_status: info.monitor_status,
            updated_on: info.updated_on,
            default_ns: false,
        }
    }
}

/// A record as `DescribeRecordList` spells it.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct RecordListItem {
    record_id: u64,
    name: String,
    #[serde(rename = "Type")]
    kind: String,
    line: String,
    line_id: String,
    value: String,
    weight: Option<u64>,
    #[serde(rename = "MX")]
    mx: u64,
    #[serde(rename = "TTL")]
    ttl: u64,
    status: String,
    monitor_status: String,
    remark: String,
    updated_on: String,
    #[serde(rename = "DefaultNS")]
    default_ns: bool,
}

impl From<RecordListItem> for Record {
    fn from(item: RecordListItem) -> Self {
        Self {
            record_id: item.record_id,
            sub_domain: item.name,
            record_type: item.kind,
            record_line: item.line,
            record_line_id: item.line_id,
            value: item.value,
            mx: item.mx,
            ttl: item.ttl,
            weight: item.weight,
            enabled: super::is(&item.status, ENABLE),
            remark: item.remark,
            monitor_status: item.monitor_status,
            updated_on: item.updated_on,
            default_ns: item.default_ns,
        }
    }
}

#[cfg(test)]
mod tests;
