//! How clusters are reached: the provider's `clusters`, and clusters by id.

use std::fmt::Write as _;

use crossmesh_sim::{
    kubernetes::{Cluster, User},
    terraform::Action,
    world::REGION,
};
use serde_json::json;

use crate::setup::Stage;

const ADDRESS: &str = "crossmesh_kubernetes_manifests.main";

/// A ConfigMap in a cluster, with more lines.
fn config_map(name: &str, cluster: &str, more: &str) -> String {
    format!(
        r#"
resource "crossmesh_kubernetes_manifests" "{name}" {{
  cluster   = {cluster}
  manifests = "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}}}}}"
  {more}
}}
"#
    )
}

/// The cluster of an account of the world, and its id.
fn cluster(stage: &Stage, account: &str) -> (Cluster, String) {
    let clusters = &stage.cloud().world().clusters;
    let found = clusters.iter().find(|cluster| cluster.account == account);
    let id = found.expect("the account has a cluster").id.clone();
    (stage.clusters().cluster(&id).expect("it is simulated").clone(), id)
}

/// The value of a key that occurs once in a kubeconfig, decoded from base64.
fn data_of(kubeconfig: &str, key: &str) -> String {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    let line = kubeconfig.lines().find_map(|line| line.trim().strip_prefix(key));
    let text = line.expect("the kubeconfig has the key").trim_start_matches(':').trim();
    String::from_utf8(BASE64_STANDARD.decode(text).expect("base64")).expect("PEM")
}

/// A provider block with these members of `clusters`.
fn with_clusters(stage: &Stage, clusters: &str) {
    stage.write(
        "provider.tf",
        &format!(
            "terraform {{\n  required_providers {{\n    crossmesh = {{ source = \
             \"crossmesh/crossmesh\" }}\n  }}\n}}\n\nprovider \"crossmesh\" {{\n  clusters = \
             {{\n{clusters}\n  }}\n}}\n"
        ),
    );
}

/// Every way to reach the hub's cluster, by its name.
fn ways(stage: &Stage, cluster: &Cluster) -> Vec<(&'static str, String)> {
    let user = || User::admin("administrator");
    let kubeconfig = cluster.kubeconfig(user());
    let by_certificate = cluster.kubeconfig_with_certificate(user()).expect("a certificate");
    let (host, authority) = (cluster.url(), cluster.ca_certificate());
    // Its current context leads nowhere.
    let context = kubeconfig.lines().find_map(|it| it.strip_prefix("current-context: ")).unwrap();
    let elsewhere = kubeconfig
        .replace(&format!("current-context: {context}"), "current-context: nowhere")
        .replace("contexts:\n", "contexts:\n- name: nowhere\n  context: {cluster: x, user: x}\n");
    stage.write("one.kubeconfig", &kubeconfig);
    stage.write("two.kubeconfig", &elsewhere);
    stage.write(
        "login.sh",
        "printf '{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\
         \"status\":{\"token\":\"%s\"}}' \"$1$LAST\"\n",
    );
    let token = cluster.token(user());
    let (first, last) = token.split_at(token.len() / 2);
    let direct = format!("host = {host:?}, cluster_ca_certificate = {authority:?}");
    let (certificate, key) = (
        data_of(&by_certificate, "client-certificate-data"),
        data_of(&by_certificate, "client-key-data"),
    );
    vec![
        ("text", format!("kubeconfig = {kubeconfig:?}")),
        ("path", "kubeconfig_path = \"${path.module}/one.kubeconfig\"".to_owned()),
        ("context", format!("kubeconfig_path = \"two.kubeconfig\", context = {context:?}")),
        ("token", format!("{direct}, token = {token:?}")),
        (
            "certificate",
            format!("{direct}, client_certificate = {certificate:?}, client_key = {key:?}"),
        ),
        (
            "exec",
            format!(
                "{direct}, exec = {{ command = \"sh\", args = [\"login.sh\", {first:?}], env = {{ \
                 LAST = {last:?} }} }}"
            ),
        ),
    ]
}

#[test]
fn every_way_of_the_provider_block_leads_to_the_cluster() {
    let stage = Stage::new();
    let (cluster, _) = cluster(&stage, "hub");
    let (mut clusters, mut config) = (String::new(), String::new());
    let ways = ways(&stage, &cluster);
    for (name, arguments) in &ways {
        let _ = writeln!(clusters, "    {name} = {{ {arguments} }}");
        config.push_str(&config_map(name, &format!("{name:?}"), ""));
    }
    with_clusters(&stage, &clusters);
    stage.apply_config(&config);
    stage.plan().expect_empty();
    for (name, _) in &ways {
        assert!(cluster.object("", "configmaps", "default", name).is_some(), "{name}");
    }
    stage.destroy().expect_success();
}

#[test]
fn a_way_that_leads_nowhere_says_so() {
    let stage = Stage::new();
    let (cluster, _) = cluster(&stage, "hub");
    let direct = format!(
        "host = {:?}, cluster_ca_certificate = {:?}",
        cluster.url(),
        cluster.ca_certificate()
    );
    for (arguments, said) in [
        (
            "context = \"x\"".to_owned(),
            "Set exactly one of `kubeconfig`, `kubeconfig_path` or `host`",
        ),
        (format!("{direct}, token = \"no-such-token\""), "is wrong or has expired"),
        (
            format!("{direct}, username = \"x\""),
            "give one of token, username with password, and exec",
        ),
        (
            format!(
                "{direct}, exec = {{ command = \"sh\", args = [\"-c\", \"echo log in first >&2; exit 3\"] }}"
            ),
            "log in first",
        ),
        (format!("{direct}, exec = {{ command = \"crossmesh-absent\" }}"), "cannot be started"),
    ] {
        with_clusters(&stage, &format!("    one = {{ {arguments} }}"));
        stage.write("main.tf", &config_map("main", "\"one\"", "timeouts = { create = \"3s\" }"));
        let failure = stage.apply().expect_failure().prose();
        assert!(failure.contains(said), "{arguments}: {failure}");
    }
}

#[test]
fn the_endpoint_of_a_cluster_by_id_can_be_chosen() {
    let stage = Stage::new();
    let (_, id) = cluster(&stage, "hub");
    let config = |more: &str| config_map("main", &format!("{id:?}"), more);
    let asked = || {
        let calls = stage.calls("DescribeClusterKubeconfig");
        calls.last().map(|call| call.params["IsExtranet"].clone())
    };
    stage.apply_config(&config(""));
    assert_eq!(asked(), Some(json!(true)));
    // Another endpoint is no other cluster.
    let plan = stage.plan_config(&config("endpoint = \"intranet\""));
    plan.expect_changes(&[(ADDRESS, Action::Update)]);
    stage.apply().expect_success();
    stage.plan().expect_empty();
    assert_eq!(asked(), Some(json!(false)));

    let close = |extranet: bool| {
        let params = json!({"ClusterId": id, "IsExtranet": extranet});
        stage.cloud().invoke("hub", "tke", "DeleteClusterEndpoint", REGION, &params).unwrap();
    };
    close(true);
    stage.write("main.tf", &config("endpoint = \"extranet\""));
    let said = stage.apply().expect_failure().prose();
    let wanted = format!(
        "extranet endpoint of {id} is closed, and its intranet endpoint is open. Open the former \
         (console, \"APIServer\"), or set `endpoint = \"intranet\"`"
    );
    assert!(said.contains(&wanted), "{said}");
    stage.apply_config(&config(""));
    close(false);
    let said = stage.try_plan().expect_failure().prose();
    assert!(said.contains(&format!("The API server of {id} has no endpoint")), "{said}");
    stage.write("main.tf", &config("endpoint = \"public\""));
    let said = stage.try_plan().expect_failure().prose();
    assert!(said.contains("extranet"), "{said}");
}

/// A hub, and the member's cluster registered with it.
fn registration(stage: &Stage, origin: &str) -> String {
    let vpc = &stage.cloud().world().vpcs[0];
    let (vpc, subnet) = (&vpc.id, &vpc.subnets[0].id);
    format!(
        r#"
resource "crossmesh_tdcc_hub_cluster" "main" {{
  vpc_id    = {vpc:?}
  subnet_id = {subnet:?}
}}

resource "crossmesh_tdcc_registered_cluster" "member" {{
  hub_cluster_id      = crossmesh_tdcc_hub_cluster.main.id
  name                = "member"
  original_cluster_id = {origin:?}
  original_region     = "{REGION}"
}}

resource "crossmesh_tdcc_cluster_agent" "member" {{
  registered_cluster_id = crossmesh_tdcc_registered_cluster.member.id
  account               = "member"
  cluster               = {origin:?}
  extranet              = true
}}
"#
    )
}

#[test]
fn a_registered_cluster_is_reached_by_its_id_through_the_hub() {
    let stage = Stage::new();
    let (member, origin) = cluster(&stage, "member");
    let registration = registration(&stage, &origin);
    stage.apply_config(&registration);
    let id = stage.objects("tdcc_registered_cluster").remove(0);
    let by_id = "crossmesh_tdcc_registered_cluster.member.id";
    let config = registration
        + &config_map("main", by_id, "depends_on = [crossmesh_tdcc_cluster_agent.member]");
    // The hub's user must have been let in.
    stage.write("main.tf", &config);
    let said = stage.apply().expect_failure().prose();
    assert!(said.contains("cannot"), "{said}");
    let params = json!({"ClusterId": id});
    stage.cloud().invoke("hub", "tdcc", "AcquireClusterAdminRole", REGION, &params).unwrap();
    stage.apply().expect_success();
    assert!(member.object("", "configmaps", "default", "main").is_some());
    stage.plan().expect_empty();
    let import = format!("{id}/v1/ConfigMap/default/main");
    stage.expect_import(ADDRESS, &import);

    // Whoever ends the registration takes the way to the objects along.
    stage.apply_config(&config.replace("depends_on", "timeouts = { read = \"3s\" }\n  depends_on"));
    let described = |plan: &crossmesh_sim::terraform::Plan| plan.changes().get(ADDRESS).copied();
    stage.delete("tdcc_registered_cluster", &id);
    let plan = stage.plan();
    assert_eq!(described(&plan), Some(Action::Create), "{:?}", plan.changes());
}

#[test]
fn a_cluster_that_the_account_does_not_have_is_named() {
    let stage = Stage::new();
    let config = config_map("main", "\"cls-absent00\"", "timeouts = { create = \"3s\" }");
    stage.write("main.tf", &config);
    let said = stage.apply().expect_failure().prose();
    assert!(
        said.contains("no cluster cls-absent00 of the provider's own account in ap-guangzhou"),
        "{said}"
    );
    assert_eq!(stage.state().addresses(), [""; 0]);
}
