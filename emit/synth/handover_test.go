package synth

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel/temporal"
)

var update = flag.Bool("update", false, "rewrite docs/HANDOVER.md")

// ecp5Design is the design of the recorded reports.
func ecp5Design(t *testing.T) (configs.Model, configs.Design, configs.Part) {
	t.Helper()
	part, err := configs.LoadPart("lfe5u-85f")
	if err != nil {
		t.Fatal(err)
	}
	m, err := configs.LoadModel("../../configs/digits/model.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return m, configs.Design{Name: "digits-ecp5", Model: m.Name, Part: part.Name, ClockMHz: 50,
		Numerics: configs.Uniform(m, 8, 8),
		Engine: configs.Engine{TM: 4, TN: 4, TK: 2, Multiplier: configs.MulDSP, BusBits: 64, ReadFIFO: 128,
			WeightBuffers: 2, Activations: configs.MemAuto, Weights: configs.MemAuto, Residual: configs.MemAuto}}, part
}

var seeds = []int{1}

// TestHandoverDoc keeps the tables of docs/HANDOVER.md to the recorded reports and to
// today's estimates.
func TestHandoverDoc(t *testing.T) {
	m, d, part := ecp5Design(t)
	shape, err := temporal.NewShape(network.MustCompile(m), d)
	if err != nil {
		t.Fatal(err)
	}
	modules, err := ParseStat(read(t, "pipelined.json"), top)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("| seed | highest clock | of the critical path: logic | routing |\n|---|---|---|---|\n")
	var last Route
	for _, seed := range seeds {
		if last, err = ParseReport(read(t, fmt.Sprintf("pipelined-seed%d.json", seed))); err != nil {
			t.Fatal(err)
		}
		logic, routing := last.Split()
		fmt.Fprintf(&b, "| %d | %.1f MHz | %.1f ns | %.1f ns |\n", seed, last.MHz, logic, routing)
	}
	sum, est := Total(modules), shape.Resources(part)
	price, err := temporal.Engine{}.Price(network.MustCompile(m), d, part)
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(&b, "\nAt the assumed 50 MHz the model gives %.0f images a second (%d cycles each, exact in\n"+
		"simulation).\n", price.FPS, price.Cycles)
	b.WriteString("\n| | LUT | FF | MULT18X18D | EBR |\n|---|---|---|---|---|\n")
	row := func(name string, lut, ff, dsp, bram int) {
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d |\n", name, lut, ff, dsp, bram)
	}
	row("estimate", est.LUT, est.FF, est.DSP, est.BRAM18)
	row("Yosys 0.23, module by module", sum.LUT, sum.FF, sum.DSP, sum.BRAM18)
	used := last.Used
	ramw := 2 * used["TRELLIS_RAMW"].Used
	row("nextpnr, flat and routed, with the shell", used["TRELLIS_COMB"].Used+ramw, used["TRELLIS_FF"].Used,
		used["MULT18X18D"].Used, used["DP16KD"].Used)
	row("the part", part.Budget.LUT, part.Budget.FF, part.Budget.DSP, part.Budget.BRAM18)
	b.WriteString("\nModule by module, estimate / Yosys 0.23 (`vit_ram`: all buffers; a 16 x 4 LUT RAM takes six\n" +
		"LUTs, a carry cell two):\n\n")
	b.WriteString("| module | LUT | FF | MULT18X18D | EBR |\n|---|---|---|---|---|\n")
	by := Estimates(shape, part)
	for _, mod := range modules {
		e, r := by[mod.Name], mod.Resources()
		fmt.Fprintf(&b, "| `%s` | %d / %d | %d / %d | %d / %d | %d / %d |\n",
			mod.Name, e.LUT, r.LUT, e.FF, r.FF, e.DSP, r.DSP, e.BRAM18, r.BRAM18)
	}
	const path, open, end = "../../docs/HANDOVER.md", "<!-- ecp5 -->\n", "<!-- /ecp5 -->"
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(text), open)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no place for the tables", path)
	}
	want := before + open + "\n" + b.String() + "\n" + end + after
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(text) {
		t.Errorf("%s is out of date; go test ./emit/synth -update rewrites it. Expected:\n%s", path, b.String())
	}
}

// TestEstimateECP5 holds the model against the recorded mapping of this design.
func TestEstimateECP5(t *testing.T) {
	m, d, part := ecp5Design(t)
	shape, err := temporal.NewShape(network.MustCompile(m), d)
	if err != nil {
		t.Fatal(err)
	}
	modules, err := ParseStat(read(t, "pipelined.json"), top)
	if err != nil {
		t.Fatal(err)
	}
	by := Estimates(shape, part)
	var names []string
	for _, mod := range modules {
		names = append(names, mod.Name)
	}
	for name := range by {
		if !slices.Contains(names, name) {
			t.Errorf("the model has %s; the mapped design has not", name)
		}
	}
	sum, est := Total(modules), shape.Resources(part)
	for _, c := range []struct {
		what      string
		got, want int
		within    float64
	}{
		{"LUTs", est.LUT, sum.LUT, 0.2}, {"flip-flops", est.FF, sum.FF, 0.1},
		{"multipliers", est.DSP, sum.DSP, 0.1}, {"block RAMs", est.BRAM18, sum.BRAM18, 0.1},
	} {
		t.Run(c.what, func(t *testing.T) {
			if off := float64(c.got)/float64(c.want) - 1; off > c.within || off < -c.within {
				t.Errorf("%s: %d estimated, %d mapped (%+.0f %%)", c.what, c.got, c.want, 100*off)
			}
		})
	}
}
