// Package proxy measures the cost of a request in a whole Caddy, for our Caddy and a stock one of
// the same version.
//
// The load and the pods share some cores, and Caddy has the others to itself, so that Caddy limits
// the throughput. It needs Linux, and no network other than 127.0.0.0/8.
package proxy
