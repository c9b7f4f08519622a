package status

import (
	"reflect"
	"testing"
)

func TestRolloutOf(t *testing.T) {
	ago := func(seconds float64) *float64 { return &seconds }
	fresh := Pod{Generation: Fresh, Streams: 7, LastSeenSecondsAgo: ago(0)}
	two := Pod{Generation: Draining, Streams: 2, InFlight: 2, DrainingSecondsAgo: ago(130)}
	quiet := Pod{Generation: Draining, DrainingSecondsAgo: ago(3)}
	drained := Pod{Generation: Draining, Drained: true, DrainingSecondsAgo: ago(9000), DrainedSecondsAgo: ago(20.9)}
	refused := Pod{Generation: Draining, Verdict: Gone, Drained: true, DrainedSecondsAgo: ago(500)}
	for name, test := range map[string]struct {
		pods []Pod
		want Rollout
	}{
		"nothing":           {nil, Rollout{Headline: "no pod is draining"}},
		"fresh":             {[]Pod{fresh}, Rollout{Headline: "no pod is draining"}},
		"one with pages":    {[]Pod{two, fresh}, Rollout{1, 2, 0, ago(130), "1 pod draining, 2 pages left, for 2 min"}},
		"one that is quiet": {[]Pod{fresh, quiet}, Rollout{1, 0, 0, ago(3), "1 pod draining, 0 pages left, for 3 s"}},
		"some":              {[]Pod{two, drained, quiet, refused, fresh, two}, Rollout{3, 4, 2, ago(130), "3 pods draining, 4 pages left, for 2 min"}},
		"over":              {[]Pod{refused, fresh, drained}, Rollout{0, 0, 2, ago(20.9), "complete for 20 s: 2 pods drained"}},
		"of unknown age":    {[]Pod{{Generation: Draining, Drained: true}}, Rollout{0, 0, 1, nil, "complete: 1 pod drained"}},
	} {
		if got := RolloutOf(test.pods); !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
	for seconds, want := range map[float64]string{0: "0 s", 89.9: "89 s", 90: "1 min", 5399: "89 min", 5400: "1 h", 172799: "47 h", 172800: "2 d"} {
		if got := age(seconds); got != want {
			t.Errorf("%v: %q, want %q", seconds, got, want)
		}
	}
}
