package proxy

import "github.com/doors-dev/doors-caddy/benchmarks/contenders"

// Scenario is a kind of request.
type Scenario struct {
	Name   string
	path   func(token string) string
	cookie bool // the pod's token is in the sticky cookie
	// toOne is set if our Caddy must send the request to the pod of the token.
	toOne bool
}

// Scenarios are the requests of a Doors page, by name.
var Scenarios = []Scenario{
	{Name: "normal", path: func(string) string { return "/" }},
	{Name: "sticky", path: func(string) string { return "/" }, cookie: true, toOne: true},
	{Name: "system", path: func(token string) string { return "/~/" + token + "/h/instance/1" }, toOne: true},
}

// request is a request with its expected answer.
type request struct {
	path   string
	cookie string // the Cookie field; may be empty
	want   string // the body of the answer; empty for any
}

// requestOf returns the scenario's request for a page of a pod.
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
