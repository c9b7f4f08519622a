//! A proxy for Doors apps, built with Pingora and the library in rust/core. From top to bottom: the shared
//! state, the lookups, one request, the command line.

use std::error::Error as AnyError;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use doors_routing::{
    Action, HostId, Incoming, Limits, LookupFailure, Marks, Method, Missing, Options, Outcome, Pod, Report,
};
use doors_routing::{Request, Router, Source, State, Step};
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{NameServerConfigGroup, ResolverConfig};
use hickory_resolver::name_server::TokioConnectionProvider;
use hickory_resolver::proto::ProtoErrorKind::NoRecordsFound;
use hickory_resolver::proto::op::ResponseCode::{NXDomain, NoError};
use hickory_resolver::proto::rr::{RData, RecordType};
use http::header::{CONNECTION, CONTENT_TYPE, COOKIE, RETRY_AFTER};
use pingora_core::ErrorType::{ConnectNoRoute, ConnectRefused, ConnectTimedout, HTTPStatus};
use pingora_core::connectors::TransportConnector;
use pingora_core::listeners::tls::TlsSettings;
use pingora_core::protocols::Digest;
use pingora_core::protocols::http::ServerSession;
use pingora_core::server::configuration::ServerConf;
use pingora_core::server::{Server, ShutdownWatch};
use pingora_core::services::background::{BackgroundService, background_service};
use pingora_core::upstreams::peer::HttpPeer;
use pingora_core::{Error, ErrorSource, ErrorType, Result};
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::{FailToProxy, ProxyHttp, Session};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, watch};
use tokio::time::sleep;

type Failed = Box<dyn AnyError>;

/// The proxy.
#[derive(Clone)]
struct Doors(Arc<Shared>);

/// The state that all requests share.
struct Shared {
    state: State,
    /// The configuration in use and its file. Each request keeps the configuration with which it began.
    source: watch::Sender<Arc<Source>>,
    config: PathBuf,
    /// Makes waiting requests ask the library again.
    wake: watch::Sender<()>,
    /// Tells the lookup driver that lookups are due.
    due: Notify,
    resolver: TokioResolver,
    connector: TransportConnector,
    began: Instant,
}

impl Doors {
    fn new(config: PathBuf, resolver: TokioResolver) -> Result<Self, Failed> {
        let state = State::new(Limits::default());
        let source = watch::Sender::new(load(&state, &config)?);
        let (wake, due) = (watch::Sender::new(()), Notify::new());
        let (connector, began) = (TransportConnector::new(None), Instant::now());
        Ok(Doors(Arc::new(Shared { state, source, config, wake, due, resolver, connector, began })))
    }

    /// The time and a random number, which each call of the library takes.
    fn now(&self) -> (u64, u64) {
        (u64::try_from(self.0.began.elapsed().as_nanos()).unwrap_or(u64::MAX), fastrand::u64(..))
    }

    /// Sleeps until a time of that clock.
    async fn sleep(&self, until: u64) {
        sleep(Duration::from_nanos(until.saturating_sub(self.now().0))).await;
    }

    /// Acts on a report. Its other fields are for logs.
    fn heed(&self, source: &Arc<Source>, report: Report) {
        self.tell(report.wake, report.lookups_due);
        if let Some((upstream, pod)) = report.background {
            tokio::spawn(self.clone().dial(source.clone(), upstream, pod));
        }
        if let Some((_, pod, verdict)) = report.changed {
            eprintln!("pod {}:{} is {verdict:?}", pod.address(), pod.port());
        }
    }

    fn tell(&self, wake: bool, lookups_due: bool) {
        if wake {
            self.0.wake.send_replace(());
        }
        if lookups_due {
            self.0.due.notify_one();
        }
    }

    /// Dials a pod in the background, closes the connection at once, and reports the outcome.
    async fn dial(self, source: Arc<Source>, upstream: u32, pod: Pod) {
        let dialled = self.0.connector.new_stream(&peer(pod)).await;
        let outcome = dialled.map_or_else(|error| outcome(&error), |_| Outcome::Connected);
        let (now, random) = self.now();
        self.heed(&source, source.dialled(upstream, pod, outcome, now, random));
    }

    /// Looks up a host, each IP version separately. The addresses of one version count even if the other
    /// fails.
    async fn look_up(self, host: HostId, name: String) {
        let (v4, v6) = tokio::join!(self.query(&name, RecordType::A), self.query(&name, RecordType::AAAA));
        let missing = Missing { v4: v4.is_none(), v6: v6.is_none(), failure: Some(LookupFailure::Failed) };
        let addresses: Vec<IpAddr> = [v4, v6].into_iter().flatten().flatten().collect();
        let (now, random) = self.now();
        let report = self.0.state.resolved(host, &addresses, missing, now, random);
        self.tell(report.wake, report.lookups_due);
    }

    /// The addresses of one IP version, which may be none. `None` if no name server answers.
    async fn query(&self, name: &str, version: RecordType) -> Option<Vec<IpAddr>> {
        match self.0.resolver.lookup(name, version).await {
            Ok(found) => Some(found.iter().filter_map(RData::ip_addr).collect()),
            Err(error) => match error.proto()?.kind() {
                NoRecordsFound { response_code: NoError | NXDomain, .. } => Some(Vec::new()),
                _ => None,
            },
        }
    }
}

fn load(state: &State, config: &PathBuf) -> Result<Arc<Source>, Failed> {
    let router = Router::from_json(&std::fs::read(config)?)?;
    println!("loaded");
    Ok(Arc::new(Source::new(state, router, Options::default())))
}

/// How to dial a pod.
fn peer(pod: Pod) -> HttpPeer {
    let mut peer = HttpPeer::new((pod.address(), pod.port()), false, String::new());
    peer.options.connection_timeout = Some(Duration::from_secs(3));
    peer
}

/// The outcome to report for a failed dial.
fn outcome(error: &Error) -> Outcome {
    match error.etype() {
        ConnectRefused => Outcome::Refused,
        ConnectTimedout | ConnectNoRoute => Outcome::Unreachable,
        _ => Outcome::OwnFault,
    }
}

/// The lookup driver: starts the lookups that are due, and sleeps until the next ones.
#[async_trait]
impl BackgroundService for Doors {
    async fn start(&self, mut shutdown: ShutdownWatch) {
        let Ok(mut hangup) = signal(SignalKind::hangup()) else { return };
        loop {
            let (now, random) = self.now();
            let next = self.0.state.due(now, random, |lookup| {
                let name = format!("{}.", lookup.name.trim_end_matches('.'));
                tokio::spawn(self.clone().look_up(lookup.host, name));
            });
            tokio::select! {
                () = self.sleep(next.unwrap_or(u64::MAX)) => {}
                () = self.0.due.notified() => {}
                _ = hangup.recv() => match load(&self.0.state, &self.0.config) {
                    Ok(source) => _ = self.0.source.send_replace(source),
                    Err(error) => eprintln!("keeping the old configuration: {error}"),
                },
                _ = shutdown.changed() => return,
            }
        }
    }
}

const DRAINING: &str = "doors-draining";
const LAST_CHOICE: &str = "doors-last-choice";
/// The library sends the request elsewhere. The client has seen no part of the response.
const TAKEN_BACK: ErrorType = ErrorType::Custom("TakenBack");

/// A request in progress.
struct Passage {
    doors: Doors,
    source: Arc<Source>,
    request: Box<Request>,
    /// The library's last action.
    action: Action,
    /// Created before the library is called, so that no wake-up is missed.
    wake: watch::Receiver<()>,
}

impl Passage {
    /// Asks the library for the next step.
    fn ask(&mut self, call: impl FnOnce(&Source, &mut Request, u64, u64) -> Step) {
        let (now, random) = self.doors.now();
        let step = call(&self.source, &mut self.request, now, random);
        self.doors.heed(&self.source, step.report);
        self.action = step.action;
    }
}

impl Drop for Passage {
    /// Runs after every request, even if the client has left.
    fn drop(&mut self) {
        self.source.ended(&mut self.request, self.doors.now().0);
    }
}

#[async_trait]
impl ProxyHttp for Doors {
    type CTX = Passage;

    fn new_ctx(&self) -> Passage {
        let (source, wake) = (self.0.source.borrow().clone(), self.0.wake.subscribe());
        Passage { doors: self.clone(), source, request: Box::default(), action: Action::Done, wake }
    }

    async fn request_filter(&self, session: &mut Session, ctx: &mut Passage) -> Result<bool> {
        let has_body = !session.is_body_empty();
        let header = session.req_header();
        let method = match header.method.as_str() {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            _ => Method::Other,
        };
        let cookies: Vec<&[u8]> = header.headers.get_all(COOKIE).iter().map(|field| field.as_bytes()).collect();
        let path = header.uri.path_and_query().map_or("/", |target| target.as_str());
        let incoming = Incoming { method, has_body, path: path.as_bytes(), cookies: &cookies.join(&b"; "[..]) };
        ctx.ask(|source, request, now, random| source.begin(&incoming, now, random, request));
        Ok(false)
    }

    /// Follows the steps until there is a pod to dial. An error leads to an answer. Pingora calls this for
    /// each attempt.
    async fn upstream_peer(&self, session: &mut Session, ctx: &mut Passage) -> Result<Box<HttpPeer>> {
        loop {
            let until = match ctx.action {
                Action::Dial { pod, .. } => return Ok(Box::new(peer(pod))),
                Action::Wait { until } => until,
                Action::Answer { status, cause, .. } => {
                    return Error::e_explain(HTTPStatus(status as u16), cause.name());
                }
                Action::Choose | Action::Done => return Error::e_explain(HTTPStatus(502), "no pod answered"),
            };
            // Watching the client would consume the body, if there is one. Such a request waits only for DNS,
            // at most 3 s.
            let watched = session.is_body_empty();
            tokio::select! {
                () = self.sleep(until) => {}
                _ = ctx.wake.changed() => {}
                Err(left) = session.read_body_or_idle(true), if watched => return Err(left.into_down()),
            }
            ctx.ask(Source::resume);
        }
    }

    fn fail_to_connect(&self, _: &mut Session, _: &HttpPeer, ctx: &mut Passage, mut error: Box<Error>) -> Box<Error> {
        ctx.ask(|source, request, now, random| source.failed(request, outcome(&error), now, random));
        error.set_retry(true); // upstream_peer() decides whether there is another attempt
        error
    }

    async fn connected_to_upstream(
        &self,
        _: &mut Session,
        reused: bool,
        _: &HttpPeer,
        _: std::os::unix::io::RawFd,
        _: Option<&Digest>,
        ctx: &mut Passage,
    ) -> Result<()> {
        if let (Action::Dial { upstream, pod, .. }, false) = (ctx.action, reused) {
            let (now, random) = self.now();
            self.heed(&ctx.source, ctx.source.dialled(upstream, pod, Outcome::Connected, now, random));
        }
        Ok(())
    }

    async fn upstream_request_filter(
        &self,
        s: &mut Session,
        head: &mut RequestHeader,
        ctx: &mut Passage,
    ) -> Result<()> {
        head.remove_header(LAST_CHOICE);
        if let Action::Dial { last_choice: true, .. } = ctx.action {
            head.insert_header(LAST_CHOICE, "?1")?;
        }
        // Otherwise Pingora would reuse a connection even if the pod responded before the end of the body.
        if s.is_body_empty() { Ok(()) } else { head.insert_header(CONNECTION, "close") }
    }

    async fn response_filter(&self, _: &mut Session, head: &mut ResponseHeader, ctx: &mut Passage) -> Result<()> {
        let draining = head.remove_header(DRAINING).is_some_and(|mark| mark.as_bytes() == b"?1");
        let marks = Marks { draining, refused: draining && head.status == 503 };
        ctx.ask(|source, request, now, random| source.answered(request, marks, now, random));
        if ctx.action == Action::Done {
            Ok(())
        } else {
            Error::e_explain(TAKEN_BACK, "the request goes to another pod")
        }
    }

    /// A reused connection may have ended before the request was sent; the same pod is then tried once more.
    fn error_while_proxy(
        &self,
        _: &HttpPeer,
        session: &mut Session,
        mut error: Box<Error>,
        ctx: &mut Passage,
        reused: bool,
    ) -> Box<Error> {
        let over = session.response_written().is_some() || *error.esource() == ErrorSource::Downstream;
        let repeatable = session.req_header().method.is_idempotent() && !session.as_ref().retry_buffer_truncated();
        if !(over || reused && repeatable || *error.etype() == TAKEN_BACK) {
            ctx.ask(|source, request, now, random| source.next(request, Outcome::Dropped, now, random));
        }
        error.set_retry(!over);
        error
    }

    /// Handles the end of the last attempt: answers, unless the client has left or has received the beginning
    /// of a response.
    async fn fail_to_proxy(&self, session: &mut Session, error: &Error, ctx: &mut Passage) -> FailToProxy {
        let (error_code, seconds, page) = match ctx.action {
            _ if *error.esource() == ErrorSource::Downstream || session.response_written().is_some() => (0, 0, false),
            Action::Answer { status, retry_after, page, .. } => (status as u16, retry_after, page),
            _ => (502, 0, false),
        };
        if error_code > 0 {
            let _ = answer(session, error_code, seconds, page).await; // the client may be gone
        }
        FailToProxy { error_code, can_reuse_downstream: false }
    }
}

/// Pingora adds `Cache-Control: no-store` and closes the connection, on which a body may still arrive.
async fn answer(session: &mut Session, status: u16, seconds: u32, page: bool) -> Result<()> {
    let mut header = ServerSession::generate_error(status);
    let mut text = String::new();
    if seconds > 0 {
        header.insert_header(RETRY_AFTER, seconds)?;
    }
    if page {
        text = format!("<!doctype html><meta http-equiv=refresh content={seconds}><title>One moment</title>");
        header.insert_header(CONTENT_TYPE, "text/html; charset=utf-8")?;
    }
    header.set_content_length(text.len())?;
    session.write_error_response(header, text.into()).await
}

const USAGE: &str = "usage: doors-pingora-proxy CONFIG NAMESERVER HTTP HTTPS CERTIFICATE KEY GRACE
  CONFIG                   the library's configuration in JSON; SIGHUP loads it anew
  NAMESERVER, HTTP, HTTPS  address:port, to ask and to listen on
  CERTIFICATE, KEY         files in PEM
  GRACE                    seconds that SIGTERM leaves to the requests under way";

fn main() -> Result<(), Failed> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [config, name_server, http, https, certificate, key, grace] = &arguments[..] else { return Err(USAGE.into()) };
    let name_server: std::net::SocketAddr = name_server.parse()?;
    let name_servers = NameServerConfigGroup::from_ips_clear(&[name_server.ip()], name_server.port(), true);
    let names = ResolverConfig::from_parts(None, Vec::new(), name_servers);
    let mut resolver = TokioResolver::builder_with_config(names, TokioConnectionProvider::default());
    let options = resolver.options_mut();
    (options.cache_size, options.timeout) = (0, Duration::from_secs(1)); // the library decides when to look up
    let doors = Doors::new(config.into(), resolver.build())?;

    let grace_period_seconds = Some(grace.parse()?);
    let conf = ServerConf { grace_period_seconds, graceful_shutdown_timeout_seconds: Some(1), ..ServerConf::default() };
    let mut server = Server::new_with_opt_and_conf(None, conf);
    server.bootstrap();
    let mut proxy = pingora_proxy::http_proxy_service(&server.configuration, doors.clone());
    proxy.add_tcp(http);
    let mut tls = TlsSettings::intermediate(certificate, key)?;
    tls.enable_h2();
    proxy.add_tls_with_settings(https, None, tls);
    server.add_service(proxy);
    server.add_service(background_service("lookups", doors));
    server.run_forever()
}
