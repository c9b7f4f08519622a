// Package takeover makes Caddy accept the documented configuration: it replaces Caddy's
// reverse_proxy module and directive with ours.
//
// It serves no requests and reads no options: packages proxy and config do. Beneath it are packages
// original, proxy, config and redact.
package takeover
