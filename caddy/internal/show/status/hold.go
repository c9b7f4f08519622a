// In: a question whose answer may become yes, and for how long to wait for that.
// Out: 200 when it is yes, else 409, each with the answer.

package status

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
)

// checkEvery is how often a question is looked at while it is held and nobody knows when the answer can be yes.
const checkEvery = time.Second

// look answers a question as it stands: the document, whether it says yes, and how long it takes at least until that can be, 0 if nobody knows.
type look func() (document any, yes bool, earliest time.Duration, err error)

// refusal is an error with a status of its own.
type refusal struct {
	status  int
	message string
}

// Error returns the message.
func (r refusal) Error() string { return r.message }

// refuseWith answers with an error: its own status, or that of a fault.
func refuseWith(w http.ResponseWriter, r *http.Request, err error) {
	refused := refusal{http.StatusInternalServerError, err.Error()}
	errors.As(err, &refused)
	refuse(w, r, refused.status, refused.message)
}

// duration reads a duration of the query.
func duration(text string) (time.Duration, error) {
	parsed, err := caddy.ParseDuration(text)
	if err != nil || parsed < 0 {
		return 0, fmt.Errorf("%.40q must be a duration such as 60s", text)
	}
	return parsed, nil
}

// hold answers a question as soon as the answer is yes, and at the end of `wait` of the query otherwise. A server that is being replaced answers at
// once, so that a reload does not have to wait for it; who asks can ask again.
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
		// Timeouts of the server are for requests that somebody is slow to send or read.
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
		case <-s.Ended: // asked now, the reporter might have forgotten the upstreams already
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
