// Package proxy serves the requests of a doors_upstream source.
//
//	source.go         a configuration in, its source in use out
//	process.go        sources that come and go in, what the process knows beyond one configuration out
//	handler.go        Caddy's handler in, the handlers that proxy the requests of a source out
//	serve.go          a request in; a step, obeyed, and the next, until it has its answer
//	request.go        what is known about one request while it is served
//	transport.go      a dial and a round trip in, what they say about the pod out
//	body.go           the body of a request in, the same body with a firm end out
//	answer.go         a verdict in, the 410 or 503 on the wire out
//	faults.go         a fault of this machine in, a line in the log out
//	caddy_costs.go    what makes Caddy's part of a request cheaper
//	stock_handler.go  the same without our handler, in a Caddy whose tables could not be taken over
//
// The files policy_*.go decide: which pod, when to try another, when to wait and for how long. The others obey. policy_steps.go is where they meet: a request asks
// for its first step, obeys it, says what became of it, and gets the next one.
//
// What a token, a CIDR or a cookie means is not decided here but by the library, and no option is read here but by package config.
package proxy
