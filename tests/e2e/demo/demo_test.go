// Package demo tests the demo as `make demo` runs it, in real browsers.
package demo_test

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

const (
	tabs     = 10
	rollouts = 3
)

// Over HTTP/1.1 a browser opens six connections to a host, and each page keeps one. With this many
// tabs per profile all work well.
const tabsPerProfile = 4

func TestDesktopOverHTTP2(t *testing.T) {
	t.Parallel()
	run(t, "https", "h2", 1280, 800, tabs, "-https")
}

func TestPhoneOverHTTP1(t *testing.T) {
	t.Parallel()
	run(t, "http", "http/1.1", 390, 844, tabsPerProfile, "-visitors", "0")
}

// app is one page of the app, in a tab or a frame, and the text entered there.
type app struct {
	*view
	frame  string
	clicks int
	text   string
}

// use clicks and types, and waits until the pod has received everything.
func (a *app) use(text string) {
	a.t.Helper()
	a.clicks++
	a.text += text
	a.frameEval(a.frame, `document.querySelector("[data-hook='1']").click()`)
	a.frameEval(a.frame, fmt.Sprintf(`for (const letter of %q) { // faster than answers come
		note.value += letter;
		note.dispatchEvent(new InputEvent("input"));
	}`, text))
	a.frameShows(a.frame, fmt.Sprintf(`document.getElementById("kept").textContent === %q && document.getElementById("clicks").textContent === "%d"`, a.text, a.clicks))
}

// version returns an expression that is true on pages of the given version.
func version(number int) string { return fmt.Sprintf("document.title === 'Version %d'", number) }

func run(t *testing.T, scheme, protocol string, width, height int64, perProfile int, options ...string) {
	demo := StartDemo(t, options...)
	site, operator := scheme+"://"+demo.Listen+"/", scheme+"://"+demo.Status+"/"
	browser := newBrowser(t)
	story := newView(t, browser, operator)
	if err := chromedp.Do(story, chromedp.EmulateViewport(width, height)); err != nil {
		t.Fatal(err)
	}
	story.frameShows(site, version(1))
	story.frameShows(operator+"status/", `document.getElementById("live").textContent === "live"`)
	story.picture(scheme + "-1-start")

	framed := &app{view: story, frame: site}
	framed.use("written on version 1")
	var open []*app
	for number := range tabs {
		beside, profile := context.Context(nil), []chromedp.ContextOption(nil)
		if number%perProfile == 0 {
			beside, profile = browser, []chromedp.ContextOption{chromedp.WithNewBrowserContext()}
		} else {
			beside = open[number-1]
		}
		tab := &app{view: newView(t, beside, site, profile...)}
		tab.use(fmt.Sprint("tab ", number))
		open = append(open, tab)
	}
	if got := open[0].eval("performance.getEntriesByType('navigation')[0].nextHopProtocol"); got != protocol {
		t.Errorf("the protocol is %v, not %s", got, protocol)
	}

	for rollout := range rollouts {
		if rollout == 1 {
			demo.Press("\n")
		} else {
			story.shows("!document.getElementById('deploy').disabled")
			story.eval("document.getElementById('deploy').click()")
		}
		demo.Output.Wait(t, fmt.Sprintf("Version %d was told to stop (SIGTERM)", rollout+1), Patience)
		fresh := newView(t, open[tabs-1], site)
		fresh.shows(version(rollout + 2))
		fresh.silent()
		for _, tab := range append(open, framed) {
			tab.frameShows(tab.frame, version(1)+` && document.getElementById("notice").textContent.includes("A newer version is out.")`)
			tab.use(fmt.Sprint(", rollout ", rollout+1))
		}
		if rollout == 0 {
			story.picture(scheme + "-2-deployed")
			fresh.picture(scheme + "-3-new-tab")
		}
		if err := chromedp.Cancel(fresh); err != nil {
			t.Fatal(err)
		}
	}
	for _, tab := range open {
		tab.silent()
	}
	story.silent()

	// Links move the pages to the new version, and the old pods end.
	open[0].picture(scheme + "-4-old-tab")
	for _, tab := range append(open, framed) {
		tab.reloads(tab.frame, func() { tab.frameEval(tab.frame, "!document.getElementById('link').click()") }, version(rollouts+1))
	}
	if perProfile < tabs { // no visitor stays for long
		story.frameShows(operator+"status/", `document.getElementById("headline").textContent.startsWith("complete")`)
		story.picture(scheme + "-5-complete")
	}

	// Kill the pod of the page in the frame. Other tabs may or may not be on the same pod.
	story.reloads(site, func() { story.eval("document.getElementById('kill').click()") }, version(rollouts+1))
	demo.Output.Wait(t, "takes the place of the killed pod", Patience)
	story.picture(scheme + "-6-killed")
	for _, tab := range open {
		Eventually(t, "the tab works", func() bool {
			works, err := tab.try("", `document.querySelector("[data-hook='1']").click(), document.getElementById("clicks").textContent !== "0"`)
			return err == nil && works == true
		})
	}

	if events := fmt.Sprint(story.eval(`fetch("events?after=0").then((answer) => answer.text())`)); !strings.Contains(events, `"kill"`) || strings.Contains(events, `"wrong"`) {
		t.Errorf("there is a red line: %s", events)
	}

	if err := demo.Stop(); err != nil {
		t.Errorf("after Ctrl-C: %v", err)
	}
	places := []string{demo.Listen, demo.Status}
	for _, pod := range DemoPods {
		places = append(places, fmt.Sprintf("%s:%d", pod, demo.PodPort))
	}
	for _, place := range places {
		listener, err := net.Listen("tcp", place)
		if err != nil {
			t.Errorf("left behind: %v", err)
			continue
		}
		listener.Close()
	}
	if left, _ := filepath.Glob(filepath.Join(demo.Temporary, "*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if output := demo.Output.String(); strings.Contains(output, "\x1b[") || strings.Contains(output, "Caddy: ") {
		t.Error("colours without a terminal, or errors of Caddy")
	}
}
