package quant_test

import (
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
	"vitdse/golden/exec"
	"vitdse/golden/floatref"
	"vitdse/golden/internal/digits"
	"vitdse/golden/quant"
)

func load(t *testing.T) *digits.Case {
	t.Helper()
	c, err := digits.Load()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func calibrate(t *testing.T, c *digits.Case, images int) *quant.Stats {
	t.Helper()
	s, err := quant.Calibrate(c.Model, c.Weights, c.Train.Slice(0, images))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// sqnr runs the first images of the test set.
func sqnr(t *testing.T, c *digits.Case, s *quant.Stats, n configs.Numerics, images int) float64 {
	t.Helper()
	net, err := quant.Quantize(c.Model, n, c.Weights, s)
	if err != nil {
		t.Fatal(err)
	}
	ref, err := floatref.New(c.Model, c.Weights)
	if err != nil {
		t.Fatal(err)
	}
	var signal, noise float64
	for i := range images {
		want, err := ref.Run(c.Test.At(i), nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := exec.Run(net, c.Test.At(i), nil)
		if err != nil {
			t.Fatal(err)
		}
		for j, v := range want {
			e := v - float64(got[j])*net.LogitScale
			signal, noise = signal+v*v, noise+e*e
		}
	}
	return 10 * math.Log10(signal/noise)
}

// Every layer's bits reach the parts of the network that the layer's name stands for.
func TestLayerBitsReachTheNetwork(t *testing.T) {
	c := load(t)
	n := configs.Uniform(c.Model, 8, 8)
	n.SoftmaxBits, n.GELUBits = 7, 9
	set := func(layer string, w, a int) {
		for i := range n.Layers {
			if n.Layers[i].Name == layer {
				n.Layers[i].Weights, n.Layers[i].Activations = w, a
			}
		}
	}
	set("patch_embed", 7, 6)
	set("blocks.1.attn.qkv", 2, 3)
	set("blocks.1.attn.matmul", 0, 4)
	set("blocks.1.attn.proj", 3, 5)
	set("blocks.1.mlp.fc1", 4, 6)
	set("blocks.1.mlp.fc2", 5, 7)
	set("head", 6, 2)
	net, err := quant.Quantize(c.Model, n, c.Weights, calibrate(t, c, 8))
	if err != nil {
		t.Fatal(err)
	}
	b := &net.Blocks[1]
	got := []int{
		net.ImageBits, net.PatchEmbed.WeightBits, net.PatchEmbed.ActBits, net.PatchEmbed.Bits, net.Exp.Bits,
		b.Norm1.Bits, b.Q.WeightBits, b.Q.ActBits, b.Q.Bits, b.K.Bits, b.V.Bits, b.Attn.QKVBits,
		b.Attn.OutBits, b.Proj.ActBits, b.Proj.WeightBits, b.Proj.Bits,
		b.Norm2.Bits, b.FC1.ActBits, b.FC1.WeightBits, b.FC1.Bits, b.GELU.InBits, len(b.GELU.Table),
		b.GELU.OutBits, b.FC2.ActBits, b.FC2.WeightBits, b.FC2.Bits,
		net.Norm.Bits, net.Head.ActBits, net.Head.WeightBits, net.Head.Bits,
	}
	want := []int{
		6, 7, 6, 16, 7,
		3, 2, 3, 4, 4, 4, 4,
		5, 5, 3, 16,
		6, 6, 4, 9, 9, 512,
		7, 7, 5, 16,
		2, 2, 6, 18,
	}
	if !slices.Equal(got, want) {
		t.Errorf("widths are\n%v; expected\n%v", got, want)
	}
	for _, w := range b.Q.W {
		if w < -1 || w > 1 {
			t.Fatalf("2-bit weight code %d; expected -1..1", w)
		}
	}
	if q, k, v := b.Q.Zero, b.K.Zero, b.V.Zero; q != 0 || k != 0 || v != 0 {
		t.Errorf("zero points of q, k, v are %d, %d, %d; expected 0", q, k, v)
	}
}

// A checkpoint whose LayerNorm channels differ widely in size, and the next layer's
// weights inversely, is the same float function. With the full fold it must become
// nearly the same integer network; without it, it loses many bits.
func TestFoldUndoesOutlierChannels(t *testing.T) {
	c := load(t)
	twin := *c
	twin.Weights = outliers(c)
	n := configs.Uniform(c.Model, 6, 6)
	plain := sqnr(t, c, calibrate(t, c, 64), n, 120)
	s := calibrate(t, &twin, 64)
	folded := sqnr(t, &twin, s, n, 120)
	n.LNFold = 0
	off := sqnr(t, &twin, s, n, 120)
	t.Logf("W6A6: plain checkpoint %.1f dB; outlier twin %.1f dB with fold, %.1f dB without", plain, folded, off)
	if folded < plain-2 {
		t.Errorf("the fold leaves %.1f dB of the plain checkpoint's %.1f", folded, plain)
	}
	if off > folded-6 {
		t.Errorf("the twin loses only %.1f dB without the fold: it does not test it", folded-off)
	}
}

// outliers scales every eighth LayerNorm channel by 16, exactly undone in the weights.
func outliers(c *digits.Case) *checkpoint.Weights {
	w := *c.Weights
	w.Blocks = slices.Clone(w.Blocks)
	const size = 16
	grow := func(v []float32) []float32 {
		v = slices.Clone(v)
		for i := 0; i < len(v); i += 8 {
			v[i] *= size
		}
		return v
	}
	shrink := func(v []float32) []float32 {
		v = slices.Clone(v)
		for i := 0; i < len(v); i += 8 { // 8 divides the row length
			v[i] /= size
		}
		return v
	}
	for i := range w.Blocks {
		b := &w.Blocks[i]
		b.Norm1G, b.Norm1B, b.QKVW = grow(b.Norm1G), grow(b.Norm1B), shrink(b.QKVW)
		b.Norm2G, b.Norm2B, b.FC1W = grow(b.Norm2G), grow(b.Norm2B), shrink(b.FC1W)
	}
	w.NormG, w.NormB, w.HeadW = grow(w.NormG), grow(w.NormB), shrink(w.HeadW)
	return &w
}

func TestQuantizeIsDeterministic(t *testing.T) {
	c := load(t)
	n := configs.Uniform(c.Model, 4, 4)
	s := calibrate(t, c, 8)
	first, err := quant.Quantize(c.Model, n, c.Weights, s)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*quant.Stats{s, calibrate(t, c, 8)} { // remembered and new results
		again, err := quant.Quantize(c.Model, n, c.Weights, s)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(first, again) {
			t.Error("the same input gave another network")
		}
	}
}

func TestQuantizeRefuses(t *testing.T) {
	c := load(t)
	s := calibrate(t, c, 2)
	for _, v := range []struct {
		name   string
		change func(m *configs.Model, n *configs.Numerics)
		want   string
	}{
		{"softmax bits", func(m *configs.Model, n *configs.Numerics) { n.SoftmaxBits = 9 },
			"softmax_bits is 9; expected 2..8"},
		{"gelu bits", func(m *configs.Model, n *configs.Numerics) { n.GELUBits = 3 }, "gelu_bits is 3; expected 4..10"},
		{"fold", func(m *configs.Model, n *configs.Numerics) { n.LNFold = math.NaN() }, "ln_fold is NaN"},
		{"missing layer", func(m *configs.Model, n *configs.Numerics) { n.Layers = n.Layers[1:] },
			"layer patch_embed has no bits"},
		{"weights", func(m *configs.Model, n *configs.Numerics) { n.Layers[0].Weights = 1 },
			"layer patch_embed: weights is 1"},
		{"activations", func(m *configs.Model, n *configs.Numerics) { n.Layers[2].Activations = 9 },
			"layer blocks.0.attn.matmul: activations is 9"},
		{"granularity", func(m *configs.Model, n *configs.Numerics) { n.Layers[0].Granularity = "" }, "granularity"},
		{"group", func(m *configs.Model, n *configs.Numerics) {
			n.Layers[1].Granularity, n.Layers[1].Group = configs.PerGroup, 24
		}, "layer blocks.0.attn.qkv: group is 24; expected a divisor of its inner dimension, 64"},
		{"group of none", func(m *configs.Model, n *configs.Numerics) { n.Layers[1].Group = 32 },
			"layer blocks.0.attn.qkv: group is 32; expected 0..0"},
		{"other model", func(m *configs.Model, n *configs.Numerics) { m.Heads = 8 }, "calibrate again"},
	} {
		t.Run(v.name, func(t *testing.T) {
			m, n := c.Model, configs.Uniform(c.Model, 8, 8)
			v.change(&m, &n)
			if _, err := quant.Quantize(m, n, c.Weights, s); err == nil || !strings.Contains(err.Error(), v.want) {
				t.Errorf("%s: error is %v; expected %q", v.name, err, v.want)
			}
		})
	}
	if _, err := quant.Calibrate(c.Model, c.Weights, c.Train.Slice(0, 0)); err == nil {
		t.Error("calibration without images was accepted")
	}
}

// A bias that its channel's weights cannot carry is an error with the layer's name.
func TestQuantizeNamesTheLayerThatDoesNotFit(t *testing.T) {
	c := load(t)
	w := *c.Weights
	w.Blocks = slices.Clone(w.Blocks)
	b := &w.Blocks[2]
	b.FC1B = slices.Clone(b.FC1B)
	b.FC1B[5] = 1e9
	s, err := quant.Calibrate(c.Model, &w, c.Train.Slice(0, 2))
	if err != nil {
		t.Fatal(err)
	}
	_, err = quant.Quantize(c.Model, configs.Uniform(c.Model, 8, 8), &w, s)
	if err == nil || !strings.Contains(err.Error(), "blocks.2.mlp.fc1") {
		t.Errorf("error is %v; expected it to name blocks.2.mlp.fc1", err)
	}
}

// Layers of zeros, as freshly initialised checkpoints have them, still quantize.
func TestZeroWeights(t *testing.T) {
	c := load(t)
	w := *c.Weights
	w.Blocks = slices.Clone(w.Blocks)
	zero := &w.Blocks[0]
	zero.ProjW, zero.ProjB = make([]float32, len(zero.ProjW)), make([]float32, len(zero.ProjB))
	zero.FC2W = make([]float32, len(zero.FC2W))
	zero.Norm1G = make([]float32, len(zero.Norm1G))
	for _, g := range []configs.Granularity{configs.PerChannel, configs.PerLayer, configs.PerGroup} {
		n := configs.Uniform(c.Model, 4, 4)
		for i := range n.Layers {
			if n.Layers[i].Weights > 0 {
				n.Layers[i].Granularity = g
			}
			if n.Layers[i].Weights > 0 && g == configs.PerGroup {
				n.Layers[i].Group = 4
			}
		}
		s, err := quant.Calibrate(c.Model, &w, c.Train.Slice(0, 2))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := quant.Quantize(c.Model, n, &w, s); err != nil {
			t.Errorf("granularity %s: %v", g, err)
		}
	}
}
