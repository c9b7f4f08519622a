// Package plugin is package github.com/doors-dev/doors-caddy/caddy under the path that xcaddy was
// given for the versions v0.1.
package plugin

import _ "github.com/doors-dev/doors-caddy/caddy" // registers the Caddy modules
