package page_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"
)

// luminance is the relative luminance of #rrggbb (WCAG 2.2).
func luminance(t *testing.T, colour string) float64 {
	t.Helper()
	rgb, err := strconv.ParseUint(colour[1:], 16, 24)
	if err != nil {
		t.Fatal(err)
	}
	linear := func(shift int) float64 {
		c := float64(rgb>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(16) + 0.7152*linear(8) + 0.0722*linear(0)
}

func TestColoursHaveTheContrastOfWCAGsAA(t *testing.T) {
	style, err := os.ReadFile("style.css")
	if err != nil {
		t.Fatal(err)
	}
	schemes := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(string(style), -1)
	if len(schemes) != 2 {
		t.Fatalf("there are %d schemes, not a light and a dark one", len(schemes))
	}
	for i, name := range []string{"light", "dark"} {
		colours := map[string]string{}
		for _, m := range regexp.MustCompile(`--([a-z-]+): (#[0-9a-f]{6});`).FindAllStringSubmatch(schemes[i][1], -1) {
			colours[m[1]] = m[2]
		}
		for pair, least := range map[[2]string]float64{ // 4.5 for text, 3 for what shows a control
			{"text", "card"}: 4.5, {"text", "ground"}: 4.5, {"text", "good-ground"}: 4.5, {"soft", "card"}: 4.5, {"accent", "card"}: 4.5, {"accent-deep", "card"}: 4.5,
			{"on-accent", "accent"}: 4.5, {"on-accent", "accent-deep"}: 4.5, {"bad", "card"}: 4.5, {"bad", "bad-ground"}: 4.5, {"edge", "card"}: 3,
		} {
			if colours[pair[0]] == "" || colours[pair[1]] == "" {
				t.Fatalf("%s lacks %v", name, pair)
			}
			a, b := luminance(t, colours[pair[0]]), luminance(t, colours[pair[1]])
			if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < least {
				t.Errorf("%s: %s on %s is %.2f, less than %.1f", name, pair[0], pair[1], ratio, least)
			}
		}
	}
}
