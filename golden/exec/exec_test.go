package exec_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
	"vitdse/golden/exec"
	"vitdse/golden/internal/digits"
	"vitdse/golden/intnet"
	"vitdse/golden/quant"
)

// randomModel is a small network with shapes that exercise ragged edges.
func randomModel(rng *rand.Rand) configs.Model {
	heads := 1 + rng.IntN(3)
	channels := 1 + 2*rng.IntN(2)
	m := configs.Model{
		Name: "random", Family: configs.DeiT,
		Image: configs.ImageShape{Height: 4 + 2*rng.IntN(3), Width: 4 + 2*rng.IntN(3), Channels: channels},
		Patch: 2, Dim: heads * (3 + rng.IntN(8)), Depth: 1 + rng.IntN(2), Heads: heads,
		MLPRatio: float64(1 + rng.IntN(4)), Classes: 1 + rng.IntN(7), LayerNormEps: 1e-6,
	}
	for range channels {
		m.Mean, m.Std = append(m.Mean, rng.Float64()), append(m.Std, 0.2+rng.Float64())
	}
	return m
}

// randomBits gives every layer its own bits.
func randomBits(rng *rand.Rand, m configs.Model) configs.Numerics {
	n := configs.Uniform(m, 8, 8)
	n.SoftmaxBits, n.GELUBits, n.LNFold = 2+rng.IntN(7), 4+rng.IntN(7), []float64{0, 0.5, 1}[rng.IntN(3)]
	if n.Quantizer = randomQuantizer(rng); m.Family == configs.Swin || m.Pools() || m.PreNorm ||
		configs.GoldenOnly(network.MustCompile(m)) != "" {
		n.Quantizer.TokenScales = ""
	}
	if m.Family != configs.Swin && n.Quantizer.TokenScales == "" && rng.IntN(3) == 0 {
		n.Quantizer.Inputs = configs.SequentialInputs
	}
	of := network.MustCompile(m)
	for i := range n.Layers {
		l := &n.Layers[i]
		l.Activations = 2 + rng.IntN(7)
		inner := of.Layers[i].Inner
		if l.Weights > 0 {
			l.Weights = 2 + rng.IntN(7)
			l.Granularity = []configs.Granularity{configs.PerChannel, configs.PerLayer, configs.PerGroup}[rng.IntN(3)]
			if l.Granularity == configs.PerGroup { // any divisor of the inner dimension
				for l.Group = 0; l.Group == 0 || inner%l.Group != 0; {
					l.Group = 1 + rng.IntN(inner)
				}
			}
		}
	}
	return n
}

// randomQuantizer picks from every list of choices.
func randomQuantizer(rng *rand.Rand) configs.Quantizer {
	ranges := []configs.Estimator{configs.MSE, configs.MinMax, configs.Percentile, configs.KL, configs.Average}
	return configs.Quantizer{
		Scheme:         []configs.Scheme{configs.Affine, configs.Symmetric}[rng.IntN(2)],
		CodeRange:      []configs.CodeRange{configs.Restricted, configs.FullRange}[rng.IntN(2)],
		Activations:    ranges[rng.IntN(5)],
		Weights:        ranges[rng.IntN(4)],
		Percentile:     []float64{0, 90, 99}[rng.IntN(3)],
		Rounding:       []configs.Rounding{configs.Compensated, configs.Nearest}[rng.IntN(2)],
		BiasCorrection: []configs.Switch{configs.On, configs.Off}[rng.IntN(2)],
		Scales:         []configs.ScaleKind{configs.FreeScales, configs.PowerOfTwos}[rng.IntN(2)],
		TokenScales:    []configs.TokenScale{configs.StaticScales, configs.StaticScales, configs.DynamicScales}[rng.IntN(3)],
	}.Normal()
}

// randomWeights draws every tensor; each LayerNorm channel has its own size.
func randomWeights(rng *rand.Rand, m configs.Model) *checkpoint.Weights {
	draw := func(n int, scale float64) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(rng.NormFloat64() * scale)
		}
		return v
	}
	d, h := m.Dim, m.Hidden()
	w := &checkpoint.Weights{
		Cls: draw(d, 1), Pos: draw(d*m.Tokens(), 1), PatchW: draw(d*m.PatchInner(), 1), PatchB: draw(d, 1),
		NormG: draw(d, 2), NormB: draw(d, 1), HeadW: draw(d*m.Classes, 1), HeadB: draw(m.Classes, 1),
	}
	for range m.Depth {
		w.Blocks = append(w.Blocks, checkpoint.BlockWeights{
			Norm1G: draw(d, 2), Norm1B: draw(d, 1), QKVW: draw(3*d*d, 0.4), QKVB: draw(3*d, 0.4),
			ProjW: draw(d*d, 0.4), ProjB: draw(d, 0.4), Norm2G: draw(d, 2), Norm2B: draw(d, 1),
			FC1W: draw(h*d, 0.3), FC1B: draw(h, 0.3), FC2W: draw(d*h, 0.3), FC2B: draw(d, 0.3),
		})
	}
	return w
}

func randomImages(rng *rand.Rand, m configs.Model, n int) *dataset.Images {
	im := &dataset.Images{N: n, H: m.Image.Height, W: m.Image.Width, C: m.Image.Channels}
	im.Pixels = make([]uint8, n*m.Image.Pixels())
	for i := range im.Pixels {
		im.Pixels[i] = uint8(rng.IntN(256))
	}
	return im
}

// compare holds every op of the traces of both implementations against each other, and the logits of a run without a
// trace, which may take shorter ways, against those of the run with one.
func compare(t *testing.T, net *intnet.Network, image []uint8) {
	t.Helper()
	var tr exec.Trace
	logits, err := exec.Run(net, image, &tr)
	if err != nil {
		t.Fatal(err)
	}
	ops := network.MustCompile(net.Model).Ops
	want := slowRun(net, image)
	if len(tr.Ops) != len(ops) || len(want) != len(ops) {
		t.Fatalf("traces have %d and %d ops; expected %d", len(tr.Ops), len(want), len(ops))
	}
	for i, op := range ops {
		if len(tr.Ops[i]) != op.Elements() || !slices.Equal(tr.Ops[i], want[i]) {
			t.Fatalf("op %d %s differs:\n got %v\nwant %v", i, op.Name, tr.Ops[i], want[i])
		}
	}
	if !slices.Equal(logits, want[len(ops)-1]) {
		t.Error("logits differ from the last op's trace")
	}
	if alone, err := exec.Run(net, image, nil); err != nil || !slices.Equal(alone, logits) {
		t.Errorf("logits are %v without a trace, %v; expected %v", alone, err, logits)
	}
}

func TestRandomNetworksMatchSlowImplementation(t *testing.T) {
	for seed := range uint64(60) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 1))
			m := randomModel(rng)
			w := randomWeights(rng, m)
			stats, err := quant.Calibrate(m, w, randomImages(rng, m, 3))
			if err != nil {
				t.Fatal(err)
			}
			net, err := quant.Quantize(m, randomBits(rng, m), w, stats)
			if err != nil {
				t.Fatal(err)
			}
			images := randomImages(rng, m, 2)
			compare(t, net, images.At(0))
			compare(t, net, images.At(1))
		})
	}
}

// grouped gives the layers of the blocks groups of weights.
func grouped(n configs.Numerics, group int) configs.Numerics {
	for i := range n.Layers {
		if l := &n.Layers[i]; l.Weights > 0 && l.Name != "patch_embed" {
			l.Granularity, l.Group = configs.PerGroup, group
		}
	}
	return n
}

func TestDigitsMatchSlowImplementation(t *testing.T) {
	c, err := digits.Load()
	if err != nil {
		t.Fatal(err)
	}
	stats, err := quant.Calibrate(c.Model, c.Weights, c.Train.Slice(0, 64))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []configs.Numerics{configs.Uniform(c.Model, 8, 8), configs.Uniform(c.Model, 4, 4),
		grouped(configs.Uniform(c.Model, 3, 8), 32)} {
		net, err := quant.Quantize(c.Model, n, c.Weights, stats)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, net, c.Test.At(0))
	}
}

func TestRunRefusesBadInput(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	m := randomModel(rng)
	w := randomWeights(rng, m)
	stats, err := quant.Calibrate(m, w, randomImages(rng, m, 2))
	if err != nil {
		t.Fatal(err)
	}
	net, err := quant.Quantize(m, randomBits(rng, m), w, stats)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.Run(net, make([]uint8, 3), nil); err == nil {
		t.Error("an image of 3 bytes was accepted")
	}
	net.Head.W[0] = -128
	if _, err := exec.New(net); err == nil {
		t.Error("a weight of -128 was accepted; codes are symmetric")
	}
	net.Head.W[0] = 0
	net.Exp.Table[1] = 256
	if _, err := exec.New(net); err == nil || !strings.Contains(err.Error(), "numerator 1 is 256; expected at most 255") {
		t.Errorf("a numerator of 9 bits gives %v", err)
	}
	net.Exp.Table[1] = 0
	last := len(net.Exp.Table) - 1
	net.Exp.Table[last] = 1
	_, err = exec.New(net)
	if err == nil || !strings.Contains(err.Error(), "of which the first is not 0 and the last is") {
		t.Errorf("a table of numerators that ends in 1 gives %v", err)
	}
	net.Exp.Table[last] = 0
	net.Head.Group, net.Head.GroupM = 1, make([]uint8, len(net.Head.W))
	if _, err := exec.New(net); err == nil || !strings.Contains(err.Error(), "multiplier 0 is 0; expected 1..16") {
		t.Errorf("a multiplier of 0 gives %v", err)
	}
	net.Head.GroupM[0] = 17
	if _, err := exec.New(net); err == nil || !strings.Contains(err.Error(), "multiplier 0 is 17; expected 1..16") {
		t.Errorf("a multiplier of 17 gives %v", err)
	}
	net.Head.GroupM = net.Head.GroupM[1:]
	if _, err := exec.New(net); err == nil || !strings.Contains(err.Error(), "expected one for each of") {
		t.Errorf("a multiplier too few gives %v", err)
	}
	net.Head.Group, net.Head.GroupM = 0, nil
	net.Norm.G = net.Norm.G[1:]
	if _, err := exec.New(net); err == nil || !strings.Contains(err.Error(), "norm: has gains of") {
		t.Errorf("a gain too few gives %v", err)
	}
	net.Norm.G = append(net.Norm.G, 0)
	net.Blocks[0].Attn.Ch = nil
	if _, err := exec.New(net); err == nil || !strings.Contains(err.Error(), "has constants of") {
		t.Errorf("an attention without constants gives %v", err)
	}
	net.Blocks[0].Attn.Ch = make([]int64, len(net.Blocks[0].Attn.M))
	net.Head.W = net.Head.W[1:]
	if _, err := exec.New(net); err == nil {
		t.Error("a head that lacks a weight was accepted")
	}
}

// Stream, Advance and Resume are Run in three pieces.
func TestResumeEqualsRun(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 7))
	m := randomModel(rng)
	m.Depth = 3
	w := randomWeights(rng, m)
	images := randomImages(rng, m, 2)
	stats, err := quant.Calibrate(m, w, images)
	if err != nil {
		t.Fatal(err)
	}
	net, err := quant.Quantize(m, randomBits(rng, m), w, stats)
	if err != nil {
		t.Fatal(err)
	}
	r, err := exec.New(net)
	if err != nil {
		t.Fatal(err)
	}
	want, err := r.Run(images.At(0), nil)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := r.Stream(images.At(0))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Advance(stream, 0, 2); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the stream survives
		got, err := r.Resume(stream, 2)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("resumed logits are %v, %v; expected %v", got, err, want)
		}
	}
}

func BenchmarkDigits(b *testing.B) {
	c, err := digits.Load()
	if err != nil {
		b.Fatal(err)
	}
	stats, err := quant.Calibrate(c.Model, c.Weights, c.Train.Slice(0, 16))
	if err != nil {
		b.Fatal(err)
	}
	net, err := quant.Quantize(c.Model, configs.Uniform(c.Model, 8, 8), c.Weights, stats)
	if err != nil {
		b.Fatal(err)
	}
	r, err := exec.New(net)
	if err != nil {
		b.Fatal(err)
	}
	for i := 0; b.Loop(); i++ {
		if _, err := r.Run(c.Test.At(i%c.Test.N), nil); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "images/s")
}
