package contenders

import "testing"

func TestHalves(t *testing.T) {
	own := func(thread string) string { return thread }
	for name, c := range map[string]struct {
		allowed []string
		coreOf  func(string) string
		want    Cores
	}{
		"one":   {[]string{"0"}, own, Cores{}},
		"two":   {[]string{"0", "1"}, own, Cores{Proxy: "1", Others: "0"}},
		"three": {[]string{"1", "4", "7"}, own, Cores{Proxy: "4,7", Others: "1"}},
		"threads side by side": {[]string{"0", "1", "2", "3"}, func(thread string) string { return map[string]string{"0": "a", "1": "a", "2": "b", "3": "b"}[thread] },
			Cores{Proxy: "2,3", Others: "0,1"}},
		"threads far apart": {[]string{"0", "1", "2", "3"}, func(thread string) string { return map[string]string{"0": "a", "1": "b", "2": "a", "3": "b"}[thread] },
			Cores{Proxy: "1,3", Others: "0,2"}},
		"threads of one core": {[]string{"0", "1"}, func(string) string { return "a" }, Cores{}},
	} {
		if got := halves(c.allowed, c.coreOf); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}
