//! The simulator as a program.
//!
//! Prints one JSON line on stdout once it is ready and logs on stderr. Ends on
//! SIGINT and SIGTERM.

use std::{
    io::{self, Write},
    net::{SocketAddr, ToSocketAddrs},
    process::ExitCode,
};

use crossmesh_sim::{Options, Simulator, World, cloud::recorder::Call, world};

const USAGE: &str = "\
Usage: crossmesh-sim [--listen ADDR] [--world FILE | --members N] [--rate-scale X] [--log] [--print-world]

  --listen ADDR    where to listen (default 127.0.0.1:7310; :0 for any free port of 127.0.0.1)
  --world FILE     what exists at the start, as JSON (default: the world two-accounts)
  --members N      a built-in world with N member accounts
  --rate-scale X   factor on the documented rate limits (default 1; 0 switches them off)
  --log            write one line per call on stderr
  --print-world    print the world as JSON and end

Once it is ready it prints one JSON line: endpoint, accounts with keys, clusters with kubeconfigs.
";

fn main() -> ExitCode {
    let run = match Arguments::read(std::env::args().skip(1)) {
        Ok(Some(arguments)) => run(arguments),
        Ok(None) => print(USAGE),
        Err(text) => Err(format!("{text}\n\n{USAGE}")),
    };
    match run {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            // With stderr gone there is nobody left to tell.
            let _ = writeln!(io::stderr(), "crossmesh-sim: {text}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), String> {
    let Arguments { listen, world, rate_scale, log, print_world } = arguments;
    if print_world {
        let text = serde_json::to_string_pretty(&world).map_err(|error| error.to_string())?;
        return print(&format!("{text}\n"));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start: {error}"))?;
    runtime.block_on(async {
        let options = Options { listen, rate_scale, ..Options::default() };
        let simulator = Simulator::start(world, options).await.map_err(|e| e.to_string())?;
        if log {
            simulator.cloud().recorder().set_listener(log_call);
        }
        // Listens for signals before anybody can know that there is something to end.
        let signal = signals()?;
        print(&format!("{}\n", simulator.ready_line()))?;
        signal.await;
        simulator.stop().await;
        Ok(())
    })
}

/// `17 hub vpc:CreateCcn ap-guangzhou ok`
fn log_call(call: &Call) {
    let Call { seq, account, service, action, region, code, message, .. } = call;
    let outcome = if code.is_empty() { "ok" } else { code };
    // A closed stderr must not end the simulator.
    let _ =
        writeln!(io::stderr(), "{seq} {account} {service}:{action} {region} {outcome} {message}");
}

struct Arguments {
    listen: SocketAddr,
    world: World,
    rate_scale: f64,
    log: bool,
    print_world: bool,
}

impl Arguments {
    /// `None` if the user asked for help.
    fn read(mut words: impl Iterator<Item = String>) -> Result<Option<Self>, String> {
        let mut listen = "127.0.0.1:7310".to_owned();
        let (mut file, mut members, mut rate_scale) = (None, None, 1.0);
        let (mut log, mut print_world) = (false, false);
        while let Some(word) = words.next() {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (word, None),
            };
            let mut value = || {
                value
                    .clone()
                    .or_else(|| words.next())
                    .ok_or_else(|| format!("{name} needs a value"))
            };
            match name.as_str() {
                "--listen" => listen = value()?,
                "--world" => file = Some(value()?),
                "--members" => members = Some(number(&value()?)?),
                "--rate-scale" => rate_scale = number(&value()?)?,
                "--log" => log = true,
                "--print-world" => print_world = true,
                "--help" | "-h" => return Ok(None),
                _ => return Err(format!("unknown argument {name}")),
            }
        }
        let world = choose_world(file, members)?;
        Ok(Some(Self { listen: resolve(&listen)?, world, rate_scale, log, print_world }))
    }
}

fn choose_world(file: Option<String>, members: Option<usize>) -> Result<World, String> {
    match (file, members) {
        (Some(_), Some(_)) => Err("--world and --members exclude each other".to_owned()),
        (Some(path), None) => {
            let text = std::fs::read_to_string(&path).map_err(|e| format!("{path}: {e}"))?;
            World::from_json(&text).map_err(|error| format!("{path}: {error}"))
        }
        (None, Some(members)) if members > world::MAX_MEMBERS => {
            Err(format!("--members can be at most {}", world::MAX_MEMBERS))
        }
        (None, Some(members)) => Ok(World::with_members(members)),
        (None, None) => Ok(World::two_accounts()),
    }
}

fn number<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text} is not a number"))
}

/// `:0` stands for any free port of the loopback address.
fn resolve(listen: &str) -> Result<SocketAddr, String> {
    let full =
        if listen.starts_with(':') { format!("127.0.0.1{listen}") } else { listen.to_owned() };
    let found = full.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    found.ok_or_else(|| format!("{listen} is no address; write host:port"))
}

fn print(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(|error| error.to_string())
}

/// Ends with the first SIGINT or SIGTERM after this call.
#[cfg(unix)]
fn signals() -> Result<impl Future<Output = ()>, String> {
    use tokio::signal::unix::{SignalKind, signal};
    let failed = |error: io::Error| format!("cannot wait for signals: {error}");
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Ends with the first Ctrl-C.
#[cfg(not(unix))]
fn signals() -> Result<impl Future<Output = ()>, String> {
    Ok(async {
        // Without a handler the program can only be killed, which ends it as well.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}
