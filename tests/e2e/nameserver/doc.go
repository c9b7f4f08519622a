// Package nameserver is a DNS server for tests: the caller says what it answers, how late, and how it fails.
//
// It serves UDP and TCP on one port of a loopback address. Addresses have a TTL of 0, so that nothing between it and the
// code under test may keep them. All methods of Server may be called from any goroutine, also while queries come in; a
// change counts for every query that arrives after it.
package nameserver
