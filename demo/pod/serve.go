package pod

import (
	"net/http"
	"strings"
)

// ServeHTTP answers a request as a Doors server would.
func (p *Pod) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	uri := r.RequestURI
	if !strings.HasPrefix(uri, "/") { // absolute form
		uri = r.URL.RequestURI()
	}
	target := parseTarget(uri)
	request := &Request{
		ID: p.requests.Add(1), Method: r.Method, URI: uri, Proto: r.Proto, Host: r.Host,
		Remote: r.RemoteAddr, Route: target.route, Header: r.Header,
	}
	p.counters.byRoute[target.route].Add(1)
	p.observe(Event{Kind: RequestBegan, Instance: target.instance, Request: request})
	answer := &statusWriter{ResponseWriter: w}
	defer func() {
		p.observe(Event{Kind: RequestEnded, Instance: target.instance, Request: request, Status: answer.code()})
	}()

	session := p.enter(answer, r)
	switch target.route {
	case RoutePage:
		p.servePage(answer, r, session)
	case RouteResource:
		p.serveResource(answer, r, target.rest)
	case RouteSync:
		p.serveSync(answer, r, request, session.find(p, target.instance))
	case RouteHook:
		p.serveHook(answer, r, session.find(p, target.instance), target.rest)
	case RouteHistory:
		p.serveHistory(answer, r, session.find(p, target.instance))
	default:
		http.NotFound(answer, r)
	}
}

// gone answers that the instance no longer exists: the client reloads.
func gone(w http.ResponseWriter) { w.WriteHeader(http.StatusGone) }

// statusWriter stores the status of the answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *statusWriter) Write(body []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(body)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *statusWriter) code() int {
	if w.status == 0 {
		return http.StatusOK // the default of net/http
	}
	return w.status
}
