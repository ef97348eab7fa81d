package quant

import (
	"fmt"
	"math"
	"math/bits"

	"vitdse/golden/intnet"
)

// fold is the per-channel change of a LayerNorm's output that is undone in the next
// matmul: x = scale*y + offset, y being what is quantized.
type fold struct {
	exponent      float64
	scale, offset []float64
}

// foldSpan bounds the ratio of the largest to the smallest range that the fold evens
// out, so that a channel that hardly moves does not get an unbounded gain.
const foldSpan = 256

// foldOf balances the ranges of a LayerNorm's channels: with exponent 1 all become equal (within
// foldSpan), with 0 nothing changes. The offset centres each channel wherever folding
// is on.
func foldOf(s *sample, exponent float64, gamma, beta []float32) fold {
	f := fold{exponent, make([]float64, s.channels), make([]float64, s.channels)}
	lo, hi := channelRanges(s, gamma, beta)
	half := make([]float64, s.channels)
	top, mean := 1e-9, 0.0
	for c := range half {
		half[c] = (hi[c] - lo[c]) / 2
		top = max(top, half[c])
	}
	for c := range half {
		half[c] = math.Log(max(half[c], top/foldSpan))
		mean += half[c] / float64(s.channels)
	}
	for c, h := range half {
		f.scale[c] = math.Exp(exponent * (h - mean))
		if exponent > 0 {
			f.offset[c] = (hi[c] + lo[c]) / 2
		}
	}
	return f
}

// priorRows is how many rows the ranges that all channels have together count for. Measured on the
// digits network at W8A8 with 4 images: 11 dB without, 37 dB with 16 as with 64; 128 cost nothing.
const priorRows = 64

// channelRanges is what each channel of a LayerNorm's output spans. Few rows say little of a
// channel, but before gain and offset all channels are alike: the ends that calibration saw
// are drawn towards those of all channels together, as if priorRows more rows had these.
func channelRanges(s *sample, gamma, beta []float32) (lo, hi []float64) {
	lo, hi = make([]float64, s.channels), make([]float64, s.channels)
	var low, high float64 // of normalised values
	for c, g := range gamma {
		if g != 0 {
			a, b := (s.lo[c]-float64(beta[c]))/float64(g), (s.hi[c]-float64(beta[c]))/float64(g)
			low, high = min(low, a, b), max(high, a, b)
		}
	}
	share := priorRows / (priorRows + float64(s.seen))
	for c, g := range gamma {
		a, b := float64(beta[c])+float64(g)*low, float64(beta[c])+float64(g)*high
		lo[c] = s.lo[c] + share*(min(a, b)-s.lo[c])
		hi[c] = s.hi[c] + share*(max(a, b)-s.hi[c])
	}
	return lo, hi
}

// apply is the folded value of channel c.
func (f fold) apply(x float64, c int) float64 { return (x - f.offset[c]) / f.scale[c] }

// normed is a LayerNorm's output as the next layer reads it.
type normed struct {
	activations
	fold fold
}

// maxGain bounds the codes that one unit of a normalised value (variance 1) spans. It
// acts only where a tensor hardly moves in calibration; usual gains are below 100.
const maxGain = 1 << 12

// foldedRange finds the grid of a LayerNorm's folded output; power is the importance
// of the channels.
func (q *quantizer) foldedRange(tensor string, block int, n normStats, gamma []float32, width int, f fold,
	power []float64) normed {
	least := 0.0
	for c, g := range gamma {
		least = max(least, math.Abs(float64(g))/f.scale[c]/maxGain)
	}
	key := rangeKey{tensor, block, -1, f.exponent}
	return normed{q.inputRange(key, n.out, width, least, power, f.apply), f}
}

// layerNorm builds the integer LayerNorm that writes codes of the grid in out.
func (q *quantizer) layerNorm(name string, n normStats, gamma, beta []float32, out normed) (intnet.LayerNorm, error) {
	c := len(gamma)
	q.report.reading(name, Reading{[]float64{out.Scale}, out.Zero, out.fold.scale, out.fold.offset})
	ln := intnet.LayerNorm{Name: name, Channels: c, Bits: out.bits}
	sr := q.net.ResidualScale
	ln.E = int64(max(1, hup(float64(c)*float64(c)*q.model.LayerNormEps/(sr*sr))))
	root := math.Floor(float64(c) * n.sigma / q.stats.reach() / sr) // isqrt(D) of the row with the least spread
	ln.K = 16 + uint(math.Floor(math.Log2(max(1, root))))

	g := make([]float64, c)
	for i, v := range gamma {
		g[i] = float64(v) / out.fold.scale[i] / out.Scale
	}
	ln.SG = gainShift(g)
	for i, v := range g {
		ln.G = append(ln.G, int16(hup(math.Ldexp(v, int(ln.SG)-10))))
		b := out.fold.apply(float64(beta[i]), i)/out.Scale + float64(out.Zero)
		code := hup(math.Ldexp(b, int(ln.SG)))
		if math.Abs(code) >= 1<<46 || math.Abs(hup(math.Ldexp(v, int(ln.SG)-10))) > math.MaxInt16 {
			return ln, fmt.Errorf("%s: channel %d: gain %g and offset %g do not fit 16 and 47 bits", name, i, v, b)
		}
		ln.B = append(ln.B, int64(code)+1<<(ln.SG-1))
	}
	if l := bits.Len(uint(c - 1)); 2*16+2*l > 62 || ln.E >= 1<<60 {
		return ln, fmt.Errorf("%s: variance of %d channels at eps %g does not fit 63 bits", name, c, q.model.LayerNormEps)
	}
	return ln, nil
}

// maxGainShift bounds a LayerNorm's last shift; its offsets then fit 47 bits.
const maxGainShift = 26

// gainShift is the largest shift in 1..maxGainShift with every gain within 16 bits.
func gainShift(g []float64) uint {
	top := largest(g)
	shift := uint(1)
	for shift < maxGainShift && hup(math.Ldexp(top, int(shift)+1-10)) <= math.MaxInt16 {
		shift++
	}
	return shift
}

// rsqrtTable is Q[i] = min(hup(2^17/sqrt((i+.5)/64)), 2^17-1) for i = 64..255.
func rsqrtTable() []uint32 {
	var table []uint32
	for i := 64; i < 256; i++ {
		v := hup((1 << 17) / math.Sqrt((float64(i)+0.5)/64))
		table = append(table, uint32(min(v, 1<<17-1)))
	}
	return table
}
