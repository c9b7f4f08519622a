package readme

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

	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

const podAddress = "127.0.1.1"

func testLogFilter(t *testing.T, sample string) {
	t.Run("access log", func(t *testing.T) {
		access, _ := logged(t, sample, harness.NewSecret(32), http.StatusOK)
		if access != len(logPaths) {
			t.Errorf("%d requests are in the access log, not %d", access, len(logPaths))
		}
	})
	t.Run("error log", func(t *testing.T) {
		secret, port := harness.NewSecret(32), workingPod(t)
		proxy := fmt.Sprintf(`reverse_proxy {
			dynamic_upstreams doors_upstream {
				secret %s
				upstream {
					pod_cidr %s/32
					host %s
					upstream_port %d
				}
			}
			handle_response {
				error "failed" 502
			}
		}`, secret, podAddress, podAddress, port)
		access, failures := logged(t, replaceOnce(t, sample, `respond "ok"`, proxy), secret, http.StatusBadGateway)
		if access != len(logPaths) || failures != len(logPaths) {
			t.Errorf("%d requests are in the access log and %d in the error log, not %d", access, failures, len(logPaths))
		}
	})
}

// logPaths are URL paths, with the token in each possible place.
var logPaths = []string{"/~/%s", "/~/%s/s/1?t=1", "/~/%s?x=1", "/page"}

// logged runs the configuration, makes a request to each path and counts the
// entries of the two logs. No entry may contain the token.
func logged(t *testing.T, text, secret string, status int) (access, failures int) {
	t.Helper()
	token := harness.Token(t, secret, podAddress)
	output := serve(t, text, func(base string) {
		for _, path := range logPaths {
			path = strings.ReplaceAll(path, "%s", token)
			request, err := http.NewRequest(http.MethodGet, base+path, nil)
			check(t, err)
			request.Header.Set("Referer", base+"/~/"+token+"/")
			request.Header.Set("Cookie", "upstream="+token)
			answer, err := http.DefaultClient.Do(request)
			check(t, err)
			io.Copy(io.Discard, answer.Body)
			answer.Body.Close()
			if answer.StatusCode != status {
				t.Errorf("%s: status %d, not %d", path, answer.StatusCode, status)
			}
		}
	})
	if strings.Contains(output, token) {
		t.Errorf("the log has the token %s:\n%s", token, output)
	}
	lines := bufio.NewScanner(strings.NewReader(output))
	for lines.Scan() {
		var entry struct{ Logger string }
		if json.Unmarshal(lines.Bytes(), &entry) != nil {
			continue
		}
		if strings.HasPrefix(entry.Logger, "http.log.access") {
			access++
		}
		if strings.HasPrefix(entry.Logger, "http.log.error") {
			failures++
		}
	}
	return access, failures
}

// serve runs a Caddyfile for example.com on a port of 127.0.0.1, calls visit, and returns Caddy's
// output.
func serve(t *testing.T, text string, visit func(base string)) string {
	t.Helper()
	base := fmt.Sprintf("http://127.0.0.1:%d", harness.Port(t, "127.0.0.1"))
	text = replaceOnce(t, text, "example.com {", base+" {\n\tbind 127.0.0.1")
	folder := t.TempDir()
	path := write(t, folder, "Caddyfile", text, 0o600)
	var output harness.Output
	command := exec.Command(harness.Default.Path(t), "run", "--config", path, "--adapter", "caddyfile")
	command.Dir = folder
	command.Env = append(os.Environ(), "HOME="+folder, "XDG_CONFIG_HOME="+folder, "XDG_DATA_HOME="+folder,
		fmt.Sprintf("CADDY_ADMIN=127.0.0.1:%d", harness.Port(t, "127.0.0.1")))
	command.Stdout, command.Stderr = &output, &output
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	check(t, command.Start())
	defer command.Process.Kill() // if the test ends early
	output.Wait(t, "serving initial configuration", time.Minute)
	visit(base)
	check(t, command.Process.Signal(syscall.SIGTERM))
	check(t, command.Wait())
	return output.String()
}

// workingPod answers each request. Failures come from the sample's own routes: failures of a pod are not
// in the error log.
func workingPod(t *testing.T) (port int) {
	t.Helper()
	listener, err := net.Listen("tcp", podAddress+":0")
	check(t, err)
	server := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	go server.Serve(listener)
	t.Cleanup(func() { server.Close() })
	return listener.Addr().(*net.TCPAddr).Port
}
