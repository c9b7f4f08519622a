package status

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// Evictor evicts pods. It is safe for concurrent use. Its errors come from [Refuse], or are
// internal.
type Evictor interface {
	// Evict starts or changes an eviction, and returns the evictions with its target. There are
	// several if upstreams have the same name.
	Evict(order Order) ([]Eviction, error)
	// Undo ends the evictions with a target and returns them.
	Undo(target Target) ([]Eviction, error)
	// Evictions returns the evictions with a target, or all for the zero value.
	Evictions(target Target) ([]Eviction, error)
}

// Target selects pods: one pod, those in a network, those of an upstream, or those of an upstream
// in a network.
type Target struct {
	// The address of one pod. Either this, `network` or `upstream` is required.
	Pod netip.Addr `json:"pod,omitzero"`

	// A network, such as 10.0.0.0/24.
	Network netip.Prefix `json:"network,omitzero"`

	// Host and port of an upstream, as configured.
	Upstream string `json:"upstream,omitempty"`
}

// Order is the body of `POST /doors/evictions`.
type Order struct {
	Target

	// How many pages of an upstream are told to reload per second. 0 means `gone_rate`.
	Rate uint32 `json:"rate,omitempty"`

	// Whether the longest idle pages are told first.
	IdleFirst bool `json:"idle_first,omitempty"`
}

// Evictions is the answer to an order or to `GET /doors/evictions`.
type Evictions struct {
	// The evictions, oldest first.
	Evictions []Eviction `json:"evictions"`
}

// Left returns how many pods of all evictions have not drained, and how many pages they have open.
func (e Evictions) Left() (draining, pages int) {
	for _, one := range e.Evictions {
		draining, pages = draining+one.Draining, pages+one.Pages
	}
	return draining, pages
}

// Refuse returns an error that is answered with the given status.
func Refuse(status int, message string) error { return refusal{status, message} }

// maxOrder is larger than any order, in bytes.
const maxOrder = 64 << 10

// serveEvictions serves `GET /doors/evictions[?wait=10m]`, `POST` and `DELETE`.
func (s Responder) serveEvictions(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
		target, err := targetOf(r.URL.Query())
		if err != nil {
			refuseWith(w, r, err)
			return
		}
		s.hold(w, r, func() (document any, yes bool, earliest time.Duration, err error) {
			found, err := s.Evictor.Evictions(target)
			if err == nil && len(found) == 0 && target != (Target{}) {
				err = errNoEviction
			}
			evictions := Evictions{found}
			draining, _ := evictions.Left()
			return evictions, draining == 0, 0, err
		})
	case http.MethodPost:
		order, err := orderOf(r)
		if err != nil {
			refuseWith(w, r, err)
			return
		}
		evicted, err := s.Evictor.Evict(order)
		answer(w, r, evicted, err)
	case http.MethodDelete:
		target, err := targetOf(r.URL.Query())
		if err == nil && target == (Target{}) {
			err = errNoTarget
		}
		if err != nil {
			refuseWith(w, r, err)
			return
		}
		undone, err := s.Evictor.Undo(target)
		if err == nil && len(undone) == 0 {
			err = errNoEviction
		}
		answer(w, r, undone, err)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST, DELETE")
		refuse(w, r, http.StatusMethodNotAllowed, "method not allowed; read evictions with GET, start them with POST and end them with DELETE")
	}
}

func answer(w http.ResponseWriter, r *http.Request, evictions []Eviction, err error) {
	if err != nil {
		refuseWith(w, r, err)
		return
	}
	reply(w, r, http.StatusOK, Evictions{evictions})
}

var (
	errNoTarget   = Refuse(http.StatusBadRequest, `the target is missing; write "pod", an IP address, "network", such as "10.0.0.0/24", or "upstream", host:port as configured`)
	errTwoTargets = Refuse(http.StatusBadRequest, `"pod" and "network" are both set; remove one of them`)
	errNoEviction = Refuse(http.StatusNotFound, "there is no eviction with that target")
)

// orderOf parses an order. Its errors do not show the input: it may be a secret.
func orderOf(r *http.Request) (order Order, err error) {
	const shape = `the body must be JSON such as {"pod": "10.0.0.7", "rate": 10, "idle_first": true}`
	var body struct {
		Pod, Network, Upstream string
		Rate                   uint32
		IdleFirst              bool `json:"idle_first"`
	}
	decoder := json.NewDecoder(io.LimitReader(r.Body, maxOrder))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(&body)
	var mistyped *json.UnmarshalTypeError
	switch {
	case errors.As(err, &mistyped) && mistyped.Field != "":
		return order, Refuse(http.StatusBadRequest, shape+"; "+mistyped.Field+" has the wrong type or is out of range")
	case err != nil:
		return order, Refuse(http.StatusBadRequest, shape+", without other members")
	case decoder.More():
		return order, Refuse(http.StatusBadRequest, shape+", with nothing after it")
	}
	target, err := parseTarget(body.Pod, body.Network, body.Upstream)
	if err == nil && target == (Target{}) {
		err = errNoTarget
	}
	return Order{target, body.Rate, body.IdleFirst}, err
}

// targetOf parses a target from a query. An empty query is the zero value.
func targetOf(query url.Values) (Target, error) {
	return parseTarget(query.Get("pod"), query.Get("network"), query.Get("upstream"))
}

func parseTarget(pod, network, upstream string) (target Target, err error) {
	err = target.Pod.UnmarshalText([]byte(pod)) // "" is not an address
	if err != nil || target.Pod.Zone() != "" {
		return target, Refuse(http.StatusBadRequest, "pod: must be an IP address without a port or zone, such as 10.0.0.7")
	}
	if err = target.Network.UnmarshalText([]byte(network)); err != nil {
		return target, Refuse(http.StatusBadRequest, "network: must be an address with a prefix length, such as 10.0.0.0/24")
	}
	target.Pod, target.Upstream = target.Pod.Unmap(), upstream
	switch {
	case target.Pod.IsValid() && target.Network.IsValid():
		err = errTwoTargets
	case target.Network != target.Network.Masked():
		err = Refuse(http.StatusBadRequest, "network: host bits are set; write "+target.Network.Masked().String())
	}
	return target, err
}

// Query returns the target as a URL query.
func (t Target) Query() url.Values {
	query := make(url.Values)
	for name, text := range map[string]string{"pod": textOf(t.Pod), "network": textOf(t.Network), "upstream": t.Upstream} {
		if text != "" {
			query.Set(name, text)
		}
	}
	return query
}

// String returns the target for output.
func (t Target) String() string {
	text := textOf(t.Pod) + textOf(t.Network)
	switch {
	case t.Upstream == "":
		return text
	case text == "":
		return t.Upstream
	default:
		return text + " of " + t.Upstream
	}
}

// textOf returns an address or network as text, or "" if it is invalid.
func textOf(value interface {
	IsValid() bool
	String() string
}) string {
	if !value.IsValid() {
		return ""
	}
	return value.String()
}
