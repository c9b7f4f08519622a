// Package plugin is an alias of github.com/doors-dev/doors-caddy/caddy, under the path that the v0.1
// versions gave to xcaddy.
package plugin

import _ "github.com/doors-dev/doors-caddy/caddy" // registers the Caddy modules
