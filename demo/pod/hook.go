package pod

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// The hooks of the page. They answer the call and send a report_hook action on the stream.
const (
	HookClick = "1" // counts clicks
	HookLink  = "2" // follows a link of the app; ends the page if the pod is draining
)

func (p *Pod) serveHook(w http.ResponseWriter, r *http.Request, i *instance, rest string) {
	if i == nil {
		gone(w)
		return
	}
	number, _, _ := strings.Cut(rest, "/")
	lock := i.hookLock(number)
	lock.Lock()
	defer lock.Unlock()
	if raw := p.config.Hooks[number]; raw != nil {
		raw(w, r)
		return
	}
	if number != HookClick && number != HookLink {
		http.NotFound(w, r)
		return
	}
	if number == HookLink && p.Draining() {
		p.endGone(w, i)
		return
	}
	if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, MaxBody)); err != nil {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return
	}
	if number == HookClick {
		i.send("set_text", "clicks", strconv.Itoa(i.click()))
	} else {
		w.Header().Set("D0-After", `[["indicate","link"]]`)
	}
	if track, err := strconv.Atoi(r.URL.Query().Get("t")); err == nil {
		i.send("report_hook", track)
	}
	w.WriteHeader(http.StatusOK)
}

func (p *Pod) serveHistory(w http.ResponseWriter, r *http.Request, i *instance) {
	switch {
	case r.Method != http.MethodGet:
		w.Header().Set("Allow", "GET")
		w.WriteHeader(http.StatusMethodNotAllowed)
	case i == nil:
		gone(w)
	case p.Draining():
		p.endGone(w, i)
	default:
		i.send("set_text", "path", fmt.Sprintf("back to %s", r.URL.RequestURI()))
		w.WriteHeader(http.StatusOK)
	}
}

// endGone answers 410 and ends the instance. As in Doors, the answer is flushed only when the
// handler returns. So after the last instance has ended, the server must still complete its answers
// before it stops, as doorscaddy.Serve does.
func (p *Pod) endGone(w http.ResponseWriter, i *instance) {
	gone(w)
	p.end(i, endKilled)
}

func (i *instance) click() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.clicks++
	return i.clicks
}
