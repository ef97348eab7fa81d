package quant_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
	"vitdse/golden/quant"
)

// Balanced heads compute the same logits, of every kind of network; q and k keep their basis where a norm or a rotation
// is behind them.
func TestBalancedHeads(t *testing.T) {
	base := load(t).Model
	for name, c := range map[string]struct {
		change func(m *configs.Model)
		kept   bool // q and k are
	}{
		"plain":                  {func(*configs.Model) {}, false},
		"heads of 24, registers": {func(m *configs.Model) { m.Registers, m.Dim, m.Heads = 3, 72, 3 }, false},
		"distilled":              {func(m *configs.Model) { m.Family = configs.DeiTDistilled }, false},
		"attention pooling":      {func(m *configs.Model) { m.Pool = configs.PoolMap }, false},
		"norm in front":          {func(m *configs.Model) { m.PreNorm, m.Pool = true, configs.PoolMax }, false},
		"q/k norm":               {func(m *configs.Model) { m.QKNorm = true }, true},
		"rotary": {func(m *configs.Model) {
			m.Rope, m.RopeTheta, m.Gated = configs.RopeCentred, 100, true
		}, true},
		"relative positions": {func(m *configs.Model) { m.RelativePositions = true }, false},
		"swin": {func(m *configs.Model) {
			m.Family, m.Depth, m.Heads, m.Patch, m.Window = configs.Swin, 0, 0, 2, 3
			m.Dim, m.Depths, m.StageHeads = 24, []int{2, 2}, []int{3, 6}
			m.Image = configs.ImageShape{Height: 22, Width: 14, Channels: 1}
		}, false},
	} {
		t.Run(name, func(t *testing.T) {
			m := base
			c.change(&m)
			w := checkpoint.Seeded(m, 3)
			stats, err := quant.Calibrate(m, w, quant.Synthetic(m, 4, 1))
			if err != nil {
				t.Fatal(err)
			}
			n := configs.Uniform(m, 4, 4)
			n.Quantizer.Heads = configs.BalancedHeads
			_, report, err := quant.Inspect(m, n, w, stats, nil)
			if err != nil {
				t.Fatal(err)
			}
			a, b := floatLogits(t, m, w), floatLogits(t, m, report.Weights)
			for i := range a {
				if math.Abs(a[i]-b[i]) > 1e-4*(1+math.Abs(a[i])) {
					t.Fatalf("logit %d is %g, balanced %g", i, a[i], b[i])
				}
			}
			before, after := w.Blocks[0].QKVW, report.Weights.Blocks[0].QKVW
			third := len(before) / 3
			if kept := slices.Equal(before[:third], after[:third]); kept != c.kept {
				t.Errorf("q is as it was: %v; expected %v", kept, c.kept)
			}
			if slices.Equal(before[2*third:], after[2*third:]) {
				t.Error("v is as it was")
			}
		})
	}
}

// What a head's float result does not depend on costs its codes nothing: offsets of k and v, and channels of q and k,
// or of v and proj, of which one has what the other lacks.
func TestBalancedHeadsHoldWhatDoesNotCount(t *testing.T) {
	c := load(t)
	w := *c.Weights
	w.Blocks = slices.Clone(w.Blocks)
	dim := c.Model.Dim
	for i := range w.Blocks {
		b := &w.Blocks[i]
		b.QKVW, b.QKVB, b.ProjW = slices.Clone(b.QKVW), slices.Clone(b.QKVB), slices.Clone(b.ProjW)
		scale := func(row int, by float32) {
			b.QKVB[row] *= by
			for k := range dim {
				b.QKVW[row*dim+k] *= by
			}
		}
		for c := range dim {
			by := float32(math.Exp2(float64(c%5 - 2)))
			scale(c, by)
			scale(dim+c, 1/by)
			scale(2*dim+c, by)
			for o := range dim {
				b.ProjW[o*dim+c] /= by
			}
			b.QKVB[dim+c] += float32(c%7) - 3
		}
	}
	stats, err := quant.Calibrate(c.Model, &w, c.Train.Slice(0, 32))
	if err != nil {
		t.Fatal(err)
	}
	scaled := *c
	scaled.Weights = &w
	n := configs.Uniform(c.Model, 6, 4)
	n.Quantizer.Heads = configs.PlainHeads
	plain := sqnr(t, &scaled, stats, n, 60)
	n.Quantizer.Heads = configs.BalancedHeads
	balanced, clean := sqnr(t, &scaled, stats, n, 60), sqnr(t, c, calibrate(t, c, 32), n, 60)
	t.Logf("W6A4: %.1f dB, with balanced heads %.1f dB, of the network before it was scaled %.1f dB", plain, balanced,
		clean)
	if balanced < clean-1.5 || balanced < plain+6 {
		t.Errorf("balanced heads have %.1f dB; expected about %.1f dB, and far more than %.1f dB", balanced, clean, plain)
	}
}

// Heads that do nothing, and channels of them, have bases, too: the network computes what it did.
func TestBalancedDeadHeads(t *testing.T) {
	m := load(t).Model
	for seed := range uint64(8) {
		rng := rand.New(rand.NewPCG(seed, 7))
		w := checkpoint.Seeded(m, seed)
		dim, hd := m.Dim, m.Dim/m.Heads
		for i := range w.Blocks {
			b := &w.Blocks[i]
			for part := range 4 {
				from := rng.IntN(m.Heads) * hd
				to := from + []int{0, 1, hd / 2, hd, hd}[rng.IntN(5)]
				for c := from; c < to; c++ {
					if part == 3 {
						for o := range dim {
							b.ProjW[o*dim+c] = 0
						}
						continue
					}
					clear(b.QKVW[(part*dim+c)*dim : (part*dim+c+1)*dim])
					if rng.IntN(2) == 0 {
						b.QKVB[part*dim+c] = 0
					}
				}
			}
		}
		stats, err := quant.Calibrate(m, w, quant.Synthetic(m, 3, 1))
		if err != nil {
			t.Fatal(err)
		}
		_, report, err := quant.Inspect(m, configs.Uniform(m, 4, 4), w, stats, nil)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		a, b := floatLogits(t, m, w), floatLogits(t, m, report.Weights)
		for i := range a {
			if !(math.Abs(a[i]-b[i]) <= 1e-4*(1+math.Abs(a[i]))) {
				t.Fatalf("seed %d: logit %d is %g, balanced %g", seed, i, a[i], b[i])
			}
		}
	}
}
