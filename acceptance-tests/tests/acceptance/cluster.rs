//! A cluster to test in: a simulated one, reached by its id through the simulated
//! cloud, or the real one that `CROSSMESH_TEST_KUBECONFIG` names.

use std::{
    ops::Deref,
    path::PathBuf,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use crossmesh_sim::{
    cloud::{Instruments, clock::Clock},
    kubernetes::{Cluster, Settings},
};
use serde_json::{Value, json};

use crate::{kube::Kube, setup::Stage};

/// Names a kubeconfig of a real API server to test against.
const REAL: &str = "CROSSMESH_TEST_KUBECONFIG";

const DEFINITIONS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// A cluster with a namespace of the test's own, and a folder of `terraform`,
/// which it derefs to.
pub(crate) struct Bench {
    stage: Stage,
    kube: Kube,
    /// How a configuration names the cluster.
    pub(crate) cluster: String,
    /// A namespace for this test alone.
    pub(crate) namespace: String,
    istio: bool,
}

impl Bench {
    /// A cluster with Istio's definitions.
    pub(crate) fn with_istio() -> Self {
        let mut bench = Self::new();
        bench.install_istio();
        bench.istio = true;
        bench
    }

    /// A cluster.
    pub(crate) fn new() -> Self {
        let stage = Stage::new();
        let (kube, cluster) = match std::env::var_os(REAL) {
            Some(path) => real(&stage, PathBuf::from(path)),
            None => simulated(&stage),
        };
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let namespace = format!("crossmesh-{}-{number}", std::process::id());
        let bench = Self { stage, kube, cluster, namespace, istio: false };
        bench.make_namespace(&bench.namespace);
        bench
    }

    /// An administrator's client.
    pub(crate) fn kube(&self) -> &Kube {
        &self.kube
    }

    /// The simulated cluster; `None` when the test runs on a real one, which
    /// cannot be broken on purpose.
    pub(crate) fn simulated(&self) -> Option<&Cluster> {
        self.stage.clusters().cluster(&self.cluster)
    }

    /// Puts the cluster and the namespace in place of `CLUSTER` and `NAMESPACE`.
    pub(crate) fn here(&self, config: &str) -> String {
        config.replace("CLUSTER", &self.cluster).replace("NAMESPACE", &self.namespace)
    }

    /// Path of an object of Istio's networking in the test's namespace.
    pub(crate) fn istio(&self, plural: &str, name: &str) -> String {
        self.object("networking.istio.io/v1", plural, name)
    }

    /// Path of an object of a group and version in the test's namespace.
    pub(crate) fn object(&self, api_version: &str, plural: &str, name: &str) -> String {
        format!("/apis/{api_version}/namespaces/{}/{plural}/{name}", self.namespace)
    }

    /// Path of a core object in the test's namespace.
    pub(crate) fn core(&self, plural: &str, name: &str) -> String {
        format!("/api/v1/namespaces/{}/{plural}/{name}", self.namespace)
    }

    /// Makes a namespace.
    pub(crate) fn make_namespace(&self, name: &str) {
        let namespace =
            json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
        self.kube.create("/api/v1/namespaces", &namespace);
    }

    /// Installs Istio's definitions, those of the simulator where the cluster has
    /// none. On a real cluster tests share them, and the last one removes them.
    fn install_istio(&self) {
        if let Some(cluster) = self.simulated() {
            cluster.install_istio_crds().expect("the definitions are right");
        } else {
            let mut shared = shared();
            shared.users += 1;
            for definition in istio_definitions() {
                let name = definition["metadata"]["name"].as_str().unwrap_or_default();
                let path = format!("{DEFINITIONS}/{name}");
                if self.kube.get(&path).is_null() {
                    self.kube.create(DEFINITIONS, &definition);
                    shared.installed.push(path);
                }
            }
        }
        until("Istio's kinds are served", || {
            let all = self.kube.get(DEFINITIONS);
            let all = all["items"].as_array().into_iter().flatten();
            let group = |it: &Value| it["spec"]["group"].as_str().unwrap_or_default().to_owned();
            let mut ours = all.filter(|it| group(it).ends_with(".istio.io")).peekable();
            ours.peek().is_some() && ours.all(is_established)
        });
    }
}

/// Looks again and again until something holds.
#[track_caller]
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < deadline, "it never came to be that {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if self.simulated().is_some() {
            return;
        }
        // A test that failed cleans up as far as that goes: a second panic would end the program.
        let clean_up = std::panic::AssertUnwindSafe(|| self.clean_up());
        if let Err(panic) = std::panic::catch_unwind(clean_up)
            && !std::thread::panicking()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

impl Bench {
    fn clean_up(&self) {
        self.kube.delete(&format!("/api/v1/namespaces/{}", self.namespace));
        if self.istio {
            let mut shared = shared();
            shared.users -= 1;
            if shared.users == 0 {
                shared.installed.drain(..).for_each(|path| self.kube.delete(&path));
            }
        }
    }
}

impl Deref for Bench {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.stage
    }
}

/// What tests on one real cluster share.
#[derive(Default)]
struct Shared {
    users: usize,
    installed: Vec<String>,
}

fn shared() -> std::sync::MutexGuard<'static, Shared> {
    static SHARED: Mutex<Shared> = Mutex::new(Shared { users: 0, installed: Vec::new() });
    SHARED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn simulated(stage: &Stage) -> (Kube, String) {
    let id = stage.cloud().world().clusters[0].id.clone();
    let cluster = stage.clusters().cluster(&id).expect("the hub's cluster is simulated");
    let administrator = crossmesh_sim::kubernetes::User::admin("administrator");
    let kubeconfig = cluster.kubeconfig(administrator);
    (Kube::new(&kubeconfig, stage.folder()), id)
}

fn real(stage: &Stage, path: PathBuf) -> (Kube, String) {
    let text = std::fs::read_to_string(&path).expect("the kubeconfig can be read");
    let folder = path.parent().unwrap_or(&path).to_owned();
    stage.write(
        "provider.tf",
        &format!(
            "terraform {{\n  required_providers {{\n    crossmesh = {{ source = \
             \"crossmesh/crossmesh\" }}\n  }}\n}}\n\nprovider \"crossmesh\" {{\n  clusters = {{ \
             real = {{ kubeconfig_path = {path:?} }} }}\n}}\n"
        ),
    );
    (Kube::new(&text, &folder), "real".to_owned())
}

/// Istio's definitions, as a simulated cluster has them.
fn istio_definitions() -> Vec<Value> {
    let runtime = tokio::runtime::Runtime::new().expect("the system has threads");
    let _guard = runtime.enter();
    let instruments = Instruments::new(Clock::real());
    let cluster =
        Cluster::start(Settings::immediate("cls-model"), instruments).expect("a free port");
    cluster.install_istio_crds().expect("the definitions are right");
    let stored = cluster.objects("apiextensions.k8s.io", "customresourcedefinitions");
    stored
        .iter()
        .map(|definition| {
            json!({
                "apiVersion": definition["apiVersion"], "kind": definition["kind"],
                "metadata": {"name": definition["metadata"]["name"]}, "spec": definition["spec"],
            })
        })
        .collect()
}

fn is_established(definition: &Value) -> bool {
    let conditions = definition["status"]["conditions"].as_array().into_iter().flatten();
    let mut established = conditions.filter(|it| it["type"] == "Established");
    established.any(|it| it["status"] == "True")
}
