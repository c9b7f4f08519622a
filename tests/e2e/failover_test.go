package e2e_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// With several pods under one host, a browser stays on its own pod and others are spread.
func TestRoutingSeveralFreshPods(t *testing.T) {
	const podD = "127.0.1.3"
	cluster := NewCluster(t, pod.Config{}, podA, podB, podD)
	hosts := NewHosts(map[string][]string{"app.test": {podA, podB, podD}})
	caddy := Start(t, Options{Hosts: hosts, Config: Config{
		Handlers: Caddyfile("dynamic_upstreams", cluster.Secret, "upstream", []Upstream{cluster.Upstream("127.0.1.0/24", "app.test")}, ""),
	}})
	client := caddy.NewClient(t, H1)
	for _, address := range []string{podA, podB, podD} {
		cookie := []string{"upstream=" + cluster.Token(address)}
		var rows []row
		for try := range 10 {
			rows = append(rows, row{name: fmt.Sprint("own pod, try ", try, " of ", address), path: "/" + address, cookie: cookie, pods: []string{address}})
		}
		play(t, client, cluster, rows)
	}
	spread := map[string]bool{}
	for try := range 200 {
		uri := fmt.Sprintf("/spread/%d", try)
		client.Get(uri)
		saw := cluster.Saw(uri)
		if len(saw) != 1 {
			t.Fatalf("%s was seen by %v", uri, saw)
		}
		spread[saw[0]] = true
	}
	if len(spread) != 3 {
		t.Errorf("200 requests without a cookie reached only %v", spread)
	}

	// A rollout: the name moves, and old pages stay on their pods.
	hosts.Set(t, "app.test", podD)
	cookie := []string{"upstream=" + cluster.Token(podA)}
	limit := time.Now().Add(30 * time.Second)
	for moved := 0; moved < 10; moved++ {
		uri := fmt.Sprintf("/moved/%d/%d", moved, time.Now().UnixNano())
		client.Do(Request{Path: uri, Cookie: cookie})
		if saw := cluster.Saw(uri); !slices.Equal(saw, []string{podD}) {
			moved = -1
			if time.Now().After(limit) {
				t.Fatalf("new pages still go to %v", saw)
			}
			time.Sleep(200 * time.Millisecond)
		}
	}
	play(t, client, cluster, []row{{name: "page of an old pod", path: "/~/" + cluster.Token(podA) + "/s/i", pods: []string{podA}}})
}

// If some of a host's pods are down, pages go to the others.
func TestRoutingFailover(t *testing.T) {
	cluster := NewCluster(t, pod.Config{}, podA, podB)
	hosts := NewHosts(map[string][]string{"app.test": {nobody, podA, "127.0.1.98", podB}})
	upstreams := []Upstream{cluster.Upstream("127.0.1.0/24", "app.test")}
	for _, policy := range []string{"", "lb_policy first", "lb_policy round_robin", "lb_policy ip_hash", "lb_policy cookie lb secret"} {
		t.Run(policy, func(t *testing.T) {
			caddy := Start(t, Options{Hosts: hosts, Config: Config{Handlers: Caddyfile("dynamic_upstreams", cluster.Secret, "upstream", upstreams, policy)}})
			for _, protocol := range Protocols {
				client := caddy.NewClient(t, protocol)
				var rows []row
				for try := range 20 {
					rows = append(rows,
						row{name: fmt.Sprint("any ", try), path: "/any", pods: []string{podA, podB}},
						row{name: fmt.Sprint("cookie of a dead pod ", try), path: "/dead", cookie: []string{"upstream=" + cluster.Token(nobody)}, pods: []string{podA, podB}},
						row{name: fmt.Sprint("POST ", try), method: "POST", path: "/post", pods: []string{podA, podB}},
						row{name: fmt.Sprint("own pod ", try), path: "/own", cookie: []string{"upstream=" + cluster.Token(podB)}, pods: []string{podB}},
					)
				}
				play(t, client, cluster, rows)
			}
		})
	}
}

// A request that was tried on several addresses arrives with its whole body.
func TestRoutingFailoverKeepsBodies(t *testing.T) {
	port := Port(t, podA, nobody)
	listener, err := net.Listen("tcp", fmt.Sprintf("%s:%d", podA, port))
	if err != nil {
		t.Fatal(err)
	}
	echo := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body) // before the answer begins
		if err != nil {
			w.WriteHeader(http.StatusBadRequest)
		}
		w.Write(body)
	})}
	go echo.Serve(listener)
	defer echo.Close()
	secret := NewSecret(32)
	hosts := NewHosts(map[string][]string{"app.test": {nobody, "127.0.1.98", podA, "127.0.1.97"}})
	upstreams := []Upstream{{CIDR: "127.0.1.0/24", Host: "app.test", Port: port}}
	caddy := Start(t, Options{Hosts: hosts, Config: Config{Handlers: Caddyfile("dynamic_upstreams", secret, "upstream", upstreams, "")}})
	for _, protocol := range Protocols {
		client := caddy.NewClient(t, protocol)
		for try := range 20 {
			text := strings.Repeat(fmt.Sprint("body ", try, " "), 2000)
			var body io.Reader = strings.NewReader(text)
			if try%2 == 1 {
				body = io.MultiReader(body) // of unknown length
			}
			answer := client.Do(Request{Method: "POST", Path: "/", Body: body, Cookie: []string{"upstream=" + Token(t, secret, nobody)}})
			if answer.Status != http.StatusOK || answer.Body != text {
				t.Fatalf("%s, try %d: status %d, %d bytes of %d", protocol, try, answer.Status, len(answer.Body), len(text))
			}
		}
	}
}
