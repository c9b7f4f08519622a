// Package metrics counts what the proxy does, in Caddy's own registry. Caddy makes a new registry for each configuration; the
// counters are the process's and survive reloads.
//
//	register.go    a registry in, everything below registered with it
//	counters.go    what happened to requests and dials in, counters out
//	answers.go     why Caddy itself answered in, counters out
//	keys.go        the key that opened a token in, counters out
//	upstreams.go     upstreams in, the bounded set of their labels out
//	state.go       what is known about pods and hosts in, gauges out, computed when somebody asks
//
// All functions may be called from any number of goroutines. Those that are called for each request cost an atomic
// addition: their counters are looked up beforehand.
package metrics
