package harness

import (
	"testing"
	"time"
)

// Patience is how long anything may take that is not a matter of the test.
const Patience = 60 * time.Second

// Eventually waits until something is true. For a bound that the test is about, it has a loop of its own.
func Eventually(t testing.TB, what string, test func() bool) {
	t.Helper()
	for limit := time.Now().Add(Patience); !test(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(limit) {
			t.Fatalf("not within %v: %s", Patience, what)
		}
	}
}
