package temporal

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// synthesised is a design that was emitted and put through Yosys, or some modules of it, with what came out: a line
// of the files of docs/data (docs/RESOURCES.md).
type synthesised struct {
	RTL     int `json:"rtl"`
	Model   configs.Model
	Design  configs.Design
	HeldOut bool `json:"held_out"` // not fitted to
	Modules map[string]hwmodel.Resources
}

func recorded(t *testing.T, file string) []synthesised {
	t.Helper()
	f, err := os.Open("../../docs/data/" + file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list []synthesised
	for in := json.NewDecoder(f); ; {
		var d synthesised
		if err := in.Decode(&d); err == io.EOF {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		list = append(list, d)
	}
}

func percent(got, want int) float64 {
	return 100 * float64(got-want) / math.Max(1, float64(want))
}

// mapped is the fewest modules of a design that say something of its sum.
const mapped = 10

// The model against what Yosys made of emitted designs, and of parts of designs: hard blocks exactly, LUTs and
// registers within bounds, fitted to or not.
func TestResourcesAgainstYosys(t *testing.T) {
	sum, designs, parts := map[configs.Fabric]float64{}, map[configs.Fabric]int{}, map[configs.Fabric]int{}
	whole, some, control := recorded(t, "study.jsonl"), recorded(t, "modules.jsonl"), recorded(t, "control.jsonl")
	for _, d := range control { // of its memories those in lanes are left out
		delete(d.Modules, "vit_ram")
	}
	for i, d := range slices.Concat(whole, some, control) {
		part, err := configs.LoadPart(d.Design.Part)
		if err != nil {
			t.Fatal(err)
		}
		s, err := NewShape(network.MustCompile(d.Model), d.Design)
		if err != nil {
			t.Fatal(err)
		}
		model := map[string]hwmodel.Resources{}
		for _, x := range s.Modules(part) {
			name := x.Name
			if !strings.HasPrefix(name, "vit_") {
				name = "vit_ram" // every buffer is one
			}
			model[name] = model[name].Add(x.Resources)
		}
		var got, want hwmodel.Resources
		for name, y := range d.Modules {
			p, ok := model[name]
			if !ok {
				t.Errorf("%s: module %s is not in the model", d.Design.Name, name)
			}
			if p.DSP != y.DSP || p.BRAM18 != y.BRAM18 || p.URAM != y.URAM {
				t.Errorf("%s on %s: %s: %d DSP, %d BRAM18, %d URAM; Yosys has %d, %d, %d",
					d.Design.Name, part.Name, name, p.DSP, p.BRAM18, p.URAM, y.DSP, y.BRAM18, y.URAM)
			}
			got, want = got.Add(p), want.Add(y)
			delete(model, name)
		}
		family := part.Family
		if i < len(whole) {
			designs[family]++
			for name := range model {
				t.Errorf("%s: the model has %s, Yosys has not", d.Design.Name, name)
			}
		} else if len(d.Modules) < mapped {
			continue
		}
		parts[family]++
		lut, ff := math.Abs(percent(got.LUT, want.LUT)), math.Abs(percent(got.FF, want.FF))
		sum[family] += lut
		if limit, ok := (Engine{}).WorstErrors(family); !ok || lut > 100*limit.LUT || ff > 100*limit.FF {
			t.Errorf("%s on %s: LUT %d / %d, FF %d / %d: off by %.1f and %.1f %%",
				d.Design.Name, part.Name, got.LUT, want.LUT, got.FF, want.FF, lut, ff)
		}
	}
	for family, limit := range worstErrors {
		mean := sum[family] / float64(parts[family])
		t.Logf("%s: LUTs of %d designs off by %.1f %% on average, %d of them whole",
			family, parts[family], mean, designs[family])
		if !(mean <= 100*limit.MeanLUT) || designs[family] < 1 || parts[family] < 2 {
			t.Errorf("%s: expected at most %.1f %%, of a whole design at least and two in all", family, 100*limit.MeanLUT)
		}
	}
}

// What a design may plan with leaves more of a part than estimates were off by: a design that fits by the estimate fits
// by Yosys' count, on every part that comes with the tool.
func TestUsableLeavesTheError(t *testing.T) {
	for _, name := range configs.Parts() {
		part, err := configs.LoadPart(name)
		if err != nil {
			t.Fatal(err)
		}
		worst, ok := Engine{}.WorstErrors(part.Family.Basis())
		use, left := part.Usable(), configs.Part{Budget: part.Budget, Reserve: part.Reserve,
			Limits: configs.Limits{LUT: 1, FF: 1}}.Usable()
		if lut, ff := float64(use.LUT)*(1+worst.LUT), float64(use.FF)*(1+worst.FF); !ok || lut > float64(left.LUT) ||
			ff > float64(left.FF) {
			t.Errorf("%s: %d of %d LUTs and %d of %d registers may be planned with, estimates are off by up to %g and %g %%",
				name, use.LUT, left.LUT, use.FF, left.FF, 100*worst.LUT, 100*worst.FF)
		}
	}
}

func TestStepsIsTheProgramsLength(t *testing.T) {
	for _, name := range append(configs.Models(), "../../configs/digits/model.yaml") {
		m, err := configs.LoadModel(name)
		if err != nil {
			t.Fatal(err)
		}
		_, d, _ := digits(t)
		d.Numerics = configs.Uniform(m, 8, 8)
		net := network.MustCompile(m)
		s, err := NewShape(net, d)
		if refused := configs.OnEngine(net); refused != nil { // there is no program: an error, and the reason
			if err == nil || err.Error() != refused.Error() {
				t.Errorf("%s: error is %v; expected %v", name, err, refused)
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

// Single buffers without an output register against Yosys: blocks and memory LUTs exactly, the multiplexers between
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
			Got          hwmodel.Resources
		}
	}
	if err := json.Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	kinds := map[string]configs.MemoryKind{"block": configs.MemBlock, "distributed": configs.MemLUT,
		"ultra": configs.MemUltra}
	for _, x := range file.Memories {
		part, err := configs.LoadPart(x.Part)
		if err != nil {
			t.Fatal(err)
		}
		m := newFabric(part).memory(hwmodel.Memory{Copies: 1, Depth: x.Depth, Width: x.Width, Kind: kinds[x.Style],
			Latency: 1})
		y := x.Got
		if m.BRAM18 != y.BRAM18 || m.URAM != y.URAM || m.LUTRAM != y.LUTRAM {
			t.Errorf("%s %s %dx%d: %+v, Yosys has %+v", x.Part, x.Style, x.Depth, x.Width, m, y)
		}
		if d := math.Abs(float64(m.LUT - y.LUT)); d > 12+0.1*float64(y.LUT) || math.Abs(float64(m.FF-y.FF)) > 2 {
			t.Errorf("%s %s %dx%d: %d LUT %d FF, Yosys has %d and %d",
				x.Part, x.Style, x.Depth, x.Width, m.LUT, m.FF, y.LUT, y.FF)
		}
	}
	if len(file.Memories) < 50 {
		t.Errorf("only %d memories recorded", len(file.Memories))
	}
}

// A short program is logic, a long one is in blocks: as Yosys 0.23 has mapped them.
func TestLongProgramsTakeBlocks(t *testing.T) {
	for _, c := range []struct {
		part         string
		depth, heads int
		blocks       int
	}{
		{"lfe5u-85f", 2, 2, 0}, {"lfe5u-85f", 6, 2, 5},
		{"xc7z020", 4, 4, 0}, {"xczu9eg", 6, 11, 6}, {"xc7z020", 12, 11, 12},
	} {
		t.Run(fmt.Sprintf("%s, %d blocks of %d heads", c.part, c.depth, c.heads), func(t *testing.T) {
			m := configs.Model{Name: "steps", Family: configs.ViT, Image: configs.ImageShape{Height: 12, Width: 20, Channels: 1},
				Patch: 4, Dim: 16 * c.heads, Depth: c.depth, Heads: c.heads, MLPRatio: 4, Classes: 33, LayerNormEps: 1e-6,
				Mean: []float64{0.5}, Std: []float64{0.5}}
			d := configs.Design{Numerics: configs.Uniform(m, 8, 8), Engine: configs.Engine{TM: 1, TN: 1, TK: 1, VectorColumns: 1,
				Multiplier: configs.MulDSP, BusBits: 32, ReadFIFO: 32, WeightBuffers: 1}}
			s, err := NewShape(network.MustCompile(m), d)
			if err != nil {
				t.Fatal(err)
			}
			part, err := configs.LoadPart(c.part)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.sequencer(newFabric(part)).BRAM18; got != c.blocks {
				t.Errorf("%d steps: %d blocks; expected %d", s.steps(), got, c.blocks)
			}
		})
	}
}
