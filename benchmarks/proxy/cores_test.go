package proxy

import "testing"

func TestHalves(t *testing.T) {
	own := func(thread string) string { return thread }
	for name, c := range map[string]struct {
		allowed []string
		coreOf  func(string) string
		want    cores
	}{
		"one":   {[]string{"0"}, own, cores{}},
		"two":   {[]string{"0", "1"}, own, cores{caddy: "1", others: "0"}},
		"three": {[]string{"1", "4", "7"}, own, cores{caddy: "4,7", others: "1"}},
		"threads side by side": {[]string{"0", "1", "2", "3"}, func(thread string) string { return map[string]string{"0": "a", "1": "a", "2": "b", "3": "b"}[thread] },
			cores{caddy: "2,3", others: "0,1"}},
		"threads far apart": {[]string{"0", "1", "2", "3"}, func(thread string) string { return map[string]string{"0": "a", "1": "b", "2": "a", "3": "b"}[thread] },
			cores{caddy: "1,3", others: "0,2"}},
		"threads of one core": {[]string{"0", "1"}, func(string) string { return "a" }, cores{}},
	} {
		if got := halves(c.allowed, c.coreOf); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
