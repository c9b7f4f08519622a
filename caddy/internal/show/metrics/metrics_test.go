package metrics

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/doors-dev/doors-caddy/routing"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// Every configuration has its own registry and may have several sources. The values survive.
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

// Every possible decision has a series from the start, so that a rate includes the first one.
func TestDecisions(t *testing.T) {
	if series := testutil.CollectAndCount(decisions); series != 12 {
		t.Errorf("%d series", series)
	}
	before := testutil.ToFloat64(decisions.WithLabelValues("pod", "hook"))
	Decided(routing.Decision{Kind: routing.Pod, Path: routing.PathHook})
	Decided(routing.Decision{})
	Decided(routing.Decision{Kind: 1000, Path: 1000})
	Decided(routing.Decision{Kind: routing.Pod, Path: routing.PathPage}) // impossible
	if after := testutil.ToFloat64(decisions.WithLabelValues("pod", "hook")); after != before+1 {
		t.Errorf("%v, then %v", before, after)
	}
	if series := testutil.CollectAndCount(decisions); series != 12 {
		t.Errorf("%d series", series)
	}
}

// Each answer is counted once, by cause and kind of path.
func TestCauses(t *testing.T) {
	for reason, name := range map[routing.Reason]string{
		routing.ReasonMalformed: "token_malformed", routing.ReasonRefused: "token_refused",
		routing.ReasonNoCIDR: "no_cidr",
	} {
		cause := CauseOf(reason)
		before := testutil.ToFloat64(gone.WithLabelValues(name, "hook"))
		Answered(cause, http.StatusGone, routing.PathHook)
		if after := testutil.ToFloat64(gone.WithLabelValues(name, "hook")); cause.String() != name || after != before+1 {
			t.Errorf("%q: %v, then %v", cause, before, after)
		}
	}
	before := testutil.ToFloat64(unavailable.WithLabelValues("own_fault", "page"))
	Answered(routing.CauseOwnFault, http.StatusServiceUnavailable, routing.PathPage)
	if after := testutil.ToFloat64(unavailable.WithLabelValues("own_fault", "page")); after != before+1 {
		t.Errorf("%v, then %v", before, after)
	}
	series := testutil.CollectAndCount(gone) + testutil.CollectAndCount(unavailable)
	none := CauseOf(routing.ReasonCookie)
	Answered(none, http.StatusGone, routing.PathHook)
	Answered(routing.CausePodGone, http.StatusGone, routing.PathPage) // impossible
	Answered(routing.CauseEvicted, http.StatusGone, routing.PathHook)
	Answered(routing.CauseDrainMax, http.StatusServiceUnavailable, routing.PathSync)
	Answered(1000, http.StatusGone, routing.PathHook)
	Answered(routing.CausePodGone, http.StatusGone, 1000)
	PodAnswered(http.StatusGone, routing.PathPage)
	PodAnswered(http.StatusGone, 1000)
	if after := testutil.CollectAndCount(gone) + testutil.CollectAndCount(unavailable); none != 0 || after != series || series != 10*5+9*6+2 {
		t.Errorf("%q, %d series, then %d", none, series, after)
	}
}

// Answers that make a page reload are counted separately from those that it retries, and answers of
// pods from those of Caddy.
func TestReloads(t *testing.T) {
	for name, test := range map[string]struct {
		answer                     func(path routing.Path)
		reason                     string
		gone, unavailable, reloads map[routing.Path]uint64 // counts of one answer, by path
	}{
		"410 of Caddy": {
			func(path routing.Path) { Answered(routing.CausePodGone, http.StatusGone, path) }, "pod_gone",
			map[routing.Path]uint64{routing.PathSync: 1, routing.PathHook: 1, routing.PathHistory: 1, routing.PathResource: 1, routing.PathOther: 1}, nil,
			map[routing.Path]uint64{routing.PathSync: 1, routing.PathHook: 1, routing.PathHistory: 1},
		},
		"503 of Caddy": {
			func(path routing.Path) { Answered(routing.CauseNoPod, http.StatusServiceUnavailable, path) }, "no_pod", nil,
			map[routing.Path]uint64{routing.PathPage: 1, routing.PathSync: 1, routing.PathHook: 1, routing.PathHistory: 1, routing.PathResource: 1, routing.PathOther: 1},
			map[routing.Path]uint64{routing.PathHistory: 1},
		},
		"410 of a pod": {
			func(path routing.Path) { PodAnswered(http.StatusGone, path) }, PageGone, nil, nil,
			map[routing.Path]uint64{routing.PathSync: 1, routing.PathHook: 1, routing.PathHistory: 1},
		},
		"another answer of a pod": {func(path routing.Path) { PodAnswered(http.StatusServiceUnavailable, path) }, PageGone, nil, nil, nil},
	} {
		for path := routing.PathPage; path <= routing.PathOther; path++ {
			gone, unavailable, reloads := Answers()
			test.answer(path)
			goneAfter, unavailableAfter, reloadsAfter := Answers()
			if goneAfter[test.reason] != gone[test.reason]+test.gone[path] || unavailableAfter[test.reason] != unavailable[test.reason]+test.unavailable[path] ||
				reloadsAfter[test.reason] != reloads[test.reason]+test.reloads[path] {
				t.Errorf("%s, %v: 410 %v to %v, 503 %v to %v, reloads %v to %v", name, path, gone, goneAfter, unavailable, unavailableAfter, reloads, reloadsAfter)
			}
		}
	}
	if gone, unavailable, reloads := Answers(); len(gone) != 11 || len(unavailable) != 9 || len(reloads) != 12 {
		t.Errorf("%v, %v, %v", gone, unavailable, reloads)
	}
}

func TestLookups(t *testing.T) {
	before := testutil.ToFloat64(lookups.WithLabelValues("resolved"))
	LookedUp(0)
	if after := testutil.ToFloat64(lookups.WithLabelValues("resolved")); after != before+1 {
		t.Errorf("%v, then %v", before, after)
	}
	for kind := routing.LookupNotFound; kind <= routing.LookupFailed; kind++ {
		LookedUp(kind)
		if value := testutil.ToFloat64(lookedUp[kind]); value != 1 {
			t.Errorf("%v: %v", kind, value)
		}
	}
	LookedUp(routing.LookupFailed + 1) // from a newer library
}

// There is one series for each key and place. Requests without an opened token are not counted.
func TestKeys(t *testing.T) {
	keys := KeysOf([]string{"aaaaaaaa", "bbbbbbbb"})
	keys.Opened(routing.Decision{Key: 1, Path: routing.PathSync})
	keys.Opened(routing.Decision{Key: 1, Path: routing.PathPage})
	keys.Opened(routing.Decision{Key: 1, Path: routing.PathPage})
	for _, key := range []int{-1, 2} {
		keys.Opened(routing.Decision{Key: key})
	}
	for labels, want := range map[[3]string]float64{
		{"0", "aaaaaaaa", "path"}: 0, {"0", "aaaaaaaa", "cookie"}: 0, {"1", "bbbbbbbb", "path"}: 1, {"1", "bbbbbbbb", "cookie"}: 2,
	} {
		if got := testutil.ToFloat64(opened.WithLabelValues(labels[:]...)); got != want {
			t.Errorf("%v: %v, want %v", labels, got, want)
		}
	}
	// After a reload the same keys keep their counts.
	KeysOf([]string{"aaaaaaaa", "bbbbbbbb"}).Opened(routing.Decision{Key: 1, Path: routing.PathHook})
	if got := testutil.ToFloat64(opened.WithLabelValues("1", "bbbbbbbb", "path")); got != 2 {
		t.Errorf("%v", got)
	}
}

// The number of series is bounded, however many upstreams and keys there are.
func TestBounded(t *testing.T) {
	separate(t)
	for i := range 10_000 {
		label := Upstream(fmt.Sprintf("upstream-%d.test:8080", i), uint64(i))
		DialFailed(label, routing.OutcomeRefused)
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
	decision := routing.Decision{Kind: routing.Pod, Path: routing.PathSync}
	allocations := testing.AllocsPerRun(100, func() {
		Decided(decision)
		keys.Opened(decision)
		Answered(routing.CausePodGone, http.StatusGone, routing.PathSync)
		PodAnswered(http.StatusGone, routing.PathHook)
		FailedOver()
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}
