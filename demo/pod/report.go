package pod

import (
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"
)

var errShortReport = errors.New("a report has at least three members")

// bootPattern matches a script boot: 16 hexadecimal digits.
var bootPattern = regexp.MustCompile(`^[0-9a-f]{16}$`)

// serveSync answers both directions of /s/.
func (p *Pod) serveSync(w http.ResponseWriter, r *http.Request, request *Request, i *instance) {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST")
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	if i == nil {
		gone(w)
		return
	}
	boot := r.URL.Query().Get("b")
	if !bootPattern.MatchString(boot) {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if !i.bind(boot) {
		gone(w)
		return
	}
	i.expiry.Reset(p.config.InstanceTTL)
	if r.Method == http.MethodGet {
		p.serveStream(w, r, i)
		return
	}
	take := func(message []byte) int {
		if err := i.report(message); err != nil {
			return http.StatusBadRequest
		}
		p.observe(Event{Kind: ReportReceived, Instance: i.id, Request: request, Report: message})
		return http.StatusOK
	}
	var status int
	if strings.HasPrefix(r.Header.Get("Content-Type"), "application/octet-stream") {
		status = p.takeStream(w, r, take)
	} else {
		status = takePlain(r, take)
	}
	if status == http.StatusRequestEntityTooLarge {
		p.end(i, endKilled)
	}
	if status != 0 { // else the client has gone
		w.WriteHeader(status)
	}
}

func takePlain(r *http.Request, take func([]byte) int) (status int) {
	message, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	switch {
	case err != nil:
		return 0
	case len(message) > MaxBody:
		return http.StatusRequestEntityTooLarge
	default:
		return take(message)
	}
}

// takeStream reads reports, each after its length in 4 bytes, until the body ends. That must be
// within 4/3 of the roll: by then the client has given up. A report has less time after its length.
// Like Doors it does not ask for full duplex: over HTTP/1.1 an early 400 or 413 is sent when the
// body has ended, or never.
func (p *Pod) takeStream(w http.ResponseWriter, r *http.Request, take func([]byte) int) (status int) {
	controller := http.NewResponseController(w)
	end := time.Now().Add(p.config.Roll * 4 / 3)
	_ = controller.SetReadDeadline(end)
	for {
		var length [4]byte
		if _, err := io.ReadFull(r.Body, length[:]); errors.Is(err, io.EOF) {
			return http.StatusOK
		} else if err != nil {
			return lateOrGone(err)
		}
		size := binary.BigEndian.Uint32(length[:])
		if size > MaxBody {
			return http.StatusRequestEntityTooLarge
		}
		if limit := time.Now().Add(p.config.ReportTimeout); limit.Before(end) {
			_ = controller.SetReadDeadline(limit)
		}
		message := make([]byte, size)
		if _, err := io.ReadFull(r.Body, message); err != nil {
			return lateOrGone(err)
		}
		_ = controller.SetReadDeadline(end)
		if status := take(message); status != http.StatusOK {
			return status
		}
	}
}

// lateOrGone returns 408 for a client that is late, and 0 for one that has gone.
func lateOrGone(err error) (status int) {
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		return http.StatusRequestTimeout
	}
	return 0
}
