package pod

import (
	"net/http"
	"sync/atomic"
	"time"
)

// EventKind says what happened in a pod.
type EventKind string

// The kinds of events. Request is set for the first three.
const (
	RequestBegan   EventKind = "request began"
	RequestEnded   EventKind = "request ended"
	ReportReceived EventKind = "report received" // Report holds its JSON
	StreamRolled   EventKind = "stream rolled"
	InstanceBegan  EventKind = "instance began"
	InstanceEnded  EventKind = "instance ended"
	DrainBegan     EventKind = "drain began"
	DrainEnded     EventKind = "drain ended"
)

// Event is one thing that happened in a pod.
type Event struct {
	Time     time.Time
	Pod      string // Config.Name
	Kind     EventKind
	Instance string // of the page concerned, empty for none
	Request  *Request
	Status   int    // of the answer, for RequestEnded
	Report   []byte // for ReportReceived
}

// Request is what reached the pod. It is shared by the events of one request
// and must not be changed.
type Request struct {
	ID     uint64 // counts the requests of this pod from 1
	Method string
	URI    string // as sent, with the query
	Proto  string
	Host   string
	Remote string // address and port of the proxy
	Route  Route
	Header http.Header
}

// Stats are counts since the pod started.
type Stats struct {
	Connections uint64 // accepted: what a proxy dialled
	Requests    uint64
	ByRoute     map[Route]uint64
	Sessions    uint64 // made, not living
	Instances   int    // living now
	Draining    bool
}

type counters struct {
	connections atomic.Uint64
	sessions    atomic.Uint64
	byRoute     [routeCount]atomic.Uint64
}

// Stats returns the counts so far.
func (p *Pod) Stats() Stats {
	stats := Stats{
		Connections: p.counters.connections.Load(),
		Requests:    p.requests.Load(),
		ByRoute:     map[Route]uint64{},
		Sessions:    p.counters.sessions.Load(),
	}
	for index := range p.counters.byRoute {
		if count := p.counters.byRoute[index].Load(); count > 0 {
			stats.ByRoute[Route(index)] = count
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	stats.Instances = p.instances
	stats.Draining = p.drain.began
	return stats
}

func (p *Pod) observe(event Event) {
	if p.config.Observe == nil {
		return
	}
	event.Time = time.Now()
	event.Pod = p.config.Name
	p.config.Observe(event)
}
