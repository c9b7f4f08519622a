// Package metrics counts what the proxy does and registers it with Caddy's registry. Caddy makes a
// new registry for each configuration. The counters belong to the process and survive reloads.
//
// All functions may be called from any goroutine. Those called for each request cost one atomic
// addition. Beneath it is package routing.
package metrics
