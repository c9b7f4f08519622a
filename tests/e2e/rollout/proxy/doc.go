// Package proxy runs the proxy under test with the documented configuration: Caddy, or the proxy of
// examples/pingora-proxy. Each replica is a process. All replicas have the same ports, on different
// addresses.
package proxy
