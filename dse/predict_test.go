package dse

import (
	"math/rand/v2"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/dse/noise"
	"vitdse/dse/searchtest"
	"vitdse/golden/measure"
)

// madeUpTable has a different noise for every source at every number of bits.
func madeUpTable(m configs.Model, fold float64, bits ...int) *measure.Table {
	ref := configs.Uniform(m, 8, 8).On(configs.Basis{LNFold: fold})
	t := &measure.Table{Model: m.Name, Reference: ref, ReferenceNoise: 1e-4 * (2 - fold)}
	add := func(e measure.Entry) {
		e.Noise = float64(len(t.Entries)+1) * 1e-6
		t.Entries = append(t.Entries, e)
	}
	for _, l := range ref.Layers {
		for _, b := range bits {
			add(measure.Entry{Source: measure.Activations, Layer: l.Name, Bits: b})
			for _, g := range []configs.Granularity{configs.PerLayer, configs.PerChannel} {
				add(measure.Entry{Source: measure.Weights, Layer: l.Name, Bits: b, Granularity: g})
			}
		}
	}
	for b := 2; b <= 10; b++ {
		add(measure.Entry{Source: measure.Softmax, Bits: b})
		add(measure.Entry{Source: measure.GELU, Bits: b})
	}
	return t
}

func TestPredictionIsTheTables(t *testing.T) {
	m := searchtest.Tiny()
	rng := rand.New(rand.NewPCG(15, 16))
	tables := []*measure.Table{madeUpTable(m, 1, 2, 4, 6, 8), madeUpTable(m, 0.5, 2, 4, 6, 8),
		madeUpTable(m, 0.25, 2, 4, 6, 8)}
	tables[2].Reference = tables[2].Reference.On(configs.Basis{LNFold: 1,
		Quantizer: configs.Quantizer{CodeRange: configs.FullRange}})
	p, err := noise.NewPrediction(tables...)
	if err != nil {
		t.Fatal(err)
	}
	for range 200 {
		table := tables[rng.IntN(3)]
		n := configs.Uniform(m, 8, 8).On(table.Reference.Basis())
		n.SoftmaxBits, n.GELUBits = 2+rng.IntN(7), 4+rng.IntN(7)
		for i := range n.Layers {
			l := &n.Layers[i]
			l.Activations = 2 + 2*rng.IntN(4)
			if l.Weights > 0 {
				l.Weights = 2 + 2*rng.IntN(4)
				l.Granularity = searchtest.Some(rng, 1, configs.PerLayer, configs.PerChannel)[0]
			}
		}
		want, err := table.Predict(n)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := p.Noise(n); err != nil || got/want-1 > 1e-12 || want/got-1 > 1e-12 {
			t.Fatalf("%g, %v; expected measure.Table's %g", got, err, want)
		}
	}
}

func TestPredictionErrors(t *testing.T) {
	m := searchtest.Tiny()
	p, err := noise.NewPrediction(madeUpTable(m, 1, 4, 8))
	if err != nil {
		t.Fatal(err)
	}
	n := configs.Uniform(m, 5, 8)
	if _, err := p.Noise(n); err == nil || !strings.Contains(err.Error(),
		`no sensitivity of weights of "blocks.0.attn.qkv" at 5 bits`) {
		t.Errorf("5 bits: error is %v", err)
	}
	n = configs.Uniform(m, 4, 8)
	n.LNFold = 0.25
	if _, err := p.Noise(n); err == nil || !strings.Contains(err.Error(), "ln_fold 0.25") {
		t.Errorf("ln_fold 0.25: error is %v", err)
	}
	n = n.On(configs.Basis{LNFold: 1, Quantizer: configs.Quantizer{CodeRange: configs.FullRange}})
	if _, err := p.Noise(n); err == nil || !strings.Contains(err.Error(), "ln_fold 1, quantizer code_range=full") {
		t.Errorf("full range: error is %v", err)
	}
	if _, err := noise.NewPrediction(madeUpTable(m, 1, 4), madeUpTable(m, 1, 8)); err == nil {
		t.Error("two tables of one ln_fold are accepted")
	}
}
