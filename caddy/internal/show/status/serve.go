// In: a request for a path below where the status is mounted.
// Out: the page, the JSON, or the answer about one pod.

package status

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// Reporter knows what is to be shown. Any number of goroutines may use it.
type Reporter interface {
	// State is everything that is known now.
	State() (*State, error)
	// Idle says whether the pods at an address have been without a request for so long, and how long it may take at least
	// until that can be, 0 if nobody knows. known is false for an address that no upstream can have.
	Idle(pod netip.Addr, idle time.Duration) (answer Idle, wait time.Duration, known bool, err error)
	// Rollout is what is going on with the pods.
	Rollout() (Rollout, error)
}

// Responder answers requests. Ended is closed when it should answer the questions that it holds: it is about to be replaced. Evictor is for ServeAPI
// alone.
type Responder struct {
	Reporter Reporter
	Evictor  Evictor
	Ended    <-chan struct{}
}

// ServeSite serves the page at /, the state at /state, and the questions at /rollout and /pods/{ip}.
func (s Responder) ServeSite(w http.ResponseWriter, r *http.Request, path string) {
	switch {
	case !allowed(w, r):
	case path == "/":
		servePage(w, r)
	case path == "/state":
		s.serveState(w, r)
	default:
		s.serveQuestions(w, r, path, "there is nothing at this path, but at /, /state, /rollout and /pods/{ip}; where doors_status is mounted under a prefix, handle_path must take it away")
	}
}

// ServeAPI serves the same without the page, the state at the empty path, and takes orders at /evictions.
func (s Responder) ServeAPI(w http.ResponseWriter, r *http.Request, path string) {
	switch {
	case path == "/evictions":
		s.serveEvictions(w, r)
	case !allowed(w, r):
	case path == "":
		s.serveState(w, r)
	default:
		s.serveQuestions(w, r, path, "there is nothing at this path, but at /doors, /doors/evictions, /doors/rollout and /doors/pods/{ip}")
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

// serveRollout answers `GET /rollout[?wait=10m]`: yes when no pod is draining.
func (s Responder) serveRollout(w http.ResponseWriter, r *http.Request) {
	s.hold(w, r, func() (document any, yes bool, earliest time.Duration, err error) {
		rollout, err := s.Reporter.Rollout()
		return rollout, rollout.Draining == 0, 0, err
	})
}

// allowed answers requests that want to change something.
func allowed(w http.ResponseWriter, r *http.Request) bool {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	w.Header().Set("Allow", "GET, HEAD")
	refuse(w, r, http.StatusMethodNotAllowed, "the status can only be read")
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

// reply answers with JSON that nobody may keep.
func reply(w http.ResponseWriter, r *http.Request, status int, document any) {
	body, err := json.Marshal(document)
	if err != nil { // numbers and texts always have a JSON
		http.Error(w, "", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	write(w, r, status, append(body, '\n'))
}

// write sends an answer that is neither stored, nor taken for something else, nor shown inside of another page.
func write(w http.ResponseWriter, r *http.Request, status int, body []byte) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body) // the client has gone
	}
}
