//! The parts of the simulator together: what the cloud and its clusters share.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use crossmesh_sim::{Options, Simulator, World, cloud::clusters::KubeUser, cloud::faults::Rule};
use serde_json::json;

/// Runs the real client of the cluster; `None` where it is not installed.
fn kubectl(kubeconfig: &str, arguments: &[&str]) -> Option<(bool, String)> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(kubeconfig.as_bytes()).unwrap();
    let output = Command::new("kubectl")
        .env("KUBECONFIG", file.path())
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&text).into_owned()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_rules_and_record_cover_the_clusters() {
    let simulator = Simulator::start(World::two_accounts(), Options::default()).await.unwrap();
    let cloud = simulator.cloud();
    let cluster = cloud.world().clusters[0].clone();
    let owner = cloud.world().uin(&cluster.account).to_owned();
    let user = KubeUser { account: owner.clone(), user: owner, admin: true };
    let kubeconfig = cloud.clusters().kubeconfig(&cluster.id, &user).unwrap();
    let fault = json!({"kind": "error", "code": "Forbidden", "message": "on purpose"});
    let rule = json!({"service": "kubernetes", "action": "create namespaces", "fault": fault});
    cloud.faults().add(serde_json::from_value::<Rule>(rule).unwrap());
    let Some((done, text)) = kubectl(&kubeconfig, &["create", "namespace", "shop"]) else {
        return;
    };
    assert!(!done && text.contains("on purpose"), "{text}");
    cloud.faults().clear();
    let (done, text) = kubectl(&kubeconfig, &["create", "namespace", "shop"]).unwrap();
    assert!(done, "{text}");
    let calls = cloud.recorder().since(0);
    let creates: Vec<_> = calls.iter().filter(|call| call.action == "create namespaces").collect();
    assert_eq!(creates.len(), 2);
    assert_eq!((creates[0].code.as_str(), creates[1].code.as_str()), ("HttpStatus.403", ""));
    assert_eq!((&creates[0].service[..], &creates[0].account), ("kubernetes", &cluster.id));
    let left = cloud.objects();
    assert!(left.iter().any(|object| object.id.ends_with("Namespace//shop")), "{left:?}");
    cloud.reset();
    assert_eq!(cloud.objects(), []);
}
