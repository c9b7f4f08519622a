// Package hosts resolves host names in the background and hands out what is known at once.
//
// One [Set] serves the whole process. Whoever routes to a host name acquires a [Host] from it, asks the
// Host for its addresses at every request and releases it when its configuration ends. Names are shared:
// two configurations, or two upstreams of one, that ask the same question share one lookup and one answer,
// so a reload starts with everything that its predecessor knew.
//
// The parts, in the order in which data flows:
//
//	options.go   what makes two users share a name
//	set.go       the shared names, counted by their users
//	host.go      one user's view: a request asks for addresses
//	await.go     a request waits for any of many names
//	schedule.go  when to look up (pure, the time is an argument)
//	queue.go     at most 64 lookups at once, and refreshes at a bounded rate
//	record.go    what is known after each answer (pure, the time is an argument)
//	parts.go     answers that name only some of the addresses (pure, the time is an argument)
//	entry.go     ties these together for one name
//	snapshot.go  what requests read
//	event.go     what is reported
//
// It looks nothing up itself: package dns does. All of it is policy, and none of it knows about requests beyond that they wait.
package hosts
