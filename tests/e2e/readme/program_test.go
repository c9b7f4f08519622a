// Tests of the samples in Go. They are built with a stand-in for the framework, without a real module
// proxy.

package readme

import (
	"encoding/json"
	"fmt"
	"go/format"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	doorscaddy "github.com/doors-dev/doors-caddy"
	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// testGo checks that the program is formatted. The app must be the program of examples/app, which
// testLife runs. Any other program is run, and must print what the next block shows.
func testGo(t *testing.T, _ document, sample *block) {
	formatted, err := format.Source([]byte(sample.text))
	check(t, err)
	if string(formatted) != sample.text {
		t.Errorf("gofmt writes it differently:\n%s", formatted)
	}
	if strings.Contains(sample.text, "github.com/doors-dev/doors\"") {
		if lines := strings.Count(sample.text, "\n"); lines > 25 {
			t.Errorf("%d lines, want an app in at most 25", lines)
		}
		if example := file(t, "examples/app/main.go"); example != sample.text {
			t.Errorf("it differs from examples/app/main.go:\n%s", example)
		}
		return
	}
	if !strings.Contains(sample.text, "\nfunc main() {") || sample.next == nil || sample.next.language != "text" {
		t.Fatalf("%s: show a whole program, and in a block of text after it what it prints", sample)
	}
	folder := t.TempDir()
	write(t, folder, "main.go", sample.text, 0o600)
	write(t, folder, "go.mod", fmt.Sprintf("module example.com/app\n\ngo 1.24\n\nrequire github.com/doors-dev/doors-caddy v0.2.0\n\nreplace github.com/doors-dev/doors-caddy => %q\n", harness.Root(t)), 0o600)
	output := shell(t, `. scripts/env.sh; doors_library_flag; cd -- "$FOLDER"; GOPROXY=off GOWORK=off go run .`, "FOLDER="+folder)
	if output != sample.next.text {
		t.Errorf("%s: the program prints\n%s", sample, output)
	}
}

// file returns the text of a file of the repository.
func file(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(harness.Root(t), path))
	check(t, err)
	return string(text)
}

func TestApp(t *testing.T) {
	t.Run("its whole life", testLife)
	t.Run("what it says without an environment", testNoEnvironment)
}

// buildExample builds examples/app, with another port, by the commands of a document. They run in a new
// module.
func buildExample(t *testing.T, port int, commands string) (binary string) {
	t.Helper()
	folder := t.TempDir()
	write(t, folder, "main.go", replaceOnce(t, file(t, "examples/app/main.go"), `"8080"`, fmt.Sprintf(`"%d"`, port)), 0o600)
	write(t, folder, "page.go", file(t, "examples/app/page.go"), 0o600)
	run(t, folder, moduleProxy(t), "bash", "-euo", "pipefail", "-c", "go mod init example.com/app 2>init.log\n"+commands+"go mod tidy\ngo vet .\ngo build -o app .")
	return filepath.Join(folder, "app")
}

// decodes checks that the output is one line with a token of the address.
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
	t.Setenv("POD_IP", podAddress)
	port := harness.Port(t, podAddress)
	address := fmt.Sprintf("%s:%d", podAddress, port)
	command := exec.Command(buildExample(t, port, ""))
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
	// The sample of /readyz in docs/app.md has the members of the answer.
	_, state := ask("GET", "/readyz")
	for _, sample := range read(t, "docs/app.md").blocks {
		if sample.language == "json" && members(t, sample.text) != members(t, state) {
			t.Errorf("%s: /readyz answers %s", sample, state)
		}
	}
	token := page.Cookies()[0].Value
	decodes(t, secret, token+"\n", os.Getenv("POD_IP"))

	check(t, command.Process.Signal(syscall.SIGTERM))
	harness.Eventually(t, "the app drains", func() bool { return ready() == http.StatusServiceUnavailable })
	if page, _ := ask("GET", "/"); page == nil || page.StatusCode != http.StatusServiceUnavailable || page.Header.Get("Doors-Draining") != "?1" {
		t.Errorf("a new page: %v", page)
	}
	// The last page's 410 arrives, although the app ends because of it.
	if last, _ := ask("POST", "/~/"+token+"/h/end"); last == nil || last.StatusCode != http.StatusGone {
		t.Errorf("the last answer: %v", last)
	}
	if err := <-ended; err != nil {
		t.Errorf("after SIGTERM: %v\n%s", err, &output)
	}
}

// members returns the names of the members of an object.
func members(t *testing.T, text string) string {
	t.Helper()
	var object map[string]any
	check(t, json.Unmarshal([]byte(text), &object))
	return strings.Join(slices.Sorted(maps.Keys(object)), " ")
}

func testNoEnvironment(t *testing.T) {
	for _, name := range []string{"DOORS_SECRET", "DOORS_SECRET_FILE", "POD_IP"} {
		t.Setenv(name, "")
	}
	output, err := exec.Command(buildExample(t, 0, "")).CombinedOutput()
	if err == nil {
		t.Error("it ended well")
	}
	for _, name := range []string{"DOORS_SECRET", "DOORS_SECRET_FILE", "POD_IP"} {
		if !strings.Contains(string(output), name) {
			t.Errorf("%s\nlacks %s", output, name)
		}
	}
}
