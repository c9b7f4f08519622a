package fleet

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/doors-dev/doors-caddy/demo/pod"
)

// HookState is the hook that stores a value for its page. It answers with the previous value and
// the pod's name.
const HookState = "3"

// State is the answer of HookState.
type State struct {
	Pod    string `json:"pod"`
	Before string `json:"before"`
}

// order is the configuration of a pod process, read from standard input.
type order struct {
	Secret, Name string
	Address      netip.AddrPort
	Roll         time.Duration
	InstanceTTL  time.Duration
	Unmarked     bool
}

// line is a line of its output, in JSON.
type line struct {
	Token   string `json:"token,omitempty"`   // the pod serves
	Refuses bool   `json:"refuses,omitempty"` // the pod is draining, and all its answers from now on say so
	Second  int64  `json:"second,omitempty"`
	Pages   uint64 `json:"pages,omitempty"` // page loads in that second (Unix time)
	All     uint64 `json:"all,omitempty"`   // requests of any kind
}

// RanAsChild runs a pod until it has drained, if this process was started as one. It reports
// whether it was. If the pod fails, the process ends.
func RanAsChild() bool {
	if len(os.Args) != 2 || os.Args[1] != childArgument {
		return false
	}
	if err := runChild(); err != nil {
		fmt.Fprintln(os.Stderr, "rollout: pod:", err)
		os.Exit(1)
	}
	return true
}

// runChild is the main function of a pod process.
func runChild() error {
	var told order
	if err := json.NewDecoder(os.Stdin).Decode(&told); err != nil {
		return err
	}
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	signal.Ignore(syscall.SIGINT) // Ctrl-C is for the parent process
	kept := &values{name: told.Name, byInstance: map[string]string{}}
	running, err := pod.Start(pod.Config{
		Secret: told.Secret, Name: told.Name, Address: told.Address,
		Roll: told.Roll, InstanceTTL: told.InstanceTTL, Delay: 2 * time.Second, Unmarked: told.Unmarked,
		Hooks: map[string]http.HandlerFunc{HookState: kept.serve},
		Observe: func(event pod.Event) {
			if event.Kind == pod.InstanceEnded {
				kept.forget(event.Instance)
			}
		},
	})
	if err != nil {
		return err
	}
	say := json.NewEncoder(os.Stdout)
	if err := say.Encode(line{Token: running.Token()}); err != nil {
		return err
	}
	drained, refuses := make(chan error, 1), make(chan struct{}, 1)
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	var before pod.Stats
	count := func(now time.Time) {
		stats := running.Stats()
		_ = say.Encode(line{
			Second: now.Unix(), Pages: stats.ByRoute[pod.RoutePage] - before.ByRoute[pod.RoutePage],
			All: stats.Requests - before.Requests,
		})
		before = stats
	}
	for {
		select {
		case <-term:
			go func() { drained <- running.DrainAndStop(context.Background()) }()
			go func() {
				for !told.Unmarked && ready(told.Address) {
					time.Sleep(5 * time.Millisecond)
				}
				refuses <- struct{}{}
			}()
		case <-refuses:
			_ = say.Encode(line{Refuses: true})
		case now := <-ticker.C:
			count(now)
		case err := <-drained:
			count(time.Now())
			return err
		}
	}
}

// ready reports whether a pod takes new pages.
func ready(address netip.AddrPort) bool {
	answer, err := http.Get(fmt.Sprintf("http://%s/readyz", address))
	if err != nil {
		return false
	}
	_ = answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// values stores one value for each instance.
type values struct {
	name       string
	mu         sync.Mutex
	byInstance map[string]string
}

// serve answers /~/ID/h/INSTANCE/HOOK. The instance exists.
func (v *values) serve(w http.ResponseWriter, r *http.Request) {
	parts := strings.SplitN(r.URL.EscapedPath(), "/", 6) // "", "~", ID, "h", INSTANCE, HOOK
	value, err := io.ReadAll(io.LimitReader(r.Body, 1024))
	if err != nil || len(parts) < 6 {
		http.Error(w, fmt.Sprint(err), http.StatusBadRequest)
		return
	}
	v.mu.Lock()
	answer := State{Pod: v.name, Before: v.byInstance[parts[4]]}
	v.byInstance[parts[4]] = string(value)
	v.mu.Unlock()
	_ = json.NewEncoder(w).Encode(answer)
}

func (v *values) forget(instance string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	delete(v.byInstance, instance)
}
