package show

import (
	"context"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/show/metrics"
	"github.com/doors-dev/doors-caddy/routing"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// firstShown is an internal placeholder: through it a request finds the one that was shown first.
const firstShown = config.PlaceholderPrefix + "first"

// shown is the value of that placeholder.
type shown struct{ *Request }

// String returns "", for a configuration that uses the placeholder.
func (shown) String() string { return "" }

// Facts are what is known about a request.
type Facts interface {
	// Decided returns the decision.
	Decided() routing.Decision
	// Cause returns why Caddy itself answered, or 0.
	Cause() routing.Cause
	// Chosen returns the pod that was chosen last. It is invalid if none was.
	Chosen() routing.UpstreamPod
	// Upstream returns the upstream with this index.
	Upstream(index int) *Upstream
	// Header returns the name of the decision header, or "".
	Header() string
}

// Request presents a request in placeholders, the access log and a header.
type Request struct {
	Facts

	// inner belongs to another source that decided about the same request later, and is shown
	// instead. A dial in the background may still read it.
	inner atomic.Pointer[Request]
}

// Show adds the placeholders and the log field of the request. Values are computed on demand: most
// requests only pay for a closure. outer belongs to another source that has shown the same request
// before, or is nil. hidden is set if outer cannot be found in the context.
func (q *Request) Show(ctx context.Context, answer http.Header, outer *Request, hidden bool) {
	server, _ := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if replacer, ok := ctx.Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		if outer == nil && (hidden || server != nil && server.Errors != nil) {
			// handle_errors starts with the context that the server made, and the stock handler's
			// context is not ours.
			if found, ok := replacer.Get(firstShown); ok {
				outer = found.(shown).Request
			}
		}
		if outer != nil {
			outer.inner.Store(q)
		} else {
			replacer.Map(q.placeholder)
		}
	}
	if server != nil && server.Logs != nil {
		if fields, ok := ctx.Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields); ok {
			fields.Set(zap.Object("doors", q))
		}
	}
	q.SetDecisionHeader(answer)
}

// placeholder is a provider for the request's replacer.
func (q *Request) placeholder(key string) (any, bool) {
	name, ours := strings.CutPrefix(key, config.PlaceholderPrefix)
	if !ours {
		return nil, false
	}
	if key == firstShown {
		return shown{q}, true
	}
	for inner := q.inner.Load(); inner != nil; inner = q.inner.Load() {
		q = inner
	}
	switch name {
	case "decision":
		return q.Decided().Kind.String(), true
	case "reason":
		return q.reason(), true
	case "pod":
		pod, _ := q.target()
		return pod, true
	case "upstream":
		_, upstream := q.target()
		return upstream, true
	case "host", "hostport":
		if chosen := q.Chosen(); chosen.Pod.IsValid() {
			host, hostport := q.Upstream(chosen.Upstream).ForApp()
			if name == "host" {
				return host, true
			}
			return hostport, true
		}
	}
	return nil, false
}

// target returns the pod that was chosen last, or else that of the token, and its upstream as
// host:port. Unknown values are "".
func (q *Request) target() (pod, upstream string) {
	at, decision := q.Chosen(), q.Decided()
	if !at.Pod.IsValid() {
		at.Upstream = decision.Upstream
		if decision.Kind == routing.Pod {
			at.Pod = netip.AddrPortFrom(decision.Addr, decision.Port)
		}
	}
	if at.Pod.IsValid() {
		pod = at.Pod.String()
	}
	if at.Upstream >= 0 {
		upstream = q.Upstream(at.Upstream).Hostport
	}
	return pod, upstream
}

// MarshalLogObject writes the field of the access log at the end of the request.
func (q *Request) MarshalLogObject(encoder zapcore.ObjectEncoder) error {
	pod, upstream := q.target()
	decision := q.Decided()
	for _, member := range [...]struct{ name, value string }{
		{"decision", decision.Kind.String()}, {"reason", q.reason()}, {"path", decision.Path.String()}, {"pod", pod}, {"upstream", upstream},
	} {
		if member.value != "" {
			encoder.AddString(member.name, member.value)
		}
	}
	return nil
}

// WithDecisionHeader returns a writer that adds the decision header to every answer, if one is configured.
func (q *Request) WithDecisionHeader(w http.ResponseWriter) http.ResponseWriter {
	if q.Header() == "" {
		return w
	}
	return &decisionWriter{ResponseWriterWrapper: &caddyhttp.ResponseWriterWrapper{ResponseWriter: w}, shown: q}
}

// decisionWriter is a ResponseWriter that sets the decision header in every header, interim ones
// included. It replaces a header of that name from the pod, which may have a source of its own.
type decisionWriter struct {
	*caddyhttp.ResponseWriterWrapper
	shown *Request
	began bool // the final header is written
}

// WriteHeader writes the header with the decision.
func (a *decisionWriter) WriteHeader(status int) {
	if !a.began {
		a.shown.SetDecisionHeader(a.Header())
		a.began = status >= http.StatusOK || status == http.StatusSwitchingProtocols
	}
	a.ResponseWriterWrapper.WriteHeader(status)
}

// Write writes part of the body.
func (a *decisionWriter) Write(part []byte) (int, error) {
	if !a.began {
		a.WriteHeader(http.StatusOK)
	}
	return a.ResponseWriterWrapper.Write(part)
}

// SetDecisionHeader sets the decision header, if one is configured. Its value is an item with parameters
// (RFC 9651), without pods or tokens. If another source decided about the same request later, its
// decision is used.
func (q *Request) SetDecisionHeader(header http.Header) {
	name := q.Header()
	if name == "" {
		return
	}
	for inner := q.inner.Load(); inner != nil; inner = inner.inner.Load() {
		if strings.EqualFold(inner.Header(), name) {
			q = inner
		}
	}
	decision := q.Decided()
	value := decision.Kind.String()
	if reason := q.reason(); reason != "" {
		value += ";reason=" + reason
	}
	value += ";path=" + decision.Path.String()
	if decision.Upstream >= 0 {
		value += ";upstream=" + strconv.Itoa(decision.Upstream)
	}
	header.Set(name, value)
}

// reason returns why the request got its answer: the cause of the final answer if there is one,
// else the reason of the decision.
func (q *Request) reason() string {
	cause, decided := q.Cause(), q.Decided().Reason
	if cause == 0 {
		cause = metrics.CauseOf(decided)
	}
	switch {
	case cause != 0:
		return cause.String()
	case decided == routing.ReasonNone:
		return ""
	default:
		return decided.String()
	}
}

// Interface guard
var _ zapcore.ObjectMarshaler = (*Request)(nil)
