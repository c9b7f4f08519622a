package metrics

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/doors-dev/doors-caddy/go"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// Every configuration has a registry of its own, and may have several sources: the values stay.
func TestRegister(t *testing.T) {
	before := testutil.ToFloat64(failovers)
	for range 2 {
		registry := prometheus.NewPedanticRegistry()
		for range 2 {
			if err := Register(registry, known(nil, nil, nil, nil)); err != nil {
				t.Fatal(err)
			}
		}
		FailedOver()
		problems, err := testutil.GatherAndLint(registry)
		if err != nil || len(problems) > 0 {
			t.Errorf("%v, %v", problems, err)
		}
	}
	if after := testutil.ToFloat64(failovers); after != before+2 {
		t.Errorf("%v, then %v", before, after)
	}
}

// A series exists for every decision that there can be, from the beginning, so that a rate can be computed of the first.
func TestDecisions(t *testing.T) {
	if series := testutil.CollectAndCount(decisions); series != 12 {
		t.Errorf("%d series", series)
	}
	before := testutil.ToFloat64(decisions.WithLabelValues("pod", "hook"))
	Decided(doors.Decision{Kind: doors.Pod, Path: doors.PathHook})
	Decided(doors.Decision{})
	Decided(doors.Decision{Kind: 1000, Path: 1000})
	Decided(doors.Decision{Kind: doors.Pod, Path: doors.PathPage}) // never taken
	if after := testutil.ToFloat64(decisions.WithLabelValues("pod", "hook")); after != before+1 {
		t.Errorf("%v, then %v", before, after)
	}
	if series := testutil.CollectAndCount(decisions); series != 12 {
		t.Errorf("%d series", series)
	}
}

func TestCauses(t *testing.T) {
	for reason, name := range map[doors.Reason]string{
		doors.ReasonMalformed: "token_malformed", doors.ReasonRefused: "token_refused",
		doors.ReasonNoCIDR: "no_cidr",
	} {
		cause := CauseOf(reason)
		before := testutil.ToFloat64(gone.WithLabelValues(name))
		Answered(cause, http.StatusGone)
		if after := testutil.ToFloat64(gone.WithLabelValues(name)); cause.String() != name || after != before+1 {
			t.Errorf("%q: %v, then %v", cause, before, after)
		}
	}
	before := testutil.ToFloat64(unavailable.WithLabelValues("own_fault"))
	Answered(doors.CauseOwnFault, http.StatusServiceUnavailable)
	if after := testutil.ToFloat64(unavailable.WithLabelValues("own_fault")); after != before+1 {
		t.Errorf("%v, then %v", before, after)
	}
	none := CauseOf(doors.ReasonCookie)
	Answered(none, http.StatusGone)
	if none != 0 {
		t.Errorf("%q", none)
	}
}

func TestLookups(t *testing.T) {
	before := testutil.ToFloat64(lookups.WithLabelValues("resolved"))
	LookedUp(0)
	if after := testutil.ToFloat64(lookups.WithLabelValues("resolved")); after != before+1 {
		t.Errorf("%v, then %v", before, after)
	}
	for kind := doors.LookupNotFound; kind <= doors.LookupFailed; kind++ {
		LookedUp(kind)
		if value := testutil.ToFloat64(lookedUp[kind]); value != 1 {
			t.Errorf("%v: %v", kind, value)
		}
	}
	LookedUp(doors.LookupFailed + 1) // of a library that is newer
}

// One series for each key and place; what opened nothing is not counted.
func TestKeys(t *testing.T) {
	keys := KeysOf([]string{"aaaaaaaa", "bbbbbbbb"})
	keys.Opened(doors.Decision{Key: 1, Path: doors.PathSync})
	keys.Opened(doors.Decision{Key: 1, Path: doors.PathPage})
	keys.Opened(doors.Decision{Key: 1, Path: doors.PathPage})
	for _, key := range []int{-1, 2} {
		keys.Opened(doors.Decision{Key: key})
	}
	for labels, want := range map[[3]string]float64{
		{"0", "aaaaaaaa", "path"}: 0, {"0", "aaaaaaaa", "cookie"}: 0, {"1", "bbbbbbbb", "path"}: 1, {"1", "bbbbbbbb", "cookie"}: 2,
	} {
		if got := testutil.ToFloat64(opened.WithLabelValues(labels[:]...)); got != want {
			t.Errorf("%v: %v, want %v", labels, got, want)
		}
	}
	// The same keys after a reload go on counting.
	KeysOf([]string{"aaaaaaaa", "bbbbbbbb"}).Opened(doors.Decision{Key: 1, Path: doors.PathHook})
	if got := testutil.ToFloat64(opened.WithLabelValues("1", "bbbbbbbb", "path")); got != 2 {
		t.Errorf("%v", got)
	}
}

// However many upstreams and keys there are, the series stay few.
func TestBounded(t *testing.T) {
	separate(t)
	for i := range 10_000 {
		label := Upstream(fmt.Sprintf("upstream-%d.test:8080", i), uint64(i))
		DialFailed(label, doors.OutcomeRefused)
		if again := Upstream(fmt.Sprintf("upstream-%d.test:8080", i), uint64(i)); again != label || labelOf(uint64(i)) != label {
			t.Fatalf("%q, %q, %q", label, again, labelOf(uint64(i)))
		}
		KeysOf([]string{fmt.Sprintf("%08x", i)})
	}
	if series := testutil.CollectAndCount(dials); series != MaxUpstreams+1 {
		t.Errorf("%d series of upstreams", series)
	}
	if series := testutil.CollectAndCount(opened); series > 2*(MaxKeys+1) {
		t.Errorf("%d series of keys", series)
	}
}

func TestNoAllocations(t *testing.T) {
	keys := KeysOf([]string{"cccccccc"})
	decision := doors.Decision{Kind: doors.Pod, Path: doors.PathSync}
	allocations := testing.AllocsPerRun(100, func() {
		Decided(decision)
		keys.Opened(decision)
		Answered(doors.CausePodGone, http.StatusGone)
		FailedOver()
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}

func TestLabels(t *testing.T) {
	for kind := doors.Pod; kind <= doors.Any; kind++ {
		if label := Label(kind.String()); strings.ContainsAny(label, " \"\\\n") {
			t.Errorf("%q", label)
		}
	}
}
