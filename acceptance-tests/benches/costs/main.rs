//! What the plugin costs before it does anything, and with a thousand objects:
//! `cargo bench`.
//!
//! Prints one table, and fails if a bound of `docs/development/performance.md`
//! does not hold. Times are judged by the fastest run, which other work on the
//! machine disturbs least; the medians are those of runs that took turns.

mod many;

use std::{
    io::{self, BufRead as _, BufReader},
    path::Path,
    process::{Command, ExitCode, Stdio},
    time::{Duration, Instant},
};

use crossmesh_sim::{
    ClusterMode, Options, Simulator, World,
    memory::{self, MemoryWatch},
    table::Table,
    terraform::{Install, Provider, Workspace},
    world::REGION,
};

/// How often a start is measured.
const STARTS: usize = 30;
/// How often a command of Terraform is measured.
const COMMANDS: usize = 10;

/// The bounds; `docs/development/performance.md` explains them.
const BINARY: f64 = 17.0;
const START: Duration = Duration::from_millis(5);
const MEMORY_WITH_SCHEMA: f64 = 15.0;
const MEMORY_AT_WORK: f64 = 40.0;

/// What a host says to a plugin, apart from its certificate.
const HOST: [(&str, &str); 4] = [
    ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2"),
    ("PLUGIN_PROTOCOL_VERSIONS", "5,6"),
    ("PLUGIN_MIN_PORT", "10000"),
    ("PLUGIN_MAX_PORT", "25000"),
];

const PROVIDER: &str = "terraform {\n  required_providers {\n    crossmesh = {\n      \
                        source = \"crossmesh/crossmesh\"\n    }\n  }\n}\n";
const OURS: &str = "resource \"crossmesh_ccn_instance\" \"one\" {\n  name = \"one\"\n}\n";
const BUILT_IN: &str = "resource \"terraform_data\" \"one\" {\n  input = \"one\"\n}\n";

fn main() -> ExitCode {
    match run() {
        Ok(figures) => report(&figures),
        Err(error) => {
            eprintln!("The benchmark cannot run: {error}");
            ExitCode::FAILURE
        }
    }
}

/// One row of the table.
struct Figure {
    what: &'static str,
    value: String,
    bound: String,
    holds: bool,
}

fn run() -> io::Result<Vec<Figure>> {
    let provider = Provider::build("release")?;
    let mut figures = vec![binary(&provider)?];
    figures.extend(starts(&provider)?);
    figures.push(schema(&provider)?);
    figures.extend(plans(&provider)?);
    figures.extend(many::figures(&provider)?);
    Ok(figures)
}

#[expect(clippy::print_stdout, reason = "the benchmark talks to a person")]
fn report(figures: &[Figure]) -> ExitCode {
    let mut table = Table::new(["what", "measured", "bound", ""]);
    for figure in figures {
        let verdict = if figure.holds { "" } else { "MISSED" };
        table.row([figure.what, &figure.value, &figure.bound, verdict]);
    }
    println!("{table}");
    if figures.iter().all(|figure| figure.holds) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The size of the program.
fn binary(provider: &Provider) -> io::Result<Figure> {
    let bytes = provider.binary().metadata()?.len();
    Ok(size("binary, release profile", Some(bytes), BINARY))
}

/// Start to handshake line with the host's certificate announced, in turns with
/// the start of a process that only says its version.
fn starts(provider: &Provider) -> io::Result<Vec<Figure>> {
    let certificate = certificate()?;
    let (mut bare, mut starts, mut memory) = (Vec::new(), Vec::new(), None);
    for _ in 0..STARTS {
        bare.push(version(provider.binary())?);
        let (time, peak) = handshake(provider.binary(), &certificate)?;
        starts.push(time);
        memory = memory.max(peak);
    }
    let (fastest, middle) = (fastest(&starts), median(&mut starts));
    let start = Figure {
        what: "start to handshake line, mutual TLS",
        value: format!("median {}, fastest {}", in_ms(middle), in_ms(fastest)),
        bound: in_ms(START),
        holds: fastest <= START,
    };
    let bare = Figure::note("start and end of --version", in_ms(median(&mut bare)));
    Ok(vec![bare, start, size("peak memory at the handshake", memory, MEMORY_WITH_SCHEMA)])
}

/// Starts the program as Terraform does: the time to its line, and its peak
/// memory then.
fn handshake(program: &Path, certificate: &str) -> io::Result<(Duration, Option<u64>)> {
    let started = Instant::now();
    let mut child = Command::new(program)
        .envs(HOST)
        .env("PLUGIN_CLIENT_CERT", certificate)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line)?;
    }
    let time = started.elapsed();
    let peak = memory::peak(child.id());
    child.kill()?;
    child.wait()?;
    let certificate = line.trim_end().split('|').nth(5).unwrap_or_default();
    if line.starts_with("1|6|") && certificate.len() > 100 {
        Ok((time, peak))
    } else {
        Err(io::Error::other(format!("this is no handshake: {line:?}")))
    }
}

/// Starts the program for nothing but its version: what any process costs.
fn version(program: &Path) -> io::Result<Duration> {
    let started = Instant::now();
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output()?;
    match output.status.success() {
        true => Ok(started.elapsed()),
        false => Err(io::Error::other("--version fails")),
    }
}

/// Peak memory with the whole schema asked for by Terraform.
fn schema(provider: &Provider) -> io::Result<Figure> {
    let workspace = workspace(provider)?;
    workspace.write("main.tf", &format!("{PROVIDER}{OURS}"));
    let mut peak = None;
    for _ in 0..COMMANDS {
        let watch = MemoryWatch::start(provider.binary());
        succeed(&workspace, &["providers", "schema", "-json"])?;
        peak = peak.max(watch.end());
    }
    Ok(size("peak memory with the whole schema", peak, MEMORY_WITH_SCHEMA))
}

/// `terraform plan` of one object of ours and of a built-in one, in turns.
fn plans(provider: &Provider) -> io::Result<Vec<Figure>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let options = Options { clusters: ClusterMode::Absent, ..Options::default() };
    let world = World::two_accounts();
    let hub = world.account("hub").cloned().ok_or_else(|| io::Error::other("no hub"))?;
    let simulator = runtime.block_on(Simulator::start(world, options)).map_err(io::Error::other)?;
    let (mut ours, built_in) = (workspace(provider)?, workspace(provider)?);
    ours.env("CROSSMESH_ENDPOINT", simulator.endpoint())
        .env("TENCENTCLOUD_REGION", REGION)
        .env("TENCENTCLOUD_SECRET_ID", hub.secret_id)
        .env("TENCENTCLOUD_SECRET_KEY", hub.secret_key);
    ours.write("main.tf", &format!("{PROVIDER}{OURS}"));
    built_in.write("main.tf", BUILT_IN);
    let (mut with, mut without, mut peak) = (Vec::new(), Vec::new(), None);
    for _ in 0..COMMANDS {
        without.push(plan(&built_in)?);
        let watch = MemoryWatch::start(provider.binary());
        with.push(plan(&ours)?);
        peak = peak.max(watch.end());
    }
    let (with, without) = (median(&mut with), median(&mut without));
    let ratio = with.as_secs_f64() / without.as_secs_f64();
    Ok(vec![
        Figure::note("terraform plan, one terraform_data", in_ms(without)),
        Figure::note(
            "terraform plan, one crossmesh object",
            format!("{}, ×{ratio:.2}", in_ms(with)),
        ),
        size("peak memory while planning", peak, MEMORY_AT_WORK),
    ])
}

fn plan(workspace: &Workspace) -> io::Result<Duration> {
    let started = Instant::now();
    succeed(workspace, &["plan", "-no-color", "-input=false"])?;
    Ok(started.elapsed())
}

fn workspace(provider: &Provider) -> io::Result<Workspace> {
    Workspace::new(&Install::Override(provider.folder().to_path_buf()))
}

fn succeed(workspace: &Workspace, arguments: &[&str]) -> io::Result<()> {
    let outcome = workspace.run(arguments);
    match outcome.success {
        true => Ok(()),
        false => Err(io::Error::other(outcome.text())),
    }
}

/// A certificate as a host announces one.
fn certificate() -> io::Result<String> {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
    Ok(made.map_err(io::Error::other)?.cert.pem())
}

impl Figure {
    /// A figure without a bound.
    fn note(what: &'static str, value: String) -> Self {
        Self { what, value, bound: String::new(), holds: true }
    }
}

/// A number of bytes with its bound in MiB. Where the system does not tell,
/// nothing is judged.
fn size(what: &'static str, bytes: Option<u64>, bound: f64) -> Figure {
    let mib = bytes.map(|bytes| bytes as f64 / f64::from(1 << 20));
    Figure {
        what,
        value: mib.map_or_else(|| "-".to_owned(), |mib| format!("{mib:.1} MiB")),
        bound: format!("{bound:.0} MiB"),
        holds: mib.is_none_or(|mib| mib <= bound),
    }
}

fn in_ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn fastest(times: &[Duration]) -> Duration {
    times.iter().min().copied().unwrap_or_default()
}
