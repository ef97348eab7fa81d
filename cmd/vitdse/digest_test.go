package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/dse/exact"
	"vitdse/dse/front"
	"vitdse/dse/metric"
	"vitdse/dse/noise"
	"vitdse/dse/search"
	"vitdse/dse/sweep"
	"vitdse/emit"
	plans "vitdse/emit/temporal"
	"vitdse/golden/checkpoint"
	"vitdse/golden/exec"
	"vitdse/golden/floatref"
	"vitdse/golden/quant"
	"vitdse/hwmodel"
	"vitdse/hwmodel/temporal"
)

var updateDigests = flag.Bool("update-digests", false, "record what TestDigests finds, in the place of comparing")

// digestFile has a line for each thing: its name and a digest of its text. It is the record of what a change
// that moves code must leave as it is. A change that means to change cycles, prices or fronts records anew:
//
//	go test ./cmd/vitdse -run TestDigests -update-digests
const digestFile = "testdata/digests.txt"

// digests collects lines of the file.
type digests struct {
	t     *testing.T
	lines []string
}

func (d *digests) add(name string, text []byte) {
	d.lines = append(d.lines, fmt.Sprintf("%s %x", name, sha256.Sum256(text))[:len(name)+17])
}

// TestDigests compares op lists, prices, cycles, fronts, integer networks, traces and what is emitted of the design
// (program, loader's list, stream, parameters, C++ tables) with the digests of a known good version.
func TestDigests(t *testing.T) {
	if testing.Short() {
		t.Skip("calibrates, quantizes and searches; run without -short")
	}
	d := &digests{t: t}
	d.opLists()
	d.prices("deit-tiny", 18)
	d.prices(filepath.Join("..", "..", "configs", "digits", "model.yaml"), 200)
	d.fronts()
	d.emitted()
	d.networks()
	got := strings.Join(d.lines, "\n") + "\n"
	if *updateDigests {
		if err := os.WriteFile(digestFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(digestFile)
	if err != nil {
		t.Fatal(err)
	}
	known := strings.Split(strings.TrimSuffix(string(want), "\n"), "\n")
	for i, line := range d.lines {
		if i >= len(known) || known[i] != line {
			t.Errorf("%s is not what %s has; if that is meant, record it with -update-digests", line, digestFile)
		}
	}
	if len(known) != len(d.lines) {
		t.Errorf("%s has %d lines; expected %d", digestFile, len(known), len(d.lines))
	}
}

func (d *digests) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *digests) model(name string) configs.Model {
	m, err := configs.LoadModel(name)
	d.must(err)
	return m
}

// opLists are the ops of every built-in model: names, kinds and shapes.
func (d *digests) opLists() {
	for _, name := range configs.Models() {
		var b bytes.Buffer
		for _, op := range network.MustCompile(d.model(name)).Ops {
			fmt.Fprintln(&b, op.Name, op.Kind, op.Heads, op.Rows, op.Cols, op.Inner)
		}
		d.add("ops "+name, b.Bytes())
	}
}

// drawDesign is a random legal design.
func (d *digests) drawDesign(rng *rand.Rand, m configs.Model, part configs.Part) configs.Design {
	one := func(of ...int) int { return of[rng.IntN(len(of))] }
	kind := func() configs.MemoryKind {
		return []configs.MemoryKind{configs.MemAuto, configs.MemBlock, configs.MemLUT}[rng.IntN(3)]
	}
	for range 10000 {
		n := configs.Uniform(m, 8, 8)
		n.SoftmaxBits, n.GELUBits = 2+rng.IntN(7), 4+rng.IntN(7)
		for i := range n.Layers {
			l := &n.Layers[i]
			l.Activations = 2 + rng.IntN(7)
			if l.Weights == 0 {
				continue
			}
			l.Weights = 2 + rng.IntN(7)
			if i > 0 && rng.IntN(3) == 0 {
				l.Granularity, l.Group = configs.PerGroup, 16
			}
		}
		e := configs.Engine{TM: one(2, 4, 8, 16), TN: one(2, 4, 8, 16, 32), TK: one(1, 2, 4, 8),
			VectorColumns: one(1, 2, 4, 8),
			Multiplier:    []configs.Multiplier{configs.MulDSP, configs.MulLUT}[rng.IntN(2)],
			Packing:       []configs.Packing{configs.PackNone, configs.PackDSP48E1, configs.PackDSP48E2}[rng.IntN(3)],
			BusBits:       one(32, 64, 128, 256), ReadFIFO: one(32, 64, 128), WeightBuffers: one(1, 2, 4),
			Activations: kind(), Weights: kind(), Residual: kind()}.WithPatchTokens(one(1, 2))
		design := configs.Design{Name: "drawn", Model: m.Name, Part: part.Name, ClockMHz: 150, Numerics: n, Engine: e}
		if design.Validate(m, part) == nil {
			return design
		}
	}
	d.t.Fatal("none of 10000 draws is legal")
	return configs.Design{}
}

// prices are estimates, cycles with a slow memory, and the two other ways to the same price.
func (d *digests) prices(model string, count int) {
	m := d.model(model)
	net := network.MustCompile(m)
	var b bytes.Buffer
	for _, name := range []string{"xc7z020", "xczu9eg", "lfe5u-85f"} {
		part, err := configs.LoadPart(name)
		d.must(err)
		rng := rand.New(rand.NewPCG(7, 7))
		pricer, err := temporal.Engine{}.NewPricer(net, part)
		d.must(err)
		for range count / 3 {
			design := d.drawDesign(rng, m, part)
			e, err := temporal.Engine{}.Price(net, design, part)
			d.must(err)
			fast, err := pricer.Price(&design)
			d.must(err)
			fmt.Fprintf(&b, "%s %d %d %d %d %v %d\n", name, e.Cycles, e.BytesRead, e.BytesWritten, e.MACs,
				e.Resources, fast.Cycles)
			s, err := temporal.NewShape(net, design)
			d.must(err)
			fmt.Fprintln(&b, s.Timeline(hwmodel.MemoryTiming{Latency: 40, Stall: 0.1}, 2), s.Resources(part), s.Memories())
			rows, total, err := temporal.Engine{}.Roofline(net, design, part, hwmodel.TrafficEngine, 2)
			d.must(err)
			for _, r := range append(rows, total) {
				fmt.Fprintln(&b, r.Name, r.Kind, r.Shape, r.FLOPs, r.Bytes, r.Intensity, r.Attainable, r.Bound, r.IdealCycles)
			}
		}
	}
	d.add("prices "+m.Name, b.Bytes())
}

// madeUpNoise falls with the bits, differently in every layer, and adds up.
type madeUpNoise struct{}

func (madeUpNoise) Units(softmaxBits, geluBits int, b configs.Basis) (noise.Femto, error) {
	return noise.ToFemto(0.01 + math.Exp2(-2*float64(softmaxBits)) + math.Exp2(-float64(geluBits)) + (1-b.LNFold)/1e3)
}

func (madeUpNoise) Layer(_ configs.Basis, l configs.LayerBits) (noise.Femto, error) {
	sum := sha256.Sum256([]byte(l.Name))
	v := math.Exp2(1-2*float64(l.Activations)) * (1 + float64(sum[0])/128)
	if l.Weights > 0 {
		v += math.Exp2(-2*float64(l.Weights)) * (1 + float64(sum[1])/64)
		if l.Granularity == configs.PerLayer {
			v *= 1 + float64(sum[2])/256
		}
	}
	return noise.ToFemto(math.Round(v*1e12) / 1e12)
}

// fronts are a sweep and two exact searches, with made-up noise.
func (d *digests) fronts() {
	m := d.model(filepath.Join("..", "..", "configs", "digits", "model.yaml"))
	space, err := configs.LoadSpace(filepath.Join("..", "..", "configs", "digits", "space.yaml"))
	d.must(err)
	space.Parts = []string{"xc7z020", "lfe5u-85f"}
	space.Bits.Weights, space.Bits.Activations = []int{3, 4, 8}, []int{4, 8}
	space.Array.TN, space.Array.TK = []int{8, 16}, []int{2, 4}
	in := search.Input{Engine: engine, Model: m, Space: space, Noise: noise.Of(madeUpNoise{}),
		Options: search.Options{Workers: 2, Seed: 1, Version: "digest"}}
	for _, name := range space.Parts {
		p, err := configs.LoadPart(name)
		d.must(err)
		for key := range p.Sources {
			p.Sources[key] = "digest" // what a part's file says of its figures is no behaviour
		}
		in.Parts = append(in.Parts, p)
	}
	swept, err := sweep.Search(context.Background(), in, nil)
	d.must(err)
	d.front("front sweep", swept.Front)
	in.Additive, in.Noise = madeUpNoise{}, nil
	for _, sym := range []configs.Symmetry{configs.SymKind, configs.SymLayer} {
		in.Space.Bits.Symmetry, in.Space.GranularityBy = sym, sym
		in.Objectives = []metric.Metric{metric.Loss, metric.Latency, "lut"}
		found, err := exact.Search(context.Background(), in, nil)
		d.must(err)
		d.front("front exact "+string(sym), found.Front)
	}
}

func (d *digests) front(name string, f *front.Front) {
	f.Inputs = ""
	text, err := f.JSON(f.Points)
	d.must(err)
	d.add(name, text)
}

// emitted are the design's own files, those that templates render left out, and the plan's parameters.
func (d *digests) emitted() {
	m := d.model(filepath.Join("..", "..", "configs", "digits", "model.yaml"))
	part, err := configs.LoadPart("xczu9eg")
	d.must(err)
	w := checkpoint.Seeded(m, 3)
	stats, err := quant.Calibrate(m, w, quant.Synthetic(m, 16, 1))
	d.must(err)
	rng := rand.New(rand.NewPCG(11, 11))
	for i := range 8 {
		design := d.drawDesign(rng, m, part)
		design.Engine.AccumulatorBits = 30
		net, err := quant.Quantize(m, design.Numerics, w, stats)
		d.must(err)
		plan, err := plans.NewPlan(design, net, part)
		d.must(err)
		files, err := plan.Files(1)
		d.must(err)
		slices.SortFunc(files, func(a, b emit.File) int { return strings.Compare(a.Path, b.Path) })
		var b bytes.Buffer
		for _, f := range files {
			if ext := filepath.Ext(f.Path); ext == ".mem" || ext == ".bin" || f.Path == "design.yaml" ||
				strings.HasSuffix(f.Path, "vit_program.h") {
				fmt.Fprintf(&b, "%s\n%s\n", f.Path, bytes.ReplaceAll(f.Data, []byte(plan.Hash()), []byte(strings.Repeat("5a", 32))))
			}
		}
		fmt.Fprintln(&b, plan.(*plans.Plan).Params, plan.Columns())
		for _, op := range plan.Manifest(1).Ops {
			fmt.Fprintln(&b, op)
		}
		d.add(fmt.Sprint("plan ", i), b.Bytes())
	}
}

// networks are the float reference, the integer network and its trace of small networks of every family.
func (d *digests) networks() {
	swin := configs.Model{Name: "swin", Family: configs.Swin,
		Image: configs.ImageShape{Height: 20, Width: 28, Channels: 3}, Patch: 2,
		Dim: 8, Depths: []int{2, 2}, StageHeads: []int{1, 2}, Window: 4, MLPRatio: 2, Classes: 5, LayerNormEps: 1e-5,
		Mean: []float64{0.5, 0.4, 0.3}, Std: []float64{0.5, 0.6, 0.7}}
	vit := configs.Model{Name: "vit", Family: configs.ViT,
		Image: configs.ImageShape{Height: 12, Width: 9, Channels: 3}, Patch: 3,
		Dim: 24, Depth: 2, Heads: 3, MLPRatio: 2, Classes: 7, LayerNormEps: 1e-6, Mean: swin.Mean, Std: swin.Std}
	distilled := vit
	distilled.Name, distilled.Family = "distilled", configs.DeiTDistilled
	for _, m := range []configs.Model{vit, distilled, swin} {
		rng := rand.New(rand.NewPCG(5, 5))
		w := &checkpoint.Weights{}
		w.Fill(m, func(_ string, shape []int) []float32 {
			n, spread := 1, 0.3
			for _, s := range shape {
				n *= s
			}
			if len(shape) == 1 {
				spread = 1
			}
			v := make([]float32, n)
			for i := range v {
				v[i] = float32(rng.NormFloat64() * spread)
			}
			return v
		})
		images := quant.Synthetic(m, 6, 2)
		ref, err := floatref.New(m, w)
		d.must(err)
		var real floatref.Trace
		logits, err := ref.Run(images.At(0), &real)
		d.must(err)
		d.add("float "+m.Name, fmt.Append(nil, real.Ops, real.Pre, logits))
		stats, err := quant.Calibrate(m, w, images)
		d.must(err)
		for _, dynamic := range []bool{false, true} {
			num := configs.Uniform(m, 5, 6)
			name := m.Name
			if dynamic {
				if m.Family == configs.Swin {
					continue
				}
				num.Quantizer.TokenScales = configs.DynamicScales
				name += " dynamic"
			}
			net, err := quant.Quantize(m, num, w, stats)
			d.must(err)
			var tr exec.Trace
			codes, err := exec.Run(net, images.At(1), &tr)
			d.must(err)
			d.add("trace "+name, fmt.Append(nil, tr.Ops, codes, net.LogitScale, net.ResidualScale))
		}
	}
}
