package status

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Reporter provides the data. It is safe for concurrent use.
type Reporter interface {
	// State returns the whole state.
	State() (*State, error)
	// Idle reports whether the pods at an address have had no request for that long. wait is the
	// time until that can be so at the earliest, or 0 if unknown. known is false if no upstream can
	// have the address.
	Idle(pod netip.Addr, idle time.Duration) (answer Idle, wait time.Duration, known bool, err error)
	// Rollout returns the summary of the pods.
	Rollout() (Rollout, error)
}

// Responder serves requests. Ended is closed when it is about to be replaced and must answer held
// questions. Only ServeAPI uses Evictor.
type Responder struct {
	Reporter Reporter
	Evictor  Evictor
	Ended    <-chan struct{}
}

// ServeSite serves the page at /, the state at /state, and the questions at /rollout and
// /pods/{ip}.
func (s Responder) ServeSite(w http.ResponseWriter, r *http.Request, path string) {
	switch {
	case !allowed(w, r):
	case path == "/":
		servePage(w, r)
	case path == "/state":
		s.serveState(w, r)
	default:
		s.serveQuestions(w, r, path, "not found; the paths are /, /state, /rollout and /pods/{ip}; if doors_status is mounted under a prefix, strip it with handle_path")
	}
}

// ServeAPI serves the state at the empty path, the questions at /rollout and /pods/{ip}, and orders
// at /evictions.
func (s Responder) ServeAPI(w http.ResponseWriter, r *http.Request, path string) {
	switch {
	case path == "/evictions":
		s.serveEvictions(w, r)
	case !allowed(w, r):
	case path == "":
		s.serveState(w, r)
	default:
		s.serveQuestions(w, r, path, "not found; the paths are /doors, /doors/evictions, /doors/rollout and /doors/pods/{ip}")
	}
}

func (s Responder) serveQuestions(w http.ResponseWriter, r *http.Request, path, otherwise string) {
	pod, ofPod := strings.CutPrefix(path, "/pods/")
	switch {
	case ofPod:
		s.serveIdle(w, r, pod)
	case path == "/rollout":
		s.serveRollout(w, r)
	default:
		refuse(w, r, http.StatusNotFound, otherwise)
	}
}

// serveRollout serves `GET /rollout[?wait=10m]`: yes if no pod is draining.
func (s Responder) serveRollout(w http.ResponseWriter, r *http.Request) {
	s.hold(w, r, func() (document any, yes bool, earliest time.Duration, err error) {
		rollout, err := s.Reporter.Rollout()
		return rollout, rollout.Draining == 0, 0, err
	})
}

// allowed reports whether the method is GET or HEAD. If not, it answers with an error.
func allowed(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	refuse(w, r, http.StatusMethodNotAllowed, "method not allowed; the status is read-only")
	return false
}

func (s Responder) serveState(w http.ResponseWriter, r *http.Request) {
	state, err := s.Reporter.State()
	if err != nil {
		refuse(w, r, http.StatusInternalServerError, err.Error())
		return
	}
	reply(w, r, http.StatusOK, state)
}

// refuse answers with an error.
func refuse(w http.ResponseWriter, r *http.Request, status int, message string) {
	reply(w, r, status, map[string]string{"error": message})
}

// reply answers with JSON.
func reply(w http.ResponseWriter, r *http.Request, status int, document any) {
	body, err := json.Marshal(document)
	if err != nil { // cannot happen: the documents have only numbers and strings
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	write(w, r, status, append(body, '\n'))
}

// write sends an answer that must not be stored, sniffed or framed.
func write(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // fails only if the client has gone
	}
}
