//! `crossmesh_istio_gateway`

use crossmesh_sim::terraform::Action;
use serde_json::{Value, json};

use crate::cluster::Bench;

const ADDRESS: &str = "crossmesh_istio_gateway.main";

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

const FULL: &str = r#"
resource "crossmesh_istio_gateway" "main" {
  cluster = "CLUSTER"

  metadata = {
    name        = "main"
    namespace   = "NAMESPACE"
    labels      = { team = "edge", tier = "web" }
    annotations = { "example.com/note" = "first" }
  }

  spec = {
    selector = { istio = "ingressgateway" }

    servers = [
      {
        name  = "plain"
        port  = { number = 80, name = "http", protocol = "HTTP" }
        hosts = ["*.example.com"]
        tls   = { https_redirect = true }
      },
      {
        port  = { number = 443, name = "https", protocol = "HTTPS" }
        bind  = "0.0.0.0"
        hosts = ["shop/*.example.com", "./a.example.com"]
        tls = {
          mode                 = "MUTUAL"
          credential_name      = "example-com"
          subject_alt_names    = ["client"]
          min_protocol_version = "TLSV1_2"
          max_protocol_version = "TLSV1_3"
          cipher_suites        = ["ECDHE-RSA-AES128-GCM-SHA256"]
        }
      },
    ]
  }
}
"#;

const LEAST: &str = r#"
resource "crossmesh_istio_gateway" "main" {
  cluster = "CLUSTER"

  metadata = { name = "main", namespace = "NAMESPACE" }

  spec = {
    servers = [{
      port  = { number = 80, name = "http", protocol = "HTTP" }
      hosts = ["*"]
    }]
  }
}
"#;

fn gateway(bench: &Bench) -> Value {
    bench.kube().get(&bench.istio("gateways", "main"))
}

#[test]
fn lives_from_create_to_destroy() {
    let bench = Bench::with_istio();
    bench.apply_config(&bench.here(FULL));
    bench.plan().expect_empty();
    let made = gateway(&bench);
    assert_eq!(made["metadata"]["labels"], json!({"team": "edge", "tier": "web"}));
    let servers = &made["spec"]["servers"];
    assert_eq!(servers[0]["tls"], json!({"httpsRedirect": true}));
    assert_eq!(servers[1]["tls"]["credentialName"], "example-com");
    assert_eq!(servers[1]["tls"]["minProtocolVersion"], "TLSV1_2");
    let id = bench.here("CLUSTER/NAMESPACE/main");
    let state = bench.state();
    assert_eq!(state.attributes(ADDRESS)["id"], json!(id));
    assert_eq!(state.attributes(ADDRESS)["uid"], made["metadata"]["uid"]);
    bench.expect_import(ADDRESS, &id);
    bench.destroy().expect_success();
    assert_eq!(gateway(&bench), Value::Null);
}

#[test]
fn changes_in_place_and_clears_what_is_left_out() {
    let bench = Bench::with_istio();
    bench.apply_config(&bench.here(FULL));
    let uid = gateway(&bench)["metadata"]["uid"].clone();
    let changed = FULL
        .replace("number = 80", "number = 8080")
        .replace("tier = \"web\"", "tier = \"edge\"")
        .replace("\"first\"", "\"second\"")
        .replace("MUTUAL", "OPTIONAL_MUTUAL")
        .replace("\"*.example.com\"", "\"b.example.com\", \"c.example.com\"");
    bench.plan_config(&bench.here(&changed)).expect_changes(&[(ADDRESS, Action::Update)]);
    bench.apply().expect_success();
    bench.plan().expect_empty();
    let now = gateway(&bench);
    assert_eq!(now["spec"]["servers"][0]["port"]["number"], 8080);
    assert_eq!(now["spec"]["servers"][0]["hosts"], json!(["b.example.com", "c.example.com"]));
    assert_eq!(now["spec"]["servers"][1]["tls"]["mode"], "OPTIONAL_MUTUAL");
    assert_eq!(now["metadata"]["labels"]["tier"], "edge");
    assert_eq!(now["metadata"]["annotations"]["example.com/note"], "second");

    bench.plan_config(&bench.here(LEAST)).expect_changes(&[(ADDRESS, Action::Update)]);
    bench.apply().expect_success();
    bench.plan().expect_empty();
    let now = gateway(&bench);
    assert_eq!(now["metadata"]["labels"], Value::Null);
    assert_eq!(now["metadata"]["annotations"], Value::Null);
    assert_eq!(now["spec"]["selector"], Value::Null);
    assert_eq!(now["spec"]["servers"][0].get("tls"), None);
    assert_eq!(now["metadata"]["uid"], uid, "it is still the same object");
}

#[test]
fn another_name_or_namespace_replaces() {
    let bench = Bench::with_istio();
    bench.apply_config(&bench.here(LEAST));
    let elsewhere = LEAST.replace("\"NAMESPACE\"", "\"default\"");
    bench.plan_config(&bench.here(&elsewhere)).expect_changes(&[(ADDRESS, Action::Replace)]);
    let renamed = LEAST.replace("\"main\", name", "\"other\", name");
    bench.plan_config(&bench.here(&renamed)).expect_changes(&[(ADDRESS, Action::Replace)]);
    bench.apply().expect_success();
    bench.plan().expect_empty();
    assert_eq!(gateway(&bench), Value::Null);
    assert!(!bench.kube().get(&bench.istio("gateways", "other")).is_null());
}

#[test]
fn what_is_gone_is_planned_anew() {
    let bench = Bench::with_istio();
    bench.apply_config(&bench.here(LEAST));
    bench.kube().delete(&bench.istio("gateways", "main"));
    bench.plan().expect_changes(&[(ADDRESS, Action::Create)]);
    bench.apply().expect_success();
    bench.plan().expect_empty();
    // Its namespace is gone, too.
    bench.kube().delete(&format!("/api/v1/namespaces/{}", bench.namespace));
    bench.plan().expect_changes(&[(ADDRESS, Action::Create)]);
    bench.destroy().expect_success();
    bench.make_namespace(&bench.namespace);
}

#[test]
fn without_its_kind_an_object_is_gone() {
    let bench = Bench::with_istio();
    // On a real cluster other tests need the definitions.
    let Some(cluster) = bench.simulated() else { return };
    bench.apply_config(&bench.here(LEAST));
    cluster.remove_istio_crds();
    bench.plan().expect_changes(&[(ADDRESS, Action::Create)]);
    bench.destroy().expect_success();
}

#[test]
fn refuses_at_plan_what_the_mesh_would_refuse() {
    let bench = Bench::with_istio();
    let wrong = LEAST
        .replace("\"*\"", "\"a.*.com\"")
        .replace("number = 80", "number = 70000")
        .replace("\"HTTP\"", "\"HTTPS\"");
    bench.write("main.tf", &bench.here(&wrong));
    let said = bench.try_plan().expect_failure().prose();
    for expected in [
        "must be between 0 and 65535, and is 70000",
        "with a wildcard only at its beginning, and is \"a.*.com\"",
        "A server of the protocol HTTPS needs `tls`",
    ] {
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn an_object_of_somebody_else_is_not_taken_without_being_told() {
    let bench = Bench::with_istio();
    let theirs = json!({
        "apiVersion": "networking.istio.io/v1", "kind": "Gateway", "metadata": {"name": "main"},
        "spec": {"selector": {"istio": "theirs"}, "servers": [
            {"port": {"number": 81, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}]},
    });
    let collection = bench.istio("gateways", "");
    bench.kube().create(collection.trim_end_matches('/'), &theirs);
    bench.write("main.tf", &bench.here(LEAST));
    let said = bench.apply().expect_failure().prose();
    let id = bench.here("CLUSTER/NAMESPACE/main");
    assert!(said.contains(&format!("Import it with the id \"{id}\"")), "{said}");
    assert!(said.contains("kubectl-edit"), "{said}");
    assert_eq!(gateway(&bench)["spec"], theirs["spec"]);
    let forced = LEAST.replace("  spec = {", "  force_conflicts = true\n\n  spec = {");
    bench.apply_config(&bench.here(&forced));
    bench.plan().expect_empty();
    let now = gateway(&bench);
    assert_eq!(now["spec"]["servers"][0]["port"]["number"], 80);
    assert_eq!(now["spec"]["selector"]["istio"], "theirs", "it is not in the configuration");
}

#[test]
fn another_manager_s_name_takes_the_fields_over() {
    let bench = Bench::with_istio();
    bench.apply_config(&bench.here(FULL));
    let renamed = LEAST.replace("  spec = {", "  field_manager = \"mesh-team\"\n\n  spec = {");
    bench.plan_config(&bench.here(&renamed)).expect_changes(&[(ADDRESS, Action::Update)]);
    bench.apply().expect_success();
    bench.plan().expect_empty();
    let now = gateway(&bench);
    assert_eq!(now["metadata"]["labels"], Value::Null, "what the former name had is given up");
    let managers = now["metadata"]["managedFields"].as_array().unwrap().iter();
    let managers: Vec<&Value> = managers.map(|entry| &entry["manager"]).collect();
    assert_eq!(managers, ["mesh-team"]);
}

/// Changes the definition of Gateways in a simulated cluster.
fn redefine(bench: &Bench, change: impl Fn(&mut Value)) {
    let path = format!("{DEFINITIONS}/gateways.networking.istio.io");
    let mut versions = bench.kube().get(&path)["spec"]["versions"].clone();
    versions.as_array_mut().unwrap().iter_mut().for_each(change);
    bench.kube().edit(&path, &json!({"spec": {"versions": versions}}));
}

#[test]
fn what_the_server_refuses_is_shown_at_the_attribute() {
    let bench = Bench::with_istio();
    if bench.simulated().is_none() {
        return;
    }
    redefine(&bench, |version| {
        let schema = &mut version["schema"]["openAPIV3Schema"]["properties"]["spec"];
        let server = &mut schema["properties"]["servers"]["items"];
        server["properties"]["defaultEndpoint"]["maxLength"] = json!(3);
    });
    let long = LEAST.replace("hosts = [", "default_endpoint = \"127.0.0.1:80\"\n      hosts = [");
    bench.write("main.tf", &bench.here(&long));
    let said = bench.run(&["apply", "-json", "-auto-approve"]).expect_failure().stdout;
    let error = said.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let error = error.map(|line| line["diagnostic"].clone()).find(|it| it["severity"] == "error");
    let error = error.expect("an error is said");
    assert_eq!(error["summary"], "Unable to apply the Gateway");
    let detail = error["detail"].as_str().unwrap();
    assert!(detail.starts_with("spec.servers[0].default_endpoint: "), "{detail}");
}

#[test]
fn servers_of_an_older_version_are_served() {
    let bench = Bench::with_istio();
    if bench.simulated().is_none() {
        return;
    }
    redefine(&bench, |version| {
        let is_v1 = version["name"] == "v1";
        version["served"] = json!(!is_v1);
    });
    bench.apply_config(&bench.here(LEAST));
    bench.plan().expect_empty();
    // The cluster is upgraded: the same object is applied in the newer version.
    redefine(&bench, |version| version["served"] = json!(true));
    bench.plan().expect_empty();
    bench.apply_config(&bench.here(&LEAST.replace("number = 80", "number = 81")));
    bench.plan().expect_empty();
    assert_eq!(gateway(&bench)["spec"]["servers"][0]["port"]["number"], 81);
    bench.destroy().expect_success();
    assert_eq!(gateway(&bench), Value::Null);
}

#[test]
fn another_account_s_cluster_is_reached_with_its_credentials() {
    let bench = Bench::with_istio();
    if bench.simulated().is_none() {
        return;
    }
    let world = bench.cloud().world();
    let theirs = world.clusters.iter().find(|cluster| cluster.account == "member").unwrap();
    bench.clusters().cluster(&theirs.id).unwrap().install_istio_crds().unwrap();
    let config = LEAST
        .replace("CLUSTER", &theirs.id)
        .replace("NAMESPACE", "default")
        .replace("  metadata", "  account = \"member\"\n\n  metadata");
    bench.apply_config(&config);
    bench.plan().expect_empty();
    bench.expect_import(ADDRESS, &format!("member/{}/default/main", theirs.id));
    bench.destroy().expect_success();
}

#[test]
fn a_cluster_that_is_known_only_at_apply_is_planned() {
    let bench = Bench::with_istio();
    let late = format!(
        "resource \"terraform_data\" \"cluster\" {{\n  input = \"CLUSTER\"\n}}\n{}",
        LEAST.replace("\"CLUSTER\"", "terraform_data.cluster.output")
    );
    let plan = bench.plan_config(&bench.here(&late));
    assert_eq!(plan.changes().get(ADDRESS), Some(&Action::Create));
    assert_eq!(plan.change(ADDRESS)["after_unknown"]["cluster"], true);
    bench.apply().expect_success();
    bench.plan().expect_empty();
    bench.destroy().expect_success();
    assert_eq!(gateway(&bench), Value::Null);
}
