package verify

import (
	"strings"
	"testing"

	"vitdse/configs"
)

// mutantDesign is a small network and engine. Between them they have all that the engine does.
type mutantDesign struct {
	name   string
	change func(*configs.Model, *configs.Design)
}

// mutantDesigns begin with those that have every module: CI has no more than them.
var mutantDesigns = []mutantDesign{
	// A second head; groups of weights on a bus that does not keep up; more rows than columns.
	{"groups", func(m *configs.Model, d *configs.Design) {
		m.Family = configs.DeiTDistilled
		d.Numerics = configs.Uniform(*m, 4, 5)
		for i := range d.Numerics.Layers {
			if l := &d.Numerics.Layers[i]; l.Name == "blocks.0.mlp.fc1" || strings.HasSuffix(l.Name, "qkv") {
				l.Weights, l.Granularity, l.Group = 3, configs.PerGroup, 16
			}
		}
		d.Engine.TM, d.Engine.BusBits = 8, 32
	}},
	// Row tiles and tile columns that are not full, words that span row tiles, two products a DSP, a GELU of few entries.
	{"words", func(m *configs.Model, d *configs.Design) {
		m.Patch, m.Image = 3, configs.ImageShape{Height: 15, Width: 12, Channels: 3}
		m.Mean, m.Std = []float64{0.5, 0.4, 0.3}, []float64{0.5, 0.4, 0.3}
		m.Dim, m.Heads, m.MLPRatio, m.Classes = 24, 3, 3, 7
		m.Pool, m.NoClassToken = configs.PoolMax, true
		d.Numerics = configs.Uniform(*m, 8, 8)
		d.Numerics.GELUBits = 4
		d.Engine.TM, d.Engine.TN, d.Engine.TK, d.Engine.VectorColumns = 4, 8, 8, 4
		d.Engine.Packing, d.Engine.BusBits, d.Engine.WeightBuffers = configs.PackDSP48E2, 128, 1
	}},
	// A mixed array with six groups of columns of one kind and two of the other, two patch tokens a cycle, four banks of
	// weights and an odd number of tile columns that are not weights.
	{"mixed", func(m *configs.Model, d *configs.Design) {
		m.Heads, m.Image.Height, m.Image.Width = 1, 10, 8
		m.Pool, m.FCNorm, m.PreNorm, m.Registers = configs.PoolAvg, true, true, 3
		d.Numerics = configs.Uniform(*m, 8, 8)
		d.Engine.TM, d.Engine.TN, d.Engine.TK, d.Engine.VectorColumns = 8, 8, 2, 1
		d.Engine.Packing, d.Engine.LUTColumns, d.Engine.WeightBuffers, d.Engine.PatchTokens = configs.PackDSP48E1, 2, 4, 2
		d.Engine.Activations = configs.MemLUT
	}},
	// Scales of each token's own, of codes of several widths, on more than one row tile, tile column and head.
	{"tokens", func(m *configs.Model, d *configs.Design) {
		d.Numerics = configs.Uniform(*m, 5, 5)
		d.Numerics.Quantizer.TokenScales = configs.DynamicScales
		for i := range d.Numerics.Layers {
			d.Numerics.Layers[i].Activations = 3 + i%4
		}
		d.Engine.TM, d.Engine.TN, d.Engine.TK, d.Engine.VectorColumns = 4, 4, 4, 2
	}},
	// Four products a DSP, one column a cycle; stages of one head and two, windows of five row tiles in rows of keys that
	// hold four; a result of whole bursts.
	{"four", func(m *configs.Model, d *configs.Design) {
		m.Family, m.Patch, m.Window, m.Depths, m.StageHeads = configs.Swin, 1, 3, []int{2, 1}, []int{1, 2}
		m.Dim, m.Image.Height, m.Image.Width, m.Heads, m.Depth, m.Classes = 8, 6, 12, 0, 0, 48
		d.Numerics = configs.Uniform(*m, 4, 4)
		d.Numerics.SoftmaxBits = 4
		for i := range d.Numerics.Layers {
			l := &d.Numerics.Layers[i]
			l.Activations, l.Weights = 4, min(l.Weights, 4)
		}
		d.Engine.TM, d.Engine.TN, d.Engine.TK, d.Engine.VectorColumns = 2, 8, 4, 1
		d.Engine.Packing, d.Engine.AccumulatorBits, d.Engine.BusBits = configs.PackDSP48E2, 23, 32
	}},
	// One product a PE, and a chunk of patches that is more words than a row tile has tokens; a mean behind the last norm
	// without the class token, over a last row tile that is not full.
	{"one", func(m *configs.Model, d *configs.Design) {
		m.Patch, m.Image.Height, m.Image.Width, m.Dim = 4, 8, 12, 20
		m.Pool = configs.PoolAvg
		d.Numerics = configs.Uniform(*m, 8, 8)
		d.Engine.TM, d.Engine.TN, d.Engine.TK, d.Engine.VectorColumns = 2, 2, 1, 1
	}},
	// Windows of one row tile each, two in a row of keys; a pool of one row tile; a row of one group of columns.
	{"single", func(m *configs.Model, d *configs.Design) {
		m.Family, m.Patch, m.Window, m.Depths, m.StageHeads = configs.Swin, 1, 2, []int{2}, []int{1}
		m.Image.Height, m.Image.Width, m.Heads, m.Depth = 2, 4, 0, 0
		d.Numerics = configs.Uniform(*m, 6, 6)
		d.Engine.AccumulatorBits = 24
		d.Engine.TM, d.Engine.TN, d.Engine.TK, d.Engine.VectorColumns = 8, 16, 16, 16
	}},
}

// designsOfCI are as many of mutantDesigns as have every module.
const designsOfCI = 5

// pair is the network and the engine of a design.
func (d mutantDesign) pair(t *testing.T) (configs.Model, configs.Design) {
	t.Helper()
	m := tinyModel()
	m.Image.Height, m.Image.Width, m.Dim, m.Classes, m.Depth = 6, 6, 16, 5, 2
	e := engine(2, 4, 2)
	e.VectorColumns = 2
	design := configs.Design{Name: d.name, Model: m.Name, Part: "xczu9eg", ClockMHz: 200,
		Numerics: configs.Uniform(m, 4, 5), Engine: e}
	d.change(&m, &design)
	part, err := configs.LoadPart(design.Part)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Validate(); err != nil {
		t.Fatal(err)
	}
	if err := design.Validate(m, part); err != nil {
		t.Fatal(err)
	}
	return m, design
}
