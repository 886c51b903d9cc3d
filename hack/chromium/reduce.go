package chromium

import (
	"cmp"
	"image"
	"image/color"
	"slices"
)

// maxColours is how many a palette of PNG has at most.
const maxColours = 256

// Reduce returns a picture of at most 256 colours, the most frequent ones; each other pixel takes the
// nearest of them. A page has few colours, and the shades at the edges of its letters lie close
// together, so that nobody sees a difference, and a PNG of it is a fraction of the size.
func Reduce(picture image.Image) *image.Paletted {
	bounds := picture.Bounds()
	counts := map[color.RGBA]int{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[rgba(picture, x, y)]++
		}
	}
	palette := frequent(counts)
	nearest := map[color.RGBA]uint8{}
	for c := range counts {
		nearest[c] = uint8(palette.Index(c)) //nolint:gosec // of at most 256
	}
	reduced := image.NewPaletted(bounds, palette)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			reduced.SetColorIndex(x, y, nearest[rgba(picture, x, y)])
		}
	}
	return reduced
}

// frequent are the most frequent colours, in an order that the same picture always gives.
func frequent(counts map[color.RGBA]int) color.Palette {
	all := make([]color.RGBA, 0, len(counts))
	for c := range counts {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b color.RGBA) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(number(a), number(b)))
	})
	var palette color.Palette
	for _, c := range all[:min(len(all), maxColours)] {
		palette = append(palette, c)
	}
	return palette
}

func number(c color.RGBA) uint32 {
	return uint32(c.R)<<24 | uint32(c.G)<<16 | uint32(c.B)<<8 | uint32(c.A)
}

func rgba(picture image.Image, x, y int) color.RGBA {
	return color.RGBAModel.Convert(picture.At(x, y)).(color.RGBA)
}
