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

// Kind is what a request was for.
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

// ErrStalled is the error of a stream that the pod did not end when the next one was opened: that did not reach the pod.
var ErrStalled = errors.New("the stream went on although the next one had been opened")

// Outcome is how one request ended.
type Outcome struct {
	Browser    int
	Protocol   string
	Kind       Kind
	Begin, End time.Time
	Status     int        // 0: no answer
	Err        error      // no answer, or one that broke off; nil with a status that is wrong
	RetryAfter bool       // the answer had that field
	HTML       bool       // the answer is a page of some kind
	Proxy      netip.Addr // that the request went to; invalid for one that went nowhere

	Pod *fleet.Life // of the page; nil for a page load that failed
}

// good tells whether this is what a page hopes for.
func (o Outcome) good() bool { return o.Err == nil && o.Status == http.StatusOK }

var tokens = regexp.MustCompile(`/~/[^/\s"]+`)

// String is a line for people. Tokens are left out.
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
