// Package browser plays visitors of a Doors app: each loads a page, keeps its stream and its reports open, clicks, follows
// links, reloads when it is told that its pod is gone and backs off when it is told to wait, as the Doors client does.
// What a page keeps on its pod is checked with every click.
//
//	browser.go one visitor: page after page
//	client.go  its connections and cookies
//	page.go    one open page, from its load to its end
//	stream.go  what the pod tells the page
//	report.go  what the page tells the pod
//	hook.go    what the visitor does
//	backoff.go how long to wait after a failure
package browser
