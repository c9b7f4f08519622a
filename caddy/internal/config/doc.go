// Package config turns the configuration of a doors_upstream source, from a Caddyfile or from JSON,
// into the configuration and the options of the library. It also checks the Caddy configuration
// around the source: listeners, transports and error routes.
//
// It serves no requests and keeps no state: return values belong to the caller. Beneath it are
// packages dns, redact and routing.
package config
