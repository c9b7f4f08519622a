// Package chromium starts a browser for the tests that need a real one.
package chromium

import (
	"context"
	"os/exec"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/doors-dev/doors-caddy/tests/e2e/harness"
)

// Allocate returns the parent context for one headless Chromium, which ends with the test.
func Allocate(t testing.TB, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	binary, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("%v: scripts/setup.sh e2e installs it", err)
	}
	options := []chromedp.ExecAllocatorOption{
		chromedp.ExecPath(binary), chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.WSURLReadTimeout(harness.Patience),
	}
	allocated, cancel := chromedp.NewExecAllocator(context.Background(), append(options, more...)...)
	t.Cleanup(cancel)
	return allocated
}
