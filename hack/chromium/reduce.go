package chromium

import (
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"slices"
)

// maxColours is how many a palette of PNG has at most.
const maxColours = 256

// Reduce returns a picture of at most 256 colours, the most frequent ones; each other pixel takes the
// nearest of them. A page has few colours, and the shades at the edges of its letters lie close
// together, so that nobody sees a difference, and a PNG of it is a fraction of the size.
func Reduce(picture image.Image) *image.Paletted {
	bounds := picture.Bounds()
	pixels := image.NewRGBA(bounds)
	draw.Draw(pixels, bounds, picture, bounds.Min, draw.Src)
	counts := map[color.RGBA]int{}
	for i := 0; i < len(pixels.Pix); i += 4 {
		counts[colourAt(pixels, i)]++
	}
	palette, index := frequent(counts)
	for c := range counts {
		if _, kept := index[c]; !kept {
			index[c] = uint8(palette.Index(c)) // of at most 256
		}
	}
	reduced := image.NewPaletted(bounds, palette)
	for i := range reduced.Pix {
		reduced.Pix[i] = index[colourAt(pixels, 4*i)]
	}
	return reduced
}

// frequent are the most frequent colours, in an order that the same picture always gives, and where
// each stands.
func frequent(counts map[color.RGBA]int) (color.Palette, map[color.RGBA]uint8) {
	all := make([]color.RGBA, 0, len(counts))
	for c := range counts {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b color.RGBA) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B), cmp.Compare(a.A, b.A))
	})
	var palette color.Palette
	index := map[color.RGBA]uint8{}
	for i, c := range all[:min(len(all), maxColours)] {
		palette = append(palette, c)
		index[c] = uint8(i) // of at most 256
	}
	return palette, index
}

func colourAt(picture *image.RGBA, i int) color.RGBA {
	return color.RGBA{picture.Pix[i], picture.Pix[i+1], picture.Pix[i+2], picture.Pix[i+3]}
}
