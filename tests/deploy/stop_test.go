package deploy

import (
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
)

// On SIGTERM a replica of the cluster reports that it is not ready, and keeps serving for
// shutdown_delay.
func TestReplicaGoesOnWhileItIsTakenOffLists(t *testing.T) {
	folder, site, status := t.TempDir(), freeAddress(t), freeAddress(t)
	secret := write(t, filepath.Join(folder, "secret"), key+"\n", 0o600)
	config := only[core.ConfigMap](build(t, "base"), "ConfigMap", "caddy").Data["Caddyfile"]
	for from, to := range map[string]string{
		"http://:8080 {": "http://" + site + " {", "http://:2020 {": "http://" + status + " {", "/run/secrets/doors/secret": secret,
		"shutdown_delay 10s": "shutdown_delay 10m", // ends with the test
	} {
		if strings.Count(config, from) != 1 {
			t.Fatalf("%q does not occur exactly once in\n%s", from, config)
		}
		config = strings.Replace(config, from, to, 1)
	}
	command := exec.Command(caddy(t), "run", "--config", write(t, filepath.Join(folder, "Caddyfile"), config, 0o600))
	command.Env = append(quiet(folder), "POD_CIDR=127.0.1.0/24", "APP_HOST=127.0.1.1")
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var output strings.Builder
	command.Stdout, command.Stderr = &output, &output
	check(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			t.Log(output.String())
		}
	})

	answers := func(url string, wanted int) {
		t.Helper()
		var last string
		for limit := time.Now().Add(time.Minute); time.Now().Before(limit); time.Sleep(20 * time.Millisecond) {
			answer, err := http.Get(url)
			if err != nil {
				last = err.Error()
				continue
			}
			answer.Body.Close()
			if last = answer.Status; answer.StatusCode == wanted {
				return
			}
		}
		t.Fatalf("%s does not answer %d: %s", url, wanted, last)
	}
	ready, page := "http://"+status+"/ready", "http://"+site+"/readyz" // /readyz is not forwarded
	answers(ready, http.StatusOK)
	answers("http://"+status+"/metrics", http.StatusOK)
	answers("http://"+status+"/state", http.StatusOK)
	answers(page, http.StatusNotFound)
	check(t, command.Process.Signal(syscall.SIGTERM))
	answers(ready, http.StatusServiceUnavailable)
	answers(page, http.StatusNotFound)
}

// freeAddress returns an unused loopback address with a port.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	defer listener.Close()
	return fmt.Sprint(listener.Addr())
}
