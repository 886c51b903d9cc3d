package figures_test

import (
	"math"
	"testing"

	"github.com/latchkey-auth/latchkey/hack/bench/figures"
)

func TestOver(t *testing.T) {
	for name, test := range map[string]struct {
		values []float64
		want   figures.Spread
		none   bool
	}{
		"no round has no spread":                      {none: true},
		"one round is its own range":                  {values: []float64{0.5}, want: figures.Spread{Median: 0.5, Least: 0.5, Most: 0.5}},
		"of an odd number the middle one counts":      {values: []float64{3, 1, 2}, want: figures.Spread{Median: 2, Least: 1, Most: 3}},
		"of an even number the middle two count":      {values: []float64{4, 1, 2, 3}, want: figures.Spread{Median: 2.5, Least: 1, Most: 4}},
		"one disturbed round doesn't move the median": {values: []float64{0.9, 0.1, 0.9}, want: figures.Spread{Median: 0.9, Least: 0.1, Most: 0.9}},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := figures.Over(test.values)
			if got != test.want || ok == test.none {
				t.Errorf("got %v, %t; want %v, %t", got, ok, test.want, !test.none)
			}
		})
	}
}

func TestOverLeavesItsInputAlone(t *testing.T) {
	values := []float64{3, 1, 2}
	figures.Over(values)
	if values[0] != 3 || values[1] != 1 || values[2] != 2 {
		t.Errorf("the values were reordered: %v", values)
	}
}

func TestPercentile(t *testing.T) {
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = i + 1
	}
	for name, test := range map[string]struct {
		ascending []int
		share     float64
		want      int
	}{
		"of nothing it is zero":            {nil, 0.99, 0},
		"of one value it is that one":      {[]int{7}, 0.99, 7},
		"the half of a hundred":            {hundred, 0.50, 50},
		"99 of a hundred":                  {hundred, 0.99, 99},
		"99 of ten is the greatest":        {[]int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, 0.99, 10},
		"everything is the greatest":       {hundred, 1, 100},
		"nothing is the least":             {hundred, 0, 1},
		"a share between two ranks is up":  {[]int{1, 2, 3}, 0.5, 2},
		"a share beyond all stays in them": {hundred, 2, 100},
	} {
		t.Run(name, func(t *testing.T) {
			if got := figures.Percentile(test.ascending, test.share); got != test.want {
				t.Errorf("got %d, want %d", got, test.want)
			}
		})
	}
}

func TestMeasured(t *testing.T) {
	if got := figures.Measured(0.87654, 3); got == nil || *got != 0.877 {
		t.Errorf("a figure isn't rounded to three digits: %v", got)
	}
	for name, value := range map[string]float64{"0/0": math.NaN(), "1/0": math.Inf(1)} {
		if got := figures.Measured(value, 3); got != nil {
			t.Errorf("%s is a figure: %v", name, *got)
		}
	}
}
