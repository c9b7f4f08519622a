package outage_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
	"github.com/doors-dev/doors-caddy/tests/e2e/nameserver"
)

// stillNamed is how long DNS keeps the address of a pod that was told to stop.
const stillNamed = 30 * time.Second

// departure is a pod that is told to stop, a Caddy in front of it, and visitors.
type departure struct {
	name      string
	dns       *nameserver.Server
	port      int
	secret    string
	old       *marking
	successor *marking // nil until it has started
	caddy     *Caddy
	client    *Client
	own       string    // token of the old pod
	page      *openPage // on the old pod; nil if the user's options buffer streams
	visitors  *load
	stopped   time.Time // when new pages were refused
}

// newDeparture starts the pod that is to leave.
func newDeparture(t *testing.T, name string) *departure {
	t.Helper()
	d := &departure{name: name, dns: newNameServer(t), port: Port(t, podA, podB), secret: NewSecret(32)}
	d.own = Token(t, d.secret, podA)
	d.old = startMarking(t, podA, d.port, 2*time.Second)
	return d
}

// visit starts Caddy and the visitors. DNS has the given addresses.
func (d *departure) visit(t *testing.T, proxy string, addresses ...string) {
	t.Helper()
	resolve(d.dns, app, addresses...)
	upstreams := []Upstream{{CIDR: "127.0.1.0/24", Host: app, Port: d.port}}
	d.caddy = Start(t, Options{Config: Config{Handlers: site(d.dns, d.secret, upstreams, "", proxy)}})
	d.client = d.caddy.NewClient(t, H1)
	if !strings.Contains(proxy, "response_buffers") {
		d.page = openMarked(t, d.client, d.own, podA)
	}
	d.visitors = startLoad(t, d.caddy, Protocols, 3, func(worker int) Request {
		time.Sleep(200 * time.Millisecond) // many departures run at once
		request := Request{Path: "/"}
		switch worker {
		case 1:
			request.Method = http.MethodHead
		case 2:
			request.Cookie = []string{"upstream=" + d.own}
		}
		return request
	})
}

func (d *departure) startSuccessor(t *testing.T) {
	t.Helper()
	d.successor = startMarking(t, podB, d.port, time.Minute)
}

// stop sends SIGTERM once there are visitors.
func (d *departure) stop(t *testing.T) {
	t.Helper()
	Eventually(t, d.name+": visitors come", func() bool { return d.visitors.count() >= 50 })
	d.old.stop(t, d.port)
	d.stopped = time.Now()
}

// closePage checks that the open page continues while its pod is draining, and closes it.
func (d *departure) closePage(t *testing.T) {
	t.Helper()
	if d.page == nil {
		return
	}
	if answer := d.client.Do(Request{Method: "POST", Path: "/~/" + d.own + "/h/1/1"}); answer.Status != http.StatusOK {
		t.Errorf("%s: a hook of the draining pod: status %d", d.name, answer.Status)
	}
	d.page.goesOn(t)
	d.page.close()
}

// ended waits until the old pod has ended by itself.
func (d *departure) ended(t *testing.T) {
	t.Helper()
	select {
	case err := <-d.old.served:
		if err != nil {
			t.Errorf("the pod that drained: %v", err)
		}
	case <-time.After(Patience):
		t.Fatal("the pod does not end")
	}
}

// check returns how many pages the old pod opened after its order to stop: before the time moved,
// and after it. It fails if a visitor has seen an error.
func (d *departure) check(t *testing.T, moved time.Time) (before, after int) {
	t.Helper()
	results, asked := d.visitors.stop(), 0
	for _, one := range results {
		if one.err != nil || one.status != http.StatusOK {
			t.Errorf("%s, worker %d, %v after the order: status %d, %v", one.protocol, one.worker, one.begin.Sub(d.stopped), one.status, one.err)
		}
		switch {
		case one.begin.Before(d.stopped):
			continue
		case one.pod == podA && one.begin.Before(moved):
			before++
		case one.pod == podA:
			after++
		}
		asked++
	}
	t.Logf("%d requests, %d after the order", len(results), asked)
	if asked < 300 {
		t.Error("the traffic is not steady")
	}
	for range 20 {
		if answer := d.client.Get("/"); answer.Status != http.StatusOK || !strings.Contains(answer.Body, podB+":") {
			t.Errorf("at last: status %d, %s", answer.Status, answer.Body)
		}
	}
	if d.successor.seen.Load() != 0 {
		t.Error("the successor was asked as the last choice")
	}
	return before, after
}

// After its order to stop a pod gets no new pages, whatever DNS says and the user has configured.
// No visitor sees an error, open pages continue, and the end of the pod goes unnoticed too.
func TestNewPagesLeaveAPodThatSaysSo(t *testing.T) {
	t.Parallel()
	var departures []*departure
	for name, proxy := range map[string]string{
		"as documented":      "",
		"round_robin":        "lb_policy round_robin",
		"first":              "lb_policy first",
		"cookie":             "lb_policy cookie balanced",
		"retries":            "lb_retries 1",
		"time to retry":      "lb_try_duration 2s\nlb_try_interval 20ms",
		"policy and retries": "lb_policy round_robin\nlb_retries 1",
		"health checks":      "fail_duration 30s\nunhealthy_status 5xx",
		"buffers":            "request_buffers 4k\nresponse_buffers 4k",
	} {
		d := newDeparture(t, name)
		d.startSuccessor(t)
		d.visit(t, proxy, podA, podB)
		departures = append(departures, d)
	}
	for _, d := range departures {
		d.stop(t)
	}
	time.Sleep(stillNamed / 2)
	for _, d := range departures {
		d.closePage(t)
	}
	for _, d := range departures {
		d.ended(t)
	}
	time.Sleep(time.Until(departures[len(departures)-1].stopped.Add(stillNamed)))
	for _, d := range departures {
		t.Run(d.name, func(t *testing.T) {
			if opened, _ := d.check(t, time.Now()); opened != 0 {
				t.Errorf("%d new pages on the draining pod", opened)
			}
			if late := d.old.late.Load(); late != 0 {
				t.Errorf("%d page loads came to the app after its order", late)
			}
			if lines := logged(d.caddy, message("pod signals that it is draining"), podA); lines != 1 {
				t.Errorf("%d lines in the log", lines)
			}
		})
	}
}

// The only pod serves new pages until its successor answers, whether DNS has the successor's
// address before the order to stop or half a minute after it.
func TestTheOnlyPodServesUntilItsSuccessorAnswers(t *testing.T) {
	t.Parallel()
	var alone, beforehand []*departure
	for name, proxy := range map[string]string{"as documented": "", "round_robin": "lb_policy round_robin", "health checks": "fail_duration 30s", "retries": "lb_retries 1"} {
		one, other := newDeparture(t, name), newDeparture(t, name+", named beforehand")
		one.visit(t, proxy, podA)
		other.visit(t, proxy, podA, podB)
		alone, beforehand = append(alone, one), append(beforehand, other)
	}
	departures := slices.Concat(alone, beforehand)
	for _, d := range departures {
		d.stop(t)
	}
	time.Sleep(stillNamed / 2)
	for _, d := range departures {
		d.startSuccessor(t)
	}
	moved := map[*departure]time.Time{}
	leave := func(d *departure) {
		Eventually(t, d.name+": the successor is found", func() bool { return strings.Contains(d.client.Get("/").Body, podB+":") })
		moved[d] = time.Now()
		d.closePage(t)
	}
	for _, d := range beforehand {
		leave(d)
	}
	time.Sleep(time.Until(alone[len(alone)-1].stopped.Add(stillNamed)))
	for _, d := range alone {
		resolve(d.dns, app, podB)
	}
	for _, d := range alone {
		leave(d)
	}
	for _, d := range departures {
		d.ended(t)
		t.Run(d.name, func(t *testing.T) {
			if before, after := d.check(t, moved[d]); before < 100 || after > 0 {
				t.Errorf("%d pages of the only pod after its order, and %d more when its successor had answered", before, after)
			}
		})
	}
}
