// Package proxy runs Caddy with the documented configuration: one process for each replica, all with the same ports, on
// addresses of their own.
package proxy
