package ledger

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"regexp"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/fleet"
)

// Kind is the kind of a request.
type Kind string

// The kinds of requests of a Doors page.
const (
	PageLoad Kind = "page"
	Stream   Kind = "stream"
	Report   Kind = "report"
	Hook     Kind = "hook"
	Link     Kind = "link"
	History  Kind = "history"
	Resource Kind = "resource"
)

// ErrStalled is the error of a stream that the pod did not end when the next one was opened: the
// next one did not reach the pod.
var ErrStalled = errors.New("the stream went on although the next one had been opened")

// Outcome is the result of a request.
type Outcome struct {
	Browser    int
	Protocol   string
	Kind       Kind
	Begin, End time.Time
	Status     int        // 0 for no answer
	Err        error      // no answer, or one that broke off; nil for an unexpected status
	RetryAfter bool       // the answer has this field
	HTML       bool       // the answer is HTML
	Proxy      netip.Addr // the proxy of the request; invalid if none was reached

	Pod *fleet.Life // of the page; nil for a failed page load
}

// good reports whether the request succeeded.
func (o Outcome) good() bool { return o.Err == nil && o.Status == http.StatusOK }

var tokens = regexp.MustCompile(`/~/[^/\s"]+`)

// String describes the outcome in one line, without tokens.
func (o Outcome) String() string {
	pod := "no pod"
	if o.Pod != nil {
		pod = o.Pod.Name
		if o.Pod.IsDraining() {
			pod += " (draining)"
		}
	}
	text := fmt.Sprintf("browser %d (%s), %s of %s: status %d after %v", o.Browser, o.Protocol, o.Kind, pod, o.Status,
		o.End.Sub(o.Begin).Round(time.Millisecond))
	if o.Err != nil {
		text += ": " + tokens.ReplaceAllString(o.Err.Error(), "/~/TOKEN")
	}
	return text
}
