package results

// In:  figures of slices that took turns.
// Out: their median and quartiles, and those of ratios.

import "slices"

// Summary is the middle half of some figures.
type Summary struct{ Q1, Median, Q3 float64 }

// Summarize sorts a copy of the figures, of which there must be at least one.
func Summarize(figures []float64) Summary {
	sorted := slices.Sorted(slices.Values(figures))
	// Linear between the neighbours of the place.
	at := func(part float64) float64 {
		place := part * float64(len(sorted)-1)
		below := int(place)
		above := min(below+1, len(sorted)-1)
		return sorted[below] + (sorted[above]-sorted[below])*(place-float64(below))
	}
	return Summary{at(0.25), at(0.5), at(0.75)}
}

// Ratios divides figures of the same index: those that were taken next to each other.
func Ratios(figures, by []float64) []float64 {
	ratios := make([]float64, min(len(figures), len(by)))
	for i := range ratios {
		ratios[i] = figures[i] / by[i]
	}
	return ratios
}

// Map applies a function to each.
func Map[T any](values []T, of func(T) float64) []float64 {
	figures := make([]float64, len(values))
	for i, value := range values {
		figures[i] = of(value)
	}
	return figures
}
