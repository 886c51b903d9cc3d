package figures

import (
	"math"
	"slices"
)

// Spread is what several rounds of one measurement came to.
type Spread struct{ Median, Least, Most float64 }

// Over returns the Spread of values; false if there are none.
func Over(values []float64) (Spread, bool) {
	if len(values) == 0 {
		return Spread{}, false
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	median := sorted[middle]
	if len(sorted)%2 == 0 {
		median = (sorted[middle-1] + sorted[middle]) / 2
	}
	return Spread{Median: median, Least: sorted[0], Most: sorted[len(sorted)-1]}, true
}

// Percentile returns the smallest of ascending values that at least share (0 to 1) of
// them don't exceed (the nearest rank), and zero if there are none.
func Percentile[T any](ascending []T, share float64) T {
	var none T
	if len(ascending) == 0 {
		return none
	}
	rank := int(math.Ceil(share * float64(len(ascending))))
	return ascending[min(max(rank, 1), len(ascending))-1]
}

// Measured is a figure for a Report, rounded to digits behind the point; nil, and so
// absent, if there is none.
func Measured(value float64, digits int) *float64 {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return nil
	}
	scale := math.Pow10(digits)
	rounded := math.Round(value*scale) / scale
	return &rounded
}
