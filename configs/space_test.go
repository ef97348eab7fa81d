package configs

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

const goodSpace = `name: s
parts: [xc7z020, xck26]
bits:
  symmetry: attn-mlp
  weights: [4, 8]
  activations: [8]
  edge: {weights: [8], activations: [6, 8]}
granularity: [layer, channel]
softmax_bits: [8]
array: {tm: [4], tn: [2, 4], tk: [1, 4]}
multiplier: [dsp, lut]
bus_bits: [64]
weight_buffers: [2]
memories: {activations: [auto, ultra], weights: [auto], residual: [lutram]}
clock_mhz: {xck26: 250}
`

func testSpace(t *testing.T) Space {
	t.Helper()
	s, err := Decode[Space]("s.yaml", []byte(goodSpace))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSpaceErrors(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"part", "xck26]", "xck62]", "s.yaml:2: parts[1]: unknown part \"xck62\"; " +
			"did you mean \"xck26\"? There are gw2a-18, gw2a-55, ice40hx8k, ice40up5k, lfe5u-25f, lfe5u-45f, lfe5u-85f, " +
			"xc7k325t, xc7vx690t, xc7z010, xc7z020, xc7z045, xck26, xcu200, xcu250, xcu280, xcu50, xcvc1902, xczu3eg, " +
			"xczu7ev, xczu9eg, or give the path of a part file\n" +
			"s.yaml:15: clock_mhz.xck26: names no part of this space; did you mean \"xck62\"?"},
		{"part twice", "[xc7z020, xck26]", "[xc7z020, xck26, xck26]",
			`s.yaml:2: parts[2]: is "xck26", which is listed twice`},
		{"symmetry", "attn-mlp", "attn_mlp", `s.yaml:4: bits.symmetry: is "attn_mlp"; expected one of all, attn-mlp, kind, block, qkv, layer`},
		{"bits", "weights: [4, 8]", "weights: [4, 9]", "s.yaml:5: bits.weights[1]: is 9; expected 2..8"},
		{"no candidate", "softmax_bits: [8]", "softmax_bits: []",
			"s.yaml:9: softmax_bits: is an empty list; expected at least one candidate"},
		{"no edge", "  edge: {weights: [8], activations: [6, 8]}\n", "", "s.yaml:3: bits.edge: missing; expected a mapping"},
		{"array", "tm: [4]", "tm: [2, 6]", "s.yaml:10: array.tm[1]: is 6; expected a power of two, 1..128"},
		{"number for list", "tn: [2, 4]", "tn: 4", "s.yaml:10: array.tn: is 4; expected a list of integers"},
		{"clock", "xck26: 250", "xck26: 2500", "s.yaml:15: clock_mhz.xck26: is 2500; expected 1..1000 MHz"},
		{"memory", "residual: [lutram]", "residual: [lutram, lutram]",
			`s.yaml:14: memories.residual[1]: is "lutram", which is listed twice`},
		{"no group", "[layer, channel]", "[channel, group]",
			"s.yaml:1: group: is missing; expected the weights that share a multiplier, a power of two from 16"},
		{"group of 24", "[layer, channel]", "[channel, group]\ngroup: 24",
			"s.yaml:9: group: is 24; expected a power of two from 16, the weights that share a multiplier"},
		{"group of less than tk", "granularity: [layer, channel]\nsoftmax_bits: [8]\n" +
			"array: {tm: [4], tn: [2, 4], tk: [1, 4]}",
			"granularity: [channel, group]\ngroup: 16\nsoftmax_bits: [8]\narray: {tm: [32], tn: [32], tk: [1, 32]}",
			"s.yaml:9: group: is 16; expected at least 32, the largest of array.tk"},
		{"group for nothing", "[layer, channel]", "[channel]\ngroup: 16",
			`s.yaml:9: group: is 16; expected no such key, granularity has no "group"`},
		{"quantizer", "", "quantizer: [{}, {code_range: ful}]\n",
			`s.yaml:16: quantizer[1].code_range: is "ful"; expected one of restricted, full`},
		{"quantizer twice", "", "quantizer: [{}, {code_range: full}, {code_range: restricted}]\n",
			`s.yaml:16: quantizer[2]: is default, which is listed twice`},
		{"quantizer of other images", "", "quantizer: [{calibration: synthetic}]\n",
			"s.yaml:16: quantizer[0].calibration: is synthetic; expected images, " +
				"which all candidates of a search are measured with"},
		{"fifo", "", "read_fifo: [16]\n", "s.yaml:16: read_fifo[0]: is 16; expected a power of two, 32..512"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Decode[Space]("s.yaml", []byte(edit(t, goodSpace, c.old, c.new)))
			wantError(t, err, c.want)
		})
	}
}

func axisNames(axes []Axis) string {
	var names []string
	for _, a := range axes {
		names = append(names, a.Name)
	}
	return strings.Join(names, " ")
}

// Layers of the blocks get groups, the edge layers a scale for each channel instead, and a group
// that does not divide an inner dimension is refused for the model.
func TestSpaceGroups(t *testing.T) {
	s := testSpace(t)
	s.Granularity, s.Group, s.GranularityBy = []Granularity{PerGroup, PerChannel}, 16, SymAttnMLP
	p, err := LoadPart("xck26")
	if err != nil {
		t.Fatal(err)
	}
	g, err := s.On(tinyModel(), p)
	if err != nil {
		t.Fatal(err)
	}
	var axes []string
	for _, a := range g.Axes() {
		if a.Kind == AxisGranularity {
			axes = append(axes, a.Name+" "+strings.Join(a.Values, " "))
		}
	}
	want := []string{"edge.granularity channel", "attn.granularity group channel", "mlp.granularity group channel"}
	if !reflect.DeepEqual(axes, want) {
		t.Errorf("axes %q, expected %q", axes, want)
	}
	d, err := g.Design(make([]int, len(g.Axes())))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range d.Numerics.Layers {
		if grouped := l.Weights > 0 && l.Name != "patch_embed" &&
			l.Name != "head"; grouped != (l.Granularity == PerGroup && l.Group == 16) {
			t.Errorf("%s has granularity %q, group %d", l.Name, l.Granularity, l.Group)
		}
	}
	s.Group = 128
	if _, err := s.On(tinyModel(), p); err == nil ||
		!strings.Contains(err.Error(), "group: is 128; expected a divisor of the inner dimension of blocks.0.attn.qkv, 64") {
		t.Errorf("a group that does not divide gives %v", err)
	}
}

func TestSymmetries(t *testing.T) {
	const rest = " granularity softmax_bits gelu_bits ln_fold tm tn tk vector_columns multiplier packing bus_bits " +
		"read_fifo weight_buffers" +
		" memories.activations memories.weights memories.residual"
	const edge = "edge.weights edge.activations "
	for _, c := range []struct {
		symmetry Symmetry
		want     string
	}{
		{SymAll, "blocks.weights blocks.activations"},
		{SymAttnMLP, "attn.weights attn.activations mlp.weights mlp.activations"},
		{SymKind, "attn.qkv.weights attn.qkv.activations attn.matmul.activations attn.proj.weights attn.proj.activations" +
			" mlp.fc1.weights mlp.fc1.activations mlp.fc2.weights mlp.fc2.activations"},
		{SymQKV, "blocks.0.attn.qkv.weights blocks.0.attn.qkv.activations blocks.0.attn.proj.weights " +
			"blocks.0.attn.proj.activations" +
			" blocks.0.mlp.fc1.weights blocks.0.mlp.fc1.activations blocks.0.mlp.fc2.weights blocks.0.mlp.fc2.activations" +
			" blocks.1.attn.qkv.weights blocks.1.attn.qkv.activations blocks.1.attn.proj.weights " +
			"blocks.1.attn.proj.activations" +
			" blocks.1.mlp.fc1.weights blocks.1.mlp.fc1.activations blocks.1.mlp.fc2.weights blocks.1.mlp.fc2.activations"},
		{SymBlock, "blocks.0.weights blocks.0.activations blocks.1.weights blocks.1.activations"},
		{SymLayer, "blocks.0.attn.qkv.weights blocks.0.attn.qkv.activations blocks.0.attn.matmul.activations" +
			" blocks.0.attn.proj.weights blocks.0.attn.proj.activations blocks.0.mlp.fc1.weights blocks.0.mlp.fc1.activations" +
			" blocks.0.mlp.fc2.weights blocks.0.mlp.fc2.activations" +
			" blocks.1.attn.qkv.weights blocks.1.attn.qkv.activations blocks.1.attn.matmul.activations" +
			" blocks.1.attn.proj.weights blocks.1.attn.proj.activations blocks.1.mlp.fc1.weights blocks.1.mlp.fc1.activations" +
			" blocks.1.mlp.fc2.weights blocks.1.mlp.fc2.activations"},
	} {
		t.Run(fmt.Sprint(c.symmetry), func(t *testing.T) {
			s := testSpace(t)
			s.Bits.Symmetry = c.symmetry
			if got := axisNames(s.Axes(tinyModel())); got != edge+c.want+rest {
				t.Errorf("%s:\n%s\nwant\n%s", c.symmetry, got, edge+c.want+rest)
			}
		})
	}
}

// Every axis sets the field of the layers it names, and of no other.
func TestAxesSetTheirLayers(t *testing.T) {
	m := tinyModel()
	for _, by := range symmetries {
		s := testSpace(t)
		s.Bits.Symmetry, s.GranularityBy, s.ClockShare = by, by, []float64{0.5, 1}
		for _, a := range s.Axes(m) {
			before := Design{ClockMHz: 100, Numerics: Numerics{Layers: make([]LayerBits, len(layersOf(m)))}}
			for choice := range a.Len {
				d := before
				d.Numerics.Layers = slices.Clone(before.Numerics.Layers)
				a.Set(&d, choice)
				var changed []int
				for i, l := range d.Numerics.Layers {
					set := map[AxisKind]bool{AxisWeights: l.Weights != 0, AxisActivations: l.Activations != 0,
						AxisGranularity: l.Granularity != ""}
					if l != (LayerBits{}) {
						changed = append(changed, i)
						if !set[a.Kind] {
							t.Errorf("%s by %s: layer %d is set to %+v", a.Name, by, i, l)
						}
					}
				}
				if !slices.Equal(changed, a.Layers) {
					t.Errorf("%s by %s: sets layers %v, names %v", a.Name, by, changed, a.Layers)
				}
			}
		}
	}
}

// Constraints and the clock count in the number of legal points, which a walk agrees with.
func TestLegalCountsConstraints(t *testing.T) {
	s, m, p := testSpace(t), tinyModel(), testPart(t, "xck26")
	s.ClockShare, s.Constraints = []float64{0.5, 1}, []string{"tm*tn*tk <= 32 or clock_mhz < 150", "tk <= tn"}
	g, err := s.On(m, p)
	if err != nil {
		t.Fatal(err)
	}
	legal := int64(0)
	index := make([]int, len(g.Axes()))
	for more := true; more; more = g.Next(index) {
		if _, err := g.Design(index); err == nil {
			legal++
		}
	}
	if got := g.Legal().Int64(); got != legal || legal == 0 || legal == g.Size().Int64() {
		t.Errorf("%d legal points; a walk finds %d of %s", got, legal, g.Size())
	}
	s.Constraints = []string{"tm*tn <= fast"}
	if err := s.Validate(); err == nil || !strings.Contains(err.Error(), "constraints[0]") {
		t.Errorf("error is %v; expected it to name constraints[0]", err)
	}
}

// By hand: weights 2^2, edge 2, granularity 2, tn 2, tk 2, multiplier 2, memory 2,
// so 256 a part. The combination tn 2, tk 4 is illegal: 192 are left on the xck26,
// and half of them, without UltraRAM, on the xc7z020.
func TestSpaceSize(t *testing.T) {
	s, m := testSpace(t), tinyModel()
	if got := s.Size(m); got.Int64() != 512 {
		t.Errorf("size %s, want 512", got)
	}
	for part, want := range map[string]int64{"xc7z020": 96, "xck26": 192} {
		t.Run(part, func(t *testing.T) {
			p := testPart(t, part)
			g, err := s.On(m, p)
			if err != nil {
				t.Fatal(err)
			}
			if g.Size().Int64() != 256 || g.Legal().Int64() != want {
				t.Errorf("%s: size %s, legal %s, want 256, %d", part, g.Size(), g.Legal(), want)
			}
			legal, rank := int64(0), int64(0)
			seen := map[string]bool{}
			index := make([]int, len(g.Axes()))
			for more := true; more; more = g.Next(index) {
				if got := g.Rank(index); got.Int64() != rank {
					t.Fatalf("rank %s, want %d", got, rank)
				}
				back, err := g.Index(big.NewInt(rank))
				if err != nil || !reflect.DeepEqual(back, index) {
					t.Fatalf("index of %d is %v, %v; want %v", rank, back, err, index)
				}
				rank++
				d, err := g.Design(index)
				if err != nil {
					continue
				}
				legal++
				if err := d.Validate(m, p); err != nil {
					t.Fatalf("%s: %v", d.Name, err)
				}
				seen[Hash(d)] = true
			}
			if rank != 256 || legal != want || len(seen) != int(want) {
				t.Errorf("%s: %d points, %d legal, %d different, want 256, %d, %d", part, rank, legal, len(seen), want, want)
			}
		})
	}
}

func TestSpaceDesign(t *testing.T) {
	s, m, p := testSpace(t), tinyModel(), testPart(t, "xck26")
	// edge.weights .activations, attn .w .a, mlp .w .a, granularity, softmax, gelu, fold,
	// tm tn tk columns multiplier packing bus fifo buffers, three memories
	index := []int{0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0}
	d, err := s.Design(m, p, index)
	if err != nil {
		t.Fatal(err)
	}
	want := Design{Name: "s.xck26.95", Model: "tiny", Part: "xck26", ClockMHz: 250,
		Numerics: Numerics{8, 8, 1, 256, []LayerBits{
			{"patch_embed", 8, 8, PerChannel, 0},
			{"blocks.0.attn.qkv", 8, 8, PerChannel, 0}, {"blocks.0.attn.matmul", 0, 8, "", 0},
			{"blocks.0.attn.proj", 8, 8, PerChannel, 0},
			{"blocks.0.mlp.fc1", 4, 8, PerChannel, 0}, {"blocks.0.mlp.fc2", 4, 8, PerChannel, 0},
			{"blocks.1.attn.qkv", 8, 8, PerChannel, 0}, {"blocks.1.attn.matmul", 0, 8, "", 0},
			{"blocks.1.attn.proj", 8, 8, PerChannel, 0},
			{"blocks.1.mlp.fc1", 4, 8, PerChannel, 0}, {"blocks.1.mlp.fc2", 4, 8, PerChannel, 0},
			{"head", 8, 6, PerChannel, 0}}, Quantizer{}},
		Engine: Engine{4, 4, 4, 1, MulLUT, PackNone, 64, 64, 2, MemUltra, MemAuto, MemLUT, 0, 0, 0}}
	if !reflect.DeepEqual(d, want) {
		t.Errorf("got\n%+v\nwant\n%+v", d, want)
	}

	index[11] = 0 // tn 2
	_, err = s.Design(m, p, index)
	wantError(t, err, "engine.tk: is 4; expected at most tn, 2")
	_, err = s.Design(m, testPart(t, "xc7z020"), index)
	wantError(t, err, "engine.tk: is 4; expected at most tn, 2\n"+
		`engine.activations: is "ultra"; expected auto, block or lutram, xc7z020 has no URAM`)
	index[11] = 2
	_, err = s.Design(m, p, index)
	wantError(t, err, "choice 2 of axis tn; it has 0..1")
	_, err = s.Design(m, p, index[:3])
	wantError(t, err, "index has 3 choices; the space has 22 axes")
	swin, err := LoadModel("swin-tiny")
	if err != nil {
		t.Fatal(err)
	}
	if _, err = s.On(swin, p); err != nil {
		t.Errorf("a space on a Swin: %v", err)
	}
}

// A space of free layers of DeiT-Tiny: 2^108 choices of bits, more than a word holds.
func TestLargeSpace(t *testing.T) {
	m, err := LoadModel("deit-tiny")
	if err != nil {
		t.Fatal(err)
	}
	s, p := testSpace(t), testPart(t, "xck26")
	s.Bits = BitSpace{SymLayer, []int{4, 8}, []int{4, 8}, EdgeSpace{[]int{8}, []int{8}}}
	s.Parts = s.Parts[1:]
	g, err := s.On(m, p)
	if err != nil {
		t.Fatal(err)
	}
	// 12 blocks of 4 weights and 5 activations, and 5 more axes of two.
	want := new(big.Int).Lsh(big.NewInt(1), 12*9+5)
	if g.Size().Cmp(want) != 0 || s.Size(m).Cmp(want) != 0 {
		t.Fatalf("size %s, want %s", g.Size(), want)
	}
	last := new(big.Int).Sub(want, big.NewInt(1))
	index, err := g.Index(last)
	if err != nil || g.Rank(index).Cmp(last) != 0 {
		t.Fatalf("rank %s, %v", g.Rank(index), err)
	}
	d, err := g.Design(index)
	if err != nil || d.Name != "s.xck26."+last.String() {
		t.Errorf("%s, %v", d.Name, err)
	}
	if _, err := g.Index(want); err == nil {
		t.Error("a rank past the end was taken")
	}
}

func TestQuickStart(t *testing.T) {
	r, err := LoadRun("digits/run.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{r.Model, r.Checkpoint, r.Dataset, r.Space} {
		if _, err := os.Stat(path); err != nil {
			t.Error(err)
		}
	}
	m, err := LoadModel(r.Model)
	if err != nil {
		t.Fatal(err)
	}
	s, err := LoadSpace(r.Space)
	if err != nil {
		t.Fatal(err)
	}
	// (5*3)^2 bits, 2 edge, 2 granularity, 2 softmax; 3*4*4 arrays, of which tm 4 with
	// tk 8 falls out on 4, by the space's constraint, and tn 4 with tk 8 on 2 more; 1 or 2 vector columns, of which 2
	// falls out where tk is 1, on 12; 2 multipliers, 3 buses, 2 buffers, 4 memories.
	const points, legal = 225 * 8 * 96 * 48, 225 * 8 * (42 + 30) * 48
	if got := s.Size(m).Int64(); got != 4*points {
		t.Errorf("size %d, want %d", got, 4*points)
	}
	for _, part := range s.Parts {
		g, err := s.On(m, testPart(t, part))
		if err != nil {
			t.Fatal(err)
		}
		if got := g.Legal().Int64(); got != legal || got < 1e5 {
			t.Errorf("%s: %d legal points, want %d", part, got, legal)
		}
	}
}

// The default space has engines for every part that there is, and for networks of any head dimension.
func TestDefaultSpace(t *testing.T) {
	for _, name := range []string{"digits/model.yaml", "deit-tiny", "deit-tiny-distilled", "vit-b32"} {
		m, err := LoadModel(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range Parts() {
			s, err := DefaultSpace([]string{part})
			if err != nil {
				t.Fatal(err)
			}
			g, err := s.On(m, testPart(t, part))
			if err != nil {
				t.Fatal(err)
			}
			if got := g.Legal().Int64(); got < 100 || got > 100_000 {
				t.Errorf("%s on %s: %d legal points; expected some thousands", name, part, got)
			}
		}
	}
	if _, err := DefaultSpace(nil); err == nil {
		t.Error("a space without parts is taken")
	}
}

func BenchmarkGridDesign(b *testing.B) {
	m, _ := LoadModel("digits/model.yaml")
	s, err := LoadSpace("digits/space.yaml")
	if err != nil {
		b.Fatal(err)
	}
	p, _ := LoadPart(s.Parts[0])
	g, err := s.On(m, p)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	index := make([]int, len(g.Axes()))
	for b.Loop() {
		g.Next(index)
		g.Design(index)
	}
}

// A point is of a space if and only if its design is legal: over every axis that a space has, each with candidates that
// are legal by themselves, of parts with and without DSPs, and of networks whose heads, patches and classifiers differ.
func TestPointsAreLegalDesigns(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 4))
	models := []string{"digits/model.yaml", "deit-tiny", "deit-tiny-distilled", "vit-b32", "swin-tiny"}
	refused, taken := map[string]int{}, 0
	for turn := range 300 {
		m, err := LoadModel(models[rng.IntN(len(models))])
		if err != nil {
			t.Fatal(err)
		}
		p := testPart(t, Parts()[rng.IntN(len(Parts()))])
		s := Space{Name: "drawn", Parts: []string{p.Name},
			Bits: BitSpace{Symmetry: SymAll, Weights: []int{2 + rng.IntN(7)}, Activations: []int{2 + rng.IntN(7)},
				Edge: EdgeSpace{Weights: []int{2 + rng.IntN(7)}, Activations: []int{2 + rng.IntN(7)}}},
			Granularity: some(rng, PerLayer, PerChannel), SoftmaxBits: []int{2 + rng.IntN(7)}, GELUBits: []int{8},
			LNFold: []float64{1}, CalibImages: 256,
			Array: ArraySpace{TM: some(rng, 1, 2, 4, 8, 16, 64, 128), TN: some(rng, 1, 2, 4, 8, 16, 64, 128),
				TK: some(rng, 1, 2, 4, 8, 16, 64)},
			VectorColumns: some(rng, 1, 2, 4, 8, 16), Multiplier: some(rng, MulDSP, MulLUT),
			Packing: some(rng, PackNone, PackDSP48E1, PackDSP48E2), LUTColumns: some(rng, 0, 1, 2, 4, 8, 16),
			PatchTokens: some(rng, 1, 2), BusBits: some(rng, 32, 64, 128, 256, 512), ReadFIFO: some(rng, 32, 512),
			WeightBuffers: some(rng, 1, 2, 4),
			Memories: MemorySpace{Activations: some(rng, MemAuto, MemBlock, MemLUT, MemUltra),
				Weights: some(rng, MemAuto, MemBlock, MemLUT, MemUltra), Residual: some(rng, MemAuto, MemBlock, MemLUT, MemUltra)}}
		if turn%3 == 0 {
			s.Granularity, s.Group = append(s.Granularity, PerGroup), []int{16, 32, 64}[rng.IntN(3)]
		}
		g, err := s.On(m, p)
		if err != nil {
			refused["a space"]++
			continue
		}
		index := make([]int, len(g.Axes()))
		for range 200 {
			for i, a := range g.Axes() {
				index[i] = rng.IntN(a.Len)
			}
			d, err := g.Design(index)
			if err == nil {
				taken++
				if err := d.Validate(m, p); err != nil {
					t.Fatalf("%s on %s: a point of the space is no legal design: %v\n%+v", m.Name, p.Name, err, d.Engine)
				}
				continue
			}
			key, _, _ := strings.Cut(err.Error(), ":")
			refused[key]++
		}
	}
	t.Logf("%d points taken; refused: %v", taken, refused)
	for _, key := range []string{"engine.tk", "engine.packing", "engine.lut_columns", "engine.patch_tokens"} {
		if refused[key] == 0 {
			t.Errorf("no point was refused for its %s: %v", key, refused)
		}
	}
	if taken < 1000 {
		t.Errorf("only %d points were legal", taken)
	}
}

// some draws one to three of the candidates.
func some[T any](rng *rand.Rand, of ...T) []T {
	of = slices.Clone(of)
	rng.Shuffle(len(of), func(i, j int) { of[i], of[j] = of[j], of[i] })
	return of[:1+rng.IntN(min(3, len(of)))]
}
