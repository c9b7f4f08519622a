package status_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
	"github.com/doors-dev/doors-caddy/tests/e2e/harness/chromium"
)

// window is a browser window with the status page.
type window struct {
	context.Context
	t testing.TB

	mu       sync.Mutex
	problems []string // complaints of the browser
	loaded   []string // requested addresses
}

// openWindow opens the page in a headless Chromium.
func openWindow(t testing.TB, address string) *window {
	t.Helper()
	w := &window{t: t}
	var cancel context.CancelFunc
	w.Context, cancel = chromedp.NewContext(chromium.Allocate(t), chromedp.WithListener(w.hear))
	t.Cleanup(cancel)
	w.do(chromedp.Navigate(address))
	return w
}

// hear records what the browser reports.
func (w *window) hear(event any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch event := event.(type) {
	case *cdplog.EventEntryAdded: // includes violations of the policy
		w.problems = append(w.problems, event.Entry.Text)
	case *runtime.EventExceptionThrown:
		w.problems = append(w.problems, event.ExceptionDetails.Text)
	case *network.EventRequestWillBeSent:
		w.loaded = append(w.loaded, event.Request.URL)
	}
}

func (w *window) do(actions ...chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	limited, cancel := context.WithTimeout(w, 2*Patience)
	if chromedp.FromContext(w).Browser == nil { // the first run lasts as long as the browser
		limited = w
	}
	defer cancel()
	if err := chromedp.Do(limited, actions...); err != nil {
		w.t.Fatal(err)
	}
}

// eval returns the value of an expression on the page.
func eval[T any](w *window, expression string) T {
	w.t.Helper()
	value, err := chromedp.Run(w, chromedp.Evaluate[T](expression))
	if err != nil {
		w.t.Fatal(err)
	}
	return value
}

// press clicks a visible button with a script. A mouse click could miss it, since the page is
// updated every second.
func (w *window) press(id string) {
	w.t.Helper()
	button := fmt.Sprintf("document.getElementById(%q)", id)
	w.shows(button + ".checkVisibility()")
	eval[any](w, "void "+button+".click()")
}

// shows waits until an expression on the page is true.
func (w *window) shows(expression string) {
	w.t.Helper()
	for limit := time.Now().Add(Patience); !eval[bool](w, expression); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(limit) {
			w.t.Fatalf("the page never shows %s, but\n%s", expression, eval[string](w, "document.body.innerText"))
		}
	}
}

// picture takes a screenshot at a size, and checks that nothing is wider than the window.
// Screenshots are kept where DOORS_SCREENSHOTS says.
func (w *window) picture(name string, width int64, dark bool) {
	w.t.Helper()
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	w.do(chromedp.EmulateViewport(width, 900), chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	}))
	png, err := chromedp.Run(w, chromedp.FullScreenshot(100))
	if err != nil {
		w.t.Fatal(err)
	}
	if wide := eval[int64](w, "document.documentElement.scrollWidth"); wide > width {
		w.t.Errorf("%s: the page is %d pixels wide in a window of %d", name, wide, width)
	}
	if len(png) < 5000 {
		w.t.Errorf("%s: the picture has only %d bytes", name, len(png))
	}
	if folder := os.Getenv("DOORS_SCREENSHOTS"); folder != "" {
		if err := os.WriteFile(filepath.Join(folder, name+".png"), png, 0o644); err != nil {
			w.t.Error(err)
		}
	}
}

// The page in a browser, during a rollout.
func TestPage(t *testing.T) {
	t.Parallel()
	r := start(t)
	var closeOld, closeNew []func()
	for range 12 {
		_, closePage := r.open()
		closeOld = append(closeOld, closePage)
	}
	w := openWindow(t, r.caddy.NewClient(t, H1).Base+"/ops/")
	row := func(pod string, column int) string {
		return fmt.Sprintf(`([...document.querySelectorAll("#pods tr")].find((row) => row.innerText.includes(%q))?.children[%d].innerText ?? "")`, pod+":", column)
	}
	w.shows(row(podA, 2) + ` === "12"`)
	w.shows(row(podA, 1) + `.startsWith("fresh")`)
	w.shows(`document.getElementById("live").innerText === "live"`)
	Eventually(t, "some history", func() bool { return len(r.state().History.Fresh) >= 3 })

	r.resolve(app, podB)
	w.shows(row(podA, 1) + `.startsWith("draining")`)
	for range 5 {
		_, closePage := r.open()
		closeNew = append(closeNew, closePage)
	}
	client := r.caddy.NewClient(t, H1)
	for range 3 {
		client.Get("/~/" + Token(t, NewSecret(32), podA) + "/h/1/1")
	}
	for closed, closePage := range closeOld {
		if closed%2 == 0 {
			closePage()
		}
	}
	w.shows(row(podA, 2) + ` === "6"`)
	w.shows(row(podB, 2) + ` === "5"`)
	w.shows(`document.getElementById("fresh-now").innerText === "5" && document.getElementById("draining-now").innerText === "6"`)
	client.Get("/~/" + r.Token(podA) + "/h/ended/1")
	w.shows(`document.getElementById("answers").innerText.includes("410 token refused")`)
	w.shows(`["token refused\n3", "page gone\n1"].every((text) => document.getElementById("reloads").innerText.replace(/\n+/g, "\n").includes(text))`)
	w.shows(`document.getElementById("upstreams").innerText.includes("127.0.2.0/24, fd00:2::/64")`)
	w.shows(`["1 fresh, 1 draining", "11 streams, 11 in flight"].every((text) => document.getElementById("upstreams").innerText.includes(text))`)
	w.shows(`document.querySelector("#chart path.draining").getBBox().height > 0`)
	w.shows(`document.getElementById("chart").getAttribute("aria-label").includes("now 5 on fresh pods and 6 on draining pods")`)

	w.picture("desktop", 1280, false)
	w.picture("desktop-dark", 1280, true)
	w.picture("phone", 360, false)
	w.picture("phone-small-dark", 320, true)

	r.Pod(podA).Kill()
	client.Get("/~/" + r.Token(podA) + "/s/1")
	w.shows(row(podA, 1) + `.startsWith("gone")`)
	w.shows(row(podA, 1) + `.includes(" refused") && ` + row(podA, 1) + `.includes("draining, ")`)
	w.shows(`[...document.querySelectorAll("#pods tr")].at(-1).innerText.includes("` + podA + `:")`)
	w.picture("desktop-gone", 1280, false)
	w.checkSilence()

	for _, closePage := range append(closeOld, closeNew...) {
		closePage()
	}

	// Outdated figures look outdated.
	r.caddy.Stop()
	w.shows(`document.getElementById("live").innerText.startsWith("no answer") && getComputedStyle(document.querySelector("main")).opacity < 1`)
	w.picture("desktop-stale", 1280, false)
}

// checkSilence checks that the browser has reported nothing, and has loaded only the page and the
// state.
func (w *window) checkSilence() {
	w.t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, problem := range w.problems {
		w.t.Errorf("the browser says: %s", problem)
	}
	for _, address := range w.loaded {
		if address != w.loaded[0] && address != w.loaded[0]+"state" && address != "data:," {
			w.t.Errorf("the page loads %s", address)
		}
	}
}

// Without pods the page says so.
func TestEmptyPage(t *testing.T) {
	t.Parallel()
	caddy := Start(t, Options{Config: Config{Handlers: "handle_path /ops/* {\n\tdoors_status\n}"}})
	w := openWindow(t, caddy.NewClient(t, H1).Base+"/ops/")
	w.shows(`document.getElementById("pods-note").innerText === "No request has been sent to a pod yet."`)
	w.shows(`document.getElementById("upstreams-note").innerText === "The configuration has no doors_upstream source."`)
	w.picture("empty", 1280, false)
	w.checkSilence()
}

// Of many pods few are listed at first, those with requests among them. Pods that can have no pages
// are hidden.
func TestPageOfManyPods(t *testing.T) {
	t.Parallel()
	r := start(t)
	const pods = 60
	var addresses []string // nobody needs to listen there
	for last := range pods {
		addresses = append(addresses, fmt.Sprintf("127.0.1.%d", 100+last))
	}
	r.open()
	r.resolve(app, addresses...)
	w := openWindow(t, r.caddy.NewClient(t, H1).Base+"/ops/")
	const rows = `document.querySelectorAll("#pods tr")`
	w.shows(rows + `.length === 40 && document.getElementById("pods-note").innerText.includes("Left out: 22 pods with fewer requests.")`)
	w.shows(rows + `[0].innerText.includes("` + podA + `:") && ` + rows + `[0].innerText.includes("draining")`)
	w.shows(`document.getElementById("upstreams").innerText.includes("127.0.1.105 and 54 more")`)
	w.picture("many", 1280, false)
	w.press("pods-all")
	w.shows(rows + `.length === 62 && document.getElementById("pods-note").hidden`)
	w.press("pods-all")
	w.shows(rows + `.length === 40`)
	w.checkSilence()

	// Pods that a rollout has replaced for good.
	eval[any](w, `void (window.fetch = ((ask) => async (...of) => {
		const state = await (await ask(...of)).json();
		for (const pod of state.pods) if (pod.generation === "draining") Object.assign(pod, { in_flight: 0, streams: 0, last_seen_seconds_ago: 2401 });
		return { ok: true, json: async () => state };
	})(window.fetch))`)
	w.shows(`document.getElementById("pods-note").innerText.includes("1 pod no longer in DNS and without a request for 40\u00a0min")`)
	w.shows(`![...` + rows + `].some((row) => row.innerText.includes("` + podA + `:"))`)
}

// The page, the state and the commands all use the session_time of the source.
func TestPageFollowsSessionTime(t *testing.T) {
	t.Parallel()
	r := start(t)
	if s := r.state(); s.SessionSeconds != 2400 {
		t.Errorf("by default pages are silent for %v s", s.SessionSeconds)
	}
	config := r.config(r.Secret)
	config.Handlers = strings.Replace(config.Handlers, "resolvers ", "session_time 2s\n\t\tresolvers ", 1)
	if status, message := r.caddy.Load(config); status != http.StatusOK {
		t.Fatal(status, message)
	}
	_, closePage := r.open()
	Eventually(t, "the stream is counted", func() bool { return r.pod(podA).Streams == 1 })
	r.resolve(app, podB)
	w := openWindow(t, r.caddy.NewClient(t, H1).Base+"/ops/")
	w.shows(`[...document.querySelectorAll("#pods tr")].some((row) => row.innerText.includes("` + podA + `:") && row.innerText.includes("draining"))`)
	closePage()
	w.shows(`document.getElementById("pods-note").innerText.includes("1 pod no longer in DNS and without a request for 2\u00a0s")`)
	table := Command{Arguments: []string{"doors", "top", "--once", "--address", r.caddy.NewClient(t, H1).Base + "/ops/"}}.Run(t).Stdout
	if s := r.state(); s.SessionSeconds != 2 || !strings.Contains(table, "and 1 pod no longer in DNS and without a request for 2s") {
		t.Errorf("%v s, and\n%s", s.SessionSeconds, table)
	}
}

// The page runs only its own script, is not cached, and cannot be framed.
func TestPagePolicy(t *testing.T) {
	t.Parallel()
	r := start(t)
	header := r.get("/").Header
	policy := header.Get("Content-Security-Policy")
	for _, part := range []string{"default-src 'none'", "script-src 'sha256-", "style-src 'sha256-", "connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"} {
		if !strings.Contains(policy, part) {
			t.Errorf("the policy %q lacks %q", policy, part)
		}
	}
	if strings.Contains(policy, "unsafe") || header.Get("Cache-Control") != "no-store" || header.Get("X-Content-Type-Options") != "nosniff" ||
		header.Get("X-Frame-Options") != "DENY" || header.Get("Content-Type") != "text/html; charset=utf-8" {
		t.Errorf("%v", header)
	}
	page := r.get("/").Body
	for _, forbidden := range []string{"innerHTML", "insertAdjacentHTML", "document.write", "eval(", "http://", "https://"} {
		if strings.Contains(strings.ReplaceAll(page, "http://www.w3.org/2000/svg", ""), forbidden) {
			t.Errorf("the page contains %s", forbidden)
		}
	}
}
