// Package nameserver is a DNS server for tests. The caller controls its answers, their delay and
// their failures.
//
// It serves UDP and TCP on one port of a loopback address. Addresses have a TTL of 0, so that
// nothing in between may cache them. Server is safe for concurrent use, also while it serves. A
// change applies to every query that arrives after it.
package nameserver
