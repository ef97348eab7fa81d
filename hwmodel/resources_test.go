package hwmodel

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"vitdse/configs"
)

// synthesised is a design that was emitted and put through Yosys, with what came out.
type synthesised struct {
	Name, Part                          string
	Weights, Activations, Softmax, GELU int
	HeldOut                             bool `json:"held_out"` // not looked at when the formulas were made
	Engine                              configs.Engine
	Modules                             map[string]Resources
}

func recorded(t *testing.T) []synthesised {
	t.Helper()
	data, err := os.ReadFile("testdata/yosys.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Designs []synthesised }
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Designs) == 0 {
		t.Fatal("testdata/yosys.json holds no designs")
	}
	return file.Designs
}

// predicted is the model's modules by Yosys' names: every buffer is a vit_ram.
func predicted(t *testing.T, d synthesised) map[string]Resources {
	t.Helper()
	m, _, _ := digits(t)
	part, err := configs.LoadPart(d.Part)
	if err != nil {
		t.Fatal(err)
	}
	n := configs.Uniform(m, d.Weights, d.Activations)
	n.SoftmaxBits, n.GELUBits = d.Softmax, d.GELU
	s, err := NewShape(m, configs.Design{Name: d.Name, Model: m.Name, Part: part.Name, ClockMHz: 100, Numerics: n, Engine: d.Engine})
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]Resources{}
	for _, x := range s.Modules(part) {
		name := x.Name
		if !strings.HasPrefix(name, "vit_") {
			name = "vit_ram"
		}
		byName[name] = byName[name].Add(x.Resources)
	}
	return byName
}

// tolerance of the sum of a design, in percent.
var tolerance = map[string]float64{"xc7z020": 3, "xck26": 3, "lfe5u-85f": 5}

func percent(got, want int) float64 {
	return 100 * float64(got-want) / math.Max(1, float64(want))
}

// The model against what Yosys made of emitted designs.
func TestResourcesAgainstYosys(t *testing.T) {
	for _, d := range recorded(t) {
		t.Run(d.Name+"-"+d.Part, func(t *testing.T) {
			model := predicted(t, d)
			var got, want Resources
			for name, y := range d.Modules {
				p, ok := model[name]
				if !ok {
					t.Errorf("module %s is not in the model", name)
				}
				blocks := p.BRAM18 - y.BRAM18
				if name == "vit_sequencer" && blocks*blocks <= 1 {
					blocks = 0 // the bits of the program that never change are left out
				}
				if p.DSP != y.DSP || blocks != 0 || p.URAM != y.URAM {
					t.Errorf("%s: %d DSP, %d BRAM18, %d URAM; Yosys has %d, %d, %d", name, p.DSP, p.BRAM18, p.URAM, y.DSP, y.BRAM18, y.URAM)
				}
				t.Logf("%-20s LUT %6d /%6d %+6.1f %%  FF %6d /%6d %+6.1f %%  DSP %4d /%4d", name,
					p.LUT, y.LUT, percent(p.LUT, y.LUT), p.FF, y.FF, percent(p.FF, y.FF), p.DSP, y.DSP)
				got, want = got.Add(p), want.Add(y)
				delete(model, name)
			}
			for name := range model {
				t.Errorf("the model has %s, Yosys has not", name)
			}
			lut, ff := percent(got.LUT, want.LUT), percent(got.FF, want.FF)
			t.Logf("total LUT %d / %d %+.1f %%, FF %d / %d %+.1f %%, LUTRAM %d / %d, DSP %d, BRAM18 %d",
				got.LUT, want.LUT, lut, got.FF, want.FF, ff, got.LUTRAM, want.LUTRAM, got.DSP, got.BRAM18)
			if limit := tolerance[d.Part]; math.Abs(lut) > limit || math.Abs(ff) > limit {
				t.Errorf("LUT off by %+.1f %%, FF by %+.1f %%", lut, ff)
			}
		})
	}
}

func TestStepsIsTheProgramsLength(t *testing.T) {
	for _, name := range append(configs.Models(), "../configs/digits/model.yaml") {
		m, err := configs.LoadModel(name)
		if err != nil {
			t.Fatal(err)
		}
		_, d, _ := digits(t)
		d.Numerics = configs.Uniform(m, 8, 8)
		s, err := NewShape(m, d)
		if m.OnEngine() != nil { // there is no program: an error, and the reason
			if err == nil || err.Error() != m.OnEngine().Error() {
				t.Errorf("%s: error is %v; expected %v", name, err, m.OnEngine())
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got, want := s.steps(), len(s.Program()); got != want {
			t.Errorf("%s: %d steps, the program has %d", name, got, want)
		}
	}
}

// Single buffers against Yosys: blocks and memory LUTs exactly, the multiplexers between
// banks within a tenth and a few LUTs.
func TestMemoriesAgainstYosys(t *testing.T) {
	data, err := os.ReadFile("testdata/memories.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Memories []struct {
			Part, Style  string
			Width, Depth int
			Got          Resources
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]configs.MemoryKind{"block": configs.MemBlock, "distributed": configs.MemLUT, "ultra": configs.MemUltra}
	for _, x := range file.Memories {
		part, err := configs.LoadPart(x.Part)
		if err != nil {
			t.Fatal(err)
		}
		m := newFabric(part).memory(Memory{Copies: 1, Depth: x.Depth, Width: x.Width, Kind: kinds[x.Style]})
		y := x.Got
		if m.BRAM18 != y.BRAM18 || m.URAM != y.URAM || m.LUTRAM != y.LUTRAM {
			t.Errorf("%s %s %dx%d: %+v, Yosys has %+v", x.Part, x.Style, x.Depth, x.Width, m, y)
		}
		if d := math.Abs(float64(m.LUT - y.LUT)); d > 12+0.1*float64(y.LUT) || math.Abs(float64(m.FF-y.FF)) > 2 {
			t.Errorf("%s %s %dx%d: %d LUT %d FF, Yosys has %d and %d", x.Part, x.Style, x.Depth, x.Width, m.LUT, m.FF, y.LUT, y.FF)
		}
	}
	if len(file.Memories) < 50 {
		t.Errorf("only %d memories recorded", len(file.Memories))
	}
}
