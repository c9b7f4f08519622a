package readme

import (
	"bufio"
	"fmt"
	"go/format"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	doorscaddy "github.com/doors-dev/doors-caddy"
	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// In:  a sample Go program.
// Out: what it does, built in a module of its own that has only the root module.

func testGo(t *testing.T, _ document, sample *block) {
	formatted, err := format.Source([]byte(sample.text))
	check(t, err)
	if string(formatted) != sample.text {
		t.Errorf("gofmt writes it differently:\n%s", formatted)
	}
	switch {
	case strings.Contains(sample.text, "NewTokenCipher"):
		testTokenProgram(t, sample.text)
	case strings.Contains(sample.text, "SIGTERM"):
		testDrainProgram(t, sample.text)
	default:
		t.Fatal("no test knows what this program is to do")
	}
}

// build vets and compiles a program.
func build(t *testing.T, source string) (binary string) {
	t.Helper()
	folder := t.TempDir()
	write(t, folder, "main.go", source, 0o600)
	write(t, folder, "go.mod", fmt.Sprintf(`module example.com/app

go 1.24

require github.com/doors-dev/doors-caddy v0.0.0

replace github.com/doors-dev/doors-caddy => %q
`, harness.Root(t)), 0o600)
	environment := []string{"CGO_ENABLED=0", "GOPROXY=off", "GOWORK=off", "GOTOOLCHAIN=local"}
	run(t, folder, environment, "go", "vet", "./...")
	run(t, folder, environment, "go", "build", "-o", "app", ".")
	return filepath.Join(folder, "app")
}

func testTokenProgram(t *testing.T, source string) {
	secret := harness.NewSecret(32)
	setEnvironment(t, secret)
	app := build(t, source)
	decodes(t, secret, run(t, t.TempDir(), nil, app), os.Getenv("POD_IP"))
}

// decodes wants one line of output: a token of the address.
func decodes(t *testing.T, secret, output, address string) {
	t.Helper()
	token := strings.TrimSuffix(output, "\n")
	if len(token) != 43 {
		t.Errorf("%q has %d characters, not 43", token, len(token))
	}
	cipher, err := doorscaddy.NewTokenCipher(secret)
	check(t, err)
	decoded, err := cipher.Decode(token)
	if err != nil || decoded != netip.MustParseAddr(address) {
		t.Errorf("%q holds %v (%v), not %s", token, decoded, err, address)
	}
}

// lastPage takes the place of the sample's main and app: one page is open, and
// what it is told last comes after Doors has called back.
const lastPage = `func main() {
	serve(":8080", &openPage{ended: make(chan func())})
}

type openPage struct{ ended chan func() }

func (p *openPage) Drain(ended func()) { p.ended <- ended }

func (p *openPage) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, "open")
	w.(http.Flusher).Flush()
	(<-p.ended)()
	time.Sleep(300 * time.Millisecond) // Shutdown begins, and ListenAndServe returns
	fmt.Fprintln(w, "gone")
}
`

// clicks does so too: it answers every request, and one for /end ends the drain.
const clicks = `func main() {
	serve(":8080", &clicked{ended: make(chan func(), 1)})
}

type clicked struct{ ended chan func() }

func (c *clicked) Drain(ended func()) { c.ended <- ended }

func (c *clicked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/end" {
		(<-c.ended)()
	}
}
`

func testDrainProgram(t *testing.T, source string) {
	kept, _, found := strings.Cut(source, "func main() {")
	if !found {
		t.Fatal("there is no main")
	}
	t.Run("as it stands", func(t *testing.T) {
		startDrain(t, source).terminate()
	})
	t.Run("the last answer arrives", func(t *testing.T) {
		app := startDrain(t, replaceOnce(t, kept+lastPage, `"errors"`, "\"errors\"\n\t\"fmt\"\n\t\"time\""))
		answer, err := http.Get("http://" + app.address)
		check(t, err)
		defer answer.Body.Close()
		body := bufio.NewReader(answer.Body)
		if line, err := body.ReadString('\n'); line != "open\n" {
			t.Fatalf("the page begins with %q (%v)", line, err)
		}
		app.terminate()
		if rest, err := io.ReadAll(body); string(rest) != "gone\n" || err != nil {
			t.Errorf("the page ends with %q (%v)", rest, err)
		}
	})
	t.Run("a click on its way is answered", func(t *testing.T) {
		app := startDrain(t, kept+clicks)
		if status, closed := clickDuringSIGTERM(t, app, false); status != http.StatusOK || !closed {
			t.Errorf("status %d; connection closed: %v", status, closed)
		}
		app.end()
	})
	// Why README advises against it. This is also the proof that the test above can fail.
	t.Run("SetKeepAlivesEnabled loses it", func(t *testing.T) {
		app := startDrain(t, replaceOnce(t, kept+clicks, "stopping.Store(true)", "server.SetKeepAlivesEnabled(false)"))
		if status, _ := clickDuringSIGTERM(t, app, true); status != http.StatusBadGateway {
			t.Errorf("status %d, not 502", status)
		}
		app.end()
	})
}

// clickDuringSIGTERM sends a click through a proxy, over a connection that was kept open. The click is on its way when the
// app gets SIGTERM, and arrives when the app knows. It returns the status of the proxy's answer, and whether the connection
// was closed after it. closesIdle says that the app closes the connection before.
func clickDuringSIGTERM(t *testing.T, app *program, closesIdle bool) (status int, closed bool) {
	t.Helper()
	way := newRelay(t, app.address)
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:  func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: way.address}) },
		ErrorLog: log.New(io.Discard, "", 0),
	})
	t.Cleanup(proxy.Close)
	click := func() int {
		answer, err := http.Post(proxy.URL+"/click", "application/json", strings.NewReader("{}"))
		if err != nil {
			t.Error(err)
			return 0
		}
		answer.Body.Close()
		return answer.StatusCode
	}
	if status := click(); status != http.StatusOK {
		t.Fatalf("before SIGTERM: status %d", status)
	}
	way.hold()
	answered := make(chan int, 1)
	go func() { answered <- click() }()
	way.wait(t, "the click", way.held)
	check(t, app.command.Process.Signal(syscall.SIGTERM))
	harness.Eventually(t, "the app knows that it is to stop", func() bool {
		answer, err := http.Get("http://" + app.address + "/")
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		return answer.Close
	})
	if closesIdle {
		way.wait(t, "the end of the idle connection", way.ended)
	}
	way.release()
	status = <-answered
	if status == http.StatusOK {
		way.wait(t, "the end of the connection", way.ended)
		closed = true
	}
	return status, closed
}

// program is a running sample.
type program struct {
	t       *testing.T
	command *exec.Cmd
	output  harness.Output
	address string
}

// startDrain builds the program for a port of 127.0.0.1 and runs it until it listens.
func startDrain(t *testing.T, source string) *program {
	t.Helper()
	p := &program{t: t, address: fmt.Sprintf("127.0.0.1:%d", harness.Port(t, "127.0.0.1"))}
	p.command = exec.Command(build(t, replaceOnce(t, source, `":8080"`, fmt.Sprintf("%q", p.address))))
	p.command.Stdout, p.command.Stderr = &p.output, &p.output
	p.command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	check(t, p.command.Start())
	t.Cleanup(func() { p.command.Process.Kill() })
	for limit := time.Now().Add(time.Minute); ; time.Sleep(20 * time.Millisecond) {
		connection, err := net.Dial("tcp", p.address)
		if err == nil {
			connection.Close()
			return p
		}
		if time.Now().After(limit) {
			t.Fatalf("the program does not listen: %v\n%s", err, &p.output)
		}
	}
}

// terminate sends SIGTERM and wants the program to end well.
func (p *program) terminate() {
	p.t.Helper()
	check(p.t, p.command.Process.Signal(syscall.SIGTERM))
	p.wait()
}

// end ends the drain of a program that has got SIGTERM, and wants it to end well.
func (p *program) end() {
	p.t.Helper()
	answer, err := http.Get("http://" + p.address + "/end")
	check(p.t, err)
	answer.Body.Close()
	p.wait()
}

func (p *program) wait() {
	p.t.Helper()
	stuck := time.AfterFunc(harness.Patience, func() { p.command.Process.Kill() })
	defer stuck.Stop()
	if err := p.command.Wait(); err != nil {
		p.t.Errorf("after SIGTERM: %v\n%s", err, &p.output)
	}
}
