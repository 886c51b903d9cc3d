package chromium_test

import (
	"image"
	"image/color"
	"testing"

	"github.com/latchkey-auth/latchkey/hack/chromium"
)

func TestReduceKeepsWhatIsFrequentAndTakesTheNearestOfIt(t *testing.T) {
	picture := image.NewRGBA(image.Rect(0, 0, 600, 3))
	for x := range 600 {
		shade := color.RGBA{R: uint8(x % 250), G: 100, B: 100, A: 255} // 250 shades, more than twice each
		for y := range 3 {
			picture.Set(x, y, shade)
		}
	}
	for x := range 20 { // once each: more colours than a palette has
		picture.Set(x, 0, color.RGBA{R: 101, G: uint8(101 + x), B: 100, A: 255})
	}

	reduced := chromium.Reduce(picture)

	if got := len(reduced.Palette); got != 256 {
		t.Errorf("%d colours", got)
	}
	for x := range 600 {
		if got, want := reduced.At(x, 2), picture.At(x, 2); got != want {
			t.Fatalf("at %d: %v is frequent and became %v", x, want, got)
		}
	}
	for x := range 20 {
		if _, g, _, _ := reduced.At(x, 0).RGBA(); int(g>>8) < 100 || int(g>>8) > 120 {
			t.Errorf("at %d: %v isn't near", x, reduced.At(x, 0))
		}
	}
}
