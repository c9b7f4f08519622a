// Package caddydoors makes Caddy route the requests of Doors apps: it registers what Caddy sees of this module.
//
//	caddydoors         modules and directives, registered; nothing else may be here
//	internal/command   caddy doors ...
//	internal/takeover  our handler and directive in the place of Caddy's own
//	internal/proxy     one request: decided, proxied, answered
//	internal/show      what people see: the status, metrics, log fields, advice against options that break pages
//	internal/config    Caddyfile and JSON in, the library's configuration out, or what is wrong with it
//	internal/dns       the lookups that the library wants, and queries to name servers
//	internal/redact    errors without what may be a key
//
// Each may import those beneath it and no others. What a token, a CIDR or a cookie means is decided by the library behind package doors, and so is where
// a request goes, when it waits, and when a host is looked up.
package caddydoors

import (
	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/doors-dev/doors-caddy/caddy/internal/command"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/proxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/show"
	"github.com/doors-dev/doors-caddy/caddy/internal/takeover"
)

func init() {
	caddy.RegisterModule(new(Source))
	show.Register(func() (show.Held, error) { return proxy.Acquire() })
	takeover.Register()
	caddycmd.RegisterCommand(command.New())
}

// What Caddy loads and what its JSON consists of.
type (
	Handler  = takeover.Handler
	Source   = proxy.Source
	Upstream = config.Upstream
	Options  = config.Options

	StatusHandler = show.Site
	AdminAPI      = show.API
)
