// Package dns looks names up: it asks name servers and says what all of their answers mean together.
//
//	driver.go    the lookups that the library wants in, their ends reported to it out
//	options.go   where to look up
//	lookup.go    one lookup: a name in, addresses or a classified failure out
//	system.go    a name in, what the system would ask whom out; package net knows that
//	exchange.go  one question in, what some name server says out
//	message.go   a message in, what it says out (pure)
//
// It knows nothing about requests. When to look up and what an answer changes is decided by the library.
package dns
