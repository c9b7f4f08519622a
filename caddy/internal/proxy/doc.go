// Package proxy serves the requests of a doors_upstream source.
//
//	source.go         a configuration in, its source in use out
//	process.go        sources that come and go in, what the process knows beyond one configuration out
//	handler.go        Caddy's handler in, the same with what a source needs out; pods to choose from, for Caddy's proxy loop
//	serve.go          a request in; a step, obeyed, and the next, until it has its answer
//	request.go        what is known about one request while it is served
//	transport.go      a dial and a round trip in, what they say about the pod out
//	answer.go         an answer of the library in, the 410 or 503 on the wire out
//	learn.go          what the library learned in; lines in the log, lookups and dials in the background out
//	caddy_costs.go    what makes Caddy's part of a request cheaper
//	stock_handler.go  the same without our handler, in a Caddy whose tables could not be taken over
//
// Nothing is decided here. A request gets a step of the library, obeys it, says what became of it, and gets the next one. No option is
// read here but by package config.
package proxy
