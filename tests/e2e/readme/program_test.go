package readme

import (
	"bufio"
	"fmt"
	"go/format"
	"io"
	"net"
	"net/http"
	"net/netip"
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

// lastPage takes the place of the sample's app and main: one page is open, and
// what it is told last comes after Doors has called back.
const lastPage = `func main() {
	app := &pages{ended: make(chan func())}
	serve(&http.Server{Addr: ":8080", Handler: app}, app)
}

type pages struct{ ended chan func() }

func (p *pages) Drain(ended func()) { p.ended <- ended }

func (p *pages) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	fmt.Fprintln(w, "open")
	w.(http.Flusher).Flush()
	(<-p.ended)()
	time.Sleep(300 * time.Millisecond) // Shutdown begins, and ListenAndServe returns
	fmt.Fprintln(w, "gone")
}
`

func testDrainProgram(t *testing.T, source string) {
	t.Run("as it stands", func(t *testing.T) {
		startDrain(t, source).terminate()
	})
	t.Run("the last answer arrives", func(t *testing.T) {
		kept, _, found := strings.Cut(source, "func main() {")
		if !found {
			t.Fatal("there is no main")
		}
		source := replaceOnce(t, kept+lastPage, `"errors"`, "\"errors\"\n\t\"fmt\"\n\t\"time\"")
		app := startDrain(t, source)
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
	stuck := time.AfterFunc(30*time.Second, func() { p.command.Process.Kill() })
	defer stuck.Stop()
	if err := p.command.Wait(); err != nil {
		p.t.Errorf("after SIGTERM: %v\n%s", err, &p.output)
	}
}
