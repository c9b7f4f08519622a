package harness

import (
	"testing"
	"time"
)

// Patience is the limit for anything whose duration is not under test.
const Patience = 60 * time.Second

// Eventually waits until test returns true. If the time limit itself is under test, use another
// loop.
func Eventually(t testing.TB, what string, test func() bool) {
	t.Helper()
	for limit := time.Now().Add(Patience); !test(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("not within %v: %s", Patience, what)
		}
	}
}
