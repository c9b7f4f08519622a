// Package takeover makes Caddy take the documented configuration: it puts our handler and our directive in the place of Caddy's own.
//
//	takeover.go   Caddy's tables in, the same with reverse_proxy replaced out
//	directive.go  Caddyfile tokens in, the spelling that the stock directive knows out
//	handler.go    JSON in, the handler of package proxy out
//
// It serves no request and reads no option of a source: packages proxy and config do.
package takeover
