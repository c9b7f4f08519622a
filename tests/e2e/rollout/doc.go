// Rollout proves that a rolling deployment behind Caddy loses nothing. It runs upstreams of stand-in Doors pods, each pod a
// process of its own, replaces them again and again as a deployment does, harms them on purpose, and lets hundreds of
// visitors use them all the while. It prints a table and fails if a visitor has lost anything that was not on a pod that
// was killed.
//
//	main.go      the program: a namespace, a run, a table, an exit code
//	options.go   the command line
//	run.go       name server, pods, Caddy and visitors, from start to end
//	plan.go      which phases a run has, in which order
//	deploy.go    the phases in which nothing is harmed: deployments, reloads, another replica
//	scale.go     the phases in which an upstream gets more pods or fewer
//	evict.go     the phase in which pages are ended on order
//	harm.go      the phases in which pods or their addresses are harmed
//	outage.go    the phases in which all else fails: the name server, the key
//	links.go     the phases in which replicas and links fail
//
// The parts: blackhole, browser, child, fleet, ledger, network, proxy, site.
package main
