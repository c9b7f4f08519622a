//go:build versions

// Package e2e holds the end-to-end tests, which start real binaries. This file
// makes the module require what bin/caddy is made of, so that the tests of the
// Caddy module can also be run with these versions:
//
//	go test github.com/doors-dev/doors-caddy/caddy/...
package e2e

import (
	_ "github.com/caddyserver/caddy/v2"
	_ "github.com/doors-dev/doors-caddy/caddy"
)
