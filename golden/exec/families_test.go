package exec_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/golden/checkpoint"
	"vitdse/golden/exec"
	"vitdse/golden/intnet"
	"vitdse/golden/quant"
)

// randomSwin is a small Swin: odd grids, windows that do not divide them, strips.
func randomSwin(rng *rand.Rand) configs.Model {
	m := configs.Model{Name: "random", Family: configs.Swin, Window: 2 + rng.IntN(2), MLPRatio: float64(1 + rng.IntN(3)),
		Classes: 1 + rng.IntN(7),
		Patch:   1 + rng.IntN(2), LayerNormEps: 1e-5, Mean: []float64{0.4}, Std: []float64{0.3}}
	stages := 1 + rng.IntN(3)
	side := func() int { // at least a window in the last stage
		return m.Patch * (m.Window<<(stages-1) + rng.IntN(1+4/stages) - (1<<(stages-1) - 1))
	}
	m.Image = configs.ImageShape{Height: side(), Width: side(), Channels: 1}
	heads := 1 + rng.IntN(2)
	m.Dim = heads * 2 * (1 + rng.IntN(3))
	for range stages {
		m.Depths, m.StageHeads = append(m.Depths, 1+rng.IntN(2)), append(m.StageHeads, heads)
		if rng.IntN(2) == 0 {
			heads *= 2
		}
	}
	return m
}

// randomNetwork draws every tensor of a model of any family.
func randomNetwork(rng *rand.Rand, m configs.Model) *checkpoint.Weights {
	w := &checkpoint.Weights{}
	w.Fill(m, func(name string, shape []int) []float32 {
		n, scale := 1, 1.0
		for _, d := range shape {
			n *= d
		}
		if len(shape) == 2 {
			scale = 0.5
		}
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(rng.NormFloat64() * scale)
		}
		return v
	})
	return w
}

func quantizeRandom(t *testing.T, rng *rand.Rand, m configs.Model) *intnet.Network {
	t.Helper()
	if err := m.Validate(); err != nil {
		t.Fatalf("%+v: %v", m, err)
	}
	w := randomNetwork(rng, m)
	stats, err := quant.Calibrate(m, w, randomImages(rng, m, 3))
	if err != nil {
		t.Fatal(err)
	}
	net, err := quant.Quantize(m, randomBits(rng, m), w, stats)
	if err != nil {
		t.Fatal(err)
	}
	return net
}

func TestRandomSwinsMatchSlowImplementation(t *testing.T) {
	var padded, shifted, strips, merged int
	for seed := range uint64(60) {
		rng := rand.New(rand.NewPCG(seed, 11))
		m := randomSwin(rng)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			net := quantizeRandom(t, rng, m)
			images := randomImages(rng, m, 2)
			compare(t, net, images.At(0))
			compare(t, net, images.At(1))
		})
		for _, s := range network.MustCompile(m).Blocks {
			if s.WindowRows() > s.Tokens() {
				padded++
			}
			if s.ShiftY > 0 && s.ShiftX > 0 {
				shifted++
			}
			if s.ShiftY > 0 != (s.ShiftX > 0) {
				strips++
			}
			if s.Merges() {
				merged++
			}
		}
	}
	t.Logf("blocks with padding %d, shifted %d, shifted along one side %d, behind a patch merging %d",
		padded, shifted, strips, merged)
	if min(padded, shifted, strips, merged) < 5 {
		t.Error("the random networks leave out a case")
	}
}

func TestRandomDistilledMatchSlowImplementation(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 12))
			m := randomModel(rng)
			m.Family = configs.DeiTDistilled
			net := quantizeRandom(t, rng, m)
			images := randomImages(rng, m, 2)
			compare(t, net, images.At(0))
			compare(t, net, images.At(1))
		})
	}
}

// randomVariant is a ViT with some of what the plain one has not.
func randomVariant(rng *rand.Rand) configs.Model {
	m := randomModel(rng)
	m.Family = configs.ViT
	m.MLPRatio = []float64{1, 2.5, 8.0 / 3, 0.4 + 3*rng.Float64()}[rng.IntN(4)]
	m.LayerNormEps = []float64{1e-3, 1e-5, 1e-6, 1e-12}[rng.IntN(4)]
	m.Activation = []configs.Activation{"", configs.GELU, configs.GELUTanh, configs.QuickGELU, configs.ReLU,
		configs.SiLU}[rng.IntN(6)]
	m.Registers = []int{0, 0, 1, 4, rng.IntN(9)}[rng.IntN(5)]
	m.PreNorm = rng.IntN(2) == 0
	m.Pool = []configs.Pool{"", configs.PoolToken, configs.PoolAvg, configs.PoolMax}[rng.IntN(4)]
	if rng.IntN(5) == 0 {
		m.Pool, m.NoClassToken = configs.PoolMap, rng.IntN(2) == 0
	}
	if m.Pools() {
		m.FCNorm, m.NoClassToken = rng.IntN(2) == 0, rng.IntN(2) == 0
	}
	m.QKNorm = rng.IntN(3) == 0
	m.Gated = rng.IntN(3) == 0
	if rng.IntN(3) == 0 {
		m.QKNorm, m.Dim = false, m.Heads*4*(1+rng.IntN(3))
		m.Rope, m.RopeTheta, m.RopeHalf = []configs.Rope{configs.RopeGrid, configs.RopeCentred}[rng.IntN(2)],
			1+1000*rng.Float64(), rng.IntN(2) == 0
		if m.Rope == configs.RopeGrid && rng.IntN(2) == 0 {
			m.RopeReference = []int{1 + rng.IntN(20), 1 + rng.IntN(20)}
		}
	}
	m.NoPosEmbed = rng.IntN(4) == 0
	if !m.NoClassToken && m.Registers == 0 && !m.QKNorm && m.Rope == "" {
		m.RelativePositions = rng.IntN(4) != 0
	}
	m.MLPNorm = m.Gated && rng.IntN(2) == 0
	if m.Features = rng.IntN(4) == 0; m.Features {
		m.Classes = m.Dim
	}
	return m
}

func TestRandomVariantsMatchSlowImplementation(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(80) {
		rng := rand.New(rand.NewPCG(seed, 16))
		m := randomVariant(rng)
		for key, is := range map[string]bool{"pre_norm": m.PreNorm, "registers": m.Registers > 0, "qk_norm": m.QKNorm,
			"rope": m.Rope != "", "rope_half": m.RopeHalf, "no_pos_embed": m.NoPosEmbed,
			"relative_positions": m.RelativePositions,
			"map":                m.Pool == configs.PoolMap, "gated": m.Gated && !m.MLPNorm, "mlp_norm": m.MLPNorm,
			"no class token": m.NoClassToken,
			"features":       m.Features, string(m.ActivationOf()): true,
			fmt.Sprintf("%s, fc_norm %v", m.Pool, m.FCNorm): m.Pools()} {
			if is {
				seen[key]++
			}
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			net := quantizeRandom(t, rng, m)
			images := randomImages(rng, m, 2)
			compare(t, net, images.At(0))
			compare(t, net, images.At(1))
			var file bytes.Buffer
			if err := net.EncodeNPZ(&file, ""); err != nil {
				t.Fatal(err)
			}
			if back, _, err := intnet.DecodeNPZ("net.npz", file.Bytes()); err != nil || !reflect.DeepEqual(back, net) {
				t.Errorf("another network came back from its npz, %v", err)
			}
		})
	}
	t.Log(seen)
	if len(seen) != 21 {
		t.Errorf("the random networks have %d of 21 variants: %v", len(seen), seen)
	}
	for what, n := range seen {
		if n < 5 {
			t.Errorf("%s occurs %d times; expected at least 5", what, n)
		}
	}
}

// Stream, Advance and Resume are Run in pieces, also across a patch merging.
func TestResumeSwinEqualsRun(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 13))
	m := randomSwin(rng)
	for len(m.Depths) < 3 {
		m = randomSwin(rng)
	}
	net := quantizeRandom(t, rng, m)
	image := randomImages(rng, m, 1).At(0)
	r, err := exec.New(net)
	if err != nil {
		t.Fatal(err)
	}
	want, err := r.Run(image, nil)
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(network.MustCompile(m).Blocks) + 1 {
		stream, err := r.Stream(image)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.Advance(stream, 0, cut); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			got, err := r.Resume(stream, cut)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("resumed behind block %d: logits are %v, %v; expected %v", cut, got, err, want)
			}
		}
	}
}

func TestNewRefusesIncompleteFamilies(t *testing.T) {
	rng := rand.New(rand.NewPCG(4, 14))
	m := randomSwin(rng)
	for len(m.Depths) < 2 {
		m = randomSwin(rng)
	}
	first := m.Depths[0]
	for name, spoil := range map[string]func(*intnet.Network){
		"no pool":    func(n *intnet.Network) { n.Pool = nil },
		"no norm":    func(n *intnet.Network) { n.PatchNorm = nil },
		"no merge":   func(n *intnet.Network) { n.Blocks[first].Merge = nil },
		"no bias":    func(n *intnet.Network) { n.Blocks[0].Attn.Bias = nil },
		"no padding": func(n *intnet.Network) { n.Blocks[0].Pad = nil },
		"no block":   func(n *intnet.Network) { n.Blocks = n.Blocks[1:] },
		"two heads":  func(n *intnet.Network) { n.HeadDist = &n.Head },
	} {
		t.Run(name, func(t *testing.T) {
			net := quantizeRandom(t, rand.New(rand.NewPCG(4, 15)), m)
			spoil(net)
			if _, err := exec.New(net); err == nil {
				t.Errorf("%s: the network was accepted", name)
			}
		})
	}
}
