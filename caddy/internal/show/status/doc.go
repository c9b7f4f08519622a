// Package status shows what a process knows about a rollout: as JSON, as a page, and as the answer to "may this pod be ended?".
//
//	state.go      the JSON, field by field
//	rollout.go    pods in, what is going on out
//	history.go    the open streams of the last minutes
//	serve.go      a request in, the page, the JSON or the answer about a pod out
//	hold.go       a question in, its answer out, perhaps after a while; idle.go asks about one pod
//	evictions.go  orders to evict pods in, what they did out
//	page.go       the page, whose parts are page.html, page.css and page.js
//
// It knows nothing about configurations: what it shows comes from a Reporter.
package status
