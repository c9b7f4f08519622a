// Package show presents what the library knows and what happened to requests: placeholders, log
// fields and a header for each request, log lines about hosts and pods, the state as a page and as
// JSON, and metrics.
//
// It decides nothing, serves no app requests and parses no configuration. Beneath it, package
// metrics has the counters and gauges, status the JSON document and the page, and advice the
// warnings about options of Caddy.
package show
