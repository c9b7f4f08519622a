package doorscaddy_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	doorscaddy "github.com/doors-dev/doors-caddy"
)

// patience limits waits for events that must happen.
const patience = 30 * time.Second

// app is a handler whose drain ends when the test says so.
type app struct {
	http.HandlerFunc
	drained chan func() // gets the callback when Drain is called
}

func newApp(handler http.HandlerFunc) *app { return &app{handler, make(chan func(), 1)} }

func (a *app) Drain(callback func()) { a.drained <- callback }

// testServer is an app under Serve.
type testServer struct {
	t       *testing.T
	app     *app
	server  *http.Server
	address string
	orders  chan os.Signal
	result  chan error
}

// serve runs an app without a delay.
func serve(t *testing.T, a *app, options ...doorscaddy.Option) *testServer {
	t.Helper()
	return serveOn(t, &http.Server{}, a, options...)
}

func serveOn(t *testing.T, server *http.Server, a *app, options ...doorscaddy.Option) *testServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &testServer{t, a, server, listener.Addr().String(), make(chan os.Signal, 2), make(chan error, 1)}
	own := []doorscaddy.Option{doorscaddy.WithListener(listener), doorscaddy.WithOrders(s.orders), doorscaddy.WithDelay(0)}
	go func() { s.result <- doorscaddy.Serve(server, a, append(own, options...)...) }()
	t.Cleanup(func() { server.Close() })
	return s
}

// stop sends an order to stop, and waits until the gate is closed.
func (s *testServer) stop() {
	s.t.Helper()
	s.orders <- syscall.SIGTERM
	s.eventually("the server drains", func() bool { return s.ready().Draining })
}

// callback waits for the call of the app's Drain.
func (s *testServer) callback() func() {
	s.t.Helper()
	return receive(s.t, "Drain", s.app.drained)
}

// ended waits for Serve to return.
func (s *testServer) ended() error {
	s.t.Helper()
	return receive(s.t, "the end of Serve", s.result)
}

// running reports whether Serve has not returned yet.
func (s *testServer) running() bool { return len(s.result) == 0 }

// end ends a drain that has begun.
func (s *testServer) end() {
	s.t.Helper()
	s.callback()()
	if err := s.ended(); err != nil {
		s.t.Error(err)
	}
}

func (s *testServer) url(path string) string { return "http://" + s.address + path }

type readiness struct {
	status   int
	Draining bool
	Requests int
	Pages    int
}

func (s *testServer) ready() readiness {
	s.t.Helper()
	answer := s.do("GET", "/readyz", nil)
	found := readiness{status: answer.StatusCode}
	if err := json.Unmarshal([]byte(answer.body), &found); err != nil {
		s.t.Fatalf("%s: %v", answer.body, err)
	}
	return found
}

// response is an answer read to its end.
type response struct {
	*http.Response
	body string
}

func (s *testServer) do(method, path string, header http.Header) response {
	s.t.Helper()
	return do(s.t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, method, s.url(path), header)
}

func do(t *testing.T, client *http.Client, method, url string, header http.Header) response {
	t.Helper()
	request, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if header != nil {
		request.Header = header
	}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response{answer, string(body)}
}

// open starts a request and returns when its header has come.
func (s *testServer) open(client *http.Client, path string) (*http.Response, *bufio.Reader) {
	s.t.Helper()
	answer, err := client.Get(s.url(path))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { answer.Body.Close() })
	return answer, bufio.NewReader(answer.Body)
}

// get starts a request. The channel gets the answer when its header has come.
func (s *testServer) get(path string) <-chan *http.Response {
	answers := make(chan *http.Response, 1)
	go func() {
		answer, err := http.Get(s.url(path))
		if err != nil {
			s.t.Error(err)
		}
		answers <- answer
	}()
	return answers
}

// dial returns nil if the server is listening.
func (s *testServer) dial() error {
	connection, err := net.Dial("tcp", s.address)
	if err == nil {
		connection.Close()
	}
	return err
}

func (s *testServer) eventually(what string, holds func() bool) {
	s.t.Helper()
	for limit := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(limit) {
			s.t.Fatalf("not after %v: %s", patience, what)
		}
	}
}

func receive[T any](t *testing.T, what string, from <-chan T) T {
	t.Helper()
	select {
	case value := <-from:
		return value
	case <-time.After(patience):
		t.Fatalf("not after %v: %s", patience, what)
		panic("unreachable")
	}
}

// asProcess makes this program the process of a pod. Its value is the address.
const asProcess = "DOORSCADDY_TEST_POD"

func TestMain(m *testing.M) {
	address := os.Getenv(asProcess)
	if address == "" {
		os.Exit(m.Run())
	}
	a := newApp(nil)
	a.HandlerFunc = func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/~/id/s/page": // open until told to end
			fmt.Fprintln(w, "open")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		case "/~/id/h/end":
			(<-a.drained)()
		}
	}
	if err := doorscaddy.Serve(&http.Server{Addr: address}, a, doorscaddy.WithDelay(0)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
}

// process runs a pod in a separate process, with its own signals.
type process struct {
	*testServer
	command *exec.Cmd
	output  strings.Builder // read it only when the process has ended
}

func startProcess(t *testing.T) *process {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &process{testServer: &testServer{t: t, address: free.Addr().String(), result: make(chan error, 1)}}
	free.Close()
	p.command = exec.Command(os.Args[0])
	p.command.Env = append(os.Environ(), asProcess+"="+p.address)
	p.command.Stderr = &p.output
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.command.Process.Kill() })
	go func() { p.result <- p.command.Wait() }()
	p.eventually("the process listens", func() bool { return p.dial() == nil })
	return p
}

func (p *process) signal(which os.Signal) {
	p.t.Helper()
	if err := p.command.Process.Signal(which); err != nil {
		p.t.Fatal(err)
	}
}
