//! `crossmesh_istio_virtual_service`, and what all of Istio's kinds share: drift,
//! conflicts, plans without a cluster.

use crossmesh_sim::{
    kubernetes::{Fault, FaultRule},
    terraform::Action,
};
use serde_json::{Value, json};

use crate::cluster::{Bench, until};

const ADDRESS: &str = "crossmesh_istio_virtual_service.main";

const FULL: &str = r#"
resource "crossmesh_istio_virtual_service" "main" {
  cluster = "CLUSTER"

  metadata = {
    name      = "main"
    namespace = "NAMESPACE"
    labels    = { team = "shop" }
  }

  spec = {
    hosts     = ["a.example.com", "b.example.com"]
    gateways  = ["istio-system/main", "mesh"]
    export_to = ["*"]

    http = [
      {
        name = "cart"
        match = [{
          name            = "by path"
          uri             = { prefix = "/cart" }
          scheme          = { exact = "https" }
          method          = { regex = "GET|POST" }
          authority       = { exact = "a.example.com" }
          headers         = { "x-team" = { exact = "a" }, "x-any" = {} }
          without_headers = { "x-none" = {} }
          query_params    = { "v" = { exact = "2" } }
          port            = 443
          source_labels   = { app = "front" }
          gateways        = ["mesh"]
          ignore_uri_case = true
          source_namespace = "front"
          stat_prefix      = "cart"
        }]
        route = [
          {
            destination = { host = "cart.shop.svc.cluster.local", subset = "v1", port = { number = 80 } }
            weight      = 90
            headers     = { response = { add = { "x-version" = "1" } } }
          },
          { destination = { host = "cart.shop.svc.cluster.local", subset = "v2" }, weight = 10 },
        ]
        rewrite = { uri_regex_rewrite = { match = "^/cart(.*)", rewrite = "\\1" } }
        timeout = "5s"
        retries = {
          attempts                    = 3
          per_try_timeout             = "1s"
          retry_on                    = "5xx,503"
          retry_remote_localities     = true
          retry_ignore_previous_hosts = false
          backoff                     = "30ms"
        }
        fault = {
          delay = { fixed_delay = "1s", percentage = { value = 0.1 } }
          abort = { http_status = 503, percentage = { value = 5 } }
        }
        mirror            = { host = "audit.shop.svc.cluster.local" }
        mirror_percentage = { value = 12.5 }
        cors_policy = {
          allow_origins        = [{ exact = "https://example.com" }, { regex = ".*\\.example\\.com" }]
          allow_methods        = ["GET", "POST"]
          allow_headers        = ["x-team"]
          expose_headers       = ["x-version"]
          max_age              = "24h"
          allow_credentials    = true
          unmatched_preflights = "IGNORE"
        }
        headers = { request = { set = { "x-from" = "edge" }, remove = ["x-secret"] } }
      },
      {
        match    = [{ uri = { exact = "/old" } }]
        redirect = { uri = "/new", authority = "b.example.com", scheme = "https", redirect_code = 308 }
      },
      {
        match           = [{ uri = { prefix = "/robots" } }]
        direct_response = { status = 200, body = { string = "none" } }
      },
      {
        match    = [{ uri = { prefix = "/team" } }]
        delegate = { name = "team", namespace = "team" }
      },
      { route = [{ destination = { host = "front.shop.svc.cluster.local" } }] },
    ]

    tls = [{
      match = [{ port = 443, sni_hosts = ["a.example.com"], destination_subnets = ["10.0.0.0/8"] }]
      route = [{ destination = { host = "front.shop.svc.cluster.local" }, weight = 1 }]
    }]

    tcp = [{
      match = [{ port = 27017, source_labels = { app = "front" } }]
      route = [{ destination = { host = "db.shop.svc.cluster.local", port = { number = 27017 } } }]
    }]
  }
}
"#;

const LEAST: &str = r#"
resource "crossmesh_istio_virtual_service" "main" {
  cluster = "CLUSTER"

  metadata = { name = "main", namespace = "NAMESPACE" }

  spec = {
    hosts = ["a.example.com"]
    http  = [{ route = [{ destination = { host = "a" } }] }]
  }
}
"#;

fn object(bench: &Bench) -> Value {
    bench.kube().get(&bench.istio("virtualservices", "main"))
}

#[test]
fn lives_from_create_to_destroy() {
    let bench = Bench::with_istio();
    bench.apply_config(&bench.here(FULL));
    bench.plan().expect_empty();
    let rule = &object(&bench)["spec"]["http"][0];
    assert_eq!(rule["match"][0]["ignoreUriCase"], true);
    assert_eq!(rule["match"][0]["headers"]["x-any"], json!({}), "an empty part is sent");
    assert_eq!(rule["match"][0]["port"], 443, "a number is an integer on the wire");
    assert_eq!(rule["mirrorPercentage"]["value"], 12.5);
    assert_eq!(rule["route"][1].get("headers"), None, "what is not set is not sent");
    bench.expect_import(ADDRESS, &bench.here("CLUSTER/NAMESPACE/main"));
    bench.destroy().expect_success();
    assert_eq!(object(&bench), Value::Null);
}

#[test]
fn changes_in_place_and_clears_what_is_left_out() {
    let bench = Bench::with_istio();
    bench.apply_config(&bench.here(FULL));
    let changed = FULL
        .replace("weight      = 90", "weight      = 50")
        .replace("weight = 10 }", "weight = 50 }")
        .replace("timeout = \"5s\"", "timeout = \"7s\"")
        .replace("[\"*\"]", "[\".\"]")
        .replace("27017, source", "27018, source")
        .replace("\"a.example.com\", \"b.example.com\"]", "\"a.example.com\", \"c.example.com\"]");
    bench.plan_config(&bench.here(&changed)).expect_changes(&[(ADDRESS, Action::Update)]);
    bench.apply().expect_success();
    bench.plan().expect_empty();
    let spec = object(&bench)["spec"].clone();
    assert_eq!(spec["http"][0]["route"][1]["weight"], 50);
    assert_eq!(spec["http"][0]["timeout"], "7s");
    assert_eq!(spec["tcp"][0]["match"][0]["port"], 27018);
    assert_eq!(spec["exportTo"], json!(["."]));

    bench.plan_config(&bench.here(LEAST)).expect_changes(&[(ADDRESS, Action::Update)]);
    bench.apply().expect_success();
    bench.plan().expect_empty();
    let left =
        json!({"hosts": ["a.example.com"], "http": [{"route": [{"destination": {"host": "a"}}]}]});
    assert_eq!(object(&bench)["spec"], left);
}

#[test]
fn a_change_of_an_owned_field_shows_there_and_nowhere_else() {
    let bench = Bench::with_istio();
    bench.apply_config(&bench.here(LEAST));
    let path = bench.istio("virtualservices", "main");
    // What nobody configured is none of our business.
    bench.kube().edit(
        &path,
        &json!({"metadata": {"labels": {"theirs": "1"}}, "spec": {"exportTo": ["."]}}),
    );
    bench.plan().expect_empty();
    let mut http = object(&bench)["spec"]["http"].clone();
    http[0]["timeout"] = json!("9s");
    bench.kube().edit(&path, &json!({"spec": {"http": http}}));
    let plan = bench.plan();
    plan.expect_changes(&[(ADDRESS, Action::Update)]);
    let change = plan.change(ADDRESS);
    let (before, after) = (&change["before"]["spec"], &change["after"]["spec"]);
    assert_eq!(before["http"][0]["timeout"], "9s");
    assert_eq!(after["http"][0]["timeout"], Value::Null);
    assert_eq!(before["hosts"], after["hosts"]);
    assert_eq!(before["http"][0]["route"], after["http"][0]["route"]);
    assert_eq!(change["before"]["metadata"], change["after"]["metadata"]);
    let said = plan.outcome.prose();
    assert!(said.contains("spec.http by \"kubectl-edit\""), "{said}");

    // They own it now: taking it back needs force.
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains(".spec.http with \"kubectl-edit\""), "{said}");
    assert!(said.contains("force_conflicts = true"), "{said}");
    let forced = LEAST.replace("  spec = {", "  force_conflicts = true\n\n  spec = {");
    bench.apply_config(&bench.here(&forced));
    bench.plan().expect_empty();
    let now = object(&bench);
    assert_eq!(now["spec"]["http"][0].get("timeout"), None);
    assert_eq!(
        (&now["spec"]["exportTo"], &now["metadata"]["labels"]["theirs"]),
        (&json!(["."]), &json!("1"))
    );
}

#[test]
fn a_field_that_was_removed_shows() {
    let bench = Bench::with_istio();
    let labelled = LEAST.replace("\"main\", name", "\"main\", labels = { team = \"a\" }, name");
    bench.apply_config(&bench.here(&labelled));
    let path = bench.istio("virtualservices", "main");
    bench.kube().edit(&path, &json!({"metadata": {"labels": {"team": null}}}));
    let plan = bench.plan();
    plan.expect_changes(&[(ADDRESS, Action::Update)]);
    assert_eq!(plan.change(ADDRESS)["before"]["metadata"]["labels"], Value::Null);
    bench.apply().expect_success();
    bench.plan().expect_empty();
    assert_eq!(object(&bench)["metadata"]["labels"]["team"], "a");
}

#[test]
fn an_object_that_others_made_can_be_imported() {
    let bench = Bench::with_istio();
    let theirs = json!({
        "apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
        "metadata": {"name": "main", "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": "{}"}},
        "spec": {"hosts": ["a.example.com"], "http": [{"route": [{"destination": {"host": "a"}}]}]},
    });
    let collection = bench.istio("virtualservices", "");
    bench.kube().create(collection.trim_end_matches('/'), &theirs);
    bench.write("main.tf", &bench.here(LEAST));
    bench.import(ADDRESS, &bench.here("CLUSTER/NAMESPACE/main")).expect_success();
    bench.plan().expect_empty();
    let said = bench.import(ADDRESS, "CLUSTER").expect_failure();
    assert!(said.prose().contains("CLUSTER/NAMESPACE/NAME"), "{}", said.prose());
    let missing = bench.here("CLUSTER/NAMESPACE/other");
    bench.forget(ADDRESS).expect_success();
    let said = bench.import(ADDRESS, &missing).expect_failure().prose();
    assert!(said.contains("non-existent remote object"), "{said}");
}

#[test]
fn kind_and_namespace_may_come_in_the_same_apply() {
    let bench = Bench::new();
    let Some(cluster) = bench.simulated() else { return };
    bench.kube().delete(&format!("/api/v1/namespaces/{}", bench.namespace));
    bench.write("main.tf", &bench.here(LEAST));
    bench.plan().expect_changes(&[(ADDRESS, Action::Create)]);
    let (late, namespace) = (cluster.clone(), bench.namespace.clone());
    let maker = std::thread::spawn(move || {
        let called = |call: &str| late.calls().iter().any(|it| it.starts_with(call));
        until("the kind is asked for", || called("GET /apis/networking.istio.io"));
        late.install_istio_crds().unwrap();
        until("the object is applied", || called("PATCH /apis/networking.istio.io"));
        let text = format!("apiVersion: v1\nkind: Namespace\nmetadata: {{name: {namespace}}}\n");
        late.apply("somebody", &text).unwrap();
    });
    bench.apply().expect_success();
    maker.join().unwrap();
    bench.plan().expect_empty();
}

#[test]
fn a_kind_that_never_comes_is_named() {
    let bench = Bench::new();
    if bench.simulated().is_none() {
        return;
    }
    let hasty = LEAST.replace("  spec = {", "  timeouts = { create = \"2s\" }\n\n  spec = {");
    bench.write("main.tf", &bench.here(&hasty));
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains("link the cluster to the mesh"), "{said}");
    assert!(said.contains("Waited: "), "{said}");
}

#[test]
fn a_cluster_that_cannot_be_reached_is_one_clear_error() {
    let bench = Bench::with_istio();
    let Some(cluster) = bench.simulated() else { return };
    let hasty = LEAST.replace("  spec = {", "  timeouts = { read = \"2s\" }\n\n  spec = {");
    bench.apply_config(&bench.here(&hasty));
    cluster.stop();
    let offline = bench.run(&["plan", "-no-color", "-input=false", "-refresh=false"]);
    assert!(offline.expect_success().stdout.contains("No changes"));
    let said = bench.try_plan().expect_failure();
    assert_eq!(said.text().matches("Error: ").count(), 1, "{}", said.text());
    assert!(said.prose().contains("Unable to read the VirtualService"), "{}", said.prose());
    assert!(said.prose().contains("may reach it"), "{}", said.prose());
    cluster.resume().unwrap();
    bench.plan().expect_empty();
}

#[test]
fn what_passes_by_itself_is_waited_out() {
    let bench = Bench::with_istio();
    let Some(cluster) = bench.simulated() else { return };
    for fault in [
        Fault::TooManyRequests { retry_after: 1 },
        Fault::ResetAfter,
        Fault::Status { code: 503, reason: String::new(), message: "starting".to_owned() },
    ] {
        let rule = FaultRule { times: Some(1), ..FaultRule::always(fault).method("PATCH") };
        cluster.faults().add(rule);
    }
    bench.apply_config(&bench.here(LEAST));
    bench.plan().expect_empty();
}

#[test]
fn a_right_that_is_missing_is_named() {
    let bench = Bench::with_istio();
    let Some(cluster) = bench.simulated() else { return };
    cluster.faults().add(
        FaultRule::always(Fault::Status {
            code: 403,
            reason: "Forbidden".to_owned(),
            message: "virtualservices.networking.istio.io is forbidden".to_owned(),
        })
        .method("PATCH"),
    );
    bench.write("main.tf", &bench.here(LEAST));
    let said = bench.apply().expect_failure().prose();
    assert!(said.contains("Unable to apply the VirtualService"), "{said}");
    assert!(said.contains("patch and create"), "{said}");
}

#[test]
fn an_unknown_cluster_is_named_at_plan() {
    let bench = Bench::with_istio();
    bench.write("main.tf", &bench.here(&LEAST.replace("\"CLUSTER\"", "\"nowhere\"")));
    let said = bench.try_plan().expect_failure().prose();
    assert!(said.contains("\"nowhere\" is neither a cluster of the configuration"), "{said}");
}

#[test]
fn a_cluster_that_is_named_needs_neither_account_nor_region() {
    let bench = Bench::with_istio();
    let Some(cluster) = bench.simulated() else { return };
    let kubeconfig = cluster.kubeconfig(crossmesh_sim::kubernetes::User::admin("operator"));
    bench.write("kubeconfig", &kubeconfig);
    bench.write(
        "provider.tf",
        "terraform {\n  required_providers {\n    crossmesh = { source = \"crossmesh/crossmesh\" }\n  \
         }\n}\n\nprovider \"crossmesh\" {\n  clusters = { shop = { kubeconfig_path = \
         \"./kubeconfig\" } }\n}\n",
    );
    let here = bench.here(&LEAST.replace("\"CLUSTER\"", "\"shop\""));
    bench.write("main.tf", &here);
    let bare = |arguments: &[&str]| {
        let mut command = bench.command(arguments);
        for name in ["TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_REGION"] {
            command.env_remove(name);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        said
    };
    bare(&["apply", "-no-color", "-input=false", "-auto-approve"]);
    let said = bare(&["plan", "-no-color", "-input=false"]);
    assert!(said.contains("No changes"), "{said}");
    bare(&["destroy", "-no-color", "-input=false", "-auto-approve"]);
    assert_eq!(object(&bench), Value::Null);
}
