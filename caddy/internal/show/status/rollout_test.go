package status

import "testing"

func TestRolloutOf(t *testing.T) {
	ago := func(seconds float64) *float64 { return &seconds }
	fresh := Pod{Generation: Fresh, Streams: 7, LastSeenSecondsAgo: ago(0)}
	two := Pod{Generation: Draining, Streams: 2, InFlight: 2, LastSeenSecondsAgo: ago(3)}
	quiet := Pod{Generation: Draining, LastSeenSecondsAgo: ago(3)}
	drained := Pod{Generation: Draining, Drained: true, LastSeenSecondsAgo: ago(80.9)}
	refused := Pod{Generation: Draining, Verdict: Gone, Drained: true, LastSeenSecondsAgo: ago(500)}
	for name, test := range map[string]struct {
		pods []Pod
		want Rollout
	}{
		"nothing":             {nil, Rollout{Headline: "no pod is draining"}},
		"fresh":               {[]Pod{fresh}, Rollout{Headline: "no pod is draining"}},
		"one with pages":      {[]Pod{two, fresh}, Rollout{1, 2, 0, "1 pod draining, 2 pages left"}},
		"one that is quiet":   {[]Pod{fresh, quiet}, Rollout{1, 0, 0, "1 pod draining, 0 pages left"}},
		"some":                {[]Pod{two, drained, quiet, refused, fresh, two}, Rollout{3, 4, 2, "3 pods draining, 4 pages left"}},
		"over":                {[]Pod{refused, fresh, drained}, Rollout{0, 0, 2, "complete: 2 pods drained, the last request 1m20s ago"}},
		"of which no request": {[]Pod{{Generation: Draining, Drained: true}}, Rollout{0, 0, 1, "complete: 1 pod drained"}},
	} {
		if got := RolloutOf(test.pods); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
	}
}
