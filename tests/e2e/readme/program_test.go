package readme

import (
	"fmt"
	"go/format"
	"io"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	doorscaddy "github.com/doors-dev/doors-caddy"
	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// In:  the sample of an app, which is the program of examples/app.
// Out: what it does, built with a stand-in of the framework: no module proxy is asked.

func testGo(t *testing.T, _ document, sample *block) {
	formatted, err := format.Source([]byte(sample.text))
	check(t, err)
	if string(formatted) != sample.text {
		t.Errorf("gofmt writes it differently:\n%s", formatted)
	}
	if lines := strings.Count(sample.text, "\n"); lines > 25 {
		t.Errorf("%d lines: an app is to be shown in 25", lines)
	}
	example, err := os.ReadFile(filepath.Join(harness.Root(t), "examples/app/main.go"))
	check(t, err)
	if string(example) != sample.text {
		t.Errorf("it differs from examples/app/main.go:\n%s", example)
	}
	t.Run("its whole life", testLife)
	t.Run("what it says without an environment", testNoEnvironment)
}

// buildExample vets and compiles examples/app for an address.
func buildExample(t *testing.T, address string) (binary string) {
	t.Helper()
	folder, root := t.TempDir(), harness.Root(t)
	for _, name := range []string{"main.go", "page.go"} {
		text, err := os.ReadFile(filepath.Join(root, "examples/app", name))
		check(t, err)
		if name == "main.go" {
			text = []byte(replaceOnce(t, string(text), `":8080"`, fmt.Sprintf("%q", address)))
		}
		write(t, folder, name, string(text), 0o600)
	}
	write(t, folder, "go.mod", fmt.Sprintf(`module example.com/app

go 1.24

require (
	github.com/doors-dev/doors v0.0.0
	github.com/doors-dev/doors-caddy v0.2.0
	github.com/doors-dev/gox v0.0.0
)

replace (
	github.com/doors-dev/doors => %q
	github.com/doors-dev/doors-caddy => %q
	github.com/doors-dev/gox => %q
)
`, filepath.Join(root, "tests/framework/doors"), root, filepath.Join(root, "tests/framework/gox")), 0o600)
	environment := []string{"CGO_ENABLED=0", "GOPROXY=off", "GOWORK=off", "GOTOOLCHAIN=local"}
	run(t, folder, environment, "go", "vet", "./...")
	run(t, folder, environment, "go", "build", "-o", "app", ".")
	return filepath.Join(folder, "app")
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

// testLife loads a page, tells the app to stop, and ends the page.
func testLife(t *testing.T) {
	secret := harness.NewSecret(32)
	setEnvironment(t, secret)
	address := fmt.Sprintf("127.0.0.1:%d", harness.Port(t, "127.0.0.1"))
	command := exec.Command(buildExample(t, address))
	var output harness.Output
	command.Stdout, command.Stderr = &output, &output
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	check(t, command.Start())
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	t.Cleanup(func() { command.Process.Kill() })

	ask := func(method, path string) (answer *http.Response, body string) {
		request, err := http.NewRequest(method, "http://"+address+path, nil)
		check(t, err)
		if answer, err = http.DefaultClient.Do(request); err != nil {
			return nil, ""
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		check(t, err)
		return answer, string(text)
	}
	ready := func() int {
		answer, _ := ask("GET", "/readyz")
		if answer == nil {
			return 0
		}
		return answer.StatusCode
	}
	harness.Eventually(t, "the app is ready", func() bool { return ready() == http.StatusOK })
	page, body := ask("GET", "/")
	if page == nil || page.StatusCode != http.StatusOK || !strings.HasSuffix(body, "<button>Click0") {
		t.Fatalf("the page: %v %q\n%s", page, body, &output)
	}
	if len(page.Cookies()) != 1 || page.Cookies()[0].Name != "upstream" {
		t.Fatalf("cookies %v", page.Cookies())
	}
	token := page.Cookies()[0].Value
	decodes(t, secret, token+"\n", os.Getenv("POD_IP"))

	check(t, command.Process.Signal(syscall.SIGTERM))
	harness.Eventually(t, "the app drains", func() bool { return ready() == http.StatusServiceUnavailable })
	if page, _ := ask("GET", "/"); page == nil || page.StatusCode != http.StatusServiceUnavailable || page.Header.Get("Doors-Draining") != "?1" {
		t.Errorf("a new page: %v", page)
	}
	// The last page: its 410 arrives although the app ends because of it.
	if last, _ := ask("POST", "/~/"+token+"/h/end"); last == nil || last.StatusCode != http.StatusGone {
		t.Errorf("the last answer: %v", last)
	}
	if err := <-ended; err != nil {
		t.Errorf("after SIGTERM: %v\n%s", err, &output)
	}
}

func testNoEnvironment(t *testing.T) {
	for _, name := range []string{"DOORS_SECRET", "DOORS_SECRET_FILE", "POD_IP"} {
		t.Setenv(name, "")
	}
	output, err := exec.Command(buildExample(t, "127.0.0.1:0")).CombinedOutput()
	if err == nil {
		t.Error("it ended well")
	}
	for _, name := range []string{"DOORS_SECRET", "DOORS_SECRET_FILE", "POD_IP"} {
		if !strings.Contains(string(output), name) {
			t.Errorf("%s\nlacks %s", output, name)
		}
	}
}
