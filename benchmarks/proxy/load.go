package proxy

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/doors-dev/doors-caddy/benchmarks/cputime"

	"github.com/doors-dev/doors-caddy/benchmarks/contenders"
)

// Protocol is the protocol between the load and Caddy.
type Protocol string

// The protocols. All have the same number of requests in flight at all times.
const (
	HTTP1 Protocol = "h1" // HTTP/1.1 without TLS
	HTTP2 Protocol = "h2" // HTTP/2 over TLS
)

const (
	inFlight         = 32
	http2Connections = 4
)

// Slice is the result of one Caddy in one slice of time.
type Slice struct {
	Requests int     `json:"requests"`
	Seconds  float64 `json:"seconds"`
	CPU      float64 `json:"cpu_seconds"` // of the Caddy process
	P50      float64 `json:"p50_seconds"`
	P99      float64 `json:"p99_seconds"`
}

// CPUPerRequest returns the CPU time per request in seconds.
func (s Slice) CPUPerRequest() float64 { return s.CPU / float64(s.Requests) }

// Throughput returns the requests per second.
func (s Slice) Throughput() float64 { return float64(s.Requests) / s.Seconds }

// connection can have one request in flight.
type connection interface {
	do() error
	close()
}

// load is a set of open connections to one Caddy.
type load struct {
	pid         int
	connections []connection
	latencies   [][]time.Duration // of each connection
}

func newLoad(c *contenders.Caddy, protocol Protocol, trust *x509.CertPool, r request) (*load, error) {
	l := &load{pid: c.PID()}
	switch protocol {
	case HTTP1:
		for range inFlight {
			made, err := newHTTP1(fmt.Sprintf("127.0.0.1:%d", c.Places.HTTP), r)
			if err != nil {
				l.close()
				return nil, err
			}
			l.connections = append(l.connections, made)
		}
	case HTTP2:
		for range http2Connections {
			made, err := newHTTP2(fmt.Sprintf("127.0.0.1:%d", c.Places.HTTPS), trust, r, inFlight/http2Connections)
			if err != nil {
				l.close()
				return nil, err
			}
			l.connections = append(l.connections, made...)
		}
	default:
		return nil, fmt.Errorf("protocol %q is none of %s, %s", protocol, HTTP1, HTTP2)
	}
	l.latencies = make([][]time.Duration, len(l.connections))
	return l, nil
}

// run keeps all connections busy for the given time.
func (l *load) run(duration time.Duration) (Slice, error) {
	cpuBefore, err := cputime.Of(l.pid)
	if err != nil {
		return Slice{}, err
	}
	began := time.Now()
	failures := make([]error, len(l.connections))
	var running sync.WaitGroup
	for i, connection := range l.connections {
		running.Go(func() {
			l.latencies[i], failures[i] = repeat(connection, began.Add(duration), l.latencies[i][:0])
		})
	}
	running.Wait()
	elapsed := time.Since(began)
	cpuAfter, err := cputime.Of(l.pid)
	if err := errors.Join(append(failures, err)...); err != nil {
		return Slice{}, err
	}
	all := slices.Concat(l.latencies...)
	slices.Sort(all)
	return Slice{
		Requests: len(all), Seconds: elapsed.Seconds(), CPU: (cpuAfter - cpuBefore).Seconds(),
		P50: all[len(all)/2].Seconds(), P99: all[len(all)*99/100].Seconds(),
	}, nil
}

// repeat sends requests until the limit, at least one, and appends their latencies.
func repeat(c connection, limit time.Time, latencies []time.Duration) ([]time.Duration, error) {
	for began := time.Now(); ; {
		if err := c.do(); err != nil {
			return latencies, err
		}
		now := time.Now()
		latencies = append(latencies, now.Sub(began))
		if began = now; !now.Before(limit) {
			return latencies, nil
		}
	}
}

// close closes all connections. The load may be nil.
func (l *load) close() {
	if l == nil {
		return
	}
	for _, connection := range l.connections {
		connection.close()
	}
}
