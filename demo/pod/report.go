package pod

// In:  POST /s/: one JSON report, or a stream of 4-byte lengths and JSON reports.
// Out: reports taken into the instance; 200 when the body has ended.

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

// A script boot: 16 hexadecimal digits.
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

// takeStream reads reports until the body ends. The wait for a length is
// unlimited, the wait for the message behind it is not.
func (p *Pod) takeStream(w http.ResponseWriter, r *http.Request, take func([]byte) int) (status int) {
	controller := http.NewResponseController(w)
	_ = controller.EnableFullDuplex() // else an early answer waits for the body's end
	defer func() {
		if status != http.StatusOK {
			w.Header().Set("Connection", "close")
		}
	}()
	for {
		var length [4]byte
		if _, err := io.ReadFull(r.Body, length[:]); errors.Is(err, io.EOF) {
			return http.StatusOK
		} else if err != nil {
			return 0
		}
		size := binary.BigEndian.Uint32(length[:])
		if size > MaxBody {
			return http.StatusRequestEntityTooLarge
		}
		_ = controller.SetReadDeadline(time.Now().Add(p.config.ReportTimeout))
		message := make([]byte, size)
		if _, err := io.ReadFull(r.Body, message); err != nil {
			var timeout interface{ Timeout() bool }
			if errors.As(err, &timeout) && timeout.Timeout() {
				return http.StatusRequestTimeout
			}
			return 0
		}
		_ = controller.SetReadDeadline(time.Time{})
		if status := take(message); status != http.StatusOK {
			return status
		}
	}
}
