// Package dns resolves host names: it queries name servers and combines their answers. It starts
// the lookups that the library asks for and reports the results to it.
//
// It does not handle requests. The library decides when to look a host up and what an answer
// changes. Beneath it is package routing.
package dns
