// Package config reads configurations: a doors_upstream source as the tokens of a Caddyfile or as JSON, and what stands around it.
//
//	caddyfile.go          the tokens of a source in, a Source out; block.go and caddyfile_options.go are its parts
//	source.go             the JSON of a source in, its router (made by the library) and its options out
//	placeholders.go       the JSON in, the same with the values of its placeholders out
//	options.go            the members that the library does not know in, the options out
//	hostnames.go          a handler whose pods are dialled by address in, the same with names where names matter out
//	warnings.go           a provisioned handler and its app in, a warning for each option against Doors pages out
//	routes.go             the routes around a handler in, the same warnings out, and whether a handle_errors is about an error
//	listeners.go          the app in, an error where Caddy would proxy to itself out
//	members.go            JSON objects, read as Caddy reads them
//
// It serves no request and keeps nothing: what it returns belongs to the caller.
package config
