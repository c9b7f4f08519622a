package show

import (
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// WaitPage returns an HTML page that asks the visitor to wait and reloads itself after retryAfter
// seconds, or "" for a client that does not display HTML. The page works without scripts and under
// any Content-Security-Policy. For an empty 503 a browser shows its own error page, which does not
// reload.
func WaitPage(r *http.Request, retryAfter int) string {
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

// acceptsHTML reports whether the client asks for HTML by name. A client that accepts anything may
// be a script.
func acceptsHTML(r *http.Request) bool {
	for _, accepted := range r.Header["Accept"] {
		for kind := range strings.SplitSeq(accepted, ",") {
			kind, parameters, _ := mime.ParseMediaType(kind)
			if kind == "text/html" || kind == "application/xhtml+xml" {
				return strings.Trim(parameters["q"], "0.") != "" || parameters["q"] == "" // q=0 excludes it (RFC 9110 section 12.4.2)
			}
		}
	}
	return false
}
