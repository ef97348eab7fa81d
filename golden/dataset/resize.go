package dataset

import (
	"image"
	"math"

	"vitdse/configs"
)

// fractionBits are those of a weight of the filter: PIL's, 32 - 8 - 2.
const fractionBits = 22

// reach is what one pixel of a resized line reads: weights of pixels from the first on.
type reach struct {
	first   int
	weights []int32 // they add up to 1 << fractionBits, but for rounding
}

// filters are PIL's, with their support: at distances up to it they are not 0.
func filterOf(m configs.Model) (f func(x float64) float64, support float64) {
	if m.Interpolation == configs.Bilinear {
		return func(x float64) float64 { return max(0, 1-math.Abs(x)) }, 1
	}
	const a = -0.5 // Catmull-Rom
	return func(x float64) float64 {
		switch x = math.Abs(x); {
		case x < 1:
			return ((a+2)*x-(a+3))*x*x + 1
		case x < 2:
			return (((x-5)*x+8)*x - 4) * a
		}
		return 0
	}, 2
}

// reaches are the weights of a line of out pixels made of one of in, as PIL's precompute_coeffs and
// normalize_coeffs_8bpc have them.
func reaches(in, out int, m configs.Model) []reach {
	f, support := filterOf(m)
	scale := float64(in) / float64(out)
	wide := max(scale, 1)
	list := make([]reach, out)
	for i := range list {
		centre := (float64(i) + 0.5) * scale
		from := max(0, int(centre-support*wide+0.5))
		to := min(in, int(centre+support*wide+0.5))
		w, sum := make([]float64, to-from), 0.0
		for k := range w {
			w[k] = f((float64(k+from) - centre + 0.5) * (1 / wide))
			sum += w[k]
		}
		list[i] = reach{from, make([]int32, len(w))}
		for k, v := range w {
			if sum != 0 {
				v *= 1 / sum
			}
			list[i].weights[k] = int32(math.Round(v * (1 << fractionBits)))
		}
	}
	return list
}

// resize is PIL's resampling of an RGB image: rows first, rounded to 8 bits, then columns.
func resize(src *image.NRGBA, toW, toH int, m configs.Model) *image.NRGBA {
	w, h := src.Rect.Dx(), src.Rect.Dy()
	rows := src
	if toW != w {
		rows = image.NewNRGBA(image.Rect(0, 0, toW, h))
		list := reaches(w, toW, m)
		for y := range h {
			resample(src.Pix[y*src.Stride:], 4, rows.Pix[y*rows.Stride:], 4, list)
		}
	}
	if toH == h {
		return rows
	}
	out := image.NewNRGBA(image.Rect(0, 0, toW, toH))
	list := reaches(h, toH, m)
	for x := range toW {
		resample(rows.Pix[4*x:], rows.Stride, out.Pix[4*x:], out.Stride, list)
	}
	return out
}

// resample makes one line; steps are the bytes between neighbours.
func resample(src []uint8, step int, dst []uint8, dstStep int, list []reach) {
	for i, r := range list {
		sum := [3]int64{1 << (fractionBits - 1), 1 << (fractionBits - 1), 1 << (fractionBits - 1)}
		at := r.first * step
		for _, w := range r.weights {
			for c := range sum {
				sum[c] += int64(w) * int64(src[at+c])
			}
			at += step
		}
		for c, s := range sum {
			dst[i*dstStep+c] = clampByte(int(s >> fractionBits))
		}
		dst[i*dstStep+3] = 255
	}
}

// rgb is an image as 8-bit RGB, transparency dropped, as PIL's conversion does: colours stay what they are.
func rgb(src image.Image) *image.NRGBA {
	if y, ok := src.(*image.YCbCr); ok {
		return upsample(y)
	}
	b := src.Bounds()
	out := image.NewNRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			out.Set(x, y, src.At(b.Min.X+x, b.Min.Y+y))
			out.Pix[out.PixOffset(x, y)+3] = 255
		}
	}
	return out
}
