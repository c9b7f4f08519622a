package status

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// checkEvery is how often a held question is checked if it is unknown when the answer can become
// yes.
const checkEvery = time.Second

// look returns the current answer to a question and whether it is yes. earliest is the shortest time
// until it can become yes, or 0 if that is unknown.
type look func() (document any, yes bool, earliest time.Duration, err error)

// refusal is an error with an HTTP status.
type refusal struct {
	status  int
	message string
}

// Error returns the message.
func (r refusal) Error() string { return r.message }

// refuseWith answers with an error. Its status is 500 unless the error is a refusal.
func refuseWith(w http.ResponseWriter, r *http.Request, err error) {
	refused := refusal{http.StatusInternalServerError, err.Error()}
	errors.As(err, &refused)
	refuse(w, r, refused.status, refused.message)
}

// duration parses a duration of the query.
func duration(text string) (time.Duration, error) {
	parsed, err := caddy.ParseDuration(text)
	if err != nil || parsed < 0 {
		return 0, fmt.Errorf("%.40q must be a duration such as 60s", text)
	}
	return parsed, nil
}

// hold answers a question as soon as the answer is yes, or after the query's `wait`. A server that
// is being replaced answers at once, so that a reload does not wait. The client can ask again.
func (s Responder) hold(w http.ResponseWriter, r *http.Request, now look) {
	var wait time.Duration
	if query := r.URL.Query(); query.Has("wait") {
		var err error
		if wait, err = duration(query.Get("wait")); err != nil {
			refuse(w, r, http.StatusBadRequest, "wait: "+err.Error())
			return
		}
	}
	if wait > 0 {
		// The server's timeouts are for clients that are slow to send or read.
		controller := http.NewResponseController(w)
		_ = controller.SetReadDeadline(time.Time{})
		_ = controller.SetWriteDeadline(time.Time{})
	}
	limit := time.NewTimer(wait)
	defer limit.Stop()
	for last := wait == 0; ; {
		document, yes, earliest, err := now()
		switch {
		case err != nil:
			refuseWith(w, r, err)
			return
		case yes:
			reply(w, r, http.StatusOK, document)
			return
		case last:
			reply(w, r, http.StatusConflict, document)
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
		case <-s.Ended: // do not look again: the upstreams may be gone already
			next.Stop()
			reply(w, r, http.StatusConflict, document)
			return
		case <-r.Context().Done():
			next.Stop()
			return
		}
		next.Stop()
	}
}
