package results

import (
	"slices"
	"testing"
)

func TestSummarize(t *testing.T) {
	for _, c := range []struct {
		figures []float64
		want    Summary
	}{
		{[]float64{7}, Summary{7, 7, 7}},
		{[]float64{3, 1}, Summary{1.5, 2, 2.5}},
		{[]float64{5, 1, 4, 2, 3}, Summary{2, 3, 4}},
		{[]float64{1, 1, 1, 100}, Summary{1, 1, 25.75}},
	} {
		if got := Summarize(c.figures); got != c.want {
			t.Errorf("%v: %+v, want %+v", c.figures, got, c.want)
		}
	}
}

func TestRatios(t *testing.T) {
	if got := Ratios([]float64{1, 6, 9}, []float64{2, 3}); !slices.Equal(got, []float64{0.5, 2}) {
		t.Errorf("got %v", got)
	}
}

func TestMet(t *testing.T) {
	middle := Summary{0.9, 1, 1.1}
	for _, c := range []struct {
		target Target
		want   bool
	}{
		{Target{Limit: 1, Reached: middle}, true},
		{Target{Limit: 0.99, Reached: middle}, false},
		{Target{Least: true, Limit: 1, Reached: middle}, true},
		{Target{Least: true, Limit: 1.01, Reached: middle}, false},
	} {
		if got := c.target.Met(); got != c.want {
			t.Errorf("%+v: %v", c.target, got)
		}
	}
}

func TestOrderOfEstimates(t *testing.T) {
	names := []string{"cidr/match/100000", "cidr/match/10", "cidr/match/1000", "cidr/match", "token/decode"}
	slices.SortFunc(names, compareNames)
	want := []string{"cidr/match", "cidr/match/10", "cidr/match/1000", "cidr/match/100000", "token/decode"}
	if !slices.Equal(names, want) {
		t.Errorf("got %v", names)
	}
}
