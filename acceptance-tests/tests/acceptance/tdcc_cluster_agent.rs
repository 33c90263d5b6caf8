//! `crossmesh_tdcc_cluster_agent`

mod drift;
mod failures;

use std::{fs, ops::Deref};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use crossmesh_sim::{kubernetes::Cluster, terraform::Action, world::REGION};
use serde_json::{Value, json};

use crate::setup::Stage;

const HUB: &str = "crossmesh_tdcc_hub_cluster.main";
const REGISTERED: &str = "crossmesh_tdcc_registered_cluster.member";
const AGENT: &str = "crossmesh_tdcc_cluster_agent.member";
const KIND: &str = "tdcc_registered_cluster";

const NAMESPACE: &str = "clusternet-system";
const SECRET: &str = "clusternet-agent-cluster-registration";
const BINDINGS: (&str, &str) = ("rbac.authorization.k8s.io", "clusterrolebindings");

/// How many objects the agent consists of.
const OBJECTS: usize = 13;

/// A hub and a member, whose cluster is registered with it.
struct Bench {
    stage: Stage,
    /// The member's cluster.
    cluster: Cluster,
}

impl Bench {
    fn new() -> Self {
        let stage = Stage::new();
        let clusters = &stage.cloud().world().clusters;
        let member = clusters.iter().find(|cluster| cluster.account == "member");
        let id = &member.expect("the member has a cluster").id;
        let cluster = stage.clusters().cluster(id).expect("it is simulated").clone();
        Self { stage, cluster }
    }

    /// The hub and the registration.
    fn registration(&self) -> String {
        let vpc = &self.cloud().world().vpcs[0];
        format!(
            r#"
resource "crossmesh_tdcc_hub_cluster" "main" {{
  vpc_id    = {:?}
  subnet_id = {:?}
}}

resource "crossmesh_tdcc_registered_cluster" "member" {{
  hub_cluster_id      = crossmesh_tdcc_hub_cluster.main.id
  name                = "member"
  original_cluster_id = {:?}
  original_region     = "{REGION}"
}}
"#,
            vpc.id,
            vpc.subnets[0].id,
            self.cluster.id()
        )
    }

    /// The agent, with more arguments.
    fn agent(&self, more: &str) -> String {
        format!(
            r#"
resource "crossmesh_tdcc_cluster_agent" "member" {{
  registered_cluster_id = crossmesh_tdcc_registered_cluster.member.id

  account = "member"
  cluster = {:?}
  {more}
}}
"#,
            self.cluster.id()
        )
    }

    /// Everything; the agent calls over the internet.
    fn config(&self) -> String {
        self.with("extranet = true")
    }

    fn with(&self, more: &str) -> String {
        self.registration() + &self.agent(more)
    }

    /// Id of the only registration.
    fn registered(&self) -> String {
        let ids = self.objects(KIND);
        assert_eq!(ids.len(), 1, "{ids:?}");
        ids[0].clone()
    }

    /// An entry of the agent's Secret in the cluster.
    fn secret(&self, key: &str) -> Option<String> {
        let secret = self.cluster.object("", "secrets", NAMESPACE, SECRET)?;
        let bytes = BASE64_STANDARD.decode(secret["data"][key].as_str()?).ok()?;
        String::from_utf8(bytes).ok()
    }

    fn deployment(&self) -> Option<Value> {
        let found = self.cluster.object("apps", "deployments", NAMESPACE, "clusternet-agent");
        found.map(|found| Value::clone(&found))
    }

    /// The digest of the Secrets that the agent's pods were started with.
    fn started_with(&self) -> Value {
        let deployment = self.deployment().expect("the agent is there");
        let template = &deployment["spec"]["template"];
        template["metadata"]["annotations"]["crossmesh/secrets"].clone()
    }

    /// Makes the agent's objects by hand, as a person would with kubectl.
    fn install_by_hand(&self, change: impl Fn(String) -> String) {
        let params = json!({"ClusterId": self.registered(), "IsExtranet": true});
        let answer =
            self.cloud().invoke("hub", "tdcc", "DescribeExternalClusterSpec", REGION, &params);
        let spec = answer.unwrap()["Spec"].as_str().unwrap().to_owned();
        self.cluster.apply("kubectl", &change(spec)).unwrap();
    }

    /// Destroys everything: what may hold objects of others stays, and is named.
    #[track_caller]
    fn expect_destroy_to_leave_what_others_made(&self) {
        let said = self.destroy().expect_success().prose();
        assert!(
            said.contains("v1/Namespace/clusternet-system was in the cluster before"),
            "{said}"
        );
        assert!(self.cluster.object("", "namespaces", "", NAMESPACE).is_some());
        assert!(self.deployment().is_none() && self.secret("regToken").is_none());
        assert_eq!(self.objects(KIND), [""; 0]);
    }

    /// How often TDCC was asked to renew a token.
    fn renewals(&self) -> usize {
        let calls = self.calls("DescribeExternalClusterSpec").into_iter();
        calls.filter(|call| call.params["IsRefreshExpirationTime"] == true).count()
    }
}

impl Deref for Bench {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.stage
    }
}

#[test]
fn lives_from_create_to_destroy() {
    let bench = Bench::new();
    bench.pace("tdcc/register", "polls 2");
    bench.pace("tdcc/zombie", "immediate");
    bench.apply_config(&bench.config());
    bench.plan().expect_empty();
    let state = bench.state();
    let agent = state.attributes(AGENT);
    assert_eq!(agent["id"], bench.registered().as_str());
    assert_eq!(agent["status"], "Running");
    assert_eq!(agent["namespace"], NAMESPACE);
    assert_eq!(agent["hub_region"], REGION);
    assert_eq!(agent["manifest_digest"].as_str().unwrap().len(), 64);
    let objects: Vec<&str> =
        agent["objects"].as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect();
    assert_eq!(objects.len(), OBJECTS, "{objects:?}");
    assert_eq!(objects[0], "v1/Namespace/clusternet-system");
    assert!(objects.contains(&"apps/v1/Deployment/clusternet-system/clusternet-agent"));
    assert_eq!(bench.state_of(KIND, &bench.registered()).as_deref(), Some("Running"));
    // What the agent reports shows at the registration.
    let plan = bench.plan();
    let member = plan.change(REGISTERED)["after"].clone();
    assert_eq!(member["status"], "Running");
    assert!(member["cluster_cidr"].as_str().unwrap().contains('/'));

    bench.destroy().expect_success();
    bench.expect_nothing_left();
    assert!(bench.cluster.object("", "namespaces", "", NAMESPACE).is_none());
    // The agent went before its registration.
    let calls = bench.cloud().recorder().since(0);
    let last = |action: &str| calls.iter().rposition(|call| call.action == action).unwrap();
    assert!(last("delete deployments") < last("DeleteExternalCluster"));
    assert!(last("delete namespaces") < last("DeleteExternalCluster"));
}

#[test]
fn the_manifests_and_their_token_are_nowhere_in_clear() {
    let bench = Bench::new();
    bench.write("main.tf", &bench.config());
    let log = bench.folder().join("trace.log");
    let mut apply = bench.command(&["apply", "-no-color", "-auto-approve"]);
    let output = apply.env("TF_LOG", "TRACE").env("TF_LOG_PATH", &log).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    bench.plan().expect_empty();
    let shown = bench.run(&["show", "-json"]).expect_success().stdout;
    let plan = bench.run(&["show", "-json", "plan.tfplan"]).expect_success().stdout;
    let token = bench.secret("regToken").unwrap();
    let state = fs::read_to_string(bench.folder().join("terraform.tfstate")).unwrap();
    let log = fs::read_to_string(log).unwrap();
    assert!(log.contains("DescribeExternalClusterSpec"), "the log has nothing to hide");
    let private = fs::read(bench.folder().join("terraform.tfstate")).unwrap();
    let private: Value = serde_json::from_slice(&private).unwrap();
    let resources = private["resources"].as_array().unwrap().iter();
    let notes: String = resources
        .filter_map(|one| one["instances"][0]["private"].as_str())
        .map(|text| String::from_utf8(BASE64_STANDARD.decode(text).unwrap()).unwrap())
        .collect();
    assert!(notes.contains("clusternet-agent"), "{notes}");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    for (place, text) in [
        ("state", &state),
        ("private state", &notes),
        ("shown state", &shown),
        ("plan", &plan),
        ("log", &log),
        ("output", &said),
    ] {
        for secret in [token.clone(), BASE64_STANDARD.encode(&token)] {
            assert!(!text.contains(&secret), "the token is in the {place}");
        }
        assert!(!text.contains("kind: Secret"), "the manifests are in the {place}");
    }
}

#[test]
fn is_imported() {
    let bench = Bench::new();
    bench.apply_config(&bench.config());
    let (id, cluster) = (bench.registered(), bench.cluster.id());
    bench.expect_import(AGENT, &format!("member/{id}#{cluster}"));
    bench.expect_import(AGENT, &format!("member@{REGION}/{id}#{cluster}#@{REGION}"));
    // What is missing in the cluster shows.
    bench.cluster.delete(BINDINGS.0, BINDINGS.1, "", "clusternet:app:deployer");
    bench.plan().expect_changes(&[(AGENT, Action::Update)]);
    bench.forget(AGENT).expect_success();
    for (wrong, said) in [
        (id.clone(), "expected REGISTERED#CLUSTER"),
        (format!("member/{id}#nowhere"), "neither a cluster of the configuration nor"),
        (format!("member/cls-nobody#{cluster}"), "no registered cluster cls-nobody"),
    ] {
        let prose = bench.import(AGENT, &wrong).expect_failure().prose();
        assert!(prose.contains(said), "{said:?} is not in:\n{prose}");
    }
    bench.cluster.delete("apps", "deployments", NAMESPACE, "clusternet-agent");
    let gone = bench.import(AGENT, &format!("member/{id}#{cluster}")).expect_failure().prose();
    assert!(gone.contains("non-existent remote object"), "{gone}");
}

#[test]
fn changes_in_place_what_can_change() {
    let bench = Bench::new();
    bench.apply_config(&bench.config());
    let (before, address) = (bench.started_with(), bench.secret("parentURL"));
    bench.plan_config(&bench.with("")).expect_changes(&[(AGENT, Action::Update)]);
    bench.apply().expect_success();
    bench.plan().expect_empty();
    // The pods know the hub's address from their start: they are started anew.
    assert_ne!(bench.secret("parentURL"), address);
    assert_ne!(bench.started_with(), before);

    let hub = bench.objects("tdcc_hub_cluster").remove(0);
    for more in [
        "renew = false",
        "force_conflicts = true",
        &format!("hub_cluster_id = {hub:?}"),
        "timeouts = { create = \"1m\", update = \"1m\", read = \"1m\", delete = \"1m\" }",
        "",
    ] {
        bench.plan_config(&bench.with(more)).expect_changes(&[(AGENT, Action::Update)]);
        bench.apply().expect_success();
        bench.plan().expect_empty();
    }
    assert_eq!(bench.deployment().unwrap()["metadata"]["generation"], 2);
    bench.expect_clean_destroy();
}

#[test]
fn replaces_what_is_another_agent() {
    let bench = Bench::new();
    bench.apply_config(&bench.config());
    let id = bench.registered();
    let literal = format!("registered_cluster_id = {:?}", "cls-other");
    let reference = "registered_cluster_id = crossmesh_tdcc_registered_cluster.member.id";
    let other = bench.config().replace(reference, &literal);
    bench.plan_config(&other).expect_changes(&[(AGENT, Action::Replace)]);
    let hub_cluster = bench.cloud().world().clusters[0].id.clone();
    let there = bench.agent("extranet = true").replace(bench.cluster.id(), &hub_cluster);
    let there = bench.registration() + &there.replace("account = \"member\"", "");
    bench.plan_config(&there).expect_changes(&[(AGENT, Action::Replace)]);
    bench.apply().expect_success();
    bench.plan().expect_empty();
    assert!(bench.deployment().is_none(), "the agent is still in the first cluster");
    assert_eq!(bench.registered(), id);
    bench.expect_clean_destroy();
}

#[test]
fn another_name_for_an_account_changes_nothing() {
    let bench = Bench::new();
    let accounts = bench.accounts();
    let hub = &bench.cloud().world().accounts[0];
    let hub =
        format!("hub = {{ secret_id = {:?}, secret_key = {:?} }}\n", hub.secret_id, hub.secret_key);
    let both = format!("{accounts}{}{hub}", accounts.replacen("member", "shop", 1));
    bench.provider(&both);
    bench.apply_config(&bench.with("extranet = true\n  hub_account = \"hub\""));
    let renamed = bench.with("extranet = true\n  hub_account = \"main\"");
    bench.provider(&format!("{both}{}", hub.replacen("hub", "main", 1)));
    bench.plan_config(&renamed).expect_empty();
    let renamed = renamed.replace("account = \"member\"", "account = \"shop\"");
    bench.plan_config(&renamed).expect_empty();
    // Not even when the old names are taken away.
    bench.provider(&format!(
        "{}{}",
        accounts.replacen("member", "shop", 1),
        hub.replacen("hub", "main", 1)
    ));
    bench.apply().expect_success();
    bench.plan().expect_empty();
    // Another account is another registration.
    let other = renamed.replace("hub_account = \"main\"", "hub_account = \"shop\"");
    bench.plan_config(&other).expect_changes(&[(AGENT, Action::Replace)]);
    let unknown = renamed.replace("hub_account = \"main\"", "hub_account = \"nobody\"");
    bench.write("main.tf", &unknown);
    let said = bench.try_plan().expect_failure().prose();
    assert!(said.contains("leave `hub_account` out"), "{said}");
}

#[test]
fn the_registration_may_be_in_another_account() {
    let bench = Bench::new();
    let vpc = bench.cloud().world().vpcs.iter().find(|vpc| vpc.account == "member").unwrap();
    let cluster = &bench.cloud().world().clusters[0].id;
    let config = format!(
        r#"
resource "crossmesh_tdcc_hub_cluster" "main" {{
  account   = "member"
  vpc_id    = {:?}
  subnet_id = {:?}
}}

resource "crossmesh_tdcc_registered_cluster" "member" {{
  account        = "member"
  hub_cluster_id = crossmesh_tdcc_hub_cluster.main.id
  name           = "hub"
}}

resource "crossmesh_tdcc_cluster_agent" "member" {{
  registered_cluster_id = crossmesh_tdcc_registered_cluster.member.id
  hub_account           = "member"
  cluster               = {cluster:?}
  extranet              = true
}}
"#,
        vpc.id, vpc.subnets[0].id
    );
    bench.apply_config(&config);
    bench.plan().expect_empty();
    let id = bench.registered();
    bench.expect_import(AGENT, &format!("{id}#{cluster}#member"));
    let wrong = config.replace("hub_account           = \"member\"", "");
    bench.write("main.tf", &wrong);
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains(&format!("The account has no registered cluster {id}")), "{said}");
    bench.write("main.tf", &config);
    bench.apply().expect_success();
    bench.expect_clean_destroy();
}

#[test]
fn is_planned_before_anything_is_there() {
    let bench = Bench::new();
    let vpc = &bench.cloud().world().vpcs;
    let network = format!(
        r#"
resource "crossmesh_ccn_instance" "main" {{
  name = "main"
}}

resource "crossmesh_ccn_attachment" "hub" {{
  ccn_id      = crossmesh_ccn_instance.main.id
  instance_id = {:?}
}}

resource "crossmesh_ccn_cross_account_attachment" "member" {{
  account     = "member"
  ccn_id      = crossmesh_ccn_instance.main.id
  ccn_uin     = crossmesh_ccn_instance.main.owner_uin
  instance_id = {:?}
}}

resource "crossmesh_ccn_cross_account_attachment_accepter" "member" {{
  ccn_id          = crossmesh_ccn_instance.main.id
  instance_id     = crossmesh_ccn_cross_account_attachment.member.instance_id
  instance_region = crossmesh_ccn_cross_account_attachment.member.instance_region
}}
"#,
        vpc[0].id, vpc[1].id
    );
    // The agent calls through the network that the same apply makes.
    let agent = bench.with(
        "depends_on = [crossmesh_ccn_attachment.hub, \
         crossmesh_ccn_cross_account_attachment_accepter.member]",
    );
    bench.apply_config(&(network + &agent));
    bench.plan().expect_empty();
    assert!(bench.secret("parentURL").unwrap().contains("tdcc-internal"));
    bench.expect_clean_destroy();
}
