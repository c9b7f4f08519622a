// Package proxy runs the proxy with the documented configuration: one process for each replica, all with the same ports, on
// addresses of their own.
//
//	replica.go      a process, from start to end
//	program.go      what differs from proxy to proxy
//	caddy.go        Caddy with our module
//	pingora.go      the proxy of examples/pingora-proxy
//	certificate.go  a certificate for localhost
package proxy
