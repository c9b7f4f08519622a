package status_test

import (
	"net/http"
	"testing"
	"time"

	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// idle is the documented answer.
type idle struct {
	Pod         string  `json:"pod"`
	Answer      string  `json:"answer"`
	InFlight    int     `json:"in_flight"`
	Streams     int     `json:"streams"`
	IdleSeconds float64 `json:"idle_seconds"`
}

// ask asks whether a pod is idle.
func (r *rollout) ask(query string) (int, idle) {
	r.t.Helper()
	answer := r.get("/pods/" + query)
	var document idle
	decode(r.t, answer.Body, &document)
	return answer.Status, document
}

func TestIdle(t *testing.T) {
	t.Parallel()
	r := start(t)
	_, closePage := r.open()
	Eventually(t, "the stream is counted", func() bool { return r.pod(podA).Streams == 1 })
	if status, answer := r.ask(podA + "?idle=1s"); status != http.StatusConflict || answer.Answer != "busy" || answer.Streams != 1 || answer.InFlight != 1 || answer.IdleSeconds != 0 {
		t.Errorf("a pod with a page: %d %+v", status, answer)
	}
	if status, answer := r.ask(podB + "?idle=1h"); status != http.StatusConflict || answer.Answer != "just_started" || answer.Pod != podB {
		t.Errorf("a process that is younger: %d %+v", status, answer)
	}
	Eventually(t, "the process is older than the time that is asked for", func() bool { return r.state().UptimeSeconds > 0.01 })
	if status, answer := r.ask("::ffff:" + podZ + "?idle=10ms"); status != http.StatusOK || answer.Answer != "idle" || answer.Pod != podZ || answer.IdleSeconds <= 0 {
		t.Errorf("an unused pod: %d %+v", status, answer)
	}
	for query, want := range map[string]int{
		"127.0.9.9?idle=1s": 404, "fd00:2::7?idle=1s": 200, "fd00:3::7?idle=1s": 404,
		podA: 400, podA + "?idle=": 400, podA + "?idle=-1s": 400, podA + "?idle=soon": 400, podA + "?idle=1s&wait=": 400,
		podA + ":80?idle=1s": 400, "app.test?idle=1s": 400, "fe80::1%25eth0?idle=1s": 400,
	} {
		if want == http.StatusOK {
			Eventually(t, "the process is old enough", func() bool { return r.state().UptimeSeconds > 1 })
		}
		if answer := r.get("/pods/" + query); answer.Status != want {
			t.Errorf("%s: status %d, want %d: %s", query, answer.Status, want, answer.Body)
		}
	}

	// A held question is answered no at its end, and yes as soon as that is true.
	if status, answer := r.ask(podA + "?idle=100ms&wait=300ms"); status != http.StatusConflict || answer.Answer != "busy" {
		t.Errorf("the end of a wait: %d %+v", status, answer)
	}
	answered := make(chan Answer, 1)
	go func() { answered <- r.get("/pods/" + podA + "?idle=1s&wait=10m") }()
	select {
	case answer := <-answered:
		t.Fatalf("not held: %d %s", answer.Status, answer.Body)
	case <-time.After(1500 * time.Millisecond):
	}
	closePage()
	select {
	case answer := <-answered:
		if answer.Status != http.StatusOK {
			t.Errorf("%d %s", answer.Status, answer.Body)
		}
	case <-time.After(Patience):
		t.Error("a question is held although the pod is idle")
	}
}

// A held question delays neither a reload nor the end of Caddy: it is answered, and can be asked
// again.
func TestHeldQuestionsEndWithTheServer(t *testing.T) {
	for _, where := range []string{"site", "admin"} {
		t.Run(where, func(t *testing.T) {
			t.Parallel()
			r := start(t)
			r.caddy.NewClient(t, H1).Get("/")
			ask := func() <-chan int {
				answered := make(chan int, 1)
				address := r.caddy.NewClient(t, H1).Base + "/ops"
				if where == "admin" {
					address = r.caddy.AdminURL("/doors")
				}
				go func() {
					answer, err := http.Get(address + "/pods/" + podA + "?idle=1h&wait=10m")
					if err != nil {
						t.Error(err)
						answered <- 0
						return
					}
					answer.Body.Close()
					answered <- answer.StatusCode
				}()
				return answered
			}
			check := func(answered <-chan int, when string) {
				t.Helper()
				select {
				case status := <-answered:
					if status != http.StatusConflict {
						t.Errorf("%s: status %d", when, status)
					}
				case <-time.After(Patience):
					t.Errorf("%s: still held", when)
				}
			}
			answered := ask()
			select {
			case status := <-answered:
				t.Fatalf("not held: %d", status)
			case <-time.After(12 * time.Second): // longer than the admin server waits for requests to arrive
			}
			if status, message := r.caddy.Load(r.config(r.Secret + " " + NewSecret(16))); status != http.StatusOK {
				t.Fatal(status, message)
			}
			check(answered, "after a reload")

			answered = ask()
			time.Sleep(300 * time.Millisecond)
			r.caddy.Stop()
			check(answered, "at the end of Caddy")
		})
	}
}
