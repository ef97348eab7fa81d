package quant

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"

	"vitdse/configs"
)

// sampled is a tensor of given values, all of the same weight.
func sampled(v []float64) tensor {
	return tensor{[]part{{v, alike}}, 1 << 20}
}

// ends are the real numbers that the codes of a grid span.
func ends(g grid, width int) (lo, hi float64) {
	limit := 1 << (width - 1)
	return float64(-limit-g.Zero) * g.Scale, float64(limit-1-g.Zero) * g.Scale
}

// On 1..1000 with one value of 10^4, in 16 batches in order of size: what each estimator's
// range must be, by hand.
func TestEstimatorsChooseTheirRange(t *testing.T) {
	v := make([]float64, 1000)
	for i := range v {
		v[i] = float64(i + 1)
	}
	v[999] = 10000
	batchTops := 0.0 // of 62 or 63 values each
	for b := 1; b <= 16; b++ {
		batchTops += v[b*1000/16-1] / 16
	}
	for _, c := range []struct {
		menu configs.Quantizer
		top  float64
	}{
		{configs.Quantizer{Activations: configs.MinMax}, 10000},
		{configs.Quantizer{Activations: configs.Percentile, Percentile: 99}, 995},
		{configs.Quantizer{Activations: configs.Percentile, Percentile: 100}, 10000},
		{configs.Quantizer{Activations: configs.Average}, batchTops},
	} {
		for _, s := range []scheme{affine{}, symmetric{}, symmetric{full: true}} {
			g := estimatorOf(c.menu).grids(sampled(v), s)[8]
			_, hi := ends(g, 8)
			want := c.top
			if s == (symmetric{full: true}) { // the last code is half a step short of the range
				want -= g.Scale / 2
			}
			if math.Abs(hi-want) > 1e-9*want {
				t.Errorf("%+v, %T%+v: codes reach up to %g; expected %g", c.menu, s, s, hi, want)
			}
			if _, zero := s.(affine); !zero && g.Zero != 0 {
				t.Errorf("%T has zero point %d", s, g.Zero)
			}
		}
	}
}

// Divergence cuts off a long thin tail, and the more the fewer codes there are; it keeps an
// even distribution whole.
func TestDivergenceClipsTails(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	normal, even := make([]float64, 100000), make([]float64, 100000)
	for i := range normal {
		normal[i], even[i] = rng.NormFloat64(), 2*rng.Float64()-1
	}
	normal[17], normal[18] = 40, -40
	set := divergence{}.grids(sampled(normal), symmetric{})
	flat := divergence{}.grids(sampled(even), symmetric{})
	before := math.Inf(1)
	for width := 8; width >= 3; width-- {
		_, top := ends(set[width], width)
		t.Logf("%d bits: normal values with outliers at 40 clipped at %.2f", width, top)
		if top > 8 || top < 1 || top > before*1.05 {
			t.Errorf("%d bits: clipped at %g; expected 1..8, not above %g", width, top, before)
		}
		before = top
		if _, whole := ends(flat[width], width); whole < 0.9 {
			t.Errorf("%d bits: an even distribution is clipped at %g; expected 1", width, whole)
		}
	}
}

// A tensor that never moves from 0 has a grid, of which 0 is a code.
func TestDivergenceOfZeros(t *testing.T) {
	for width, g := range (divergence{}).grids(sampled(make([]float64, 100)), affine{}) {
		if width >= 2 && (!(g.Scale > 0) || math.IsInf(g.Scale, 0) || g.round(0, width) != 0) {
			t.Errorf("%d bits: zeros have scale %g and zero point %d; expected a positive scale", width, g.Scale, g.Zero)
		}
	}
}

// The clip ratio of the weights' divergence is that of the layer, for every output.
func TestWeightEstimators(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	const in = 256
	w := make([]float64, 16*in)
	for i := range w {
		w[i] = rng.NormFloat64() * float64(1+i/in)
	}
	even := repeat(1, in)
	for _, full := range []bool{false, true} {
		r := codeRange{4, full}
		scale := func(menu configs.Quantizer, o int) float64 {
			return weightEstimatorOf(menu, w, in, r).scale(w[o*in:(o+1)*in], even)
		}
		for o := range 16 {
			row := w[o*in : (o+1)*in]
			all := scale(configs.Quantizer{Weights: configs.MinMax}, o)
			steps := 7.0
			if full {
				steps = 7.5
			}
			if math.Abs(all-largest(row)/steps) > 1e-12 {
				t.Errorf("minmax, full %v: scale is %g; expected the largest weight over %g, %g",
					full, all, steps, largest(row)/steps)
			}
			part := scale(configs.Quantizer{Weights: configs.Percentile, Percentile: 95}, o)
			outside := 0
			for _, v := range row {
				if math.Abs(v) > part*steps*(1+1e-12) {
					outside++
				}
			}
			if outside != in*5/100 {
				t.Errorf("percentile 95: %d of %d weights are outside; expected %d", outside, in, in*5/100)
			}
			kl, first := scale(configs.Quantizer{Weights: configs.KL}, o)/all,
				scale(configs.Quantizer{Weights: configs.KL}, 0)/scale(configs.Quantizer{Weights: configs.MinMax}, 0)
			if math.Abs(kl-first) > 1e-12 || kl > 1 || kl < 0.2 {
				t.Errorf("divergence clips output %d at %g of its largest weight, the first one at %g", o, kl, first)
			}
			best := weightLoss(row, scale(configs.Quantizer{Weights: configs.MSE}, o), r, even, math.Inf(1))
			for _, other := range []float64{all, part, kl * all} {
				if e := weightLoss(row, other, r, even, math.Inf(1)); e < 0.999*best {
					t.Errorf("least squared error leaves %g; another scale %g", best, e)
				}
			}
		}
	}
}

// Full range uses the code -2^(b-1) below 8 bits; at 8 bits -128 stays out.
func TestCodeRanges(t *testing.T) {
	for width := 2; width <= 8; width++ {
		full, restricted := codeRange{width, true}, codeRange{width, false}
		top := 1 << (width - 1)
		want := int8(-top)
		if width == 8 {
			want = -127
		}
		if got := full.code(-1e9, 1); got != want {
			t.Errorf("%d bits, full: least code is %d; expected %d", width, got, want)
		}
		if got := restricted.code(-1e9, 1); got != int8(1-top) {
			t.Errorf("%d bits, restricted: least code is %d; expected %d", width, got, 1-top)
		}
		if a, b := full.code(1e9, 1), restricted.code(1e9, 1); a != int8(top-1) || b != a {
			t.Errorf("%d bits: greatest codes are %d and %d; expected %d", width, a, b, top-1)
		}
	}
}

// Scales are raised, never lowered, by less than a factor of two, and every multiplier is a
// power of two then.
func TestPowerOfTwoScales(t *testing.T) {
	for _, v := range []float64{1, 0.75, 3e-5, 4, 1.0000001} {
		got := powerOfTwoAbove(v)
		if frac, _ := math.Frexp(got); frac != 0.5 || got < v*(1-1e-6) || got >= 2*v {
			t.Errorf("%g was raised to %g", v, got)
		}
	}
	rng := rand.New(rand.NewPCG(9, 9))
	w := make([]float64, 8*32)
	for i := range w {
		w[i] = rng.NormFloat64()
	}
	in := correlated(rng, 32, 200)
	q := &quantizer{menu: configs.Quantizer{Scales: configs.PowerOfTwos}.Full(), stats: &Stats{}}
	for _, l := range []configs.LayerBits{
		{Name: "a", Weights: 8, Granularity: configs.PerChannel},
		{Name: "b", Weights: 4, Granularity: configs.PerGroup, Group: 16}} {
		out := repeat(0.37, 8)
		lin, err := q.build(linear{name: "x", w: w, bias: make([]float64, 8), in: in, out: out, bits: l.Weights, outBits: 8,
			rounded: q.round(l, w, in, 0, out)})
		if err != nil {
			t.Fatal(err)
		}
		for o, m := range lin.M {
			if bits.OnesCount16(m) != 1 {
				t.Errorf("%s: multiplier %d is %d, no power of two", l.Name, o, m)
			}
		}
	}
}
