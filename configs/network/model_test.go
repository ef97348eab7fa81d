package network_test

import (
	"slices"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
)

func compile(t *testing.T, m configs.Model) *network.Network {
	t.Helper()
	n, err := network.Compile(m)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// edit replaces a text that is there once.
func edit(t *testing.T, text, old, new string) string {
	t.Helper()
	if strings.Count(text, old) != 1 {
		t.Fatalf("%q is there %d times; expected once", old, strings.Count(text, old))
	}
	return strings.Replace(text, old, new, 1)
}

// Parameters and MACs of one 224x224 image, as the papers' tables and timm's results
// list them: the op lists of the built-in models have to add up to the same.
func TestPublishedSizes(t *testing.T) {
	for _, c := range []struct {
		name  string
		gmacs float64 // published, rounded to the digits given
		tol   float64
	}{
		{"deit-tiny", 1.26, 0.01}, {"deit-small", 4.6, 0.05}, {"deit-base", 17.6, 0.05},
		{"deit-tiny-distilled", 1.27, 0.01}, {"deit-small-distilled", 4.63, 0.02}, {"deit-base-distilled", 17.68, 0.03},
		{"vit-t16", 1.26, 0.01}, {"vit-s16", 4.6, 0.05}, {"vit-b16", 17.6, 0.05}, {"vit-l16", 61.6, 0.1},
		{"vit-b32", 4.41, 0.01},
		{"swin-tiny", 4.5, 0.05}, {"swin-small", 8.7, 0.1}, {"swin-base", 15.4, 0.1},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, err := configs.LoadModel(c.name)
			if err != nil {
				t.Fatal(err)
			}
			var macs int64
			for _, op := range compile(t, m).Ops {
				macs += op.MACs()
			}
			if got := float64(macs) / 1e9; got < c.gmacs-c.tol || got > c.gmacs+c.tol {
				t.Errorf("%s: %.3f GMAC an image; published %.2f", c.name, got, c.gmacs)
			}
		})
	}
	if n := len(configs.Models()); n != 14 {
		t.Errorf("there are %d built-in models; the table above has 14", n)
	}
}

const goodSwin = `name: s
family: swin
image: {height: 20, width: 28, channels: 3}
patch: 2
dim: 8
depths: [2, 2]
stage_heads: [1, 2]
window: 4
mlp_ratio: 2
classes: 5
layer_norm_eps: 1.0e-5
mean: [0.5, 0.5, 0.5]
std: [0.5, 0.5, 0.5]
`

func TestSwinRefuses(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"depth", "window: 4\n", "window: 4\ndepth: 4\n", "m.yaml:9: depth: is not a key of family swin"},
		{"heads", "window: 4\n", "window: 4\nheads: 4\n", "m.yaml:9: heads: is not a key of family swin"},
		{"no stages", "depths: [2, 2]\n", "", "depths: has 0 stages; expected 1..8"},
		{"heads of a stage", "stage_heads: [1, 2]\n", "stage_heads: [1]\n",
			"m.yaml:7: stage_heads: has 1 values; expected one for each of the 2 stages"},
		{"uneven heads", "stage_heads: [1, 2]\n", "stage_heads: [1, 3]\n",
			"stage_heads[1]: is 3, which does not divide the stage's 16 channels"},
		{"no blocks", "depths: [2, 2]\n", "depths: [2, 0]\n", "depths[1]: must be a positive integer, is 0"},
		{"window", "window: 4\n", "window: 6\n", "m.yaml:8: window: is 6; stage 1 has only 5x7 tokens"},
		{"window missing", "window: 4\n", "", "window: must be a positive integer, is 0"},
		{"too wide", "dim: 8\n", "dim: 65536\n", "dim: is 65536, which 1 patch mergings double to 131072"},
		{"vit with stages", "family: swin\n", "family: vit\n", "m.yaml:6: depths: is a key of family swin"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := configs.Decode[configs.Model]("m.yaml", []byte(edit(t, goodSwin, c.old, c.new)))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is %v; expected %q", err, c.want)
			}
		})
	}
}

// The 5x7 grid of goodSwin's second stage, in windows of 4 and shifted by 2, drawn by
// hand: rows of tokens, -1 for padding to 8x8.
func TestWindowOrder(t *testing.T) {
	m, err := configs.Decode[configs.Model]("m.yaml", []byte(goodSwin))
	if err != nil {
		t.Fatal(err)
	}
	n := compile(t, m)
	s := n.Blocks[3]
	if s.Name != "layers.1.blocks.1" || s.H != 5 || s.W != 7 || s.Dim != 16 || s.ShiftY != 2 || s.ShiftX != 2 ||
		s.WindowRows() != 64 {
		t.Fatalf("block 3 is %+v", s)
	}
	order, regions := s.WindowOrder(), s.WindowRegions()
	want := []int{16, 17, 18, 19, 23, 24, 25, 26, 30, 31, 32, 33, -1, -1, -1, -1}
	if !slices.Equal(order[:16], want) {
		t.Errorf("first window is %v; expected %v", order[:16], want)
	}
	want = []int{-1, -1, -1, -1, -1, -1, -1, -1, 6, -1, 0, 1, 13, -1, 7, 8}
	if !slices.Equal(order[48:], want) {
		t.Errorf("last window is %v; expected %v", order[48:], want)
	}
	if got, want := regions[48:], []uint8{4, 4, 5, 5, 4, 4, 5, 5, 7, 7, 8, 8, 7, 7, 8, 8}; !slices.Equal(got, want) {
		t.Errorf("regions of the last window are %v; expected %v", got, want)
	}
	i := slices.IndexFunc(n.Ops, func(op network.Op) bool { return op.Role == network.RoleMergeNorm })
	merge := n.Ops[i].Gather
	if want := []int{0, 14, 1, 15, 2, 16, 3, 17}; !slices.Equal(merge[:8], want) {
		t.Errorf("patch merging starts with %v; expected %v", merge[:8], want)
	}
	// Pair (0, 5): one row and one column on; the table's middle is 24, a row has 7.
	if got := s.RelativePosition(0, 5); got != 24-7-1 {
		t.Errorf("relative position is %d; expected 16", got)
	}
}

func TestLayerBlock(t *testing.T) {
	m, err := configs.LoadModel("swin-tiny")
	if err != nil {
		t.Fatal(err)
	}
	n := compile(t, m)
	for layer, want := range map[string]int{"patch_embed": network.None, "layers.0.blocks.1.mlp.fc2": 1,
		"layers.1.downsample.reduction": 2,
		"layers.2.blocks.5.attn.matmul": 9, "head": network.None} {
		t.Run(layer, func(t *testing.T) {
			if l, ok := n.Layer(layer); !ok || l.Block != want {
				t.Errorf("layer %s is in block %d; expected %d", layer, l.Block, want)
			}
		})
	}
}

// The rows of BEiT's table for images of 2x3 patches, drawn by hand: 15 for pairs of patches, then from the class token
// to a patch, from a patch to it, and itself.
func TestRelativePositionsOfAnImage(t *testing.T) {
	m := configs.Model{Name: "beit", Family: configs.ViT, Image: configs.ImageShape{Height: 4, Width: 6, Channels: 1},
		Patch: 2, Dim: 4, Depth: 1, Heads: 1, MLPRatio: 1, Classes: 2, LayerNormEps: 1e-6, Mean: []float64{0},
		Std: []float64{1}, RelativePositions: true}
	n := compile(t, m)
	b := n.Blocks[0]
	if rows := b.RelativePositions(); rows != 18 {
		t.Fatalf("%d rows; expected 18", rows)
	}
	if scores, _ := n.Find(network.RoleScores); !scores.Relative {
		t.Error("scores have no bias")
	}
	for _, c := range [][3]int{{0, 0, 17}, {0, 1, 15}, {0, 6, 15}, {1, 0, 16}, {6, 0, 16}, {1, 1, 7}, {1, 2, 6}, {2, 1, 8},
		{1, 4, 2}, {4, 1, 12}, {1, 6, 0}, {6, 1, 14}, {3, 4, 4}} {
		if got := b.RelativePosition(c[0], c[1]); got != c[2] {
			t.Errorf("tokens %d and %d have row %d; expected %d", c[0], c[1], got, c[2])
		}
	}
	if why := configs.OnEngine(n); why == nil || !strings.Contains(why.Error(), "relative position bias without windows") {
		t.Errorf("the engine says %v", why)
	}
	for _, c := range []struct {
		change func(m *configs.Model)
		want   string
	}{
		{func(m *configs.Model) { m.Registers = 1 },
			"is of a class token and patches; expected neither no_class_token nor registers"},
		{func(m *configs.Model) { m.NoClassToken, m.Pool = true, configs.PoolAvg }, "is of a class token and patches"},
		{func(m *configs.Model) { m.QKNorm = true }, "is not carried together with qk_norm or rope"},
		{func(m *configs.Model) { m.Family = configs.DeiTDistilled }, "is not a key of family deit-distilled"},
	} {
		other := m
		c.change(&other)
		if err := other.Validate(); err == nil || !strings.Contains(err.Error(), "relative_positions: "+c.want) {
			t.Errorf("error is %v; expected %q", err, c.want)
		}
	}
}
