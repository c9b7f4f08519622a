// In: a request that no pod can answer now.
// Out: the page that its visitor sees.

package show

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// Moment is a page that says so and loads again by itself after so many seconds; "" for a client that shows no pages. It works without scripts, and under any
// Content-Security-Policy of the site: a browser that gets an empty 503 shows its own error page, on which it stays.
func Moment(r *http.Request, retryAfter int) string {
	if !acceptsHTML(r) {
		return ""
	}
	return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="` + strconv.Itoa(retryAfter) + `">
<title>One moment, please</title>
<h1>One moment, please</h1>
<p>This page cannot be shown right now. It loads again by itself.</p>
`
}

// acceptsHTML tells whether the client says that it shows pages. One that takes anything, such as a script, has no use for this one.
func acceptsHTML(r *http.Request) bool {
	for _, accepted := range r.Header["Accept"] {
		for kind := range strings.SplitSeq(accepted, ",") {
			kind, parameters, _ := mime.ParseMediaType(kind)
			if kind == "text/html" || kind == "application/xhtml+xml" {
				return strings.Trim(parameters["q"], "0.") != "" || parameters["q"] == "" // 0 rules it out (RFC 9110 section 12.4.2)
			}
		}
	}
	return false
}
