//! What the tests share: a simulated cloud, and a folder with a provider block
//! for all of its accounts.

use std::{
    fmt::Write as _,
    io::Read,
    ops::Deref,
    process::{Child, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use crossmesh_sim::{
    Options, Simulator, World,
    cloud::{Cloud, faults::Rule, recorder::Call, transition::Progression},
    fleet::Fleet,
    terraform::{Install, Outcome, Plan, Provider, Workspace},
    world::REGION,
};
use serde_json::Value;
use tokio::runtime::Runtime;

/// A simulated cloud and a working directory of `terraform`, which it derefs to.
///
/// The provider's own account is the world's first, `hub`; the others are in
/// `accounts` by their names. What the cloud takes time for is done at once,
/// unless a test says otherwise.
pub(crate) struct Stage {
    terraform: Workspace,
    simulator: Simulator,
    /// Runs the simulator; goes last.
    _runtime: Runtime,
}

impl Stage {
    /// The world `two-accounts`: `hub` and `member`.
    pub(crate) fn new() -> Self {
        Self::with(World::two_accounts(), Options::default())
    }

    /// Any other world.
    pub(crate) fn with(world: World, options: Options) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("the system has threads");
        let simulator = runtime.block_on(Simulator::start(world, options)).expect("a free port");
        let stage = Self { terraform: workspace(&simulator), simulator, _runtime: runtime };
        stage.pace("*", "immediate");
        stage.provider(&stage.accounts());
        stage
    }

    /// Another folder over the same cloud, with the same provider block: what
    /// another team has.
    pub(crate) fn beside(&self) -> Workspace {
        let workspace = workspace(&self.simulator);
        workspace.write("provider.tf", &provider_block(&self.accounts()));
        workspace
    }

    /// The members of the provider's `accounts`: all but the hub.
    pub(crate) fn accounts(&self) -> String {
        let mut accounts = String::new();
        for account in &self.cloud().world().accounts[1..] {
            let (name, id, key) = (&account.name, &account.secret_id, &account.secret_key);
            let _ = writeln!(accounts, "{name} = {{ secret_id = {id:?}, secret_key = {key:?} }}");
        }
        accounts
    }

    /// Writes the provider block, with these members of `accounts`.
    pub(crate) fn provider(&self, accounts: &str) {
        self.terraform.write("provider.tf", &provider_block(accounts));
    }

    /// The cloud, for looking behind the scenes and changing things there.
    pub(crate) fn cloud(&self) -> &Arc<Cloud> {
        self.simulator.cloud()
    }

    /// The clusters.
    pub(crate) fn clusters(&self) -> &Arc<Fleet> {
        self.simulator.fleet().expect("the clusters are served")
    }

    /// A second cloud with another world, such as one that lost something.
    pub(crate) fn another_cloud(&self, world: World) -> Simulator {
        let start = Simulator::start(world, Options::default());
        self._runtime.block_on(start).expect("a free port")
    }

    /// UIN of an account.
    pub(crate) fn uin(&self, account: &str) -> &str {
        self.cloud().world().uin(account)
    }

    /// The first network of an account.
    pub(crate) fn vpc(&self, account: &str) -> &str {
        let vpcs = &self.cloud().world().vpcs;
        &vpcs.iter().find(|vpc| vpc.account == account).expect("the account has a network").id
    }

    /// How long a kind of change takes from now on: `immediate`, `after 2s`,
    /// `polls 3`, `manual`.
    pub(crate) fn pace(&self, kind: &str, progression: &str) {
        let progression: Progression = progression.parse().expect("a progression");
        self.cloud().set_progression(kind, progression);
    }

    /// Makes calls go wrong; see [`Rule`].
    pub(crate) fn fault(&self, rule: Value) {
        let rule: Rule = serde_json::from_value(rule).expect("a rule");
        self.cloud().faults().add(rule);
    }

    /// Writes the configuration and applies it.
    #[track_caller]
    pub(crate) fn apply_config(&self, config: &str) -> Outcome {
        self.terraform.write("main.tf", config);
        self.terraform.apply().expect_success()
    }

    /// Writes the configuration and plans it.
    #[track_caller]
    pub(crate) fn plan_config(&self, config: &str) -> Plan {
        self.terraform.write("main.tf", config);
        self.terraform.plan()
    }

    /// Forgets an object and imports it again: the plan must be empty then.
    #[track_caller]
    pub(crate) fn expect_import(&self, address: &str, id: &str) {
        self.terraform.forget(address).expect_success();
        self.terraform.import(address, id).expect_success();
        self.terraform.plan().expect_empty();
    }

    /// Ids of the objects of a kind that callers have made.
    pub(crate) fn objects(&self, kind: &str) -> Vec<String> {
        let objects = self.cloud().objects().into_iter();
        objects.filter(|object| object.kind == kind).map(|object| object.id).collect()
    }

    /// The state of an object, as the cloud has it.
    #[track_caller]
    pub(crate) fn state_of(&self, kind: &str, id: &str) -> Option<String> {
        let objects = self.cloud().objects().into_iter();
        objects.filter(|object| object.kind == kind && object.id == id).find_map(|it| it.state)
    }

    /// Deletes an object behind Terraform's back.
    #[track_caller]
    pub(crate) fn delete(&self, kind: &str, id: &str) {
        assert!(self.cloud().delete_object(kind, id), "there is no {kind} {id}");
    }

    /// Changes an object behind Terraform's back.
    #[track_caller]
    pub(crate) fn patch(&self, kind: &str, id: &str, patch: Value) {
        let Value::Object(patch) = patch else { panic!("a patch is an object") };
        let found = self.cloud().patch_object(kind, id, &patch).expect("the fields can be changed");
        assert!(found, "there is no {kind} {id}");
    }

    /// Starts `terraform` with these arguments, for tests that do something
    /// meanwhile.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        start(&self.terraform, arguments)
    }

    /// Waits until an object is in a state.
    #[track_caller]
    pub(crate) fn await_state(&self, kind: &str, state: &str) {
        let deadline = Instant::now() + Duration::from_secs(60);
        let is_there = || {
            let objects = self.cloud().objects().into_iter();
            objects
                .filter(|object| object.kind == kind)
                .any(|it| it.state.as_deref() == Some(state))
        };
        while !is_there() {
            assert!(Instant::now() < deadline, "no {kind} became {state}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The calls of an action that took effect so far.
    pub(crate) fn calls(&self, action: &str) -> Vec<Call> {
        let took_effect =
            |call: &Call| call.code.is_empty() || call.fault.as_deref() == Some("reset_after");
        let calls = self.cloud().recorder().since(0).into_iter();
        calls.filter(|call| call.action == action && took_effect(call)).collect()
    }

    /// Destroys everything and sees to it that the cloud is empty then.
    #[track_caller]
    pub(crate) fn expect_clean_destroy(&self) {
        self.terraform.destroy().expect_success();
        self.expect_nothing_left();
    }

    /// Panics if anything that a caller has made is there.
    #[track_caller]
    pub(crate) fn expect_nothing_left(&self) {
        let left = self.cloud().objects();
        assert!(left.is_empty(), "left behind: {left:#?}");
    }
}

impl Deref for Stage {
    type Target = Workspace;

    fn deref(&self) -> &Workspace {
        &self.terraform
    }
}

/// A `terraform` that is under way; ends with this value.
pub(crate) struct Running(Child);

impl Running {
    /// The process.
    pub(crate) fn id(&self) -> u32 {
        self.0.id()
    }

    /// Whether it is over.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.0.try_wait().expect("terraform was started").is_some()
    }

    /// Waits for its end. Returns whether it ended well, and all that it said,
    /// in one line.
    pub(crate) fn end(mut self) -> (bool, String) {
        let mut said = String::new();
        let pipes = [
            self.0.stdout.take().map(|pipe| Box::new(pipe) as Box<dyn Read>),
            self.0.stderr.take().map(|pipe| Box::new(pipe) as Box<dyn Read>),
        ];
        for mut pipe in pipes.into_iter().flatten() {
            pipe.read_to_string(&mut said).expect("terraform prints text");
        }
        let status = self.0.wait().expect("terraform was started");
        let words = said.split_whitespace().filter(|word| *word != "│");
        (status.success(), words.collect::<Vec<_>>().join(" "))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts `terraform` in a folder.
pub(crate) fn start(terraform: &Workspace, arguments: &[&str]) -> Running {
    let mut command = terraform.command(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Running(command.spawn().expect("terraform can be started"))
}

/// A folder in which the provider acts as the world's first account.
fn workspace(simulator: &Simulator) -> Workspace {
    let install = Install::Override(Provider::for_tests().folder().into());
    let mut workspace = Workspace::new(&install).expect("terraform is on PATH");
    let hub = &simulator.cloud().world().accounts[0];
    workspace
        .env("CROSSMESH_ENDPOINT", simulator.endpoint())
        .env("TENCENTCLOUD_SECRET_ID", &hub.secret_id)
        .env("TENCENTCLOUD_SECRET_KEY", &hub.secret_key)
        .env("TENCENTCLOUD_REGION", REGION);
    workspace
}

fn provider_block(accounts: &str) -> String {
    format!(
        r#"terraform {{
  required_providers {{
    crossmesh = {{ source = "crossmesh/crossmesh" }}
  }}
}}

provider "crossmesh" {{
  accounts = {{
{accounts}
  }}
}}
"#
    )
}
