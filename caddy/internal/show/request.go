// In: the decision about a request and what became of it.
// Out: what the operator sees of both: placeholders, a field of the access log, a response header.

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

// firstShown is the placeholder by which a request finds the one that was shown first. No configuration has a use for it.
const firstShown = config.PlaceholderPrefix + "first"

// shown is the value of that placeholder.
type shown struct{ *Request }

// String is what a configuration gets that asks for it.
func (shown) String() string { return "" }

// Facts are what is known about a request.
type Facts interface {
	// Decided is the decision about it.
	Decided() routing.Decision
	// Cause is why Caddy itself answered, 0 if it did not.
	Cause() routing.Cause
	// Chosen is the pod that was chosen last, not valid before one was.
	Chosen() routing.UpstreamPod
	// Upstream is the upstream with this index.
	Upstream(index int) *Upstream
	// Header is the name of the header that tells about the decision, "" for none.
	Header() string
}

// Request is what is shown of a request.
type Request struct {
	Facts

	// inner is what a source shows that took a decision later for the same request. It counts. A dial that goes on in the background may still ask
	// for it.
	inner atomic.Pointer[Request]
}

// Show makes the request visible. What is shown is computed when it is asked for: most requests pay for one closure. outer is what another source
// has shown before for the same request, nil for nothing; hidden is set where it would not be found in the context.
func (q *Request) Show(ctx context.Context, answer http.Header, outer *Request, hidden bool) {
	server, _ := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if replacer, ok := ctx.Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		if outer == nil && (hidden || server != nil && server.Errors != nil) {
			// handle_errors begins with the context that the server made, and the stock handler's is not ours.
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
	q.Announce(answer)
}

// placeholder is a provider of the request's replacer.
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

// target is the pod that was chosen last, or that the token names, and its upstream as host:port; "" for what is not known.
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

// MarshalLogObject writes the field of the access log, when the request has ended.
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

// Announcing makes every header of an answer tell about the decision, if one is to.
func (q *Request) Announcing(w http.ResponseWriter) http.ResponseWriter {
	if q.Header() == "" {
		return w
	}
	return &announcer{ResponseWriterWrapper: &caddyhttp.ResponseWriterWrapper{ResponseWriter: w}, shown: q}
}

// announcer is a ResponseWriter whose every header, also that of an interim answer, has our decision header and no other: a pod may send
// one of that name too, or have another source of its own.
type announcer struct {
	*caddyhttp.ResponseWriterWrapper
	shown *Request
	began bool // the final header is written
}

// WriteHeader writes the header with the decision in it.
func (a *announcer) WriteHeader(status int) {
	if !a.began {
		a.shown.Announce(a.Header())
		a.began = status >= http.StatusOK || status == http.StatusSwitchingProtocols
	}
	a.ResponseWriterWrapper.WriteHeader(status)
}

// Write writes a part of the body.
func (a *announcer) Write(part []byte) (int, error) {
	if !a.began {
		a.WriteHeader(http.StatusOK)
	}
	return a.ResponseWriterWrapper.Write(part)
}

// Announce sets the header that tells about the decision, if there is to be one: an item with parameters (RFC 9651) that
// names neither a pod nor a token. If another source took a decision later for the same request, it speaks.
func (q *Request) Announce(header http.Header) {
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
	value := metrics.Label(decision.Kind.String())
	if reason := q.reason(); reason != "" {
		value += ";reason=" + reason
	}
	value += ";path=" + decision.Path.String()
	if decision.Upstream >= 0 {
		value += ";upstream=" + strconv.Itoa(decision.Upstream)
	}
	header.Set(name, value)
}

// reason is why the request went where it went: the reason for what happened in the end, if that is not what was decided.
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
		return metrics.Label(decided.String())
	}
}

// Interface guard
var _ zapcore.ObjectMarshaler = (*Request)(nil)
