//! `crossmesh_ccn_instance`: a Cloud Connect Network.

use std::time::Duration;

use tfsdk::{
    Diagnostics, Model,
    engine::{Change, Operation, Resource},
    schema::validators,
    value::Tf,
};
use tokio::time::Instant;

use super::{membership::LAG, row::Standing};
use crate::{
    cloud::{
        Account, Error,
        api::{
            Filter,
            ccn::{self, Attachment, Ccn, CreateCcn, ModifyCcn, ccn_state},
            is,
        },
    },
    services::{
        Client, Cx, PlanCx, Scope, Tags, create_once,
        diagnostic::Doing,
        tags::Object,
        waiting::{Seen, wait},
    },
};

/// A Cloud Connect Network (CCN, 云联网): the network that VPCs of one or several
/// accounts are attached to.
#[derive(Clone, Model)]
pub(super) struct Instance {
    #[attr(flatten)]
    pub scope: Scope,

    /// Id of the CCN, `ccn-…`.
    #[attr(computed, stable)]
    pub id: Tf<String>,

    /// Name, at most 60 bytes.
    #[attr(required, validate(validators::bytes(1..=60)))]
    pub name: Tf<String>,

    /// Description, at most 100 bytes.
    #[attr(optional, validate(validators::bytes(0..=100)))]
    pub description: Tf<String>,

    /// Service level: `PT` (platinum), `AU` (gold) or `AG` (silver).
    #[attr(optional, default = "AU", replace, validate(validators::one_of(["PT", "AU", "AG"])))]
    pub qos: Tf<String>,

    /// How it is paid for: `POSTPAID` or `PREPAID`.
    #[attr(
        optional,
        default = "POSTPAID",
        replace,
        validate(validators::one_of(["POSTPAID", "PREPAID"]))
    )]
    pub charge_type: Tf<String>,

    /// What is metered: `BANDWIDTH` or `TRAFFIC`. Default: what the cloud
    /// chooses for the account.
    #[attr(
        optional,
        computed,
        stable,
        replace,
        validate(validators::one_of(["BANDWIDTH", "TRAFFIC"]))
    )]
    pub instance_metering_type: Tf<String>,

    /// What bandwidth limits hold for: `OUTER_REGION_LIMIT` (all that leaves a
    /// region) or `INTER_REGION_LIMIT` (each pair of regions). Default:
    /// `OUTER_REGION_LIMIT`; a prepaid CCN knows only `INTER_REGION_LIMIT`.
    #[attr(
        optional,
        computed,
        stable,
        validate(validators::one_of(["OUTER_REGION_LIMIT", "INTER_REGION_LIMIT"]))
    )]
    pub bandwidth_limit_type: Tf<String>,

    /// Whether equal-cost routes share the traffic.
    #[attr(optional, computed, stable)]
    pub route_ecmp: Tf<bool>,

    /// Whether overlapping routes are allowed.
    #[attr(optional, computed, stable)]
    pub route_overlap: Tf<bool>,

    #[attr(flatten)]
    pub tags: Tags,

    /// UIN of the account that owns the CCN: what a member names as `ccn_uin`.
    #[attr(computed, stable)]
    pub owner_uin: Tf<String>,

    /// State: `AVAILABLE`, or `ISOLATED` when the account is in arrears.
    #[attr(computed, stable)]
    pub state: Tf<String>,

    /// When the CCN was created, as the API writes it.
    #[attr(computed, stable)]
    pub create_time: Tf<String>,
}

/// The resource.
#[derive(Clone, Copy, Debug)]
pub(super) struct CcnInstance;

impl Resource for CcnInstance {
    type Model = Instance;
    type Client = Client;

    const TYPE: &'static str = "crossmesh_ccn_instance";
    const TIMEOUTS: &'static [(Operation, Duration)] = &[
        (Operation::Create, Duration::from_secs(300)),
        (Operation::Update, Duration::from_secs(300)),
        (Operation::Delete, Duration::from_secs(600)),
    ];

    fn validate(&self, config: &Instance, diagnostics: &mut Diagnostics) {
        if config.charge_type.text() == "PREPAID"
            && config.bandwidth_limit_type.text() == "OUTER_REGION_LIMIT"
        {
            diagnostics.error_at(
                "bandwidth_limit_type",
                "Prepaid CCNs limit each pair of regions",
                "A CCN with `charge_type = \"PREPAID\"` needs `bandwidth_limit_type = \
                 \"INTER_REGION_LIMIT\"`, or none.",
            );
        }
    }

    async fn plan(&self, cx: &PlanCx, change: &mut Change<Instance>) -> Result<(), Diagnostics> {
        Scope::plan(cx, change, |model| &mut model.scope).await?;
        Tags::plan(cx, change, |model| &mut model.tags);
        Ok(())
    }

    async fn create(&self, cx: &Cx, mut plan: Instance) -> Result<Instance, Diagnostics> {
        let account = plan.scope.open_for_create(cx).await?;
        let id = create(cx, &account, &request(cx, &plan)).await.doing("create the CCN")?;
        plan.id = id.as_str().into();
        cx.save(&plan);
        let made = wait_available(cx, &account, &id).await?;
        if needs_flags(&plan, &made) {
            ccn::modify(&account, &modification(&plan)).await.doing("set the CCN's routing")?;
        }
        plan.take(&account, reread(&account, &made).await?).await?;
        plan.tags.settle(cx);
        Ok(plan)
    }

    async fn read(&self, cx: &Cx, mut state: Instance) -> Result<Option<Instance>, Diagnostics> {
        let account = state.scope.open(cx).await?;
        let found = ccn::find(&account, state.id.text()).await.doing("read the CCN")?;
        let Some(found) = found else { return Ok(None) };
        state.tags.read(cx, &found.tag_set);
        state.take(&account, found).await?;
        Ok(Some(state))
    }

    async fn update(
        &self,
        cx: &Cx,
        prior: Instance,
        mut plan: Instance,
    ) -> Result<Instance, Diagnostics> {
        let account = plan.scope.open(cx).await?;
        ccn::modify(&account, &modification(&plan)).await.doing("change the CCN")?;
        if let Some(limit_type) = plan.bandwidth_limit_type.known()
            && plan.bandwidth_limit_type != prior.bandwidth_limit_type
        {
            ccn::modify_limit_type(&account, plan.id.text(), limit_type)
                .await
                .doing("change what the CCN's bandwidth limits hold for")?;
        }
        let object = Object { service: "vpc", prefix: "ccn", id: plan.id.text() };
        plan.tags.update(cx, &prior.tags, &account, object).await?;
        plan.tags.settle(cx);
        Ok(plan)
    }

    async fn delete(&self, cx: &Cx, state: Instance) -> Result<(), Diagnostics> {
        let account = state.scope.open(cx).await?;
        let id = state.id.text();
        // Detaching is asynchronous: what was detached a moment ago may still count as attached.
        let settled = Instant::now() + LAG;
        wait(cx, format!("the CCN {id} to be deleted"), || async {
            let error = match ccn::delete(&account, id).await {
                Ok(()) => return Ok(Seen::Done(())),
                Err(error) if STILL_ATTACHED.iter().any(|code| error.has_code(code)) => error,
                Err(error) => return Err(error),
            };
            let holders = holders(&account, id).await?;
            Ok(if holders.is_empty() || Instant::now() < settled {
                Seen::pending("in use")
            } else {
                let next = error.next_step().unwrap_or_default();
                Seen::failed("in use", format!("{next}\n\n  {}", holders.join("\n  ")))
            })
        })
        .await
        .doing("delete the CCN")
    }

    async fn import(&self, cx: &Cx, id: &str) -> Result<Instance, Diagnostics> {
        let (scope, id) = Scope::import(cx, id)?;
        Ok(Instance { scope, id: id.into(), ..Instance::empty() })
    }
}

/// `DeleteCcn` while attachments exist.
const STILL_ATTACHED: [&str; 2] =
    ["UnsupportedOperation.ExistCcnInstancesNotSupportDeleteCcn", "ResourceInUse"];

/// What is attached to the CCN and not on its way out.
async fn holders(account: &Account, id: &str) -> Result<Vec<String>, Error> {
    let rows = ccn::attachments(account, id).await?;
    let stays = rows.into_iter().filter(|row| Standing::of(row) != Standing::Detaching);
    let line = |row: Attachment| {
        let Attachment { instance_id, instance_uin, state, .. } = row;
        format!("{instance_id} of account {instance_uin}: {state}")
    };
    Ok(stays.map(line).collect())
}

impl Instance {
    /// Takes over what the API answered, except tags.
    async fn take(&mut self, account: &Account, ccn: Ccn) -> Result<(), Diagnostics> {
        let owner = account.uin().await.doing("ask whose the credentials are")?;
        self.owner_uin = owner.into();
        self.name = ccn.ccn_name.into();
        if !ccn.ccn_description.is_empty() || self.description.is_known() {
            self.description = ccn.ccn_description.into();
        }
        self.qos = ccn.qos_level.into();
        self.charge_type = ccn.instance_charge_type.into();
        self.instance_metering_type = ccn.instance_metering_type.into();
        self.bandwidth_limit_type = ccn.bandwidth_limit_type.into();
        self.route_ecmp = ccn.route_ecmp_flag.into();
        self.route_overlap = ccn.route_overlap_flag.into();
        self.state = ccn.state.into();
        self.create_time = ccn.create_time.into();
        Ok(())
    }
}

fn request(cx: &Cx, plan: &Instance) -> CreateCcn {
    CreateCcn {
        ccn_name: plan.name.text().to_owned(),
        ccn_description: plan.description.known().cloned(),
        qos_level: plan.qos.known().cloned(),
        instance_charge_type: plan.charge_type.known().cloned(),
        instance_metering_type: plan.instance_metering_type.known().cloned(),
        bandwidth_limit_type: plan.bandwidth_limit_type.known().cloned(),
        tags: plan.tags.to_api(cx),
    }
}

fn modification(plan: &Instance) -> ModifyCcn {
    ModifyCcn {
        ccn_id: plan.id.text().to_owned(),
        ccn_name: plan.name.known().cloned(),
        ccn_description: Some(plan.description.text().to_owned()),
        route_ecmp_flag: plan.route_ecmp.known().copied(),
        route_overlap_flag: plan.route_overlap.known().copied(),
        ..ModifyCcn::default()
    }
}

/// Whether the new CCN's routing differs from the planned one; `CreateCcn` has
/// no parameters for it.
fn needs_flags(plan: &Instance, made: &Ccn) -> bool {
    plan.route_ecmp.known().is_some_and(|wanted| *wanted != made.route_ecmp_flag)
        || plan.route_overlap.known().is_some_and(|wanted| *wanted != made.route_overlap_flag)
}

/// Creates exactly one CCN, which the API knows by nothing but its id.
async fn create(cx: &Cx, account: &Account, request: &CreateCcn) -> Result<String, Error> {
    let by_name = [Filter::new("ccn-name", &*request.ccn_name)];
    create_once(
        cx,
        format!("CCN {} {}", account.uin().await?, request.ccn_name),
        || async { ccn::create(account, request).await.map(|ccn| ccn.ccn_id) },
        || async {
            let ccns = ccn::list(account, &by_name).await?;
            Ok(ccns.into_iter().map(|ccn| ccn.ccn_id).collect())
        },
    )
    .await
}

async fn wait_available(cx: &Cx, account: &Account, id: &str) -> Result<Ccn, Diagnostics> {
    wait(cx, format!("the CCN {id} to become {}", ccn_state::AVAILABLE), || async {
        Ok(match ccn::find(account, id).await? {
            Some(ccn) if is(&ccn.state, ccn_state::AVAILABLE) => Seen::Done(ccn),
            Some(ccn) => Seen::pending(ccn.state),
            None => Seen::pending("not visible yet"),
        })
    })
    .await
    .doing("create the CCN")
}

async fn reread(account: &Account, made: &Ccn) -> Result<Ccn, Diagnostics> {
    let found = ccn::find(account, &made.ccn_id).await.doing("read the CCN")?;
    Ok(found.unwrap_or_else(|| made.clone()))
}
