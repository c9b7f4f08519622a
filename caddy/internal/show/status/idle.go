package status

import (
	"fmt"
	"net/http"
	"net/netip"
	"time"
)

// serveIdle serves `GET /pods/{ip}?idle=60s[&wait=10m]`: 200 if the pod has been idle for that
// long, else 409, each with the counts.
func (s Responder) serveIdle(w http.ResponseWriter, r *http.Request, text string) {
	pod, err := netip.ParseAddr(text)
	if err != nil || pod.Zone() != "" {
		refuse(w, r, http.StatusBadRequest, fmt.Sprintf("%.60q must be an IP address without a port", text))
		return
	}
	pod = pod.Unmap()
	idle, err := duration(r.URL.Query().Get("idle"))
	if err != nil {
		refuse(w, r, http.StatusBadRequest, "idle: "+err.Error())
		return
	}
	s.hold(w, r, func() (document any, yes bool, earliest time.Duration, err error) {
		answer, earliest, known, err := s.Reporter.Idle(pod, idle)
		if err == nil && !known {
			err = refusal{http.StatusNotFound, pod.String() + " is in no network of an upstream"}
		}
		return answer, answer.Answer == IsIdle, earliest, err
	})
}
