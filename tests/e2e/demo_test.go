package e2e_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// The demo, as `make demo` runs it, with a rollout that begins at once.
func TestDemo(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "demo")
	build := exec.Command("go", "build", "-o", binary, "./demo")
	build.Dir = Root(t)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	listen := fmt.Sprintf("127.0.0.1:%d", Port(t, "127.0.0.1"))
	status := fmt.Sprintf("127.0.0.1:%d", Port(t, "127.0.0.1"))
	pods := Port(t, podA, podB, podC)
	output := &Output{}
	command := exec.Command(binary, "-listen", listen, "-status", status, "-pod-port", fmt.Sprint(pods), "-rollout", "1s")
	temporary := t.TempDir()
	command.Env = append(os.Environ(), "DOORS_CADDY="+Default.Path(t), "TMPDIR="+temporary)
	command.Stdout, command.Stderr = output, output
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Process.Kill()
		if t.Failed() {
			t.Logf("the demo wrote:\n%s", output)
		}
	})
	output.Wait(t, "Ctrl-C ends all.", time.Minute)

	// Its commands do what it says.
	commands := regexp.MustCompile(`curl -i (?:-b (\S+) )?(http://\S+)`).FindAllStringSubmatch(output.String(), -1)
	if len(commands) != 4 {
		t.Fatalf("%d commands in:\n%s", len(commands), output)
	}
	for number, want := range []int{http.StatusOK, http.StatusOK, http.StatusOK, http.StatusGone} {
		request, err := http.NewRequest("GET", commands[number][2], nil)
		if err != nil {
			t.Fatal(err)
		}
		if cookie := commands[number][1]; cookie != "" {
			request.Header.Set("Cookie", cookie)
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != want {
			t.Errorf("%s: %s", commands[number][0], answer.Status)
		}
	}
	// What it shows: the visitor's first page, a page by its cookie, the visitor's stream by its token, a
	// request that no pod saw, and the rollout.
	for _, part := range []string{
		"127.0.1.2  page      direct  GET /", "127.0.2.1  page      cookie  GET /", "127.0.1.2  sync      token", "127.0.1.2  resource  token", "answered 410 by Caddy", "127.0.1.2                    drains",
	} {
		output.Wait(t, part, time.Minute)
	}

	if err := command.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := command.Wait(); err != nil {
		t.Errorf("after Ctrl-C: %v", err)
	}
	for _, address := range []string{listen, fmt.Sprintf("%s:%d", podA, pods), fmt.Sprintf("%s:%d", podC, pods)} {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Errorf("left behind: %v", err)
			continue
		}
		listener.Close()
	}
	if left, _ := filepath.Glob(filepath.Join(temporary, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if strings.Contains(output.String(), "\x1b[") {
		t.Error("colours without a terminal")
	}
}
