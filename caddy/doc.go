// Package caddydoors makes Caddy route the requests of Doors apps: it registers the upstream source
// http.reverse_proxy.upstreams.doors_upstream and the handler around Caddy's reverse proxy that obeys it.
//
// Configuration flows one way:
//
//	directive.go   Caddyfile tokens in, the spelling that the stock directive knows out
//	caddyfile.go   the block's tokens in, a Source out
//	handler.go     JSON in, the provisioned handler out
//	misplaced.go   names in the wrong place in, errors that say what to write out
//	source.go      a Source in, its router (Rust) and its hosts out
//	warnings.go    a handler and what is around it in, a warning for each option against Doors pages out; middleware.go those before it
//	listeners.go   the app in, an error where Caddy would proxy to itself out
//
// So does a request:
//
//	serve.go       a request in, its decision out, and where the decision leads
//	upstreams.go   a decision in, the pods that may serve it out
//	servers.go     a host in, its fresh pods out
//	draining.go    an address of a token in, the pod that drains there out
//	turns.go       all servers in, a pod of the one whose turn it is out
//	choice.go      pods in, the one that the request is proxied to out
//	transport.go   a dial in, what it says about the pod out
//	waiting.go     a request that no pod can take in, the moment to try again out
//	seeking.go     the question whether a pod can be reached in, dials in the background out
//	body.go        the body of a request in, the same body with a firm end out
//	pods.go        an event in, a verdict out
//	visible.go     the decision and what became of it in, placeholders and fields of logs out
//	errorroutes.go a request and its error in, whether a handle_errors of the user is about them out
//	answer.go      a verdict in, the 410 or 503 out
//	faults.go      a fault of this machine in, a line in the log out
//
// And what is known:
//
//	traffic.go     a request's begin and end at a pod in, counts out
//	sources.go     sources that come and go in, those in force out
//	state.go       all of it in, the document that is shown out
//	status.go      requests to doors_status in, that document out; admin.go the same at the admin API
//
// The command line:
//
//	commands.go    a configuration's text in, its sources out, for package internal/command
//	inspection.go  a provisioned handler in, its warnings, its pods and a page of one of them out
//
// What a token, a CIDR or a cookie means is decided by the library behind package doors, never here.
package caddydoors
