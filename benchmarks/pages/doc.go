// Package pages measures what an open page costs: the memory of the proxy for each stream that waits, and how many pages one pod can
// have before the ports of one address run out.
//
//	compare.go  ours, a stock Caddy and nginx with the same streams
//	ports.go    the last page for which there is a port, in a network namespace of its own
//	pod.go      the process of the pod
//	streams.go  open streams of browsers; http1.go and http2.go are their connections
//	memory.go   the memory of a process
package pages
