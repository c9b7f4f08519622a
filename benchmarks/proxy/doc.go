// Package proxy measures what a request costs a whole Caddy: ours against a stock one of the same version.
//
//	scenario.go  the requests that are compared, and the configurations that serve them
//	bed.go       pods, a name server and the Caddys of one round
//	pods.go      the process of the pods
//	caddy.go     a Caddy process
//	contest.go   slices of load that take turns
//	servers.go   the same with 3 and with 1,000 servers
//	load.go      one slice of load; http1.go and http2.go are its connections
//	cores.go     which process runs on which cores
//	profile.go   CPU profiles of both while they serve one scenario
//
// The load and the pods share some cores and Caddy has the others to itself, so that what limits the throughput is Caddy. It needs
// Linux, and no network but 127.0.0.0/8.
package proxy
