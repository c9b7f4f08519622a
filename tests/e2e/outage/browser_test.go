package outage_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/doors-dev/doors-caddy/demo/pod"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
	"github.com/doors-dev/doors-caddy/tests/e2e/harness/chromium"
)

// newTab opens a tab of a headless Chromium.
func newTab(t *testing.T) context.Context {
	t.Helper()
	tab, cancel := chromedp.NewContext(chromium.Allocate(t))
	t.Cleanup(cancel)
	return tab
}

// shows waits until the tab shows a word. The page must reload by itself.
func shows(t *testing.T, tab context.Context, word string) {
	t.Helper()
	text := ""
	Eventually(t, "the browser shows "+word, func() bool {
		// An error comes from a page that is being left.
		text, _ = chromedp.Run(tab, chromedp.Evaluate[string](`document.body.innerText`))
		return strings.Contains(text, word)
	})
}

// With a page of the last pod open in a real browser, the pod is killed. The page waits and works
// again by itself once there is a pod. A visitor who comes meanwhile sees a page that reloads
// itself.
func TestBrowserSurvivesTheLastPod(t *testing.T) {
	t.Parallel()
	cluster, dns := NewCluster(t, pod.Config{}, podA), newNameServer(t)
	resolve(dns, app, podA)
	upstreams := []Upstream{cluster.Upstream("127.0.1.0/24", app)}
	caddy := Start(t, Options{Config: Config{Handlers: site(dns, cluster.Secret, upstreams, "page_wait 1s", "")}})
	base := caddy.NewClient(t, H1).Base + "/"
	open := func() context.Context {
		tab := newTab(t)
		if err := chromedp.Do(tab, chromedp.Navigate(base)); err != nil {
			t.Fatal(err)
		}
		return tab
	}
	stays := open()
	shows(t, stays, "This page lives in pod "+podA+":")

	// DNS has no address meanwhile, and the new pod has a different one.
	cluster.Pod(podA).Kill()
	resolve(dns, app)
	comes := open()
	time.Sleep(3 * time.Second)
	cluster.StartPod(podB)
	resolve(dns, app, podB)
	for _, tab := range []context.Context{stays, comes} {
		shows(t, tab, "This page lives in pod "+podB+":")
	}

	// The new pod has the same address.
	cluster.Pod(podB).Kill()
	if _, err := chromedp.Run(stays, chromedp.Evaluate[string](`document.title = "the page before"`)); err != nil {
		t.Fatal(err)
	}
	time.Sleep(3 * time.Second)
	cluster.StartPod(podB)
	Eventually(t, "the page has loaded again", func() bool {
		title, err := chromedp.Run(stays, chromedp.Evaluate[string](`document.title`))
		return err == nil && title == podB
	})
	shows(t, stays, "This page lives in pod "+podB+":")
}
