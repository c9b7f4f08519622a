// Package proxy serves the requests of a doors_upstream source. For each request it gets a step
// from the library, carries it out, reports the result, and gets the next step, until the request
// has its answer.
//
// It decides nothing: what a token, a cookie or a failed dial means is up to the library. Options
// are read by package config. Beneath it are packages show, config, dns and routing.
package proxy
