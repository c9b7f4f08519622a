package pod

import (
	"net/http"
	"sync/atomic"
	"time"
)

// EventKind is a kind of event in a pod.
type EventKind string

// The kinds of events. Request is set for the first three.
const (
	RequestBegan   EventKind = "request began"
	RequestEnded   EventKind = "request ended"
	ReportReceived EventKind = "report received" // Report has its JSON
	StreamRolled   EventKind = "stream rolled"
	InstanceBegan  EventKind = "instance began"
	InstanceEnded  EventKind = "instance ended"
	DrainBegan     EventKind = "drain began"
	DrainEnded     EventKind = "drain ended"
)

// Event is an event in a pod.
type Event struct {
	Time     time.Time
	Pod      string // Config.Name
	Kind     EventKind
	Instance string // of the page; may be empty
	Request  *Request
	Status   int    // of the answer, for RequestEnded
	Report   []byte // for ReportReceived
}

// Request is a request that has reached the pod. The events of a request share it, so it must not
// be changed.
type Request struct {
	ID     uint64 // number of the request in this pod, from 1
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
	Connections uint64 // accepted connections
	Requests    uint64
	ByRoute     map[Route]uint64
	Sessions    uint64 // created, ended ones included
	Instances   int    // alive now
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
