//! `crossmesh_tdcc_cluster_agent`

use std::{fs, ops::Deref};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use crossmesh_sim::{
    kubernetes::{Cluster, Fault, FaultRule},
    terraform::Action,
    world::REGION,
};
use serde_json::{Value, json};

use crate::{
    moments::{interrupted, killed},
    setup::Stage,
};

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
fn comes_back_after_its_namespace_was_deleted() {
    let bench = Bench::new();
    bench.apply_config(&bench.config());
    bench.cluster.delete("", "namespaces", "", NAMESPACE);
    bench.plan().expect_changes(&[(AGENT, Action::Create)]);
    bench.apply().expect_success();
    bench.plan().expect_empty();
    assert_eq!(bench.state_of(KIND, &bench.registered()).as_deref(), Some("Running"));
    bench.cluster.delete("", "namespaces", "", NAMESPACE);
    bench.destroy().expect_success();
    bench.wait_until("the namespace to go", || {
        bench.cluster.object("", "namespaces", "", NAMESPACE).is_none().then_some(())
    });
}

#[test]
fn what_it_lost_is_applied_again() {
    let bench = Bench::new();
    bench.apply_config(&bench.config());
    bench.cluster.delete(BINDINGS.0, BINDINGS.1, "", "clusternet:app:deployer");
    bench.plan().expect_changes(&[(AGENT, Action::Update)]);
    // Also after a refresh that noted it.
    bench.run(&["apply", "-refresh-only", "-auto-approve"]).expect_success();
    bench.plan().expect_changes(&[(AGENT, Action::Update)]);
    bench.apply().expect_success();
    bench.plan().expect_empty();
    assert!(bench.cluster.object(BINDINGS.0, BINDINGS.1, "", "clusternet:app:deployer").is_some());

    // Without its Secret the cluster is not heard of any more.
    bench.cluster.delete("", "secrets", NAMESPACE, SECRET);
    bench.plan().expect_changes(&[(AGENT, Action::Update)]);
    assert_eq!(bench.state_of(KIND, &bench.registered()).as_deref(), Some("Abnormal"));
    bench.apply().expect_success();
    bench.plan().expect_empty();
    assert_eq!(bench.state_of(KIND, &bench.registered()).as_deref(), Some("Running"));
    bench.expect_clean_destroy();
}

#[test]
fn a_registration_that_was_deleted_takes_the_agent_with_it() {
    let bench = Bench::new();
    bench.apply_config(&bench.config());
    let former = bench.registered();
    bench.delete(KIND, &former);
    let plan = bench.plan();
    plan.expect_changes(&[(AGENT, Action::Replace), (REGISTERED, Action::Create)]);
    assert_eq!(plan.change(AGENT)["before"]["status"], "Deregistered");
    bench.apply().expect_success();
    bench.plan().expect_empty();
    assert_ne!(bench.registered(), former);
    assert_eq!(bench.state_of(KIND, &bench.registered()).as_deref(), Some("Running"));

    // Nothing of the agent stays although its registration is gone.
    bench.delete(KIND, &bench.registered());
    bench.expect_clean_destroy();
}

#[test]
fn a_registration_that_is_not_there_is_named() {
    let bench = Bench::new();
    let reference = "crossmesh_tdcc_registered_cluster.member.id";
    bench.write("main.tf", &bench.agent("").replace(reference, "\"cls-nobody\""));
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains("no registered cluster cls-nobody"), "{said}");
    bench.expect_nothing_left();
    let same = bench.agent("").replace(reference, &format!("{:?}", bench.cluster.id()));
    bench.write("main.tf", &same);
    let said = bench.try_plan().expect_failure().prose();
    assert!(said.contains("Cluster named by its registration"), "{said}");
}

#[test]
fn a_token_that_has_expired_is_renewed_once() {
    let bench = Bench::new();
    bench.apply_config(&bench.registration());
    bench.patch(KIND, &bench.registered(), json!({"TokenExpired": true}));
    bench.write("main.tf", &bench.with("extranet = true\n  renew = false"));
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains("Registration token has expired"), "{said}");
    assert!(said.contains("Set `renew = true`"), "{said}");
    assert_eq!(bench.state().addresses(), [HUB, REGISTERED]);
    assert!(bench.cluster.object("", "namespaces", "", NAMESPACE).is_none());

    bench.apply_config(&bench.config());
    bench.plan().expect_empty();
    assert_eq!(bench.renewals(), 1);
    // One that is connected needs no token.
    bench.patch(KIND, &bench.registered(), json!({"TokenExpired": true}));
    bench.apply_config(&bench.with("extranet = true\n  force_conflicts = true"));
    assert_eq!(bench.renewals(), 1);
    bench.expect_clean_destroy();
}

#[test]
fn a_token_that_is_of_no_use_at_all_is_explained() {
    let bench = Bench::new();
    bench.pace("tdcc/token-expiry", "immediate");
    bench.write("main.tf", &bench.config());
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains("check this machine's clock"), "{said}");
    assert_eq!(bench.renewals(), 1);
}

#[test]
fn a_token_that_is_not_accepted_is_renewed_once() {
    let bench = Bench::new();
    bench.apply_config(&bench.registration());
    // The token is good by this machine's clock, and TDCC's is ahead.
    bench.cloud().clock().advance(jiff::SignedDuration::from_hours(25));
    bench.apply_config(&bench.with("extranet = true\n  timeouts = { create = \"12s\" }"));
    bench.plan().expect_empty();
    assert_eq!(bench.renewals(), 1);
    assert_eq!(bench.deployment().unwrap()["metadata"]["generation"], 2, "pods started anew");
    bench.expect_clean_destroy();
}

#[test]
fn an_agent_that_does_not_reach_the_hub_is_explained() {
    let bench = Bench::new();
    // No CCN joins the two networks.
    bench.write("main.tf", &bench.with("timeouts = { create = \"8s\" }"));
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains("Unable to connect the cluster"), "{said}");
    assert!(said.contains("WaittingForConnect in TDCC; the agent is available"), "{said}");
    assert!(said.contains("with `extranet = true` it needs the internet"), "{said}");
    assert!(bench.state().is_tainted(AGENT));
    bench.plan_config(&bench.config()).expect_changes(&[(AGENT, Action::Replace)]);
    bench.apply().expect_success();
    bench.plan().expect_empty();
    bench.expect_clean_destroy();
}

#[test]
fn an_agent_that_does_not_start_is_explained() {
    let bench = Bench::new();
    bench.cluster.set_image_trouble(Some("Back-off pulling image \"clusternet-agent\""));
    bench.write("main.tf", &bench.with("extranet = true\n  timeouts = { create = \"4s\" }"));
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains("WaittingForConnect in TDCC; Deployment clusternet-agent"), "{said}");
    assert!(said.contains("0 of 3 replicas are available"), "{said}");
    assert!(said.contains("ImagePullBackOff: Back-off pulling image"), "{said}");
    assert!(bench.state().is_tainted(AGENT));
    bench.cluster.set_image_trouble(None);
    bench.apply_config(&bench.config());
    bench.plan().expect_empty();
    bench.expect_clean_destroy();
}

#[test]
fn a_cluster_that_cannot_be_reached_is_named() {
    let bench = Bench::new();
    bench.cluster.stop();
    bench.write("main.tf", &bench.with("extranet = true\n  timeouts = { create = \"4s\" }"));
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains(&format!("endpoint of cluster {:?}", bench.cluster.id())), "{said}");
    assert_eq!(said.matches("Error: ").count(), 1, "{said}");
    assert_eq!(bench.state().addresses(), [HUB, REGISTERED]);
    bench.cluster.resume().unwrap();
    bench.apply_config(&bench.config());
    bench.plan().expect_empty();

    // Nothing is forgotten while it cannot be seen.
    let short = "extranet = true\n  timeouts = { read = \"3s\", delete = \"3s\" }";
    bench.apply_config(&bench.with(short));
    bench.cluster.stop();
    bench.try_plan().expect_failure();
    bench.run(&["destroy", "-auto-approve", "-refresh=false"]).expect_failure();
    assert_eq!(bench.state().addresses(), [AGENT, HUB, REGISTERED]);
    bench.cluster.resume().unwrap();
    bench.expect_clean_destroy();
}

#[test]
fn a_cluster_that_fails_half_way_leaves_nothing_behind() {
    let bench = Bench::new();
    let refused = Fault::Status {
        code: 403,
        reason: "Forbidden".to_owned(),
        message: "user cannot patch deployments".to_owned(),
    };
    bench.cluster.faults().add(FaultRule::always(refused).method("PATCH").path("/deployments/"));
    bench.write("main.tf", &bench.config());
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains("Unable to apply the agent's Deployment"), "{said}");
    assert!(bench.state().is_tainted(AGENT));
    bench.cluster.faults().clear();
    bench.destroy().expect_success();
    bench.expect_nothing_left();
}

#[test]
fn a_cluster_that_is_gone_needs_no_clean_up() {
    let bench = Bench::new();
    bench.apply_config(&bench.config());
    let mut world = bench.cloud().world().clone();
    world.clusters.retain(|cluster| cluster.id != bench.cluster.id());
    let elsewhere = bench.another_cloud(world);
    let mut destroy = bench.command(&["destroy", "-no-color", "-auto-approve", "-refresh=false"]);
    let output = destroy.env("CROSSMESH_ENDPOINT", elsewhere.endpoint()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("Cluster is gone"), "{said}");
    assert_eq!(bench.state().addresses(), [""; 0]);
}

#[test]
fn a_run_that_was_killed_is_gone_on_with() {
    let bench = Bench::new();
    bench.write("main.tf", &bench.config());
    let faults = bench.cluster.faults();
    faults.add(FaultRule::always(Fault::Hold(None)).method("PATCH").path("/deployments/"));
    killed(&bench, || bench.wait_until("the agent's Secret", || bench.secret("regToken")));
    faults.clear();
    let (hub, registered) = (bench.objects("tdcc_hub_cluster"), bench.registered());
    bench.apply().expect_success();
    bench.plan().expect_empty();
    assert_eq!((bench.objects("tdcc_hub_cluster"), bench.registered()), (hub, registered));
    assert_eq!(bench.objects("kubernetes_object").len(), OBJECTS);
    bench.expect_clean_destroy();
}

#[test]
fn a_run_that_was_interrupted_ends_at_once_and_is_gone_on_with() {
    let bench = Bench::new();
    bench.pace("tdcc/register", "manual");
    bench.write("main.tf", &bench.config());
    let outcome = interrupted(&bench, || {
        bench.wait_until("the agent", || bench.deployment());
        bench.await_calls("DescribeExternalClusters", 3);
    });
    let said = outcome.expect_failure().prose();
    assert!(said.contains("Interrupted after"), "{said}");
    assert!(bench.state().is_tainted(AGENT));
    bench.pace("tdcc/register", "immediate");
    bench.apply().expect_success();
    bench.plan().expect_empty();
    bench.expect_clean_destroy();
}

#[test]
fn conflicts_are_found_before_anything_is_changed() {
    let bench = Bench::new();
    bench.apply_config(&bench.registration());
    let address = BASE64_STANDARD.encode("https://elsewhere.example");
    bench.install_by_hand(|spec| {
        let lines = spec.lines().map(|line| match line.split_once("parentURL: ") {
            Some((indent, _)) => format!("{indent}parentURL: {address}"),
            None => line.to_owned(),
        });
        lines.collect::<Vec<_>>().join("\n")
    });
    bench.write("main.tf", &bench.config());
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains(".data.parentURL with \"kubectl\""), "{said}");
    assert!(said.contains("force_conflicts = true"), "{said}");
    let account = bench.cluster.object("", "serviceaccounts", NAMESPACE, "clusternet-agent");
    assert!(!account.unwrap().to_string().contains("crossmesh"), "the cluster was changed");
    assert_eq!(bench.state().addresses(), [HUB, REGISTERED]);

    bench.apply_config(&bench.with("extranet = true\n  force_conflicts = true"));
    bench.plan().expect_empty();
    assert!(bench.secret("parentURL").unwrap().contains("tencent-cloud.com"));
    bench.expect_clean_destroy();
}

#[test]
fn an_agent_that_was_made_by_hand_is_taken_over() {
    let bench = Bench::new();
    bench.apply_config(&bench.registration());
    bench.install_by_hand(|spec| spec);
    // What the API server defaults within a reference differs from what is applied.
    bench.apply_config(&bench.with("extranet = true\n  force_conflicts = true"));
    bench.plan().expect_empty();
    bench.expect_destroy_to_leave_what_others_made();
}

#[test]
fn an_agent_that_was_made_by_hand_is_imported() {
    let bench = Bench::new();
    bench.apply_config(&bench.registration());
    bench.install_by_hand(|spec| spec);
    bench.write("main.tf", &bench.config());
    let id = format!("member/{}#{}", bench.registered(), bench.cluster.id());
    bench.wait_until("the agent to start", || {
        let deployment = bench.deployment()?;
        (deployment["status"]["availableReplicas"] == 3).then_some(())
    });
    bench.import(AGENT, &id).expect_success();
    bench.plan().expect_empty();
    bench.expect_destroy_to_leave_what_others_made();
}

#[test]
fn a_cluster_runs_one_agent() {
    let bench = Bench::new();
    bench.apply_config(&bench.config());
    let second = bench.registration() + &bench.agent("extranet = true");
    let second = second
        .split_once("resource \"crossmesh_tdcc_registered_cluster\"")
        .map(|(_, rest)| format!("resource \"crossmesh_tdcc_registered_cluster\"{rest}"))
        .unwrap()
        .replace("\"member\" {", "\"second\" {")
        .replace("registered_cluster.member", "registered_cluster.second");
    bench.write("second.tf", &second);
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains("Cluster is registered already"), "{said}");
    let state = bench.state();
    let first = state.attributes(AGENT)["id"].as_str().unwrap();
    assert!(said.contains(&format!("agent of the registered cluster {first}")), "{said}");
    fs::remove_file(bench.folder().join("second.tf")).unwrap();
    bench.apply().expect_success();
    bench.plan().expect_empty();
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
