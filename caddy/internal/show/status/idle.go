// In: the question whether a pod may be ended, and for how long to wait for a yes.
// Out: 200 when it has been idle for long enough, else 409 with the counts.

package status

import (
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// checkEvery is how often a question is looked at while it is held and requests are in flight.
const checkEvery = time.Second

// serveIdle answers `GET /pods/{ip}?idle=60s[&wait=10m]`.
func (s Responder) serveIdle(w http.ResponseWriter, r *http.Request, text string) {
	pod, err := netip.ParseAddr(text)
	if err != nil || pod.Zone() != "" {
		refuse(w, r, http.StatusBadRequest, fmt.Sprintf("%.60q must be an IP address without a port", text))
		return
	}
	query := r.URL.Query()
	idle, err := duration(query.Get("idle"))
	if err != nil {
		refuse(w, r, http.StatusBadRequest, "idle: "+err.Error())
		return
	}
	var wait time.Duration
	if query.Has("wait") {
		if wait, err = duration(query.Get("wait")); err != nil {
			refuse(w, r, http.StatusBadRequest, "wait: "+err.Error())
			return
		}
	}
	s.hold(w, r, pod.Unmap(), idle, wait)
}

// duration reads a duration of the query.
func duration(text string) (time.Duration, error) {
	parsed, err := caddy.ParseDuration(text)
	if err != nil || parsed < 0 {
		return 0, fmt.Errorf("%.40q must be a duration such as 60s", text)
	}
	return parsed, nil
}

// hold answers as soon as the pod is idle, and at the end of the wait otherwise. A server that is being replaced answers at
// once, so that a reload does not have to wait for it; who asks can ask again.
func (s Responder) hold(w http.ResponseWriter, r *http.Request, pod netip.Addr, idle, wait time.Duration) {
	if wait > 0 {
		// Timeouts of the server are for requests that somebody is slow to send or read.
		controller := http.NewResponseController(w)
		_ = controller.SetReadDeadline(time.Time{})
		_ = controller.SetWriteDeadline(time.Time{})
	}
	limit := time.NewTimer(wait)
	defer limit.Stop()
	for last := wait == 0; ; {
		answer, earliest, known, err := s.Reporter.Idle(pod, idle)
		switch {
		case err != nil:
			refuse(w, r, http.StatusInternalServerError, err.Error())
			return
		case !known:
			refuse(w, r, http.StatusNotFound, pod.String()+" is in no network of an upstream")
			return
		case answer.Answer == IsIdle:
			reply(w, r, http.StatusOK, answer)
			return
		case last:
			reply(w, r, http.StatusConflict, answer)
			return
		}
		if earliest <= 0 {
			earliest = checkEvery
		}
		next := time.NewTimer(earliest)
		select {
		case <-next.C:
		case <-limit.C:
			last = true
		case <-s.Ended: // asked now, the reporter might have forgotten the upstreams already
			next.Stop()
			reply(w, r, http.StatusConflict, answer)
			return
		case <-r.Context().Done():
			next.Stop()
			return
		}
		next.Stop()
	}
}
