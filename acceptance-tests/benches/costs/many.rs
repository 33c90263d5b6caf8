//! A thousand objects of one cluster in one state.

use std::{io, time::Instant};

use crossmesh_sim::{
    Options, Simulator, World,
    kubernetes::Cluster,
    memory::MemoryWatch,
    terraform::{Provider, Workspace},
    world::REGION,
};

use crate::{Figure, PROVIDER, in_ms, median, plan, succeed, workspace};

/// How many objects there are.
const OBJECTS: usize = 1000;
/// How often each plan is measured.
const TURNS: usize = 5;

/// The bounds; `docs/development/performance.md` explains them.
const KIB_PER_OBJECT: f64 = 10.0;
const LISTS: usize = 1;

/// Plans of `OBJECTS` virtual services in turns with plans of as many built-in
/// objects, all of them unchanged.
pub(crate) fn figures(provider: &Provider) -> io::Result<Vec<Figure>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let world = World::two_accounts();
    let hub = world.account("hub").cloned().ok_or_else(|| io::Error::other("no hub"))?;
    let id = world.clusters[0].id.clone();
    let starting = Simulator::start(world, Options::default());
    let simulator = runtime.block_on(starting).map_err(io::Error::other)?;
    let fleet = simulator.fleet().ok_or_else(|| io::Error::other("no clusters"))?;
    let cluster = fleet.cluster(&id).ok_or_else(|| io::Error::other("no cluster"))?;
    cluster.install_istio_crds().map_err(io::Error::other)?;

    let (mut ours, built_in) = (workspace(provider)?, workspace(provider)?);
    ours.env("CROSSMESH_ENDPOINT", simulator.endpoint())
        .env("TENCENTCLOUD_REGION", REGION)
        .env("TENCENTCLOUD_SECRET_ID", hub.secret_id)
        .env("TENCENTCLOUD_SECRET_KEY", hub.secret_key);
    let base = memory_of(provider, &ours, &id, 1)?;
    ours.write("main.tf", &virtual_services(&id, OBJECTS));
    let started = Instant::now();
    apply(&ours)?;
    let applied = started.elapsed();
    let thousand = format!(
        "resource \"terraform_data\" \"all\" {{\n  count = {OBJECTS}\n  input = \"${{count.index}}\"\n}}\n"
    );
    built_in.write("main.tf", &thousand);
    apply(&built_in)?;

    let (mut with, mut without, mut peak, mut lists) = (Vec::new(), Vec::new(), None, 0);
    for _ in 0..TURNS {
        without.push(plan(&built_in)?);
        let before = lists_of(cluster);
        let watch = MemoryWatch::start(provider.binary());
        with.push(plan(&ours)?);
        peak = peak.max(watch.end());
        lists = lists.max(lists_of(cluster) - before);
    }
    let (with, without) = (median(&mut with), median(&mut without));
    let ratio = with.as_secs_f64() / without.as_secs_f64();
    Ok(vec![
        Figure::note("terraform plan, a thousand terraform_data", in_ms(without)),
        // Aimed at is ×1.5. Most of it is Terraform's own time, so that it is not judged.
        Figure::note(
            "terraform plan, a thousand virtual services",
            format!("{}, ×{ratio:.2}", in_ms(with)),
        ),
        Figure {
            what: "lists per kind and namespace in such a plan",
            value: lists.to_string(),
            bound: LISTS.to_string(),
            holds: lists <= LISTS,
        },
        per_object(base, peak),
        Figure::note("terraform apply, a thousand virtual services", in_ms(applied)),
    ])
}

/// Peak memory of planning so many virtual services without changes.
fn memory_of(
    provider: &Provider,
    ours: &Workspace,
    id: &str,
    objects: usize,
) -> io::Result<Option<u64>> {
    ours.write("main.tf", &virtual_services(id, objects));
    apply(ours)?;
    let mut peak = None;
    for _ in 0..TURNS {
        let watch = MemoryWatch::start(provider.binary());
        plan(ours)?;
        peak = peak.max(watch.end());
    }
    Ok(peak)
}

fn virtual_services(id: &str, objects: usize) -> String {
    format!(
        r#"{PROVIDER}
resource "crossmesh_istio_virtual_service" "all" {{
  count    = {objects}
  cluster  = "{id}"
  metadata = {{ name = "route-${{count.index}}", namespace = "default" }}

  spec = {{
    hosts    = ["${{count.index}}.example.com"]
    gateways = ["istio-system/main"]
    http = [{{
      match = [{{ uri = {{ prefix = "/api" }} }}]
      route = [
        {{ destination = {{ host = "a.shop.svc.cluster.local", port = {{ number = 80 }} }}, weight = 90 }},
        {{ destination = {{ host = "b.shop.svc.cluster.local", port = {{ number = 80 }} }}, weight = 10 }},
      ]
      timeout = "5s"
    }}]
  }}
}}
"#
    )
}

fn apply(workspace: &Workspace) -> io::Result<()> {
    succeed(workspace, &["apply", "-auto-approve", "-no-color", "-input=false"])
}

/// How often all virtual services were asked for.
fn lists_of(cluster: &Cluster) -> usize {
    let calls = cluster.calls();
    calls
        .iter()
        .filter(|call| call.starts_with("GET") && call.ends_with("/virtualservices"))
        .count()
}

/// Memory that one more object takes.
fn per_object(base: Option<u64>, peak: Option<u64>) -> Figure {
    let more = base.zip(peak).map(|(base, peak)| peak.saturating_sub(base));
    let each = more.map(|bytes| bytes as f64 / 1024.0 / (OBJECTS - 1) as f64);
    Figure {
        what: "peak memory for each of them",
        value: each.map_or_else(|| "-".to_owned(), |kib| format!("{kib:.1} KiB")),
        bound: format!("{KIB_PER_OBJECT} KiB"),
        holds: each.is_none_or(|kib| kib <= KIB_PER_OBJECT),
    }
}
