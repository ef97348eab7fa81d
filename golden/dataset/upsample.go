package dataset

import "image"

// upsample brings the colours of a JPEG to the size of its luminance with the triangle filter of libjpeg
// (jdsample.c, "fancy upsampling"), which PIL reads with, and converts to RGB with libjpeg's rounding
// (jdcolor.c). Go's decoder repeats colours instead, which is off by many levels at edges.
func upsample(y *image.YCbCr) *image.NRGBA {
	w, h := y.Rect.Dx(), y.Rect.Dy()
	cb, cr := plane(y, y.Cb, w, h), plane(y, y.Cr, w, h)
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	for row := range h {
		for col := range w {
			l := int(y.Y[y.YOffset(y.Rect.Min.X+col, y.Rect.Min.Y+row)])
			b, r := int(cb[row*w+col])-128, int(cr[row*w+col])-128
			at := out.PixOffset(col, row)
			out.Pix[at] = clampByte(l + (91881*r+32768)>>16)
			out.Pix[at+1] = clampByte(l + (-22554*b-46802*r+32768)>>16)
			out.Pix[at+2] = clampByte(l + (116130*b+32768)>>16)
			out.Pix[at+3] = 255
		}
	}
	return out
}

func clampByte(v int) uint8 { return uint8(min(max(v, 0), 255)) }

// plane is a plane of colour differences at full size, w x h.
func plane(y *image.YCbCr, c []uint8, w, h int) []uint8 {
	wide, high := 1, 1
	switch y.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		wide = 2
	case image.YCbCrSubsampleRatio440:
		high = 2
	case image.YCbCrSubsampleRatio420:
		wide, high = 2, 2
	case image.YCbCrSubsampleRatio444:
	default:
		wide, high = 0, 0
	}
	at := func(row, col int) int { return int(c[y.COffset(y.Rect.Min.X+col, y.Rect.Min.Y+row)]) }
	out := make([]uint8, w*h)
	cw, ch := (w+max(wide, 1)-1)/max(wide, 1), (h+max(high, 1)-1)/max(high, 1)
	if wide*high < 2 || cw <= 2 && wide == 2 { // repeated, as libjpeg does where a row has no room for the filter
		for i := range out {
			out[i] = uint8(at(i/w, i%w))
		}
		return out
	}
	sum := make([]int, cw) // of the two nearest rows, 3 to 1
	for row := range h {
		near := row / high
		far := near
		if high == 2 {
			far = min(max(near+2*(row%2)-1, 0), ch-1)
		}
		for i := range sum {
			sum[i] = at(near*high, i*wide)
			if high == 2 {
				sum[i] = 3*sum[i] + at(far*high, i*wide)
			}
		}
		for col := range w {
			out[row*w+col] = interpolate(sum, row, col, wide, high)
		}
	}
	return out
}

// interpolate is one value of a row at full width; ties are rounded up and down by turns, as libjpeg does.
func interpolate(sum []int, row, col, wide, high int) uint8 {
	if wide == 1 { // one pixel in four of the other row
		return uint8((sum[col] + 1 + row%2) >> 2)
	}
	i, odd := col/2, col%2
	other := i + 2*odd - 1
	edge := other < 0 || other >= len(sum)
	if high == 1 {
		if edge {
			return uint8(sum[i])
		}
		return uint8((3*sum[i] + sum[other] + 1 + odd) >> 2)
	}
	if edge {
		return uint8((4*sum[i] + 8 - odd) >> 4)
	}
	return uint8((3*sum[i] + sum[other] + 8 - odd) >> 4)
}
