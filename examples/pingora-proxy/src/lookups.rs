//! In: the hosts that are to be looked up now. Out: their addresses, or why there are none.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use doors_routing::{HostId, LookupFailure, Missing};
use hickory_resolver::config::{NameServerConfigGroup, ResolveHosts, ResolverConfig};
use hickory_resolver::name_server::TokioConnectionProvider;
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::{ProtoError, ProtoErrorKind};
use hickory_resolver::{ResolveError, TokioResolver};
use pingora_core::server::ShutdownWatch;
use pingora_core::services::background::BackgroundService;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::sleep;

use crate::shared::Shared;

pub struct Lookups {
    shared: Arc<Shared>,
    resolver: TokioResolver,
}

impl Lookups {
    /// The library says when to look up, so nothing is cached here.
    pub fn new(shared: Arc<Shared>, name_server: SocketAddr) -> Self {
        let servers = NameServerConfigGroup::from_ips_clear(&[name_server.ip()], name_server.port(), true);
        let config = ResolverConfig::from_parts(None, Vec::new(), servers);
        let mut builder = TokioResolver::builder_with_config(config, TokioConnectionProvider::default());
        let options = builder.options_mut();
        options.cache_size = 0;
        options.use_hosts_file = ResolveHosts::Never;
        options.timeout = Duration::from_secs(1);
        options.attempts = 2;
        Lookups { shared, resolver: builder.build() }
    }
}

#[async_trait]
impl BackgroundService for Lookups {
    /// Begins the lookups that are due, and sleeps until the library wants the next ones.
    async fn start(&self, mut shutdown: ShutdownWatch) {
        let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
        loop {
            let next = self.shared.state.due(self.shared.now(), fastrand::u64(..), |lookup| {
                tokio::spawn(look_up(
                    self.shared.clone(),
                    self.resolver.clone(),
                    lookup.host,
                    format!("{}.", lookup.name),
                ));
            });
            let pause =
                next.map_or(Duration::from_secs(3600), |at| Duration::from_nanos(at.saturating_sub(self.shared.now())));
            tokio::select! {
                () = sleep(pause) => {}
                () = self.shared.due.notified() => {}
                _ = hangup.recv() => if let Err(error) = self.shared.reload() {
                    eprintln!("the configuration stays as it was: {error}");
                },
                _ = shutdown.changed() => return,
            }
        }
    }
}

/// Looks both IP versions up at once. What is known of one counts although the other fails.
async fn look_up(shared: Arc<Shared>, resolver: TokioResolver, host: HostId, name: String) {
    let (v4, v6) = tokio::join!(resolver.ipv4_lookup(name.as_str()), resolver.ipv6_lookup(name.as_str()));
    let v4 = outcome(v4, |found| found.into_iter().map(|record| IpAddr::V4(record.0)).collect());
    let v6 = outcome(v6, |found| found.into_iter().map(|record| IpAddr::V6(record.0)).collect());
    let missing =
        Missing { v4: v4.is_err(), v6: v6.is_err(), failure: v4.as_ref().err().or(v6.as_ref().err()).copied() };
    let addresses: Vec<IpAddr> = [v4, v6].into_iter().flatten().flatten().collect();
    let (now, random) = (shared.now(), fastrand::u64(..));
    let report = match missing.failure {
        Some(failure) if addresses.is_empty() => shared.state.lookup_failed(host, failure, now, random),
        _ => shared.state.resolved(host, &addresses, missing, now, random),
    };
    if report.wake {
        shared.wake.notify_waiters();
    }
    if report.lookups_due {
        shared.due.notify_one();
    }
}

/// The addresses of one IP version, none if the name has none.
fn outcome<T>(
    answer: Result<T, ResolveError>,
    addresses: impl Fn(T) -> Vec<IpAddr>,
) -> Result<Vec<IpAddr>, LookupFailure> {
    let error = match answer {
        Ok(found) => return Ok(addresses(found)),
        Err(error) => error,
    };
    match error.proto().map(ProtoError::kind) {
        Some(ProtoErrorKind::NoRecordsFound {
            response_code: ResponseCode::NoError | ResponseCode::NXDomain, ..
        }) => Ok(Vec::new()),
        Some(ProtoErrorKind::NoRecordsFound { .. }) => Err(LookupFailure::ServerFailure),
        Some(ProtoErrorKind::Timeout) => Err(LookupFailure::Timeout),
        _ => Err(LookupFailure::Failed),
    }
}
