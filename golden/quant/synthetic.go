package quant

import (
	"math"
	"math/rand/v2"

	"vitdse/configs"
	"vitdse/golden/dataset"
)

// leaves is the number of shapes that cover a synthetic image.
const leaves = 400

// Synthetic makes calibration images without any data: opaque discs and boxes of one
// colour each, of sizes that are as frequent as in natural images (the dead leaves model:
// Lee, Mumford and Huang, Occlusion models for natural images, IJCV 2001). White noise
// would not do: what a trained network makes of it is far from what it makes of images.
// The same seed gives the same images.
func Synthetic(m configs.Model, n int, seed uint64) *dataset.Images {
	rng := rand.New(rand.NewPCG(seed, 0x5eed))
	im := &dataset.Images{N: n, H: m.Image.Height, W: m.Image.Width, C: m.Image.Channels}
	im.Pixels = make([]uint8, n*m.Image.Pixels())
	for i := range n {
		leaf(rng, im, im.At(i))
	}
	return im
}

// leaf paints one image, from back to front.
func leaf(rng *rand.Rand, im *dataset.Images, pixels []uint8) {
	side := float64(max(im.H, im.W))
	small := max(0.5, side/64)
	colour := make([]uint8, im.C)
	for range leaves {
		// Density 1/r^3 between small and side: r = small / sqrt(1 - u (1 - (small/side)^2)).
		r := small / math.Sqrt(1-rng.Float64()*(1-small*small/(side*side)))
		y, x, box := rng.Float64()*float64(im.H), rng.Float64()*float64(im.W), rng.IntN(2) == 0
		grey := rng.IntN(256)
		for c := range colour { // channels differ a little, as they do in images
			colour[c] = uint8(min(max(grey+rng.IntN(65)-32, 0), 255))
		}
		for py := max(0, int(y-r)); py < min(im.H, int(y+r)+1); py++ {
			for px := max(0, int(x-r)); px < min(im.W, int(x+r)+1); px++ {
				dy, dx := float64(py)+0.5-y, float64(px)+0.5-x
				if box && max(math.Abs(dy), math.Abs(dx)) <= r || dy*dy+dx*dx <= r*r {
					copy(pixels[(py*im.W+px)*im.C:], colour)
				}
			}
		}
	}
}
