// Package proxy measures what a request costs a whole Caddy: ours against a stock one of the same version.
//
//	scenario.go   the requests that are compared
//	bed.go        pods, a name server and the Caddys of one round
//	pods.go       the process of the pods
//	contest.go    slices of load that take turns
//	upstreams.go  the same with 3 and with 1,000 upstreams
//	load.go       one slice of load; http1.go and http2.go are its connections
//	profile.go    CPU profiles of both while they serve one scenario
//
// The load and the pods share some cores and Caddy has the others to itself, so that what limits the throughput is Caddy. It needs
// Linux, and no network but 127.0.0.0/8.
package proxy
