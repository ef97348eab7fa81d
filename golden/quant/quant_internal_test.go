package quant

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"vitdse/configs"
)

// The histogram's loss is that of rounding every value, up to the bins' width.
func TestLossMatchesDirectRounding(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	values := make([]float64, 5000)
	for i := range values {
		values[i] = rng.ExpFloat64() - 0.3
	}
	h := newHistogram([]part{{values, alike}}, stretchWeight)
	for _, bits := range []int{2, 4, 8} {
		g := gridBetween(-0.3, 4, bits)
		direct := 0.0
		for _, x := range values {
			for _, v := range [][2]float64{{x, 1}, {stretch * x, stretchWeight}} {
				code := min(max(math.Round(v[0]/g.Scale)+float64(g.Zero), -math.Exp2(float64(bits-1))),
					math.Exp2(float64(bits-1))-1)
				e := v[0] - (code-float64(g.Zero))*g.Scale
				direct += v[1] * e * e
			}
		}
		if got := h.loss(g, bits); math.Abs(got-direct) > 0.01*direct {
			t.Errorf("%d bits: loss is %g; direct rounding gives %g", bits, got, direct)
		}
	}
}

// For a normal distribution the best uniform quantizer of 16 levels loses
// 0.01154 of the variance (Max 1960, table II).
func TestSearchReachesTheOptimalQuantizer(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	values := make([]float64, 200000)
	for i := range values {
		values[i] = rng.NormFloat64()
	}
	h := newHistogram([]part{{values, alike}}, stretchWeight)
	for name, g := range map[string]grid{"asymmetric": h.asymmetric(4),
		"symmetric": h.symmetric(4, symmetric{}.between(h.lo, h.hi, 4).Scale)} {
		t.Run(name, func(t *testing.T) {
			loss := 0.0
			for _, x := range values {
				code := min(max(hup(x/g.Scale)+float64(g.Zero), -8), 7)
				e := x - (code-float64(g.Zero))*g.Scale
				loss += e * e / float64(len(values))
			}
			// A grid with a code on 0 has no level pair around 0: a few percent worse.
			if loss > 1.08*0.01154 {
				t.Errorf("%s: loss is %g; expected at most 8%% above 0.01154", name, loss)
			}
		})
	}
}

func TestGridHasACodeForZero(t *testing.T) {
	for bits := 2; bits <= 8; bits++ {
		first, last := -(1 << (bits - 1)), 1<<(bits-1)-1
		for _, r := range [][2]float64{{-1, 1}, {0, 3}, {-5, 0}, {-0.17, 4}, {-4, 0.1}} {
			if g := gridBetween(r[0], r[1], bits); g.Zero < first || g.Zero > last {
				t.Errorf("%d bits, %v: zero point %d is not a code", bits, r, g.Zero)
			}
		}
	}
}

func TestMultipliers(t *testing.T) {
	for _, ratios := range [][]float64{{1}, {0.99999}, {65535}, {1e-3, 7e-4, 1e-9}, {1e-20}, {0.5, 3}} {
		m, s, err := multipliers(ratios)
		if err != nil {
			t.Fatal(err)
		}
		top := 0.0
		for i, r := range ratios {
			if want := math.Floor(r*math.Exp2(float64(s)) + 0.5); float64(m[i]) != want {
				t.Errorf("%v: M[%d] is %d; expected %g", ratios, i, m[i], want)
			}
			top = max(top, r)
		}
		if s < maxShift && math.Floor(top*math.Exp2(float64(s+1))+0.5) < 1<<16 {
			t.Errorf("%v: shift %d is not the largest", ratios, s)
		}
	}
	for _, ratios := range [][]float64{{65536}, {0}, {1, -1}, {math.NaN()}, {math.Inf(1)}} {
		if _, _, err := multipliers(ratios); err == nil {
			t.Errorf("%v was accepted", ratios)
		}
	}
}

// A sample keeps every row of few, twice as many rows as channels, and no more than its most.
func TestSampleSize(t *testing.T) {
	for _, c := range []struct{ channels, total, want int }{{768, 100, 100}, {768, 25216, 2 * 768},
		{64, 25216, minSample / 64}, {4096, 1 << 20, maxSample / 4096}, {1 << 24, 10, 1}} {
		if s := newSample(c.channels, c.total); len(s.pick) != c.want {
			t.Errorf("%d rows of %d channels: %d are kept; expected %d", c.total, c.channels, len(s.pick), c.want)
		}
	}
}

// A step of the result so fine that no multiplier reaches it is an error with the layer's name.
func TestBuildRefusesARatio(t *testing.T) {
	in := mapped{sample: newSample(1, 1)}
	in.add([]float64{1})
	mean, variance := in.moments()
	l := linear{name: "fc", w: []float64{1}, bias: []float64{0}, bits: 8, out: []float64{1.0 / (1 << 30)}, outBits: 8,
		in:      activations{grid: grid{Scale: 1}, bits: 8, mean: mean, coded: mean, variance: variance, source: &in},
		rounded: rounded{steps{scales: []float64{1}}, []int8{1}}}
	if _, err := l.build(); err == nil || !strings.HasPrefix(err.Error(), "fc: scale ratio 1.073741824e+09 does not fit") {
		t.Errorf("error is %v; expected the layer and its ratio", err)
	}
	l.out[0] = 1
	if _, err := l.build(); err != nil {
		t.Error(err)
	}
}

// The normaliser of softmax is the largest whose reciprocals of a row's sum have 17 bits.
func TestNormaliser(t *testing.T) {
	for pb := 2; pb <= 8; pb++ {
		for _, ratio := range []float64{1e-3, 0.3, 1, 2.7, 1000} {
			ch, sh, err := normaliser([]float64{ratio, ratio / 3}, 1, pb)
			if err != nil {
				t.Fatal(err)
			}
			most := int64(1)<<pb - 1
			if ch[0]/most >= 1<<17 || 2*ch[0]/most < 1<<17-1 && sh < maxShift {
				t.Errorf("%d bits, ratio %g: the largest reciprocal is %d; expected 65536..131071", pb, ratio, ch[0]/most)
			}
			if got := math.Ldexp(float64(ch[1]), -int(sh)); math.Abs(got-ratio/3) > math.Ldexp(0.5, -int(sh)) {
				t.Errorf("%d bits, ratio %g: the second head has %g; expected %g", pb, ratio, got, ratio/3)
			}
		}
	}
	if _, _, err := normaliser([]float64{1, 1e-12}, 1, 8); err == nil || !strings.HasPrefix(err.Error(), "head 1: ") {
		t.Errorf("error is %v; expected head 1", err)
	}
}

func TestExpTable(t *testing.T) {
	for pb := 2; pb <= 8; pb++ {
		e := expTable(pb)
		n := len(e.Table)
		if n != 1<<e.Index || n <= (pb+1)*32 || n/2 > (pb+1)*32 {
			t.Errorf("%d bits: %d entries with index %d; expected the least power of two above %d", pb, n, e.Index, (pb+1)*32)
		}
		if e.Table[0] != 1<<pb-1 || e.Table[n-1] != 0 {
			t.Errorf("%d bits: table runs from %d to %d; expected %d to 0", pb, e.Table[0], e.Table[n-1], 1<<pb-1)
		}
	}
	if e := expTable(8); e.Index != 9 || e.Table[32] != 128 || e.Table[64] != 64 { // 255/2, 255/4 rounded up
		t.Errorf("8 bits: index %d, T[32] %d, T[64] %d; expected 9, 128, 64", e.Index, e.Table[32], e.Table[64])
	}
}

func TestRsqrtTable(t *testing.T) {
	q := rsqrtTable()
	// 2^17/sqrt(64.5/64) = 130563.0, 2^17/sqrt(255.5/64) = 65600.1 by hand.
	if len(q) != 192 || q[0] != 130563 || q[191] != 65600 {
		t.Errorf("%d entries from %d to %d; expected 192 from 130563 to 65600", len(q), q[0], q[191])
	}
}

// correlated is a sample of n channels that share a few causes.
func correlated(rng *rand.Rand, n, rows int) activations {
	s := newSample(n, rows)
	mix := make([]float64, 3*n)
	for i := range mix {
		mix[i] = rng.NormFloat64()
	}
	for range rows {
		a, b, c := rng.NormFloat64(), rng.NormFloat64(), rng.NormFloat64()
		row := make([]float64, n)
		for i := range row {
			row[i] = a*mix[i] + b*mix[n+i] + c*mix[2*n+i] + 0.3*rng.NormFloat64()
		}
		s.add(row)
	}
	source := &mapped{sample: s}
	mean, variance := source.moments()
	return activations{grid: grid{Scale: 1e-3}, bits: 20, mean: mean, coded: mean, variance: variance, source: source}
}

func TestInverseFactor(t *testing.T) {
	in := correlated(rand.New(rand.NewPCG(3, 3)), 20, 200)
	order := factors(in, false)[0].order
	n := len(order)
	h, _ := in.covariance(order)
	for i := range n {
		for j := range i {
			h[i*n+j] = h[j*n+i]
		}
	}
	u := inverseFactor(append([]float64(nil), h...), n)
	for i := range n { // (U^T U) H is the identity
		for j := range n {
			sum := 0.0
			for k := range n {
				for l := 0; l <= min(i, k); l++ {
					sum += u[l*n+i] * u[l*n+k] * h[k*n+j]
				}
			}
			want := 0.0
			if i == j {
				want = 1
			}
			if math.Abs(sum-want) > 1e-6 {
				t.Fatalf("element %d,%d of the product is %g; expected %g", i, j, sum, want)
			}
		}
	}
}

// On correlated inputs compensation must leave far less output error than plain
// rounding, which is what it falls back to on independent inputs.
func TestCompensateBeatsPlainRounding(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 4))
	const n, bits = 24, 3
	in := correlated(rng, n, 400)
	w := make([]float64, 8*n)
	for i := range w {
		w[i] = rng.NormFloat64()
	}
	scales := steps{scales: repeat(0.6, 8), codes: codeRange{bits: bits}}
	codes := compensate(w, scales, factors(in, false))
	loss := func(code func(i int) int8) float64 {
		sum := 0.0
		for r := range in.source.rows {
			for o := range 8 {
				e := 0.0
				for c := range n {
					e += (w[o*n+c] - 0.6*float64(code(o*n+c))) * (float64(in.source.values[r*n+c]) - in.mean[c])
				}
				sum += e * e
			}
		}
		return sum
	}
	plain := loss(func(i int) int8 { return scales.codes.code(w[i], 0.6) })
	got := loss(func(i int) int8 { return codes[i] })
	t.Logf("output error: plain rounding %.3g, compensated %.3g", plain, got)
	if got > plain/4 {
		t.Errorf("output error is %g; expected below a quarter of plain rounding's %g", got, plain)
	}

	unit := []factor{{order: make([]int, n), u: make([]float64, n*n)}}
	for i := range n {
		unit[0].order[i], unit[0].u[i*n+i] = i, 1
	}
	for i, c := range compensate(w, scales, unit) {
		if want := scales.codes.code(w[i], 0.6); c != want {
			t.Fatalf("independent inputs: code %d is %d; expected %d", i, c, want)
		}
	}
}

// groupLoss is the squared error of the nearest codes.
func groupLoss(w []float64, in int, s steps, limit float64) float64 {
	sum, row := 0.0, make([]float64, in)
	for i, v := range w {
		if i%in == 0 {
			s.row(i/in, row)
		}
		d := v - min(max(hup(v/row[i%in]), -limit), limit)*row[i%in]
		sum += d * d
	}
	return sum
}

// Where groups differ in size, their multipliers follow; the error is that of a scale for
// each group, but for the multipliers' rounding.
func TestGroupStepsFollowTheGroups(t *testing.T) {
	rng := rand.New(rand.NewPCG(6, 6))
	const in, group, bits = 64, 16, 4
	sizes := []float64{1, 0.5, 0.25, 0.0625}
	w := make([]float64, 8*in)
	for i := range w {
		w[i] = rng.NormFloat64() * sizes[i%in/group]
	}
	even := repeat(1, in)
	numbers := func(g configs.Granularity) steps {
		return weightSteps(w, in, configs.LayerBits{Weights: bits, Granularity: g, Group: group},
			configs.Quantizer{}.Full(), even, nil)
	}
	s := numbers(configs.PerGroup)
	for g, size := range sizes {
		mean := 0.0
		for o := range 8 {
			mean += float64(s.mult[o*4+g]) / 8
		}
		if want := 16 * size; mean < 0.7*want || mean > 1.7*want {
			t.Errorf("group %d has a mean multiplier of %g; expected about %g", g, mean, want)
		}
	}
	limit := float64(int(1)<<(bits-1) - 1)
	got := groupLoss(w, in, s, limit)
	channel := groupLoss(w, in, numbers(configs.PerChannel), limit)
	own := 0.0
	for i := 0; i < len(w); i += group {
		part := w[i : i+group]
		own += weightLoss(part, leastLoss{s.codes}.scale(part, even[:group]), s.codes, even[:group], math.Inf(1))
	}
	t.Logf("squared error: one scale a channel %.3f, groups %.3f, a free scale for each group %.3f", channel, got, own)
	if got > 1.1*own || got > 0.7*channel {
		t.Errorf("groups leave %.3f; expected about %.3f, well below %.3f", got, own, channel)
	}
}
