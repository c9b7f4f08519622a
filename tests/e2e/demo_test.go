package e2e_test

import (
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// The demo, as `make demo` runs it, with a rollout that begins at once.
func TestDemo(t *testing.T) {
	demo := StartDemo(t, time.Second, podA, podB, podC)

	// Its commands do what it says.
	commands := regexp.MustCompile(`curl -i (?:-b (\S+) )?(http://\S+)`).FindAllStringSubmatch(demo.Output.String(), -1)
	if len(commands) != 4 {
		t.Fatalf("%d commands in:\n%s", len(commands), demo.Output)
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
		demo.Output.Wait(t, part, time.Minute)
	}

	if err := demo.Stop(); err != nil {
		t.Errorf("after Ctrl-C: %v", err)
	}
	for _, address := range []string{demo.Listen, fmt.Sprintf("%s:%d", podA, demo.PodPort), fmt.Sprintf("%s:%d", podC, demo.PodPort)} {
		listener, err := net.Listen("tcp", address)
		if err != nil {
			t.Errorf("left behind: %v", err)
			continue
		}
		listener.Close()
	}
	if left, _ := filepath.Glob(filepath.Join(demo.Temporary, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if strings.Contains(demo.Output.String(), "\x1b[") {
		t.Error("colours without a terminal")
	}
}
