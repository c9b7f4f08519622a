package results

import "slices"

// Summary has the median and the quartiles of some figures.
type Summary struct{ Q1, Median, Q3 float64 }

// Summarize returns the summary of at least one figure. It does not change the slice.
func Summarize(figures []float64) Summary {
	sorted := slices.Sorted(slices.Values(figures))
	// Interpolate linearly between neighbours.
	at := func(part float64) float64 {
		place := part * float64(len(sorted)-1)
		below := int(place)
		above := min(below+1, len(sorted)-1)
		return sorted[below] + (sorted[above]-sorted[below])*(place-float64(below))
	}
	return Summary{at(0.25), at(0.5), at(0.75)}
}

// Ratios divides figures with the same index, which were taken one after the other.
func Ratios(figures, by []float64) []float64 {
	ratios := make([]float64, min(len(figures), len(by)))
	for i := range ratios {
		ratios[i] = figures[i] / by[i]
	}
	return ratios
}

// Map applies a function to each value.
func Map[T any](values []T, of func(T) float64) []float64 {
	figures := make([]float64, len(values))
	for i, value := range values {
		figures[i] = of(value)
	}
	return figures
}
