//! `make simulate ARGS=...`: runs seeds on all cores and prints a tally. Fails with a report of the first
//! seed that fails.

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use doors_simulator::journal::Subject;
use doors_simulator::run::{Failure, ONCE_FAILED, run};
use doors_simulator::scenario::Scenario;
use doors_simulator::tally::Tally;

const HELP: &str =
    "usage: simulate [--seed N] [--seeds N] [--from N] [--minutes N] [--all] [--show] [--visitor N] [--place N]
  --seed N     run only this world
  --seeds N    run N worlds (400), starting with seed --from N; without --from, first the seeds that once failed,
               then those from 0
  --from N     the first seed
  --minutes N  run worlds for N minutes, starting with seed --from
  --all        continue after a failure, and count the failures by rule
  --show       print the scenarios without running them
  --visitor N, --place N  when a seed fails, show the events about these instead of those of the violation

Example: simulate --minutes 10 --from 5000 --all
";

struct Options {
    from: Option<u64>,
    seeds: u64,
    limit: Option<Duration>,
    all: bool,
    show: bool,
    about: Subject,
}

fn options() -> Result<Options, String> {
    let mut options = Options { from: None, seeds: 400, limit: None, all: false, show: false, about: Subject::ALL };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || {
            let text = arguments.next().ok_or(format!("{argument} needs a number"))?;
            text.parse::<u64>().map_err(|_| format!("{argument}: {text:?} is not a non-negative integer"))
        };
        match argument.as_str() {
            "--seed" => (options.from, options.seeds) = (Some(number()?), 1),
            "--seeds" => options.seeds = number()?,
            "--from" => options.from = Some(number()?),
            "--minutes" => {
                options.seeds = u64::MAX;
                options.limit = Some(Duration::from_secs(60 * number()?));
            }
            "--visitor" => options.about.visitor = Some(number()? as u16),
            "--place" => options.about.place = Some(number()? as usize),
            "--all" => options.all = true,
            "--show" => options.show = true,
            _ => return Err(HELP.into()),
        }
    }
    Ok(options)
}

fn main() -> ExitCode {
    let options = match options() {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    if options.show {
        seeds(&options).for_each(|seed| println!("{}", Scenario::draw(seed)));
        return ExitCode::SUCCESS;
    }
    let began = Instant::now();
    let (tally, failures) = run_all(&options, began);
    println!("{tally}");
    let took = began.elapsed().as_secs_f64();
    println!("{took:.1} s: {:.0} times as fast as real time", tally.time as f64 / 1e9 / took);
    let Some(first) = failures.iter().min_by_key(|failure| failure.seed) else { return ExitCode::SUCCESS };
    println!("\n{}", first.report);
    let mut rules: Vec<_> = failures.iter().map(|failure| (failure.rule, failure.seed)).collect();
    rules.sort_unstable();
    for same in rules.chunk_by(|one, other| one.0 == other.0) {
        let seeds: Vec<_> = same.iter().take(8).map(|(_, seed)| seed.to_string()).collect();
        println!("{} seeds: {} ({})", same.len(), same[0].0, seeds.join(", "));
    }
    ExitCode::FAILURE
}

/// The seeds to run, in order.
fn seeds(options: &Options) -> impl Iterator<Item = u64> + Send + use<> {
    let (first, from) = match options.from {
        Some(from) => (&[][..], from),
        None => (&ONCE_FAILED[..], 0),
    };
    let seeds = usize::try_from(options.seeds).unwrap_or(usize::MAX);
    first.iter().copied().chain((from..).filter(move |seed| !first.contains(seed))).take(seeds)
}

/// Runs the worlds on several threads. The results do not depend on the distribution.
fn run_all(options: &Options, began: Instant) -> (Tally, Vec<Failure>) {
    let (seeds, stop) = (Mutex::new(seeds(options)), AtomicBool::new(false));
    let results = Mutex::new((Tally::default(), Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let work = || {
        while !stop.load(Ordering::Relaxed) && options.limit.is_none_or(|limit| began.elapsed() < limit) {
            let Some(seed) = seeds.lock().expect("no thread panics while it counts").next() else { return };
            let result = run(seed, options.about);
            let mut results = results.lock().expect("no thread panics while it counts");
            match result {
                Ok(tally) => results.0 += tally,
                Err(failure) => {
                    results.1.push(*failure);
                    stop.store(!options.all, Ordering::Relaxed);
                }
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(work);
        }
    });
    results.into_inner().expect("no thread panics while it counts")
}
