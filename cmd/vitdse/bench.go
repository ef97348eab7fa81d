package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/table"
	"vitdse/cmd/vitdse/verdicts"
	"vitdse/configs"
	"vitdse/emit"
	"vitdse/emit/verify"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
	"vitdse/golden/quant"
)

// benchmark is what vitdse bench varies and what it keeps.
type benchmark struct {
	models, bits, arrays []string
	part, packing        string
	clock                float64 // MHz, assumed; 0 is the model's
	bus, depth, latency  int
	weightBuffers, edges int
	lutColumns, images   int
	patchTokens          int
	accumulator          int
	table                string
}

func newBench(a *app) *cobra.Command {
	var b benchmark
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "Run whole networks of seeded weights on emitted engines and say where the cycles go",
		Long: `Emits an engine for every combination of network, bits and array, runs one random image
or several through its RTL in Verilator with every op compared, and prints the first image's
cycles predicted and measured, the array's utilisation, what its other cycles were spent on,
and the simulation's speed. With --images, also the cycles of an image that waited in the
queue, of which the engine reads the pixels while it computes the one before. The weights are
not trained: they are drawn from a seed with the spreads of trained ones, and rounded to the
nearest code. The clock, which scales the rate and nothing else, is the model's of the
engine, with its bracket, or assumed: what --clock gives, or the part's where its family has
no model.

Arrays are TMxTNxTK, or TMxTNxTKvC with C vector columns.`,
		Example: "  vitdse bench --models deit-tiny,deit-small --bits 8x8,4x8 --arrays 8x32x4v4,8x32x8v8 --table bench.md",
		Args:    cobra.NoArgs,
	}
	f := cmd.Flags()
	f.StringSliceVar(&b.models, "models", []string{"deit-tiny"}, "`names` or files of the networks")
	f.StringSliceVar(&b.bits, "bits", []string{"8x8"}, "weight and activation `bits` of the layers")
	f.StringSliceVar(&b.arrays, "arrays", []string{"8x32x4v4"}, "`shapes` of the array")
	f.StringVar(&b.part, "part", "xczu9eg", "`name` or file of the part")
	f.Float64Var(&b.clock, "clock", 0, "assumed clock in `MHz`; default the model's for each engine")
	f.StringVar(&b.packing, "packing", string(configs.PackNone), "`products` of a DSP: none, dsp48e1 or dsp48e2")
	f.IntVar(&b.bus, "bus", 128, "`bits` of the bus")
	f.IntVar(&b.lutColumns, "lut-columns", 0, "last `columns` of the array with LUT multipliers")
	f.IntVar(&b.patchTokens, "patch-tokens", 1, "`tokens` whose values the patch gather reads in a cycle: 1 or 2")
	f.IntVar(&b.weightBuffers, "weight-buffers", 2, "tile columns whose `weights` are on the chip: 1, 2 or 4")
	f.IntVar(&b.edges, "edge-bits", 8, "`bits` of the image, of the first and last layer's weights, and of softmax")
	f.IntVar(&b.accumulator, "accumulator-bits", 0, "least `width` of the accumulators; 0 is what any weights need")
	f.IntVar(&b.images, "images", 1, "`number` of images in a row")
	f.IntVar(&b.depth, "depth", 0, "`number` of blocks; 0 is all")
	f.IntVar(&b.latency, "latency", 64, "`cycles` from a read request to its first beat")
	f.StringVar(&b.table, "table", "", "`file` to write the table to, as Markdown")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.bench(cmd.Context(), b) }
	return cmd
}

func (a *app) bench(ctx context.Context, b benchmark) error {
	if b.images < 1 {
		return fmt.Errorf("--images: %d; expected at least 1", b.images)
	}
	t := table.New(append([]string{"<network", "<bits", "<array", "bus", "w buf"}, verdicts.CycleColumns...)...)
	write := func() error {
		if b.table == "" {
			return nil
		}
		return configs.WriteFile(b.table, []byte(t.Markdown()))
	}
	part, err := configs.LoadPart(b.part)
	if err != nil {
		return err
	}
	clocks, err := clocksOn(part, b.clock)
	if err != nil {
		return err
	}
	failed := false
	for _, model := range b.models {
		m, err := loadModel(model)
		if err != nil {
			return err
		}
		if b.depth > 0 {
			m.Depth = min(m.Depth, b.depth)
		}
		st := a.stages()
		st.Set("drawing weights of "+m.Name+" and calibrating", "", 0, 0, "")
		s, err := newSeeded(m, b.images)
		st.Drop()
		if err != nil {
			return err
		}
		for _, bits := range b.bits {
			for _, array := range b.arrays {
				d, err := b.design(m, bits, array, part, clocks)
				if err != nil {
					return err
				}
				rep, err := a.benchOne(ctx, b, s, d, part)
				if err != nil {
					return fmt.Errorf("%s, %s bits, %s: %w", m.Name, bits, array, err)
				}
				t.Add(append(b.names(m, bits, array), verdicts.Cycles(rep, d.ClockMHz, clocks.say(d.Engine))...)...)
				failed = failed || !rep.OK
				if err := write(); err != nil { // what has been measured is kept
					return err
				}
			}
		}
	}
	if err := a.Show(t); err != nil {
		return err
	}
	a.Printf("%s, every op compared; memory of %d cycles latency. ",
		number.Plural(b.images, "image"), b.latency)
	a.Printf("Cycles and shares are the first image's; queued: the slowest of those behind it, " +
		"each from the end of the one before.\n")
	if failed {
		return &exitError{exitUnequal, errors.New("not everything is equal")}
	}
	return nil
}

// names say which engine a row is of.
func (b benchmark) names(m configs.Model, bits, array string) []string {
	label := "W" + strings.Replace(bits, "x", "A", 1)
	if b.edges != 8 {
		label += fmt.Sprintf(", edges %d", b.edges)
	}
	if b.lutColumns > 0 {
		array += fmt.Sprintf(", %d of LUTs", b.lutColumns)
	}
	if b.patchTokens > 1 {
		array += fmt.Sprintf(", %d patch tokens", b.patchTokens)
	}
	name := m.Name
	if b.depth > 0 {
		name = fmt.Sprintf("%s, %s", name, number.Plural(m.Depth, "block"))
	}
	return []string{name, label, array, fmt.Sprint(b.bus), fmt.Sprint(b.weightBuffers)}
}

// seeded is a network of seeded weights and random images, calibrated on the first of them.
type seeded struct {
	model   configs.Model
	weights *checkpoint.Weights
	images  [][]byte
	stats   *quant.Stats
}

func newSeeded(m configs.Model, images int) (*seeded, error) {
	if _, err := onEngine(m); err != nil {
		return nil, err
	}
	rng := rand.New(rand.NewPCG(7, 0))
	s := &seeded{model: m, weights: checkpoint.Seeded(m, 1)}
	for range images {
		var pixels []byte
		for range m.Image.Pixels() {
			pixels = append(pixels, uint8(rng.UintN(256)))
		}
		s.images = append(s.images, pixels)
	}
	first := &dataset.Images{N: 1, H: m.Image.Height, W: m.Image.Width, C: m.Image.Channels, Pixels: s.images[0]}
	var err error
	s.stats, err = quant.Calibrate(m, s.weights, first)
	return s, err
}

// design is one engine with its numerics.
func (b benchmark) design(m configs.Model, bits, array string, part configs.Part, clocks clocks) (
	configs.Design, error) {
	d := configs.Design{Name: "bench", Model: m.Name, Part: part.Name}
	var w, act int
	if n, err := fmt.Sscanf(bits, "%dx%d", &w, &act); n != 2 || err != nil {
		return d, fmt.Errorf("--bits: %s; expected weights x activations, as 4x8", bits)
	}
	d.Numerics = configs.Uniform(m, w, act).WithEdges(m, b.edges)
	d.Numerics.Quantizer.Rounding = configs.Nearest
	e := configs.Engine{VectorColumns: 1, Multiplier: configs.MulDSP, Packing: configs.Packing(b.packing),
		LUTColumns: b.lutColumns, BusBits: b.bus, ReadFIFO: 128, WeightBuffers: b.weightBuffers,
		Activations: configs.MemAuto, Weights: configs.MemAuto, Residual: configs.MemAuto, AccumulatorBits: b.accumulator}
	if n, _ := fmt.Sscanf(array, "%dx%dx%dv%d", &e.TM, &e.TN, &e.TK, &e.VectorColumns); n < 3 {
		return d, fmt.Errorf("--arrays: %s; expected TMxTNxTK or TMxTNxTKvC, as 8x32x4v4", array)
	}
	d.Engine = e.WithPatchTokens(b.patchTokens)
	d.ClockMHz = clocks.mhz(d.Engine)
	if err := engine.Legal(m, d, part); err != nil {
		return d, fmt.Errorf("%s, %s bits, %s: %w", m.Name, bits, array, err)
	}
	return d, nil
}

// benchOne emits and simulates one engine.
func (a *app) benchOne(ctx context.Context, b benchmark, s *seeded, d configs.Design, part configs.Part) (
	*verify.Report, error) {
	dir, err := os.MkdirTemp("", "vitdse-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	st := a.stages()
	defer st.Drop()
	st.Set("quantizing "+s.model.Name, "", 0, 0, "")
	net, err := quant.Quantize(s.model, d.Numerics, s.weights, s.stats)
	if err != nil {
		return nil, err
	}
	st.Set("emitting", "", 0, 0, "")
	plan, err := engine.Plan(d, net, part)
	if err != nil {
		return nil, err
	}
	files, err := plan.Files(b.images)
	if err != nil {
		return nil, err
	}
	vectors, err := verify.Vectors(plan, s.images, b.images, nil)
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(dir, "design")
	if err := emit.WriteFolder(folder, append(files, vectors...), false); err != nil {
		return nil, err
	}
	st.End()
	run := configs.TargetRTL
	reports, err := a.simulate(ctx, folder, run, verify.Options{Images: -1, Full: -1, Latency: b.latency, Seed: 1})
	if err != nil {
		return nil, err
	}
	return reports[0], nil
}
