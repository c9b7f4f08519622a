package browser

import (
	"testing"
	"time"
)

func TestBackoffGrowsAndStartsOver(t *testing.T) {
	var b backoff
	within := func(got, want time.Duration) bool {
		return got >= time.Duration(float64(want)*(1-backoffSpread)) && got <= time.Duration(float64(want)*(1+backoffSpread))
	}
	for count, want := range []time.Duration{200 * time.Millisecond, 250 * time.Millisecond, 312500 * time.Microsecond} {
		if got := b.wait(0); !within(got, want) {
			t.Errorf("failure %d: %v, want about %v", count+1, got, want)
		}
	}
	for range 40 {
		b.wait(0)
	}
	if got := b.wait(0); !within(got, backoffMost) {
		t.Errorf("after many: %v", got)
	}
	if got := b.wait(backoffAtOnce); got != 0 {
		t.Errorf("after a long attempt: %v", got)
	}
	b.wait(0)
	b.reset()
	if got := b.wait(0); !within(got, backoffFirst) {
		t.Errorf("after a success: %v", got)
	}
}
