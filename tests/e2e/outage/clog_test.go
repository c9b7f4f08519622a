package outage_test

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// clog is an address that does not answer connection attempts, like one without a machine: a
// listener with a full queue.
type clog struct {
	t       testing.TB
	socket  int
	address netip.AddrPort
	filler  net.Conn
}

// newClog blocks a port of an address.
func newClog(t testing.TB, address string, port int) *clog {
	t.Helper()
	c := &clog{t: t, address: netip.AddrPortFrom(netip.MustParseAddr(address), uint16(port))}
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	var err error
	c.socket, err = syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	must(err)
	must(syscall.SetsockoptInt(c.socket, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1))
	must(syscall.Bind(c.socket, &syscall.SockaddrInet4{Addr: c.address.Addr().As4(), Port: port}))
	must(syscall.Listen(c.socket, 0))
	c.filler, err = net.Dial("tcp", c.address.String()) // fills the queue: one of length 0 takes one connection
	must(err)
	t.Cleanup(c.close)
	if second, err := net.DialTimeout("tcp", c.address.String(), 200*time.Millisecond); err == nil {
		second.Close()
		t.Skip("this system does not drop connection attempts when the queue of a listener is full")
	}
	return c
}

// open accepts and serves the waiting connections and all further ones.
func (c *clog) open(handler http.Handler) {
	c.t.Helper()
	file := os.NewFile(uintptr(c.socket), "listener")
	listener, err := net.FileListener(file)
	if err != nil {
		c.t.Fatal(err)
	}
	file.Close()
	c.socket = -1
	server := &http.Server{Handler: handler}
	go server.Serve(listener)
	c.t.Cleanup(func() { server.Close() })
}

func (c *clog) close() {
	c.filler.Close()
	if c.socket >= 0 {
		syscall.Close(c.socket)
	}
}

// dialCounter counts attempts to connect to an address, by looking at the sockets of this machine.
// An unanswered attempt is visible as long as it lasts.
type dialCounter struct {
	stopped chan struct{}
	looking sync.WaitGroup
	ports   map[string]bool // local ports of the attempts
}

func countDials(t testing.TB, address netip.AddrPort) *dialCounter {
	t.Helper()
	d := &dialCounter{stopped: make(chan struct{}), ports: map[string]bool{}}
	ip := address.Addr().As4()
	remote := fmt.Sprintf("%02X%02X%02X%02X:%04X", ip[3], ip[2], ip[1], ip[0], address.Port())
	const synSent = "02"
	d.looking.Go(func() {
		for {
			table, err := os.ReadFile("/proc/net/tcp")
			if err != nil {
				t.Error(err)
				return
			}
			for line := range bytes.Lines(table) {
				// number, local address, remote address, state
				fields := strings.Fields(string(line))
				if len(fields) > 3 && fields[2] == remote && fields[3] == synSent {
					d.ports[fields[1]] = true
				}
			}
			select {
			case <-d.stopped:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	})
	return d
}

// stop returns the number of attempts, including those already under way at the start.
func (d *dialCounter) stop() int {
	close(d.stopped)
	d.looking.Wait()
	return len(d.ports)
}
