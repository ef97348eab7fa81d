package temporal

import (
	"math/rand/v2"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// randomDesign draws a valid design for the model, with bits that differ from layer to layer.
func randomDesign(r *rand.Rand, m configs.Model, part configs.Part) configs.Design {
	pick := func(v ...int) int { return v[r.IntN(len(v))] }
	n := configs.Uniform(m, 8, 8)
	n.SoftmaxBits, n.GELUBits = pick(2, 4, 6, 8), pick(4, 6, 8, 10)
	for i, of := range network.MustCompile(m).Layers {
		n.Layers[i].Activations = 2 + r.IntN(7)
		if of.Weights {
			n.Layers[i].Weights = 2 + r.IntN(7)
			if group := pick(16, 32, 64); !of.Edge && of.Inner%group == 0 && r.IntN(3) == 0 {
				n.Layers[i].Granularity, n.Layers[i].Group = configs.PerGroup, group
			}
		}
	}
	tokens := configs.Quantizer{TokenScales: configs.DynamicScales}
	if r.IntN(3) == 0 && tokens.Runs(network.MustCompile(m)) == nil {
		n.Quantizer = tokens
	}
	r.Shuffle(len(n.Layers), func(i, j int) { n.Layers[i], n.Layers[j] = n.Layers[j], n.Layers[i] })
	multiplier := configs.MulDSP
	if part.Budget.DSP == 0 {
		multiplier = configs.MulLUT
	}
	for {
		d := configs.Design{Name: "x", Model: m.Name, Part: part.Name, ClockMHz: 100, Numerics: n, Engine: configs.Engine{
			TM: 1 << r.IntN(6), TN: 1 << r.IntN(7), TK: 1 << r.IntN(6), VectorColumns: 1 << r.IntN(4), Multiplier: multiplier,
			Packing: []configs.Packing{configs.PackNone, configs.PackDSP48E1, configs.PackDSP48E2}[r.IntN(3)],
			BusBits: pick(32, 64, 128, 256, 512), ReadFIFO: pick(32, 64, 512), WeightBuffers: pick(1, 2, 4),
			Activations: configs.MemAuto, Weights: configs.MemAuto, Residual: configs.MemAuto,
			AccumulatorBits: pick(0, 0, 24, 33),
		}}
		if d.Validate(m, part) == nil {
			return d
		}
	}
}

// randomSwin draws a Swin that the engine runs, its grids being whole windows, of few blocks.
func randomSwin(r *rand.Rand) configs.Model {
	pick := func(of ...int) int { return of[r.IntN(len(of))] }
	for {
		m := configs.Model{Name: "random-swin", Family: configs.Swin, Patch: pick(1, 2, 3, 4), Window: 1 + r.IntN(7),
			MLPRatio: float64(pick(1, 2, 3, 4)),
			Classes:  1 + r.IntN(70), LayerNormEps: 1e-5}
		stages, heads := 1+r.IntN(4), 1+r.IntN(4)
		m.Dim = heads * pick(4, 8, 16, 32)
		side := func() int { return m.Patch * m.Window * (1 + r.IntN(4)) << r.IntN(stages) }
		m.Image = configs.ImageShape{Height: side(), Width: side(), Channels: pick(1, 2, 3)}
		for range m.Image.Channels {
			m.Mean, m.Std = append(m.Mean, 0.5), append(m.Std, 0.5)
		}
		for range stages {
			m.Depths, m.StageHeads = append(m.Depths, 1+r.IntN(3)), append(m.StageHeads, heads)
			heads *= pick(1, 2)
		}
		if m.Validate() == nil && m.Patches() <= 2000 && configs.OnEngine(network.MustCompile(m)) == nil {
			return m
		}
	}
}

// timed are networks with every kind of step that a program may have.
func timed(tb testing.TB) []configs.Model {
	var list []configs.Model
	for _, name := range []string{"../../configs/digits/model.yaml", "deit-tiny", "deit-tiny-distilled", "vit-b16"} {
		m, err := configs.LoadModel(name)
		if err != nil {
			tb.Fatal(err)
		}
		list = append(list, m)
	}
	variant := func(name string, change func(m *configs.Model)) {
		m := list[1]
		m.Name = name
		change(&m)
		list = append(list, m)
	}
	variant("norm-in-front", func(m *configs.Model) { m.PreNorm = true })
	variant("mean-of-codes", func(m *configs.Model) { m.Pool, m.Registers = configs.PoolAvg, 4 })
	variant("maximum-of-codes", func(m *configs.Model) { m.Pool, m.NoClassToken = configs.PoolMax, true })
	variant("mean-of-the-stream", func(m *configs.Model) { m.Pool, m.FCNorm, m.PreNorm = configs.PoolAvg, true, true })
	variant("maximum-of-the-stream", func(m *configs.Model) { m.Pool, m.FCNorm = configs.PoolMax, true })
	r := rand.New(rand.NewPCG(5, 6))
	for range 12 {
		list = append(list, randomSwin(r), randomViT(r), randomViT(r))
	}
	return list
}

// randomViT draws a small ViT or distilled DeiT of any shape, with any of the variants that change its ops.
func randomViT(r *rand.Rand) configs.Model {
	pick := func(of ...int) int { return of[r.IntN(len(of))] }
	for {
		m := configs.Model{Name: "random-vit", Family: configs.ViT, Patch: 1 + r.IntN(16), Heads: pick(1, 2, 3, 4, 6),
			Depth:    1 + r.IntN(4),
			MLPRatio: float64(pick(1, 2, 3, 4)), Classes: 1 + r.IntN(70), LayerNormEps: 1e-6, PreNorm: r.IntN(3) == 0,
			NoClassToken: r.IntN(3) == 0, Registers: pick(0, 0, 1, 4), FCNorm: r.IntN(2) == 0}
		if r.IntN(3) == 0 {
			m.Family = configs.DeiT
		}
		if r.IntN(2) == 0 {
			m.Activation = network.ReLU
		}
		m.Pool = []configs.Pool{"", configs.PoolAvg, configs.PoolMax}[r.IntN(3)]
		m.Dim = m.Heads * pick(2, 4, 8, 16, 32, 64)
		m.Image = configs.ImageShape{Height: m.Patch * (1 + r.IntN(14)), Width: m.Patch * (1 + r.IntN(14)),
			Channels: pick(1, 2, 3)}
		for range m.Image.Channels {
			m.Mean, m.Std = append(m.Mean, 0.5), append(m.Std, 0.5)
		}
		if m.Validate() != nil {
			continue
		}
		if net, err := network.Compile(m); err == nil && configs.OnEngine(net) == nil {
			return m
		}
	}
}

// The sweep's short way to stream and cycles is the program's and the timeline's long one.
func TestIdealCyclesAreTheTimelines(t *testing.T) {
	part, err := configs.LoadPart("xczu9eg")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for _, m := range timed(t) {
		designs := 150
		if len(m.Depths) > 0 {
			designs = 40 // there are 12 of them, and their timelines are long
		}
		for range designs {
			d := randomDesign(r, m, part)
			s, err := NewShape(network.MustCompile(m), d)
			if err != nil {
				t.Fatal(err)
			}
			beats, widest := 0, 1
			for _, g := range s.Segments() {
				widest = max(widest, g.WordBeats, g.ParamBeats)
				if g.Kind != SegImage {
					beats += g.Beats(s.Design.Engine.BusBits)
				}
			}
			if beats != s.StreamBeats || widest != s.AsmBeats {
				t.Fatalf("%s %+v: %d beats of %d, the segments have %d of %d",
					m.Name, d.Engine, s.StreamBeats, s.AsmBeats, beats, widest)
			}
			if got, want := s.idealCycles(), s.Cycles(hwmodel.IdealMemory); got != want {
				t.Fatalf("%s %+v: %d cycles, the timeline has %d", m.Name, d.Engine, got, want)
			}
		}
	}
}
