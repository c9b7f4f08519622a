//! In: the file of a configuration, and what the library reports. Out: the source in use, and dials in the background.

use std::error::Error;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant};

use doors_routing::{Limits, Options, Outcome, Pod, Report, Router, Source, State};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;

/// How long a pod may take to accept a connection.
pub const DIAL_TIMEOUT: Duration = Duration::from_secs(3);

/// What all requests share. Each keeps the source with which it began, also after a reload.
pub struct Shared {
    pub state: State,
    /// Tells those who wait to ask the library again.
    pub wake: Notify,
    /// Tells the driver of lookups that some are due.
    pub due: Notify,
    source: RwLock<Arc<Source>>,
    config: PathBuf,
    began: Instant,
}

impl Shared {
    pub fn new(config: PathBuf) -> Result<Arc<Self>, Box<dyn Error>> {
        let state = State::new(Limits::default());
        let source = RwLock::new(Arc::new(load(&state, &config)?));
        Ok(Arc::new(Shared { state, wake: Notify::new(), due: Notify::new(), source, config, began: Instant::now() }))
    }

    /// Takes the configuration anew. What is known about hosts and pods stays.
    pub fn reload(&self) -> Result<(), Box<dyn Error>> {
        let loaded = Arc::new(load(&self.state, &self.config)?);
        *self.source.write().unwrap_or_else(|broken| broken.into_inner()) = loaded;
        Ok(())
    }

    pub fn source(&self) -> Arc<Source> {
        self.source.read().unwrap_or_else(|broken| broken.into_inner()).clone()
    }

    /// The clock of every call of the library.
    pub fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Does what a report asks for.
    pub fn heed(self: &Arc<Self>, source: &Arc<Source>, report: Report) {
        if report.wake {
            self.wake.notify_waiters();
        }
        if report.lookups_due {
            self.due.notify_one();
        }
        if let Some((upstream, pod)) = report.background {
            tokio::spawn(self.clone().dial(source.clone(), upstream, pod));
        }
        if let Some((_, pod, verdict)) = report.changed {
            eprintln!("pod {}:{} is {verdict:?}", pod.address(), pod.port());
        }
    }

    /// Dials a pod in the background, closes the connection, and reports.
    async fn dial(self: Arc<Self>, source: Arc<Source>, upstream: u32, pod: Pod) {
        let outcome = match timeout(DIAL_TIMEOUT, TcpStream::connect((pod.address(), pod.port()))).await {
            Ok(Ok(_)) => Outcome::Connected,
            Ok(Err(error)) => match error.kind() {
                ErrorKind::ConnectionRefused => Outcome::Refused,
                ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::TimedOut => {
                    Outcome::Unreachable
                }
                _ => Outcome::OwnFault,
            },
            Err(_) => Outcome::Unreachable,
        };
        let report = source.dialled(upstream, pod, outcome, self.now(), fastrand::u64(..));
        self.heed(&source, report);
    }
}

fn load(state: &State, config: &PathBuf) -> Result<Source, Box<dyn Error>> {
    let router = Router::from_json(&std::fs::read(config)?)?;
    println!("loaded");
    Ok(Source::new(state, router, Options::default()))
}
