package pages

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/doors-dev/doors-caddy/benchmarks/contenders"
)

// PodArgument is the argument with which a program must call RunPod. The arguments after it are for
// RunPod.
const PodArgument = "idle-pod"

// podAddress is where the pod serves. controlAddress, with the same port, reports the number of
// open streams, so that nothing else connects to the pod.
var (
	podAddress     = netip.MustParseAddr("127.0.1.1")
	controlAddress = netip.MustParseAddr("127.0.0.1")
)

// The instances of a page. A pod sends its first frame when there is something to send, which may
// be never.
const (
	framed = "framed"
	silent = "silent"
)

// frame is a first frame: a sync without reports, as in Doors.
const frame = "\x00[1700000000000,[]]\xff"

// RunPod serves one pod until the process is ended. The pod keeps every stream open until the
// browser leaves. It serves HTTP/1.1, and HTTP/2 without TLS to clients that begin with it. The
// argument is the port.
func RunPod(arguments []string) error {
	if len(arguments) != 1 {
		return fmt.Errorf("usage: %s PORT", PodArgument)
	}
	var open atomic.Int64
	pod := http.Server{Protocols: new(http.Protocols), Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		open.Add(1)
		defer open.Add(-1)
		if strings.Contains(r.URL.Path, framed) {
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Header().Set("Cache-Control", "no-store")
			_, _ = io.WriteString(w, frame)
			_ = http.NewResponseController(w).Flush()
		}
		<-r.Context().Done()
	})}
	pod.Protocols.SetHTTP1(true)
	pod.Protocols.SetUnencryptedHTTP2(true)
	listener, err := net.Listen("tcp", net.JoinHostPort(podAddress.String(), arguments[0]))
	if err != nil {
		return err
	}
	go func() { _ = pod.Serve(listener) }()
	return http.ListenAndServe(net.JoinHostPort(controlAddress.String(), arguments[0]), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, open.Load())
	}))
}

// pod is a pod process, seen from outside.
type pod struct {
	*contenders.Process
	port int
}

// startPod runs this program as a pod.
func startPod(on, folder string) (*pod, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	port, err := contenders.FreePort()
	if err != nil {
		return nil, err
	}
	control := netip.AddrPortFrom(controlAddress, uint16(port))
	process, err := contenders.Start(on, folder, contenders.Listens(control), self, PodArgument, strconv.Itoa(port))
	return &pod{process, port}, err
}

// open returns the number of open streams.
func (p *pod) open() (int, error) {
	answer, err := http.Get(fmt.Sprintf("http://%s:%d/", controlAddress, p.port))
	if err != nil {
		return 0, err
	}
	text, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return 0, err
	}
	return strconv.Atoi(string(text))
}
