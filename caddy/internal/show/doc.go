// Package show is what people see: the log fields, placeholders and header of a request, the lines about hosts, the state as a page and as JSON, and gauges.
//
//	request.go  the decision about a request and what became of it in, placeholders, fields of the access log and a header out
//	upstream.go an upstream in, its names and what is known about it out
//	state.go    what the process knows in, the document that shows it out; pods.go the part about pods
//	evictions.go  orders of an operator in, the library told, and how far they are out
//	gauges.go   the same in, what metrics are made of out
//	moment.go   a request that no pod can answer now in, the page that its visitor sees out
//	site.go     requests to doors_status in, that document out; api.go the same at the admin API
//	log.go      a change in, a line in the log out; faults.go the same for a fault of this machine
//
// Beneath it metrics holds the counters and gauges, status the document, the page and the question whether a pod is idle, and advice what is said about
// options of Caddy that work against pages. It decides nothing, and what it
// shows it gets from others: it knows neither how requests are served nor how configurations are read.
package show
