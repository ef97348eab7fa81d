package configs

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
)

// tinyModel has two blocks of head dimension 16: 12 quantization layers.
func tinyModel() Model {
	return Model{Name: "tiny", Family: ViT, Image: ImageShape{Height: 8, Width: 8, Channels: 1}, Patch: 2, Dim: 64,
		Depth: 2, Heads: 4, MLPRatio: 4,
		Classes: 10, LayerNormEps: 1e-6, Mean: []float64{0.5}, Std: []float64{0.5}}
}

func testPart(t *testing.T, name string) Part {
	t.Helper()
	p, err := LoadPart(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const goodDesign = `name: point-1
model: tiny
part: xc7z020
clock_mhz: 100
numerics:
  softmax_bits: 8
  gelu_bits: 8
  ln_fold: 1
  calib_images: 256
  default: {weights: 4, activations: 6, granularity: channel}
  layers:
    - {name: blocks.0.attn.proj, weights: 6}
    - {name: blocks.1.attn.matmul, activations: 8}
    - {name: head, granularity: layer}
engine:
  tm: 8
  tn: 16
  tk: 4
  multiplier: dsp
  bus_bits: 64
  read_fifo: 64
  weight_buffers: 2
  activations: auto
  weights: auto
  residual: block
`

func TestDesignDefaults(t *testing.T) {
	d, err := DecodeDesign("d.yaml", []byte(goodDesign), tinyModel(), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []LayerBits{
		{"patch_embed", 8, 8, PerChannel, 0},
		{"blocks.0.attn.qkv", 4, 6, PerChannel, 0}, {"blocks.0.attn.matmul", 0, 6, "", 0},
		{"blocks.0.attn.proj", 6, 6, PerChannel, 0},
		{"blocks.0.mlp.fc1", 4, 6, PerChannel, 0}, {"blocks.0.mlp.fc2", 4, 6, PerChannel, 0},
		{"blocks.1.attn.qkv", 4, 6, PerChannel, 0}, {"blocks.1.attn.matmul", 0, 8, "", 0},
		{"blocks.1.attn.proj", 4, 6, PerChannel, 0},
		{"blocks.1.mlp.fc1", 4, 6, PerChannel, 0}, {"blocks.1.mlp.fc2", 4, 6, PerChannel, 0},
		{"head", 8, 6, PerLayer, 0},
	}
	if !reflect.DeepEqual(d.Numerics.Layers, want) {
		t.Errorf("got\n%v\nwant\n%v", d.Numerics.Layers, want)
	}
	if err := d.Validate(tinyModel(), testPart(t, "xc7z020")); err != nil {
		t.Error(err)
	}
}

func TestDesignRoundTrip(t *testing.T) {
	d, err := DecodeDesign("d.yaml", []byte(goodDesign), tinyModel(), nil)
	if err != nil {
		t.Fatal(err)
	}
	text := MarshalDesign(d)
	if !strings.Contains(string(text), "\n    - {name: blocks.1.mlp.fc2, weights: 4, activations: 6, granularity: "+
		"channel}\n") {
		t.Errorf("not one line a layer:\n%s", text)
	}
	p := testPart(t, "xc7z020")
	back, err := DecodeDesign("d.yaml", text, tinyModel(), &p)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(back, d) {
		t.Errorf("got %+v\nwant %+v", back, d)
	}
	if again := MarshalDesign(back); string(again) != string(text) {
		t.Errorf("second text differs:\n%s\nfirst:\n%s", again, text)
	}
}

// Groups of the default are for the blocks; a layer's entry changes or ends them, and all
// of it survives being written and read.
func TestDesignGroups(t *testing.T) {
	text := strings.NewReplacer("granularity: channel}", "granularity: group, group: 32}",
		"attn.proj, weights: 6}", "attn.proj, group: 16}",
		"{name: head,", "{name: blocks.1.mlp.fc1, granularity: channel}\n"+
			"    - {name: blocks.1.mlp.fc2, granularity: group, group: 256}\n    - {name: head,",
	).Replace(goodDesign)
	p := testPart(t, "xc7z020")
	d, err := DecodeDesign("d.yaml", []byte(text), tinyModel(), &p)
	if err != nil {
		t.Fatal(err)
	}
	want := []LayerBits{
		{"patch_embed", 8, 8, PerChannel, 0},
		{"blocks.0.attn.qkv", 4, 6, PerGroup, 32}, {"blocks.0.attn.matmul", 0, 6, "", 0},
		{"blocks.0.attn.proj", 4, 6, PerGroup, 16},
		{"blocks.0.mlp.fc1", 4, 6, PerGroup, 32}, {"blocks.0.mlp.fc2", 4, 6, PerGroup, 32},
		{"blocks.1.attn.qkv", 4, 6, PerGroup, 32}, {"blocks.1.attn.matmul", 0, 8, "", 0},
		{"blocks.1.attn.proj", 4, 6, PerGroup, 32},
		{"blocks.1.mlp.fc1", 4, 6, PerChannel, 0}, {"blocks.1.mlp.fc2", 4, 6, PerGroup, 256},
		{"head", 8, 6, PerLayer, 0},
	}
	if !reflect.DeepEqual(d.Numerics.Layers, want) {
		t.Errorf("got\n%v\nwant\n%v", d.Numerics.Layers, want)
	}
	back, err := DecodeDesign("d.yaml", MarshalDesign(d), tinyModel(), &p)
	if err != nil || !reflect.DeepEqual(back, d) {
		t.Errorf("got %+v, %v\nwant %+v", back, err, d)
	}
	if err := d.Validate(tinyModel(), p); err != nil {
		t.Error(err)
	}
	wide := d
	wide.Engine.TM, wide.Engine.TN, wide.Engine.TK = 32, 32, 32
	if err := wide.Validate(tinyModel(), p); err == nil ||
		!strings.Contains(err.Error(), "engine.tk: is 32; expected at most 16, the group of blocks.0.attn.proj") {
		t.Errorf("words wider than a group give %v", err)
	}
	d.Numerics.Layers[1].Group = 128
	if err := d.Validate(tinyModel(), p); err == nil ||
		!strings.Contains(err.Error(), "numerics.layers[1].group: is 128; expected a divisor of the inner dimension of "+
			"blocks.0.attn.qkv, 64") {
		t.Errorf("a group that does not divide gives %v", err)
	}
}

// A quantizer survives being written and read; spelling out the defaults is the same design.
func TestDesignQuantizer(t *testing.T) {
	decode := func(text string) Design {
		t.Helper()
		d, err := DecodeDesign("d.yaml", []byte(text), tinyModel(), nil)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	plain := decode(goodDesign)
	spelt := decode(strings.Replace(goodDesign, "calib_images: 256",
		"calib_images: 256\n  quantizer: {scheme: affine, code_range: restricted, "+
			"activations: mse, weights: mse, percentile: 99.5, rounding: compensated, bias_correction: \"on\", scales: free, "+
			"calibration: images}", 1))
	if !reflect.DeepEqual(plain, spelt) || Hash(plain) != Hash(spelt) {
		t.Errorf("spelt-out defaults are another design: %+v", spelt.Numerics.Quantizer)
	}
	d := decode(strings.Replace(goodDesign, "calib_images: 256", "calib_images: 256\n  quantizer: {scheme: symmetric, "+
		"activations: percentile, percentile: 99.5, bias_correction: \"off\"}", 1))
	want := Quantizer{Scheme: Symmetric, Activations: Percentile, Percentile: 99.5, BiasCorrection: Off}
	if d.Numerics.Quantizer != want {
		t.Errorf("got %+v, want %+v", d.Numerics.Quantizer, want)
	}
	if back := decode(string(MarshalDesign(d))); !reflect.DeepEqual(back, d) {
		t.Errorf("got %+v, want %+v", back, d)
	}
}

func TestDesignFileErrors(t *testing.T) {
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown layer", "head,", "haed,", `d.yaml:14: numerics.layers[2].name: is "haed", no layer of tiny; did you mean "head"?`},
		{"far layer", "name: head,", "name: classifier,",
			`d.yaml:14: numerics.layers[2].name: is "classifier", no layer of tiny; expected patch_embed, blocks.N.attn.qkv, blocks.N.attn.matmul, blocks.N.attn.proj, blocks.N.mlp.fc1, blocks.N.mlp.fc2 or head`},
		{"layer twice", "name: head,", "name: blocks.0.attn.proj,",
			`d.yaml:14: numerics.layers[2].name: is "blocks.0.attn.proj", which layers[0] gives already`},
		{"weights where none", "activations: 8}", "weights: 8}",
			"d.yaml:13: numerics.layers[1].weights: is 8; expected no such key, blocks.1.attn.matmul has no weights"},
		{"bits of a layer", "weights: 6}", "weights: 9}", "d.yaml:12: numerics.layers[0].weights: is 9; expected 2..8"},
		{"bits of the default", "{weights: 4,", "{weights: 1,", "d.yaml:10: numerics.default.weights: is 1; expected 2..8"},
		{"granularity", "granularity: channel}", "granularity: head}",
			`d.yaml:10: numerics.default.granularity: is "head"; expected one of layer, channel, group`},
		{"no group", "granularity: channel}", "granularity: group}",
			`d.yaml:10: numerics.default.group: is 0; expected a power of two from 16, the weights that share a multiplier`},
		{"group of 24", "granularity: channel}", "granularity: group, group: 24}",
			`d.yaml:10: numerics.default.group: is 24; expected a power of two from 16, the weights that share a multiplier`},
		{"estimator", "calib_images: 256", "calib_images: 256\n  quantizer: {activations: entropy}",
			`d.yaml:10: numerics.quantizer.activations: is "entropy"; expected one of mse, minmax, percentile, average, kl`},
		{"weights' estimator", "calib_images: 256", "calib_images: 256\n  quantizer: {weights: average}",
			`d.yaml:10: numerics.quantizer.weights: is "average"; expected one of mse, minmax, percentile, kl`},
		{"percentile", "calib_images: 256", "calib_images: 256\n  quantizer: {percentile: 0.999}",
			`d.yaml:10: numerics.quantizer.percentile: is 0.999; expected 50..100`},
		{"group that does not divide", "weights: 6}", "granularity: group, group: 128}",
			"d.yaml:12: numerics.layers[0].group: is 128; expected a divisor of the inner dimension of blocks.0.attn.proj, 64"},
		{"group where none", "granularity: channel}", "granularity: channel, group: 32}",
			`d.yaml:10: numerics.default.group: is 32; expected no such key, granularity is "channel"`},
		{"group of activations", "activations: 8}", "group: 32}",
			"d.yaml:13: numerics.layers[1].group: is 32; expected no such key, blocks.1.attn.matmul has no weights"},
		{"softmax", "softmax_bits: 8", "softmax_bits: 9", "d.yaml:6: numerics.softmax_bits: is 9; expected 2..8"},
		{"gelu", "gelu_bits: 8", "gelu_bits: 3", "d.yaml:7: numerics.gelu_bits: is 3; expected 4..10"},
		{"fold", "ln_fold: 1", "ln_fold: 1.5", "d.yaml:8: numerics.ln_fold: is 1.5; expected 0..1"},
		{"calibration", "calib_images: 256", "calib_images: 0", "d.yaml:9: numerics.calib_images: is 0; expected at least 1"},
		{"model", "model: tiny", "model: deit-tiny", `d.yaml:2: model: is "deit-tiny"; expected "tiny", the model it is checked for`},
		{"part", "part: xc7z020", "part: xck26", `d.yaml:3: part: is "xck26"; expected "xc7z020", the part it is checked for`},
		{"clock", "clock_mhz: 100", "clock_mhz: 1200", "d.yaml:4: clock_mhz: is 1200; expected 1..1000 MHz"},
		{"tm", "tm: 8", "tm: 12", "d.yaml:16: engine.tm: is 12; expected a power of two, 1..128"},
		{"tn", "tn: 16", "tn: 256", "d.yaml:17: engine.tn: is 256; expected a power of two, 1..128"},
		{"tk over tn", "tk: 4", "tk: 32", "d.yaml:18: engine.tk: is 32; expected at most tn, 16"},
		{"bus", "bus_bits: 64", "bus_bits: 48", "d.yaml:20: engine.bus_bits: is 48; expected one of 32, 64, 128, 256, 512"},
		{"fifo", "read_fifo: 64", "read_fifo: 48", "d.yaml:21: engine.read_fifo: is 48; expected a power of two, " +
			"32..512 beats"},
		{"accumulators", "weight_buffers: 2", "weight_buffers: 2\n  accumulator_bits: 41",
			"d.yaml:23: engine.accumulator_bits: is 41; expected 8..40"},
		{"buffers", "weight_buffers: 2", "weight_buffers: 3",
			"d.yaml:22: engine.weight_buffers: is 3; expected one of 1, 2, 4"},
		{"multiplier", "multiplier: dsp", "multiplier: fabric",
			`d.yaml:19: engine.multiplier: is "fabric"; expected one of dsp, lut`},
		{"memory", "residual: block", "residual: bram",
			`d.yaml:25: engine.residual: is "bram"; expected one of auto, block, lutram, ultra`},
		{"ultra", "residual: block", "residual: ultra",
			`d.yaml:25: engine.residual: is "ultra"; expected auto, block or lutram, xc7z020 has no URAM`},
		{"no default", "  default: {weights: 4, activations: 6, granularity: channel}\n  layers:",
			"  layers:\n    - {name: patch_embed, activations: 8}",
			"d.yaml:10: numerics.layers: lacks blocks.0.attn.qkv; expected every layer of tiny, or numerics.default"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := testPart(t, "xc7z020")
			_, err := DecodeDesign("d.yaml", []byte(edit(t, goodDesign, c.old, c.new)), tinyModel(), &p)
			if c.name == "no default" { // one line a missing layer or key: the first is enough
				first, _, _ := strings.Cut(err.Error(), "\n")
				if first != c.want {
					t.Errorf("got %s\nwant %s", first, c.want)
				}
				if want := "d.yaml:11: numerics.layers[0].weights: missing; expected it here, " +
					"since there is no numerics.default"; !strings.Contains(err.Error(), want) {
					t.Errorf("lacks %s:\n%v", want, err)
				}
				return
			}
			wantError(t, err, c.want)
		})
	}
}

// Errors that a design in memory can have, and those that depend on model and part.
func TestDesignValidate(t *testing.T) {
	m := tinyModel()
	for _, c := range []struct {
		name  string
		part  string
		spoil func(m *Model, d *Design, p *Part)
		want  string
	}{
		{"lost layer", "xc7z020", func(_ *Model, d *Design, _ *Part) { d.Numerics.Layers = d.Numerics.Layers[1:] },
			"numerics.layers: lacks patch_embed; expected every layer of tiny once"},
		{"repeated layer", "xc7z020", func(_ *Model, d *Design, _ *Part) {
			d.Numerics.Layers = append(d.Numerics.Layers, d.Numerics.Layers[3])
		},
			`numerics.layers[12].name: is "blocks.0.attn.proj", which layers[3] gives already`},
		{"foreign layer", "xc7z020", func(_ *Model, d *Design, _ *Part) {
			d.Numerics.Layers = append(d.Numerics.Layers,
				LayerBits{Name: "blocks.2.mlp.fc1", Weights: 4, Activations: 4, Granularity: PerLayer})
		}, `numerics.layers[12].name: is "blocks.2.mlp.fc1", no layer of tiny; did you mean "blocks.0.mlp.fc1"?`},
		{"granularity of matmul", "xc7z020", func(_ *Model, d *Design, _ *Part) {
			d.Numerics.Layers[2].Granularity = PerLayer
		},
			`numerics.layers[2].granularity: is "layer"; expected no such key, blocks.0.attn.matmul has no weights`},
		{"head dimension 24, tk 16", "xc7z020", func(m *Model, d *Design, _ *Part) {
			m.Dim, d.Engine.TM, d.Engine.TK, d.Engine.TN = 96, 16, 16, 16
		},
			"engine.tk: is 16; expected a divisor of the head dimension, 24\n" +
				"engine.tn: is 16; expected a divisor or a multiple of the head dimension, 24"},
		{"tk over tn", "xc7z020", func(m *Model, d *Design, _ *Part) { d.Engine.TM, d.Engine.TN, d.Engine.TK = 8, 2, 4 },
			"engine.tk: is 4; expected at most tn, 2"},
		{"head dimension 24, tn 16", "xc7z020", func(m *Model, d *Design, _ *Part) { m.Dim = 96 },
			"engine.tn: is 16; expected a divisor or a multiple of the head dimension, 24"},
		{"no DSP", "xc7z020", func(_ *Model, _ *Design, p *Part) { p.Budget.DSP = 0 },
			`engine.multiplier: is "dsp"; expected lut, xc7z020 has no DSPs`},
		{"LUT columns without packing", "xc7z020", func(_ *Model, d *Design, _ *Part) { d.Engine.LUTColumns = 2 },
			"engine.lut_columns: is 2; expected 0 without packing: a mixed array's other columns have several products a DSP"},
		{"odd LUT columns", "xc7z020", func(_ *Model, d *Design, _ *Part) {
			d.Engine.Packing, d.Engine.LUTColumns = PackDSP48E1, 3
		},
			"engine.lut_columns: is 3; expected a multiple of 2 (vector_columns, and pairs of columns share DSPs) from 0, " +
				"less than tn, 16"},
		{"nothing but LUT columns", "xc7z020", func(_ *Model, d *Design, _ *Part) {
			d.Engine.Packing, d.Engine.LUTColumns = PackDSP48E1, 16
		},
			"engine.lut_columns: is 16; expected a multiple of 2 (vector_columns, and pairs of columns share DSPs) from 0, " +
				"less than tn, 16"},
		{"LUT columns of 4 inputs", "xc7z020", func(_ *Model, d *Design, p *Part) {
			d.Engine.Packing, d.Engine.LUTColumns, p.LUTInputs = PackDSP48E1, 2, 4
		}, "engine.lut_columns: is 2; expected 0, the LUTs of xc7z020 have 4 inputs and a product takes 6"},
		{"three patch tokens", "xc7z020", func(_ *Model, d *Design, _ *Part) { d.Engine.PatchTokens = 3 },
			"engine.patch_tokens: is 3; expected 1 or 2"},
		{"two patch tokens of one", "xc7z020", func(_ *Model, d *Design, _ *Part) {
			d.Engine.TM, d.Engine.TK, d.Engine.PatchTokens = 1, 1, 2
		}, "engine.patch_tokens: is 2; expected 1, tm is 1 and a tile has no pairs of tokens"},
		{"two patch tokens, a chunk a beat", "xc7z020", func(m *Model, d *Design, _ *Part) {
			m.Patch, m.Image, d.Engine.BusBits, d.Engine.PatchTokens = 4, ImageShape{Height: 8, Width: 8, Channels: 1}, 32, 2
		}, "engine.patch_tokens: is 2; expected 1, a word of the image buffer is a beat of 32 bits: " +
			"one chunk of 4 values, where two memories need two"},
		{"two patch tokens, three even patches across", "xc7z020", func(m *Model, d *Design, _ *Part) {
			m.Patch, m.Image, d.Engine.PatchTokens = 2, ImageShape{Height: 6, Width: 6, Channels: 1}, 2
		}, "engine.patch_tokens: is 2; expected 1, the chunks of tokens 6 and 7 are an even number of chunks of 2 values " +
			"apart in the image, so in the same of two memories"},
		{"name", "xc7z020", func(_ *Model, d *Design, _ *Part) { d.Name = "a b" },
			`name: is "a b"; expected 1..128 letters, digits, '.', '_' or '-', not starting with '.' or '-'`},
		{"two faults", "xc7z020", func(_ *Model, d *Design, _ *Part) { d.Engine.TM, d.Engine.BusBits = 0, 16 },
			"engine.tm: is 0; expected a power of two, 1..128\nengine.bus_bits: is 16; expected one of 32, 64, 128, 256, 512"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, err := DecodeDesign("d.yaml", []byte(goodDesign), m, nil)
			if err != nil {
				t.Fatal(err)
			}
			m, p := m, testPart(t, c.part)
			c.spoil(&m, &d, &p)
			wantError(t, d.Validate(m, p), c.want)
		})
	}
	d := Design{Name: "u", Model: "tiny", Part: "xck26", ClockMHz: 200, Numerics: Uniform(m, 4, 8),
		Engine: Engine{TM: 8, TN: 16, TK: 4, Multiplier: MulLUT, BusBits: 128, ReadFIFO: 32, WeightBuffers: 1,
			Activations: MemUltra, Weights: MemUltra, Residual: MemLUT}}
	if err := d.Validate(m, testPart(t, "xck26")); err != nil {
		t.Errorf("UltraRAM on the xck26: %v", err)
	}
}

// The rows that two heads read have to be in one row tile; more tokens in front of the patches need not be.
func TestHeadsFitARowTile(t *testing.T) {
	for _, c := range []struct {
		family    Family
		registers int
		tm        int
		legal     bool
	}{{ViT, 0, 1, true}, {ViT, 4, 1, true}, {DeiTDistilled, 0, 2, true}, {DeiTDistilled, 0, 1, false}} {
		t.Run(fmt.Sprint(c.family, c.registers, c.tm), func(t *testing.T) {
			m := tinyModel()
			m.Family, m.Registers = c.family, c.registers
			var f faults
			Engine{TM: c.tm, TN: 4, TK: 1}.checkClassifiers(&f, m.Classifiers())
			if err := f.join(); (err == nil) != c.legal {
				t.Errorf("%s, %d registers, tm %d: %v", c.family, c.registers, c.tm, err)
			}
		})
	}
}
