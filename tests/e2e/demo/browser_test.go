package demo_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	. "github.com/doors-dev/doors-caddy/tests/e2e/harness"
	"github.com/doors-dev/doors-caddy/tests/e2e/harness/chromium"
)

// view is a tab of a headless Chromium.
type view struct {
	context.Context
	t testing.TB

	mu       sync.Mutex
	problems []string // console messages
}

// newBrowser starts a Chromium with one unused tab.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	browser, cancel := chromedp.NewContext(chromium.Allocate(t, chromedp.IgnoreCertErrors))
	t.Cleanup(cancel)
	if err := chromedp.Do(browser); err != nil { // the first run lasts as long as the browser
		t.Fatal(err)
	}
	return browser
}

// newView opens a tab in the profile of another one, or in a new profile.
func newView(t testing.TB, beside context.Context, address string, options ...chromedp.ContextOption) *view {
	t.Helper()
	v := &view{t: t}
	var cancel context.CancelFunc
	v.Context, cancel = chromedp.NewContext(beside, append(options, chromedp.WithListener(v.hear))...)
	t.Cleanup(cancel)
	if err := chromedp.Do(v, chromedp.Navigate(address)); err != nil {
		t.Fatal(err)
	}
	return v
}

// hear records console messages.
func (v *view) hear(event any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch event := event.(type) {
	case *cdplog.EventEntryAdded:
		v.problems = append(v.problems, event.Entry.Text+" "+event.Entry.URL)
	case *runtime.EventExceptionThrown:
		v.problems = append(v.problems, event.ExceptionDetails.Text)
	case *runtime.EventConsoleAPICalled:
		v.problems = append(v.problems, string(event.Type))
	}
}

// silent checks that there are no console messages.
func (v *view) silent() {
	v.t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, problem := range v.problems {
		v.t.Errorf("the console says: %s", problem)
	}
}

// reloads calls what and waits until a frame has a new page for which the expression is true.
// Console messages about the network are allowed meanwhile.
func (v *view) reloads(frame string, what func(), expression string) {
	v.t.Helper()
	v.frameEval(frame, `document.documentElement.dataset.page = "the one before"`)
	what()
	v.frameShows(frame, "document.documentElement.dataset.page === undefined && "+expression)
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, problem := range v.problems {
		if !strings.HasPrefix(problem, "Failed to load resource: ") {
			v.t.Errorf("the console says: %s", problem)
		}
	}
	v.problems = nil
}

// try evaluates an expression in a frame of the tab. frame is the beginning of the frame's address,
// or "" for the tab itself.
func (v *view) try(frame, expression string) (any, error) {
	ctx, cancel := context.WithTimeout(v, Patience)
	defer cancel()
	if frame == "" {
		return chromedp.Run(ctx, chromedp.Evaluate[any](expression, chromedp.EvalAwaitPromise))
	}
	var value any
	err := chromedp.Do(ctx, chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
		tree, err := cdp.Call(ctx, tab, page.GetFrameTree, cdp.Empty{})
		if err != nil {
			return err
		}
		for _, child := range tree.FrameTree.ChildFrames {
			if !strings.HasPrefix(child.Frame.URL, frame) {
				continue
			}
			world, err := cdp.Call(ctx, tab, page.CreateIsolatedWorld, page.CreateIsolatedWorldParams{FrameID: child.Frame.ID})
			if err != nil {
				return err
			}
			result, err := cdp.Call(ctx, tab, runtime.Evaluate, runtime.EvaluateParams{Expression: expression, ContextID: world.ExecutionContextID, ReturnByValue: new(true)})
			if err != nil || result.ExceptionDetails != nil {
				return fmt.Errorf("%v %v", err, result.ExceptionDetails)
			}
			if len(result.Result.Value) == 0 { // undefined
				return nil
			}
			return json.Unmarshal(result.Result.Value, &value)
		}
		return fmt.Errorf("no frame with %s", frame)
	}))
	return value, err
}

func (v *view) eval(expression string) any { v.t.Helper(); return v.frameEval("", expression) }

func (v *view) frameEval(frame, expression string) any {
	v.t.Helper()
	value, err := v.try(frame, expression)
	if err != nil {
		v.t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// shows waits until an expression is true. It ignores errors, which come from a page that is being
// left.
func (v *view) shows(expression string) { v.t.Helper(); v.frameShows("", expression) }

func (v *view) frameShows(frame, expression string) {
	v.t.Helper()
	for limit := time.Now().Add(Patience); ; time.Sleep(50 * time.Millisecond) {
		if value, err := v.try(frame, expression); err == nil && value == true {
			return
		}
		if time.Now().After(limit) {
			text, err := v.try(frame, "document.body.innerText")
			v.t.Fatalf("never seen: %s, but %v\n%v", expression, err, text)
		}
	}
}

// picture saves a screenshot where DOORS_SCREENSHOTS says, and checks that nothing is wider than
// the window.
func (v *view) picture(name string) {
	v.t.Helper()
	if v.eval("document.documentElement.scrollWidth > innerWidth") == true {
		v.t.Errorf("%s: the page is %v pixels wide in a window of %v", name, v.eval("document.documentElement.scrollWidth"), v.eval("innerWidth"))
	}
	folder := os.Getenv("DOORS_SCREENSHOTS")
	if folder == "" {
		return
	}
	for _, scheme := range []string{"dark", "light"} {
		look := emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}}
		err := chromedp.Do(v, chromedp.Func(func(ctx context.Context, tab *chromedp.Target) error {
			_, err := cdp.Call(ctx, tab, emulation.SetEmulatedMedia, look)
			return err
		}))
		if err != nil {
			v.t.Fatal(err)
		}
		png, err := chromedp.Run(v, chromedp.CaptureScreenshot())
		if err == nil {
			err = os.WriteFile(filepath.Join(folder, name+"-"+scheme+".png"), png, 0o644)
		}
		if err != nil {
			v.t.Error(err)
		}
	}
}
