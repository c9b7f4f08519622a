// In: the decision about a request and what became of it.
// Out: what the operator sees of both: placeholders, a field of the access log, a response header.

package caddydoors

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
	"github.com/doors-dev/doors-caddy/caddy/internal/metrics"
	"github.com/doors-dev/doors-caddy/go"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// placeholderPrefix begins the placeholders of a request; decision, reason, pod and upstream follow, and for our own use those
// of hostnames.go.
const placeholderPrefix = "http.doors."

// firstShown is the placeholder by which a request finds the one that was shown first. No configuration has a use for it.
const firstShown = placeholderPrefix + "first"

// shown is the value of that placeholder.
type shown struct{ *request }

// String is what a configuration gets that asks for it.
func (shown) String() string { return "" }

// show makes the request visible. What is shown is computed when it is asked for: most requests pay for one closure.
func (q *request) show(ctx context.Context, answer http.Header) {
	server, _ := ctx.Value(caddyhttp.ServerCtxKey).(*caddyhttp.Server)
	if replacer, ok := ctx.Value(caddy.ReplacerCtxKey).(*caddy.Replacer); ok {
		first := q.outer
		if first == nil && (q.source.underStockHandler || server != nil && server.Errors != nil) {
			// handle_errors begins with the context that the server made, and the stock handler's is not ours.
			if found, ok := replacer.Get(firstShown); ok {
				first = found.(shown).request
			}
		}
		if first != nil {
			first.inner.Store(q)
		} else {
			replacer.Map(q.placeholder)
		}
	}
	if server != nil && server.Logs != nil {
		if fields, ok := ctx.Value(caddyhttp.ExtraLogFieldsCtxKey).(*caddyhttp.ExtraLogFields); ok {
			fields.Set(zap.Object("doors", q))
		}
	}
	q.announce(answer)
}

// placeholder is a provider of the request's replacer.
func (q *request) placeholder(key string) (any, bool) {
	name, ours := strings.CutPrefix(key, placeholderPrefix)
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
		return q.decision.Kind.String(), true
	case "reason":
		return q.reason(), true
	case "pod":
		pod, _ := q.target()
		return pod, true
	case "upstream":
		_, upstream := q.target()
		return upstream, true
	case "host":
		if chosen, ok := q.chosenPod(); ok {
			return chosen.server.forApp.name, true
		}
	case "hostport":
		if chosen, ok := q.chosenPod(); ok {
			return chosen.server.forApp.hostport, true
		}
	}
	return nil, false
}

// MarshalLogObject writes the field of the access log, when the request has ended.
func (q *request) MarshalLogObject(encoder zapcore.ObjectEncoder) error {
	pod, upstream := q.target()
	for _, member := range [...]struct{ name, value string }{
		{"decision", q.decision.Kind.String()}, {"reason", q.reason()}, {"path", q.decision.Path.String()}, {"pod", pod}, {"upstream", upstream},
	} {
		if member.value != "" {
			encoder.AddString(member.name, member.value)
		}
	}
	return nil
}

// announcer is a ResponseWriter whose every header, also that of an interim answer, has our decision header and no other: a pod may send
// one of that name too, or have another source of its own.
type announcer struct {
	*caddyhttp.ResponseWriterWrapper
	serving *request
	began   bool // the final header is written
}

// WriteHeader writes the header with the decision in it.
func (a *announcer) WriteHeader(status int) {
	if !a.began {
		a.serving.announce(a.Header())
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

// announce sets the header that tells about the decision, if there is to be one: an item with parameters (RFC 9651) that
// names neither a pod nor a token. If another source took a decision later for the same request, it speaks.
func (q *request) announce(header http.Header) {
	name := q.source.DecisionHeader
	if name == "" {
		return
	}
	for inner := q.inner.Load(); inner != nil; inner = inner.inner.Load() {
		if strings.EqualFold(inner.source.DecisionHeader, name) {
			q = inner
		}
	}
	value := metrics.Label(q.decision.Kind.String())
	if reason := q.reason(); reason != "" {
		value += ";reason=" + reason
	}
	value += ";path=" + q.decision.Path.String()
	if q.decision.Upstream >= 0 {
		value += ";upstream=" + strconv.Itoa(q.decision.Upstream)
	}
	header.Set(name, value)
}

// reason is why the request went where it went: the reason for what happened in the end, if that is not what was decided.
func (q *request) reason() string {
	switch {
	case q.cause != nil:
		return q.cause.String()
	case q.decision.Reason == doors.ReasonNone:
		return ""
	default:
		return metrics.Label(q.decision.Reason.String())
	}
}

// target is the pod that was chosen last, or that the token names, and its server as host:port; "" for what is not known.
func (q *request) target() (pod, upstream string) {
	if chosen, ok := q.chosenPod(); ok {
		return chosen.upstream.Dial, chosen.server.hostport
	}
	if q.decision.Upstream < 0 {
		return "", ""
	}
	if q.decision.Kind == doors.Pod {
		pod = q.pod[0].upstream.Dial
	}
	return pod, q.source.servers[q.decision.Upstream].hostport
}

// Interface guard
var _ zapcore.ObjectMarshaler = (*request)(nil)
