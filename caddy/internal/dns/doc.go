// Package dns looks names up: it puts questions to name servers and says what all of their answers mean together.
//
//	driver.go        the lookups that the library wants in, their ends reported to it out
//	options.go       where to look up
//	lookup.go        one lookup: a name in, addresses or a classified error out
//	conversation.go  queries of package net in, answers out
//	exchange.go      one question in, what some name server says out
//	nameservers.go   which name server to ask first
//	message.go       a message in, what it says out (pure)
//	answer.go        addresses and errors in, the one form that others compare out (pure)
//
// It knows nothing about requests. When to look up and what an answer changes is decided by the library.
package dns
