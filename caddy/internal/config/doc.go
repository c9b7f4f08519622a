// Package config reads configurations: a doors_upstream source as the tokens of a Caddyfile or as JSON, and what stands around it.
//
//	caddyfile.go     the tokens of a source in, a Source out
//	source.go        the JSON of a source in, its router (made by the library) and its options out
//	placeholders.go  the JSON in, the same with the values of its placeholders out; values as messages may show them
//	options.go       one table of the options that have defaults, for both: the members that the library does not know in, Options out
//	hostnames.go     a handler whose pods are dialled by address in, the same with names where names matter out
//	around.go        the configuration around a source in, an error where Caddy would proxy to itself out
//	listeners.go     the same in, where this Caddy listens out
//	errorroutes.go   a request that failed in, whether a handle_errors is about it out
//
// It serves no request and keeps nothing: what it returns belongs to the caller.
package config
