// Package caddydoors is a Caddy plugin that routes the requests of Doors apps. It registers Caddy
// modules and directives and does nothing else.
//
// The packages beneath it, from the top down:
//
//	internal/command   the commands `caddy doors ...`
//	internal/takeover  replaces Caddy's reverse_proxy module and directive
//	internal/original  accepts the configuration of the versions v0.1
//	internal/proxy     serves requests
//	internal/show      status page, admin API, metrics, log fields, and warnings about options that break pages
//	internal/config    parses the Caddyfile and JSON
//	internal/dns       queries name servers for the lookups that are due
//	internal/redact    removes possible keys from errors
//
// A package may import only packages further down, as TestPackages checks. The library, behind
// package routing, decides what a token, a CIDR or a cookie means, where a request goes, when it
// waits, and when a host is looked up.
package caddydoors

import (
	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/doors-dev/doors-caddy/caddy/internal/command"
	"github.com/doors-dev/doors-caddy/caddy/internal/config"
	"github.com/doors-dev/doors-caddy/caddy/internal/original"
	"github.com/doors-dev/doors-caddy/caddy/internal/proxy"
	"github.com/doors-dev/doors-caddy/caddy/internal/show"
	"github.com/doors-dev/doors-caddy/caddy/internal/takeover"
)

func init() {
	caddy.RegisterModule(new(Source))
	show.Register(func() (show.Held, error) { return proxy.Acquire() })
	original.Register()
	takeover.Register()
	caddycmd.RegisterCommand(command.New())
}

// The types that Caddy loads, and those of their JSON.
type (
	Handler  = takeover.Handler
	Source   = proxy.Source
	Upstream = config.Upstream
	Options  = config.Options

	StatusHandler = show.Site
	AdminAPI      = show.API
)
