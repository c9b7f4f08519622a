//go:build linux

package network_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/blackhole"
	"github.com/doors-dev/doors-caddy/tests/e2e/rollout/network"
)

func init() { runtime.LockOSThread() }

// The tests run in a namespace of their own.
func TestMain(m *testing.M) {
	if blackhole.Inside() {
		os.Exit(m.Run())
	}
	code, err := blackhole.In()
	if err != nil {
		fmt.Fprintln(os.Stderr, "no network namespace:", err)
		code = 1
	}
	os.Exit(code)
}

const delay = 5 * time.Millisecond

var (
	here  = netip.MustParseAddr("10.0.0.1")
	there = netip.MustParseAddr("10.0.0.2")
	pod   = netip.MustParseAddr("10.1.0.1")
)

// setUp makes a node for the test and two more, each with a server that answers with its name.
func setUp(t *testing.T, links network.Links) (made *network.Network, home, one, two *network.Node) {
	t.Helper()
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
	made = network.New(links)
	t.Cleanup(func() { _ = made.Close() })
	var err error
	if home, err = made.Here(here); err != nil {
		t.Fatal(err)
	}
	for _, node := range []struct {
		made    **network.Node
		name    string
		address netip.Addr
	}{{&one, "one", there}, {&two, "two", netip.MustParseAddr("10.0.0.3")}} {
		if *node.made, err = made.Add(node.address); err != nil {
			t.Fatal(err)
		}
		err := (*node.made).Do(func() error {
			listener, err := net.Listen("tcp", ":80")
			if err != nil {
				return err
			}
			t.Cleanup(func() { _ = listener.Close() })
			go func() {
				for {
					connection, err := listener.Accept()
					if err != nil {
						return
					}
					_, _ = fmt.Fprintln(connection, node.name)
					_ = connection.Close()
				}
			}()
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return made, home, one, two
}

// name asks the server at an address for its name.
func name(address netip.Addr, limit time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	var dialer net.Dialer
	connection, err := dialer.DialContext(ctx, "tcp", netip.AddrPortFrom(address, 80).String())
	if err != nil {
		return "", err
	}
	defer connection.Close()
	line, err := bufio.NewReader(connection).ReadString('\n')
	return strings.TrimSpace(line), err
}

const (
	enough = 30 * time.Second
	never  = 300 * time.Millisecond
)

func TestLinks(t *testing.T) {
	made, home, one, two := setUp(t, network.Links{Delay: delay})
	begin := time.Now()
	if got, err := name(there, enough); got != "one" || err != nil {
		t.Fatal(got, err)
	}
	if lasted := time.Since(begin); lasted < 4*delay { // two round trips: for the connection and for the name
		t.Errorf("the name came after %v, although each way takes %v", lasted, delay)
	}
	for what, fault := range map[string]struct{ begin, end func() }{
		"a link is cut":           {func() { made.Cut(home, one) }, func() { made.Mend(home, one) }},
		"an address is swallowed": {func() { _ = made.Swallow(there) }, func() { _ = made.Spare(there) }},
	} {
		fault.begin()
		if got, err := name(there, never); err == nil {
			t.Errorf("%s: got %q", what, got)
		}
		if got, err := name(netip.MustParseAddr("10.0.0.3"), enough); got != "two" || err != nil {
			t.Errorf("%s: another node: %q, %v", what, got, err)
		}
		fault.end()
		if got, err := name(there, enough); got != "one" || err != nil {
			t.Errorf("%s is over: %q, %v", what, got, err)
		}
	}
	for want, node := range map[string]*network.Node{"one": one, "two": two} {
		if err := node.Own(pod); err != nil {
			t.Fatal(err)
		}
		if got, err := name(pod, enough); got != want || err != nil {
			t.Errorf("address of node %s: %q, %v", want, got, err)
		}
	}
	var output []byte
	err := one.Do(func() (err error) {
		output, err = exec.Command("ip", "-brief", "address", "show", "dev", "link0").CombinedOutput()
		return err
	})
	if err != nil || !strings.Contains(string(output), there.String()+"/32") {
		t.Errorf("a process on the node sees %s (%v)", output, err)
	}
}

// TCP repeats dropped packets.
func TestLoss(t *testing.T) {
	setUp(t, network.Links{Loss: 0.05})
	for range 5 {
		if got, err := name(there, enough); got != "one" || err != nil {
			t.Fatal(got, err)
		}
	}
}

func TestEverythingIsLost(t *testing.T) {
	setUp(t, network.Links{Loss: 1})
	if got, err := name(there, never); err == nil {
		t.Errorf("got %q", got)
	}
}
