package enginetest

import (
	"path/filepath"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/emit"
	"vitdse/emit/engines"
	"vitdse/golden/intnet"
	"vitdse/hwmodel"
)

func cases(t *testing.T, e engines.Engine) map[string]Case {
	t.Helper()
	list := map[string]Case{}
	for name, seed := range map[string]uint64{"xczu9eg": 1, "xc7z020": 2, "lfe5u-85f": 3} {
		m, err := configs.LoadModel(filepath.Join("..", "..", "configs", "digits", "model.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		part, err := configs.LoadPart(name)
		if err != nil {
			t.Fatal(err)
		}
		if list[name], err = Draw(e, m, part, seed, 12); err != nil {
			t.Fatal(err)
		}
		if list[name+" in windows"], err = Draw(e, windows(), part, seed, 8); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

// windows is a network whose attention is in windows of more rows than a row tile, in two stages.
func windows() configs.Model {
	return configs.Model{Name: "windows", Family: configs.Swin,
		Image: configs.ImageShape{Height: 24, Width: 48, Channels: 3}, Patch: 2,
		Dim: 16, Depths: []int{2, 2}, StageHeads: []int{1, 2}, Window: 6, MLPRatio: 2, Classes: 7, LayerNormEps: 1e-5,
		Mean: []float64{0.5, 0.5, 0.5}, Std: []float64{0.5, 0.5, 0.5}}
}

// Every engine passes every check, on parts of several families.
func TestEngines(t *testing.T) {
	names := map[string]bool{}
	for _, e := range engines.All {
		if names[e.Name()] {
			t.Errorf("two engines are named %s", e.Name())
		}
		names[e.Name()] = true
		for on, c := range cases(t, e) {
			for name, check := range Checks {
				t.Run(e.Name()+" on "+on+", "+name, func(t *testing.T) {
					if err := check(e, c); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
}

// broken is an engine with one mistake.
type broken struct {
	hwmodel.Engine
	price func(*hwmodel.Estimate)
	legal bool
	wide  bool
	// narrow has layers ask for less than the whole does.
	narrow bool
}

func (b broken) Price(net *network.Network, d configs.Design, part configs.Part) (hwmodel.Estimate, error) {
	e, err := b.Engine.Price(net, d, part)
	if b.price != nil {
		b.price(&e)
	}
	return e, err
}

func (b broken) Legal(m configs.Model, d configs.Design, part configs.Part) error {
	if b.legal {
		return nil
	}
	return b.Engine.Legal(m, d, part)
}

func (b broken) LayerWidths(of network.Layer, l configs.LayerBits) hwmodel.Widths {
	if b.narrow {
		l.Activations--
	}
	return b.Engine.LayerWidths(of, l)
}

func (b broken) Schedule(e configs.Engine) configs.Engine {
	if b.wide {
		e.TM *= 2
	}
	return b.Engine.Schedule(e)
}

// Each check finds a mistake that is in what it is about.
func TestChecksFindMistakes(t *testing.T) {
	right := engines.Default()
	c := cases(t, right)["xczu9eg"]
	for name, mistakes := range map[string][]broken{
		"refuses with reasons": {{legal: true}},
		"pricer is price":      {{price: func(e *hwmodel.Estimate) { e.BytesRead++ }}},
		"timeline is price":    {{price: func(e *hwmodel.Estimate) { e.Cycles++ }}},
		"modules are price": {{price: func(e *hwmodel.Estimate) { e.Resources.LUT-- }},
			{price: func(e *hwmodel.Estimate) { e.Fits = !e.Fits }}},
		"roofline is price": {{price: func(e *hwmodel.Estimate) { e.BytesWritten++ }},
			{price: func(e *hwmodel.Estimate) { e.MACs-- }}},
		"factors are price": {{price: func(e *hwmodel.Estimate) { e.Resources.DSP++ }},
			{price: func(e *hwmodel.Estimate) { e.Cycles-- }}, {wide: true}, {narrow: true}},
	} {
		t.Run(name, func(t *testing.T) {
			for i, b := range mistakes {
				b.Engine = right.Engine
				if err := Checks[name](engines.Engine{Engine: b, Plan: right.Plan}, c); err == nil {
					t.Errorf("%s: does not find mistake %d", name, i)
				}
			}
		})
	}
	calls := 0
	changing := func(d configs.Design, net *intnet.Network, part configs.Part) (emit.Plan, error) {
		calls++
		d.ClockMHz += float64(calls)
		return right.Plan(d, net, part)
	}
	if err := Checks["plan is price"](engines.Engine{Engine: right.Engine, Plan: changing}, c); err == nil {
		t.Error("a plan that changes from call to call is not found")
	}
}
