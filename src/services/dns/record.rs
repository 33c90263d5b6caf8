//! `crossmesh_dnspod_record`: a record of a DNSPod domain.

use std::{net::Ipv6Addr, time::Duration};

use tfsdk::{
    Diagnostic, Diagnostics, Model,
    engine::{Change, Operation, Resource},
    schema::validators,
    value::{Tf, Value},
};

use crate::{
    cloud::{
        Account, Error,
        api::dnspod::{self, DEFAULT_LINE, DISABLE, ENABLE, Record, RecordSpec},
        settle,
    },
    services::{
        Client, Cx, Owner, PlanCx,
        diagnostic::{self, Doing},
        waiting::{Seen, wait},
    },
};

/// A record of a domain that is hosted by DNSPod. One that is there already and
/// says exactly the same is taken over.
#[derive(Clone, Model)]
pub(super) struct DnsRecord {
    /// Whose record it is.
    #[attr(flatten)]
    pub owner: Owner,

    /// `domain#record_id`.
    #[attr(computed, stable)]
    pub id: Tf<String>,

    /// The record's id within the domain.
    #[attr(computed, stable)]
    pub record_id: Tf<i64>,

    /// The domain, such as `example.com`.
    #[attr(required, replace, validate(validators::not_empty()), equivalent = same_host)]
    pub domain: Tf<String>,

    /// The host part, such as `www`; `@` is the domain itself, `*` any name.
    #[attr(optional, default = "@", validate(validators::not_empty()), equivalent = same_host)]
    pub sub_domain: Tf<String>,

    /// The type, such as `A`, `AAAA`, `CNAME`, `MX` or `TXT`.
    #[attr(
        required,
        validate(validators::matches(
            "^[A-Z0-9_]+$",
            "must be a record type in capitals, such as A or CNAME"
        ))
    )]
    pub record_type: Tf<String>,

    /// The line for which it answers, by its Chinese name. `默认` answers where
    /// no other does.
    #[attr(optional, computed, stable)]
    pub record_line: Tf<String>,

    /// The line by its id; wins over `record_line`. `0` is the default line.
    #[attr(optional, computed, stable)]
    pub record_line_id: Tf<String>,

    /// The value: an address, a name, a text. A name's final dot may be left
    /// out.
    #[attr(required, validate(validators::not_empty()))]
    pub value: Tf<String>,

    /// How long answers may be kept, in seconds. The least depends on the
    /// domain's plan. Default: what the domain's plan gives.
    #[attr(optional, computed, stable, validate(validators::range(1..=604_800)))]
    pub ttl: Tf<i64>,

    /// The priority of an MX, HTTPS or SVCB record.
    #[attr(optional, validate(validators::range(0..=65_535)))]
    pub mx: Tf<i64>,

    /// The weight among the records of one name.
    #[attr(optional, validate(validators::range(0..=100)))]
    pub weight: Tf<i64>,

    /// Whether the record is answered.
    #[attr(optional, default = "ENABLE", validate(validators::one_of([ENABLE, DISABLE])))]
    pub status: Tf<String>,

    /// A note for people.
    #[attr(optional)]
    pub remark: Tf<String>,
}

/// The resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct DnspodRecord;

impl Resource for DnspodRecord {
    type Model = DnsRecord;
    type Client = Client;

    const TYPE: &'static str = "crossmesh_dnspod_record";
    const TIMEOUTS: &'static [(Operation, Duration)] = &[
        (Operation::Create, Duration::from_secs(300)),
        (Operation::Update, Duration::from_secs(300)),
        (Operation::Delete, Duration::from_secs(300)),
    ];

    fn validate(&self, config: &DnsRecord, diagnostics: &mut Diagnostics) {
        let record_type = config.record_type.text();
        if record_type == "MX" && config.mx.is_null() {
            diagnostics.error_at(
                "mx",
                "Priority missing",
                "A record of type MX needs its priority in `mx`, such as `mx = 10`.",
            );
        }
        if config.record_type.is_known()
            && config.mx.is_known()
            && !WITH_PRIORITY.contains(&record_type)
        {
            diagnostics.error_at(
                "mx",
                "Priority without effect",
                format!(
                    "A record of type {record_type} has no priority: leave `mx` out. Those of the \
                     types {} have.",
                    WITH_PRIORITY.join(", ")
                ),
            );
        }
    }

    async fn plan(&self, cx: &PlanCx, change: &mut Change<DnsRecord>) -> Result<(), Diagnostics> {
        let record_type = change.planned.record_type.text().to_owned();
        if let Some(prior) = &change.prior
            && same_value(&record_type, prior.value.text(), change.planned.value.text())
        {
            change.planned.value = prior.value.clone();
        }
        // A line can be given by name or by id; the other follows from it.
        if change.changes(|model| &model.record_line) && change.config.record_line_id.is_null() {
            change.planned.record_line_id = Tf::Unknown;
        }
        if change.changes(|model| &model.record_line_id) && change.config.record_line.is_null() {
            change.planned.record_line = Tf::Unknown;
        }
        Owner::plan(cx, change, |model| &mut model.owner).await
    }

    async fn create(&self, cx: &Cx, mut plan: DnsRecord) -> Result<DnsRecord, Diagnostics> {
        let account = plan.owner.open_for_create(cx).await?;
        let spec = plan.spec();
        let record_id = match create_once(&account, &spec).await {
            Ok(record_id) => {
                cx.client().claims.made(claim(record_id));
                record_id
            }
            Err(error) if error.is_already_exists() => {
                let record_id = plan.existing(&account, &error).await?;
                cx.client().claims.take_over(&claim(record_id))?;
                record_id
            }
            Err(error) => return Err(diagnostic::cloud("create the DNS record", &error)),
        };
        plan.name(record_id);
        cx.save(&plan);
        let record = wait_visible(cx, &account, &plan).await?;
        plan.take(record);
        Ok(plan)
    }

    async fn read(&self, cx: &Cx, mut state: DnsRecord) -> Result<Option<DnsRecord>, Diagnostics> {
        let account = state.owner.open(cx).await?;
        let found = find(&account, &state).await.doing("read the DNS record")?;
        Ok(found.map(|record| {
            state.take(record);
            state
        }))
    }

    async fn update(
        &self,
        cx: &Cx,
        _prior: DnsRecord,
        mut plan: DnsRecord,
    ) -> Result<DnsRecord, Diagnostics> {
        let account = plan.owner.open(cx).await?;
        match dnspod::modify_record(&account, plan.number(), &plan.spec()).await {
            Err(error) if error.is_already_exists() => {
                let other = alike(&account, &plan.spec()).await.unwrap_or_default();
                return Err(exists(&plan.spec(), other.map(|it| it.record_id), &error));
            }
            outcome => outcome.doing("change the DNS record")?,
        }
        let record = wait_visible(cx, &account, &plan).await?;
        plan.take(record);
        Ok(plan)
    }

    async fn delete(&self, cx: &Cx, state: DnsRecord) -> Result<(), Diagnostics> {
        let account = state.owner.open(cx).await?;
        dnspod::delete_record(&account, state.domain.text(), state.number())
            .await
            .doing("delete the DNS record")
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<DnsRecord, Diagnostics> {
        let (owner, id) = Owner::import(cx, id);
        let parts = id.split_once('#').and_then(|(domain, number)| {
            Some((domain, number.parse::<i64>().ok()?)).filter(|_| !domain.is_empty())
        });
        let Some((domain, number)) = parts else {
            return Err(Diagnostic::error(
                "Unable to import the DNS record",
                format!(
                    "The id must be the domain and the record's id, as in \"example.com#12345\", \
                     and was {id:?}."
                ),
            )
            .into());
        };
        Ok(DnsRecord {
            owner,
            id: id.into(),
            record_id: number.into(),
            domain: domain.into(),
            ..DnsRecord::empty()
        })
    }
}

impl DnsRecord {
    /// The record's id as the API wants it.
    fn number(&self) -> u64 {
        self.record_id.known().and_then(|number| u64::try_from(*number).ok()).unwrap_or_default()
    }

    /// Sets the ids of a new record.
    fn name(&mut self, record_id: u64) {
        self.id = format!("{}#{record_id}", self.domain.text()).into();
        self.record_id = i64::try_from(record_id).ok().into();
    }

    /// The record that is there already, if it says exactly what is planned: an
    /// interrupted run may have made it. `refusal` is what creating it met.
    async fn existing(&self, account: &Account, refusal: &Error) -> Result<u64, Diagnostics> {
        let spec = self.spec();
        let mut found = None;
        // A new record is not in the list at once.
        for pause in LOOKS {
            tokio::time::sleep(pause).await;
            found = alike(account, &spec).await.doing("look for the DNS record")?;
            if found.is_some() {
                break;
            }
        }
        match found {
            Some(record) if says_the_same(&record, &spec) => Ok(record.record_id),
            found => Err(exists(&spec, found.map(|record| record.record_id), refusal)),
        }
    }

    fn spec(&self) -> RecordSpec {
        let number = |value: &Tf<i64>| value.known().and_then(|n| u64::try_from(*n).ok());
        RecordSpec {
            domain: self.domain.text().to_owned(),
            sub_domain: self.sub_domain.known().cloned(),
            record_type: self.record_type.text().to_owned(),
            record_line: self.record_line.known().map_or(DEFAULT_LINE, String::as_str).to_owned(),
            record_line_id: self.record_line_id.known().cloned(),
            value: self.value.text().to_owned(),
            mx: number(&self.mx),
            ttl: number(&self.ttl),
            weight: number(&self.weight),
            status: self.status.known().cloned(),
            remark: Some(self.remark.text().to_owned()),
            ..RecordSpec::default()
        }
    }

    /// Takes over what the API answered.
    fn take(&mut self, record: Record) {
        let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        if !same_value(&record.record_type, self.value.text(), &record.value) {
            self.value = record.value.into();
        }
        if !self.sub_domain.text().eq_ignore_ascii_case(&record.sub_domain) {
            self.sub_domain = record.sub_domain.into();
        }
        self.record_type = record.record_type.into();
        self.record_line = record.record_line.into();
        self.record_line_id = record.record_line_id.into();
        self.ttl = number(record.ttl).into();
        if record.mx != 0 || self.mx.is_known() {
            self.mx = number(record.mx).into();
        }
        self.weight = record.weight.map(number).into();
        self.status = if record.enabled { ENABLE } else { DISABLE }.into();
        if !record.remark.is_empty() || self.remark.is_known() {
            self.remark = record.remark.into();
        }
    }
}

/// What a record is called among what this run has made.
fn claim(record_id: u64) -> String {
    format!("DNS record {record_id}")
}

/// The types that have a priority.
const WITH_PRIORITY: [&str; 3] = ["MX", "HTTPS", "SVCB"];

/// The types whose value is a name, which the API answers with a final dot.
const NAMED: [&str; 5] = ["CNAME", "MX", "NS", "PTR", "SRV"];

/// Pauses before the looks for a record that the API says is there.
const LOOKS: [Duration; 4] =
    [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

/// Whether two host names mean the same.
fn same_host(one: &Value, other: &Value) -> bool {
    match (one.as_str(), other.as_str()) {
        (Some(one), Some(other)) => one.eq_ignore_ascii_case(other),
        _ => one == other,
    }
}

/// Whether two values of a record mean the same: a name does with and without
/// its final dot, an address in each of its spellings.
fn same_value(record_type: &str, one: &str, other: &str) -> bool {
    let bare = |text: &str| text.trim_end_matches('.').to_lowercase();
    let address = |text: &str| text.parse::<Ipv6Addr>().ok();
    one == other
        || (NAMED.contains(&record_type) && !one.is_empty() && bare(one) == bare(other))
        || (record_type == "AAAA" && address(one).is_some() && address(one) == address(other))
}

/// Creates exactly one record. A record's natural key is all that it says.
async fn create_once(account: &Account, spec: &RecordSpec) -> Result<u64, Error> {
    settle(
        || dnspod::create_record(account, spec),
        || async { alike(account, spec).await.map(|found| found.map(|record| record.record_id)) },
    )
    .await
}

/// The record of the same name, type, line and value, which there can be but
/// once.
async fn alike(account: &Account, spec: &RecordSpec) -> Result<Option<Record>, Error> {
    let sub_domain = spec.sub_domain.as_deref().map(str::to_lowercase);
    let records =
        dnspod::records(account, &spec.domain, sub_domain.as_deref(), Some(&spec.record_type))
            .await?;
    Ok(records.into_iter().find(|record| {
        same_value(&spec.record_type, &record.value, &spec.value)
            && match &spec.record_line_id {
                Some(id) => record.record_line_id == *id,
                None => record.record_line == spec.record_line,
            }
    }))
}

/// Whether a record says all that is planned, beyond what makes it [`alike`].
fn says_the_same(record: &Record, spec: &RecordSpec) -> bool {
    spec.ttl.is_none_or(|ttl| ttl == record.ttl)
        && spec.mx.unwrap_or_default() == record.mx
        && spec.weight == record.weight
        && spec.status.as_deref().unwrap_or(ENABLE) == if record.enabled { ENABLE } else { DISABLE }
        && spec.remark.as_deref().unwrap_or_default() == record.remark
}

async fn find(account: &Account, model: &DnsRecord) -> Result<Option<Record>, Error> {
    dnspod::find_record(account, model.domain.text(), model.number()).await
}

async fn wait_visible(
    cx: &Cx,
    account: &Account,
    model: &DnsRecord,
) -> Result<Record, Diagnostics> {
    wait(cx, format!("the record {} to be visible", model.id.text()), || async {
        Ok(match find(account, model).await? {
            Some(record) => Seen::Done(record),
            None => Seen::pending("not visible yet"),
        })
    })
    .await
    .doing("create the DNS record")
}

fn exists(spec: &RecordSpec, record_id: Option<u64>, error: &Error) -> Diagnostics {
    let sub_domain = spec.sub_domain.as_deref().unwrap_or("@");
    let id = record_id.map_or_else(|| "RECORD_ID".to_owned(), |id| id.to_string());
    let which = if record_id.is_some() {
        format!("has the record {id} of this name, type, line and value already")
    } else {
        "has a record already that rules this one out".to_owned()
    };
    Diagnostic::error(
        "DNS record exists already",
        format!(
            "The domain {} {which}: {sub_domain} {} {}. Import it (`terraform import … \
             '{}#{id}'`), or remove it in the console.\n\n  Code: {}\n  Message: {}",
            spec.domain,
            spec.record_type,
            spec.value,
            spec.domain,
            error.code().unwrap_or_default(),
            error.message()
        ),
    )
    .at("value")
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_final_dot_and_case_make_no_other_name() {
        assert!(same_value("CNAME", "lb.example.com", "lb.example.com."));
        assert!(same_value("CNAME", "LB.example.com", "lb.example.com."));
        assert!(!same_value("CNAME", "lb.example.com", "lb.example.net."));
    }

    #[test]
    fn an_address_has_many_spellings() {
        assert!(same_value("AAAA", "2001:DB8:0:0::1", "2001:db8::1"));
        assert!(!same_value("AAAA", "2001:db8::2", "2001:db8::1"));
        assert!(!same_value("TXT", "2001:DB8::1", "2001:db8::1"));
    }

    #[test]
    fn only_the_very_same_record_is_taken_over() {
        let spec =
            RecordSpec { ttl: Some(600), remark: Some(String::new()), ..RecordSpec::default() };
        let record = Record { ttl: 600, enabled: true, ..Record::default() };
        assert!(says_the_same(&record, &spec));
        assert!(says_the_same(&Record { ttl: 60, ..record.clone() }, &RecordSpec::default()));
        for other in [
            Record { ttl: 60, ..record.clone() },
            Record { enabled: false, ..record.clone() },
            Record { weight: Some(1), ..record.clone() },
            Record { remark: "by hand".to_owned(), ..record },
        ] {
            assert!(!says_the_same(&other, &spec), "{other:?}");
        }
    }

    #[test]
    fn a_text_is_taken_to_the_letter() {
        assert!(!same_value("TXT", "v=1.", "v=1"));
        assert!(!same_value("TXT", "Token", "token"));
    }
}
