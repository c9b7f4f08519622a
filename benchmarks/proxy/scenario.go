package proxy

// In:  what is compared.
// Out: the requests that are sent.

import "github.com/doors-dev/doors-caddy/benchmarks/contenders"

// Scenario is one kind of request.
type Scenario struct {
	Name   string
	path   func(token string) string
	cookie bool // the token of the pod in the sticky cookie
	// toOne tells that our Caddy must send it to the pod of the token.
	toOne bool
}

// Scenarios are the requests of a Doors page, by name.
var Scenarios = []Scenario{
	{Name: "normal", path: func(string) string { return "/" }},
	{Name: "sticky", path: func(string) string { return "/" }, cookie: true, toOne: true},
	{Name: "system", path: func(token string) string { return "/~/" + token + "/h/instance/1" }, toOne: true},
}

// request is what is sent.
type request struct {
	path   string
	cookie string // the Cookie field, or empty
	want   string // the body of the answer, or empty for any
}

// requestOf is the scenario's request of a page on a pod.
func (s Scenario) requestOf(token, pod string) request {
	r := request{path: s.path(token)}
	if s.cookie {
		r.cookie = contenders.CookieName + "=" + token
	}
	if s.toOne {
		r.want = pod
	}
	return r
}
