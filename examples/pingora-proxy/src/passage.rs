//! In: what Pingora asks about one request. Out: the pod that it goes to, or the answer that it gets, as the library says.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use doors_routing::{Action, AnswerStatus, Incoming, Marks, Method, Outcome, Pod, Request, Source};
use http::header::{CACHE_CONTROL, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, RETRY_AFTER};
use pingora_core::ErrorSource;
use pingora_core::ErrorType::{ConnectNoRoute, ConnectRefused, ConnectTimedout, HTTPStatus};
use pingora_core::protocols::Digest;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_core::{Error, Result};
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_proxy::{FailToProxy, ProxyHttp, Session};
use tokio::time::sleep;

use crate::shared::{DIAL_TIMEOUT, Shared};

/// The proxy.
pub struct Doors(pub Arc<Shared>);

/// One request on its way.
pub struct Passage {
    shared: Arc<Shared>,
    source: Arc<Source>,
    request: Box<Request>,
    pod: Option<(u32, Pod)>,
    next: Next,
    answer: Option<Answer>,
}

/// What the library is to be asked next.
enum Next {
    Begin,
    /// No connection was made.
    Failed(Outcome),
    /// The connection ended before a byte of an answer.
    Dropped,
    /// A connection that was kept open had ended before the request came: the same pod once more.
    Again,
    Resume,
}

/// What the client gets from the proxy itself.
struct Answer {
    status: AnswerStatus,
    retry_after: u32,
    page: bool,
}

impl Passage {
    /// Asks the library until it names a pod. An error is the answer.
    async fn pod(&mut self, session: &mut Session) -> Result<Pod> {
        let shared = self.shared.clone();
        loop {
            let mut woken = pin!(shared.wake.notified());
            woken.as_mut().enable(); // before the library is asked: a call to wake must not be missed
            let (now, random) = (shared.now(), fastrand::u64(..));
            let step = match std::mem::replace(&mut self.next, Next::Resume) {
                Next::Begin => self.begin(session, now, random),
                Next::Failed(outcome) => self.source.failed(&mut self.request, outcome, now, random),
                Next::Dropped => self.source.next(&mut self.request, Outcome::Dropped, now, random),
                Next::Resume => self.source.resume(&mut self.request, now, random),
                Next::Again => match self.pod {
                    Some((_, pod)) => return Ok(pod),
                    None => return Error::e_explain(HTTPStatus(500), "nothing was dialled"),
                },
            };
            shared.heed(&self.source, step.report);
            match step.action {
                Action::Dial { upstream, pod, .. } => {
                    self.pod = Some((upstream, pod));
                    return Ok(pod);
                }
                Action::Wait { until } => tokio::select! {
                    () = woken => {}
                    () = sleep(Duration::from_nanos(until.saturating_sub(shared.now()))) => {}
                },
                Action::Answer { status, retry_after, cause, page } => {
                    self.answer = Some(Answer { status, retry_after, page });
                    return Error::e_explain(HTTPStatus(status as u16), cause.name());
                }
                Action::Choose | Action::Done => return Error::e_explain(HTTPStatus(502), "no answer of a pod"),
            }
        }
    }

    fn begin(&mut self, session: &mut Session, now: u64, random: u64) -> doors_routing::Step {
        let has_body = !session.as_downstream_mut().is_body_empty();
        let header = session.req_header();
        let method = match header.method.as_str() {
            "GET" => Method::Get,
            "HEAD" => Method::Head,
            _ => Method::Other,
        };
        let cookies: Vec<&[u8]> = header.headers.get_all(COOKIE).iter().map(|field| field.as_bytes()).collect();
        let path = header.uri.path_and_query().map_or("/", |target| target.as_str());
        let incoming = Incoming { method, has_body, path: path.as_bytes(), cookies: &cookies.join(&b"; "[..]) };
        self.source.begin(&incoming, now, random, &mut self.request)
    }

    fn dialled(&self, outcome: Outcome) {
        if let Some((upstream, pod)) = self.pod {
            let report = self.source.dialled(upstream, pod, outcome, self.shared.now(), fastrand::u64(..));
            self.shared.heed(&self.source, report);
        }
    }
}

impl Drop for Passage {
    /// However the request has ended, also if the client has gone.
    fn drop(&mut self) {
        self.source.ended(&mut self.request, self.shared.now());
    }
}

#[async_trait]
impl ProxyHttp for Doors {
    type CTX = Passage;

    fn new_ctx(&self) -> Passage {
        let (shared, source) = (self.0.clone(), self.0.source());
        Passage { shared, source, request: Box::default(), pod: None, next: Next::Begin, answer: None }
    }

    /// Called for each try.
    async fn upstream_peer(&self, session: &mut Session, ctx: &mut Passage) -> Result<Box<HttpPeer>> {
        let pod = ctx.pod(session).await?;
        let mut peer = HttpPeer::new((pod.address(), pod.port()), false, String::new());
        peer.options.connection_timeout = Some(DIAL_TIMEOUT);
        Ok(Box::new(peer))
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
        if !reused {
            ctx.dialled(Outcome::Connected);
        }
        Ok(())
    }

    fn fail_to_connect(&self, _: &mut Session, _: &HttpPeer, ctx: &mut Passage, mut error: Box<Error>) -> Box<Error> {
        ctx.next = Next::Failed(match error.etype() {
            ConnectRefused => Outcome::Refused,
            ConnectTimedout | ConnectNoRoute => Outcome::Unreachable,
            _ => Outcome::OwnFault,
        });
        error.set_retry(true); // the library says whether there is another try
        error
    }

    fn error_while_proxy(
        &self,
        _: &HttpPeer,
        session: &mut Session,
        mut error: Box<Error>,
        ctx: &mut Passage,
        reused: bool,
    ) -> Box<Error> {
        let begun = session.response_written().is_some();
        if begun || *error.esource() == ErrorSource::Downstream {
            error.set_retry(false);
            return error;
        }
        let repeatable = session.req_header().method.is_idempotent() && !session.as_ref().retry_buffer_truncated();
        ctx.next = if reused && repeatable { Next::Again } else { Next::Dropped };
        error.set_retry(true);
        error
    }

    /// Pingora would use a connection again although the pod has answered before the end of the body.
    async fn upstream_request_filter(
        &self,
        session: &mut Session,
        upstream: &mut RequestHeader,
        _: &mut Passage,
    ) -> Result<()> {
        if !session.as_downstream_mut().is_body_empty() {
            upstream.insert_header(CONNECTION, "close")?;
        }
        Ok(())
    }

    async fn response_filter(&self, _: &mut Session, _: &mut ResponseHeader, ctx: &mut Passage) -> Result<()> {
        let step = ctx.source.answered(&mut ctx.request, Marks::default(), ctx.shared.now(), fastrand::u64(..));
        ctx.shared.heed(&ctx.source, step.report);
        Ok(())
    }

    /// The last try has ended: the answer of the proxy, unless the client has gone or has the beginning of another one.
    async fn fail_to_proxy(&self, session: &mut Session, error: &Error, ctx: &mut Passage) -> FailToProxy {
        let nobody = *error.esource() == ErrorSource::Downstream || session.response_written().is_some();
        let (status, retry_after, page) = match &ctx.answer {
            _ if nobody => return FailToProxy { error_code: 0, can_reuse_downstream: false },
            Some(answer) => (answer.status as u16, answer.retry_after, answer.page),
            None => (502, 0, false),
        };
        let text = match page {
            true => format!("<!doctype html><meta http-equiv=refresh content={retry_after}><title>One moment</title>"),
            false => String::new(),
        };
        let _ = answer(session, status, retry_after, text).await; // an error says that the client has gone meanwhile
        FailToProxy { error_code: status, can_reuse_downstream: false }
    }

    fn suppress_error_log(&self, _: &Session, ctx: &Passage, _: &Error) -> bool {
        ctx.answer.is_some()
    }
}

/// Nothing stores an answer of the proxy, and the connection of a body that is still open is not used again.
async fn answer(session: &mut Session, status: u16, retry_after: u32, text: String) -> Result<()> {
    let mut header = ResponseHeader::build(status, None)?;
    header.insert_header(CACHE_CONTROL, "no-store")?;
    header.insert_header(CONTENT_LENGTH, text.len())?;
    if retry_after > 0 {
        header.insert_header(RETRY_AFTER, retry_after)?;
    }
    if !text.is_empty() {
        header.insert_header(CONTENT_TYPE, "text/html; charset=utf-8")?;
    }
    session.set_keepalive(None);
    session.write_response_header(Box::new(header), false).await?;
    session.write_response_body(Some(text.into()), true).await
}
