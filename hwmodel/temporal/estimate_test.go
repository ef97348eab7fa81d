package temporal

import (
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// load reads a model and a part, by name or path.
func load(tb testing.TB, model, part string) (configs.Model, configs.Part) {
	tb.Helper()
	m, err := configs.LoadModel(model)
	if err != nil {
		tb.Fatal(err)
	}
	p, err := configs.LoadPart(part)
	if err != nil {
		tb.Fatal(err)
	}
	return m, p
}

func digits(tb testing.TB) (configs.Model, configs.Design, configs.Part) {
	m, err := configs.LoadModel("../../configs/digits/model.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	part, err := configs.LoadPart("xc7z020")
	if err != nil {
		tb.Fatal(err)
	}
	return m, configs.Design{Name: "x", Model: m.Name, Part: part.Name, ClockMHz: 100, Numerics: configs.Uniform(m, 8, 8),
		Engine: configs.Engine{TM: 8, TN: 8, TK: 1, Multiplier: configs.MulDSP, BusBits: 64, ReadFIFO: 64, WeightBuffers: 2,
			Activations: configs.MemAuto, Weights: configs.MemAuto, Residual: configs.MemAuto}}, part
}

func TestPriceIsTheLongWay(t *testing.T) {
	m, d, part := digits(t)
	e, err := Engine{}.Price(network.MustCompile(m), d, part)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewShape(network.MustCompile(m), d)
	if err != nil {
		t.Fatal(err)
	}
	var sum hwmodel.Resources
	for _, x := range s.Modules(part) {
		sum = sum.Add(x.Resources)
		if x.Resources == (hwmodel.Resources{}) {
			t.Errorf("module %s costs nothing", x.Name)
		}
	}
	if e.Resources != sum {
		t.Errorf("Price has %+v, the modules add up to %+v", e.Resources, sum)
	}
	if want := s.Cycles(hwmodel.IdealMemory); e.Cycles != want {
		t.Errorf("Price has %d cycles, the timeline %d", e.Cycles, want)
	}
	// q, k, v, proj, fc1 and fc2 on every token, scores and value products, the patches and one row of the classifier.
	n, dim, hidden := m.Tokens(), m.Dim, m.Hidden()
	block := 4*n*dim*dim + 2*n*dim*hidden + 2*n*n*dim
	if macs := int64(m.Patches()*m.PatchInner()*dim + m.Depth*block + dim*m.Classes); e.MACs != macs {
		t.Errorf("Price has %d MACs, the ops %d", e.MACs, macs)
	}
	if e.ArrayUse <= 0 || e.ArrayUse > 1 || !e.Fits {
		t.Errorf("use of the array %g, fits %v, short of %v", e.ArrayUse, e.Fits, e.Short)
	}
}

// What a part lacks is named, with what there is.
func TestShortOfWhatThePartLacks(t *testing.T) {
	m, d, part := digits(t)
	d.Engine.TM, d.Engine.TN = 16, 16
	d.Engine.Weights = configs.MemUltra // the xc7z020 has none: built from blocks
	e, err := Engine{}.Price(network.MustCompile(m), d, part)
	if err != nil {
		t.Fatal(err)
	}
	name, share := e.Use.Largest()
	want := hwmodel.Shortage{Resource: "dsp", Need: e.Resources.DSP, Have: part.Usable().DSP}
	if e.Fits || len(e.Short) != 1 || e.Short[0] != want || name != "dsp" || share <= 1 || e.Resources.URAM != 0 {
		t.Errorf("short of %v, largest %s %.2f, %+v; want %v", e.Short, name, share, e.Resources, want)
	}
}

// A larger array costs more of something and nothing less, on every part.
func TestLargerArraysCostMore(t *testing.T) {
	m, d, _ := digits(t)
	for _, name := range configs.Parts() {
		part, err := configs.LoadPart(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, mul := range []configs.Multiplier{configs.MulDSP, configs.MulLUT} {
			d.Engine.Multiplier = mul
			var before hwmodel.Resources
			for _, side := range []int{2, 4, 8, 16} {
				d.Engine.TM, d.Engine.TN = side, side
				e, err := Engine{}.Price(network.MustCompile(m), d, part)
				if err != nil {
					t.Fatal(err)
				}
				r := e.Resources
				if r.LUT <= before.LUT || r.FF <= before.FF || r.DSP < before.DSP {
					t.Errorf("%s %s %dx%d: %+v, the array of half the side %+v", name, mul, side, side, r, before)
				}
				before = r
			}
		}
	}
}

func BenchmarkPrice(b *testing.B) {
	m, d, part := digits(b)
	net := network.MustCompile(m)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := (Engine{}).Price(net, d, part); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNewShape(b *testing.B) {
	m, d, _ := digits(b)
	net := network.MustCompile(m)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewShape(net, d); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTimeline(b *testing.B) {
	m, d, _ := digits(b)
	s, _ := NewShape(network.MustCompile(m), d)
	b.ReportAllocs()
	for b.Loop() {
		s.Cycles(hwmodel.IdealMemory)
	}
}

// TestBandwidth: a bus that asks for more than the part's memory delivers gains nothing by it.
func TestBandwidth(t *testing.T) {
	m, part := load(t, "../../configs/digits/model.yaml", "lfe5u-85f")
	d := configs.Design{Name: "d", Model: m.Name, Part: part.Name, ClockMHz: 400, Numerics: configs.Uniform(m, 8, 8),
		Engine: configs.Engine{TM: 16, TN: 16, TK: 8, Multiplier: configs.MulDSP, BusBits: 512, ReadFIFO: 64,
			WeightBuffers: 2,
			Activations:   configs.MemAuto, Weights: configs.MemAuto, Residual: configs.MemAuto}}
	slow, err := Engine{}.Price(network.MustCompile(m), d, part)
	if err != nil {
		t.Fatal(err)
	}
	part.BandwidthGBs = 1000
	fast, err := Engine{}.Price(network.MustCompile(m), d, part)
	if err != nil {
		t.Fatal(err)
	}
	if slow.Cycles <= fast.Cycles {
		t.Errorf("%d cycles on 1.6 GB/s, %d on 1000 GB/s", slow.Cycles, fast.Cycles)
	}
	if least := float64(slow.BytesRead) / 1.6e9; slow.Seconds < 0.95*least {
		t.Errorf("%.3g s an image; the bytes alone take %.3g s", slow.Seconds, least)
	}
}
