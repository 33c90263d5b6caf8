//! The official Python SDK as an independent client: it signs against the
//! simulator, reads every answer into its own models, and its request models
//! are the catalogue.
//!
//! `CROSSMESH_TEST_PYTHON` names a Python in which
//! `acceptance-tests/python/requirements.txt` is installed; without it,
//! `python3` is tried.

use std::{
    env,
    path::Path,
    process::{Command, Output},
};

use crossmesh_sim::{ClusterMode, Options, Simulator, World, cloud::transition::Progression};

const VARIABLE: &str = "CROSSMESH_TEST_PYTHON";

#[test]
fn catalogue_agrees_with_the_sdks_models() {
    let Some(python) = python() else { return };
    succeed(script(&python, "catalogue.py").arg("--check").output());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sdk_is_content_with_the_simulator() {
    let Some(python) = python() else { return };
    let clusters = ClusterMode::Absent;
    let options = Options { rate_scale: 0.0, clusters, ..Options::default() };
    let simulator = Simulator::start(World::two_accounts(), options).await.unwrap();
    // Every intermediate state is seen once, and no test waits for time.
    simulator.cloud().set_progression("*", Progression::Polls(1));
    let mut script = script(&python, "test_sdk.py");
    script.env("CROSSMESH_SIM", simulator.ready_line().to_string());
    // Requests go to the simulator as their proxy, and to no other.
    for name in ["HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"] {
        script.env_remove(name);
    }
    let output = tokio::task::spawn_blocking(move || script.output()).await.unwrap();
    succeed(output);
    let left = simulator.cloud().objects();
    assert!(left.is_empty(), "the SDK's tests left something behind: {left:?}");
    simulator.stop().await;
}

/// A Python that has the SDK. Without one, says so and returns none; under CI,
/// or if one was named that has not, fails.
fn python() -> Option<String> {
    let named = env::var(VARIABLE).ok();
    let python = named.clone().unwrap_or_else(|| "python3".to_owned());
    let imports = "import tencentcloud.tcm, tencentcloud.vpc, tencentcloud.dnspod";
    let probe = Command::new(&python).args(["-c", imports]).output();
    if probe.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    let text = format!(
        "{python} has no Tencent Cloud SDK: install acceptance-tests/python/requirements.txt into \
         a virtual environment and set {VARIABLE} to its python"
    );
    let required = named.is_some() || env::var("CI").is_ok_and(|value| value == "true");
    assert!(!required, "{text}");
    eprintln!("skipped: {text}");
    None
}

fn script(python: &str, name: &str) -> Command {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("python");
    let mut command = Command::new(python);
    // -B: nothing is written into the source tree.
    command.arg("-B").arg(folder.join(name)).current_dir(folder);
    command
}

#[track_caller]
fn succeed(output: std::io::Result<Output>) {
    let output = output.unwrap();
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&text));
}
