package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/chart"
	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/table"
	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// rooflineFlags choose the design whose roof is shown.
type rooflineFlags struct {
	part, design, array, bits string
	traffic, plot             string
	batch                     int
	all                       bool
}

func newRoofline(a *app) *cobra.Command {
	var f rooflineFlags
	cmd := &cobra.Command{
		Use:     "roofline [RUN.yaml]",
		Aliases: []string{"ops"},
		Short:   "Show a network's op table under the roof of a design and a part",
		Long: `Lists the ops of a network, and for each matmul its work, traffic, arithmetic intensity
and the rate that the array's peak and the part's memory bandwidth allow.

--traffic says what is counted as moved: unfused, every op's inputs, weights and outputs
once each, as surveys count to compare networks; weights, with all activations on the chip;
on-chip, with the weights there too; or engine, what an emitted engine moves. --batch images
share the weights, but on the engine, which runs image by image.

The network and the part are those of a run file, or of --model and --part. The roof is
that of --design FILE, or of an array and bits that the flags give.`,
		Example: "  vitdse roofline configs/digits/run.yaml\n  vitdse roofline --model deit-tiny --part xczu9eg --array 16x32x4 --bits w4a8",
		Args:    cobra.MaximumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.roofline(cmd, args, f) },
	}
	addFlags(cmd.Flags(), []string{"model"})
	cmd.Flags().StringVar(&f.part, "part", "", "`name` or file of the part; default the run's first")
	cmd.Flags().StringVar(&f.design, "design", "", "design `file` whose roof is shown")
	cmd.Flags().StringVar(&f.array, "array", "8x16x4", "array of the roof, `TMxTNxTK`: tokens x channels x products a cycle")
	cmd.Flags().StringVar(&f.bits, "bits", "w8a8", "bits of the roof's design, `wNaN`: weights and activations, 2 to 8")
	cmd.Flags().StringVar(&f.traffic, "traffic", string(hwmodel.TrafficUnfused), "what is counted as moved: `policy` unfused, weights, on-chip or engine")
	cmd.Flags().IntVar(&f.batch, "batch", 1, "`images` that share the weights")
	cmd.Flags().StringVar(&f.plot, "plot", "", "draw the roofline to this .svg or .png `file`")
	cmd.Flags().BoolVar(&f.all, "all", false, "list every block, also those that are all alike")
	cmd.MarkFlagsMutuallyExclusive("design", "array")
	cmd.MarkFlagsMutuallyExclusive("design", "bits")
	return cmd
}

func (a *app) roofline(cmd *cobra.Command, args []string, f rooflineFlags) error {
	if !slices.Contains(hwmodel.Traffics, hwmodel.Traffic(f.traffic)) {
		return fmt.Errorf("--traffic is %q; expected one of %v", f.traffic, hwmodel.Traffics)
	}
	if f.batch < 1 || f.batch > 1<<16 {
		return fmt.Errorf("--batch is %d; expected 1..65536", f.batch)
	}
	if f.plot != "" {
		if err := chart.CheckName(f.plot); err != nil {
			return err
		}
	}
	modelName, _ := cmd.Flags().GetString("model")
	partName := f.part
	if len(args) == 1 {
		run, err := loadRun(cmd, args[0])
		if err != nil {
			return err
		}
		modelName = run.Model
		if partName == "" {
			_, parts, err := loadSpace(run)
			if err != nil {
				return err
			}
			partName = parts[0].Name
		}
	}
	if modelName == "" {
		return fmt.Errorf("no network: give a run file, or --model and --part; see %s --help", cmd.CommandPath())
	}
	model, err := loadModel(modelName)
	if err != nil {
		return err
	}
	if f.design != "" {
		return a.rooflineOf(model, partName, f)
	}
	if partName == "" {
		return fmt.Errorf("no part: give --part; see vitdse parts")
	}
	part, err := configs.LoadPart(partName)
	if err != nil {
		return err
	}
	d, err := nominal(model, part, f.array, f.bits)
	if err != nil {
		return err
	}
	return a.printOps(model, d, part, f)
}

// rooflineOf shows the roof of a design file.
func (a *app) rooflineOf(model configs.Model, partName string, f rooflineFlags) error {
	d, err := configs.LoadDesign(f.design, model)
	if err != nil {
		return err
	}
	if f.part == "" {
		partName = d.Part
	}
	part, err := configs.LoadPart(partName)
	if err != nil {
		return err
	}
	return a.printOps(model, d, part, f)
}

// nominal is a design with an array and uniform bits, for its roof only.
func nominal(m configs.Model, p configs.Part, array, bits string) (configs.Design, error) {
	if _, err := onEngine(m); err != nil {
		return configs.Design{}, err
	}
	var tm, tn, tk, w, act int
	if n, err := fmt.Sscanf(array+"|", "%dx%dx%d|", &tm, &tn, &tk); n != 3 || err != nil {
		return configs.Design{}, fmt.Errorf("--array is %q; expected TMxTNxTK such as 8x16x4", array)
	}
	if n, err := fmt.Sscanf(strings.ToLower(bits)+"|", "w%da%d|", &w, &act); n != 2 || err != nil {
		return configs.Design{}, fmt.Errorf("--bits is %q; expected wNaN such as w4a8", bits)
	}
	d := configs.Design{
		Name: "roof", Model: m.Name, Part: p.Name, ClockMHz: p.ClockMHz, Numerics: configs.Uniform(m, w, act),
		Engine: configs.Engine{TM: tm, TN: tn, TK: tk, Multiplier: configs.MulDSP, BusBits: 64, ReadFIFO: 64, WeightBuffers: 2,
			Activations: configs.MemAuto, Weights: configs.MemAuto, Residual: configs.MemAuto},
	}
	return d, engine.Legal(m, d, p)
}

// printOps prints the op table of a network under the roof of a design.
func (a *app) printOps(m configs.Model, d configs.Design, p configs.Part, f rooflineFlags) error {
	net, err := onEngine(m)
	if err != nil {
		return err
	}
	matmuls, total, err := engine.Roofline(net, d, p, hwmodel.Traffic(f.traffic), f.batch)
	if err != nil {
		return err
	}
	rows := opRows(net, matmuls)
	if !f.all {
		rows = fold(rows)
	}
	t := table.New("<op", "<kind", "<shape", "times", "MFLOP", "kB", "FLOP/B", "attainable GOP/s", "<bound", "ideal cycles")
	for _, r := range rows {
		t.Add(r.cells()...)
	}
	t.Add("total", "", "", "", number.Mega(total.FLOPs), number.Kilo(total.Bytes), fmt.Sprintf("%.1f", total.Intensity),
		fmt.Sprintf("%.1f", total.Attainable), total.Bound, number.Count(total.IdealCycles))
	a.Printf("model %s: %d tokens of %d channels, %d blocks, %d heads; %d ops\n", m.Name, m.Tokens(), m.Dim, len(net.Blocks), net.Blocks[0].Heads, len(net.Ops))
	e := d.Engine
	a.Printf("roof:  array %dx%dx%d, %d MACs a cycle at %g MHz (assumed): %.1f GOP/s; %s: %.1f GB/s\n\n", e.TM, e.TN, e.TK, e.MACs(),
		d.ClockMHz, 2*float64(e.MACs())*d.ClockMHz/1000, p.Name, p.BandwidthGBs)
	if err := a.Show(t); err != nil {
		return err
	}
	a.Printf("Matmul shapes are rows x products x columns, with heads in front; the others rows x columns.\n")
	a.Printf("Traffic: %s, batch %d.\n", f.traffic, f.batch)
	price, err := engine.Price(net, d, p)
	if err != nil {
		return err
	}
	a.Printf("This engine, by the cycle model: %.4g GOP/s on the whole network, array %s %% busy; estimated: %s.\n", achieved(price), number.Percent(price.ArrayUse), number.Power(price.Power, price.Seconds))
	if f.plot == "" {
		return nil
	}
	if err := plotRoofline(m, d, p, f, fold(rows), total, achieved(price)); err != nil {
		return err
	}
	a.Printf("plot: %s\n", f.plot)
	return nil
}

// achieved is the rate of an engine on the whole network, GOP/s, padding not counted.
func achieved(e hwmodel.Estimate) float64 { return 2 * float64(e.MACs) * e.FPS / 1e9 }

// plotRoofline draws the matmuls, those of all blocks as one, and the whole network.
func plotRoofline(m configs.Model, d configs.Design, p configs.Part, f rooflineFlags, rows []opRow, total hwmodel.OpRoofline, gops float64) error {
	e := d.Engine
	r := chart.Roof{
		Title:    fmt.Sprintf("%s on %s: array %dx%dx%d at %g MHz (assumed), traffic: %s, batch %d", m.Name, p.Name, e.TM, e.TN, e.TK, d.ClockMHz, f.traffic, f.batch),
		PeakGOPS: 2 * float64(e.MACs()) * d.ClockMHz / 1000, BandwidthGBs: p.BandwidthGBs,
		Measured: gops,
	}
	for _, row := range rows {
		if row.roof != nil {
			r.Ops = append(r.Ops, chart.RoofOp{Name: row.short, Intensity: row.roof.Intensity, GOPS: row.roof.Attainable, Weights: row.weights})
		}
	}
	r.Ops = append(r.Ops, chart.RoofOp{Name: "whole network", Intensity: total.Intensity, GOPS: total.Attainable, Total: true})
	fig, err := chart.Roofline(r)
	if err != nil {
		return err
	}
	return chart.Write(fig, f.plot)
}

// opRow is one line of the op table; roof is nil for ops that are no matmul.
type opRow struct {
	name, short, kind, shape string // short without its block
	block                    int    // network.None outside
	times                    int
	weights                  bool // one operand is weights
	roof                     *hwmodel.OpRoofline
}

func (r opRow) cells() []string {
	times := ""
	if r.times > 1 {
		times = fmt.Sprint(r.times)
	}
	if r.roof == nil {
		return []string{r.name, r.kind, r.shape, times, "-", "-", "-", "-", "-", "-"}
	}
	f := r.roof
	return []string{r.name, r.kind, r.shape, times, number.Mega(f.FLOPs), number.Kilo(f.Bytes), fmt.Sprintf("%.1f", f.Intensity),
		fmt.Sprintf("%.1f", f.Attainable), f.Bound, number.Count(f.IdealCycles)}
}

// opRows puts the matmuls of a roofline, where q, k and v are one, among the other ops.
func opRows(net *network.Network, matmuls []hwmodel.OpRoofline) []opRow {
	byOp := map[int]*hwmodel.OpRoofline{}
	for i := range matmuls {
		byOp[matmuls[i].Op] = &matmuls[i]
	}
	var rows []opRow
	for _, op := range net.Ops {
		row := opRow{name: op.Name, kind: op.Kind.String(), shape: fmt.Sprintf("%dx%d", op.Rows, op.Cols), times: 1, block: op.Block, roof: byOp[op.Index]}
		switch {
		case row.roof != nil:
			row.name, row.kind, row.shape, row.weights = row.roof.Name, row.roof.Kind, row.roof.Shape, op.Kind.HasWeights()
		case op.Kind.IsMatmul(): // k and v
			continue
		case op.Heads > 1:
			row.shape = fmt.Sprintf("%dx%s", op.Heads, row.shape)
		}
		row.short = row.name
		if op.Block != network.None {
			row.short = strings.TrimPrefix(row.name, net.Blocks[op.Block].Name+".")
		}
		rows = append(rows, row)
	}
	return rows
}

// fold makes one line of the same op of all blocks where they are alike.
func fold(rows []opRow) []opRow {
	var out []opRow
	at := map[string]int{}
	for _, r := range rows {
		if r.block == network.None {
			out = append(out, r)
			continue
		}
		i, seen := at[r.short]
		if !seen {
			at[r.short] = len(out)
			out = append(out, r)
			continue
		}
		if !alike(out[i], r) {
			return rows
		}
		out[i].name, out[i].times = fmt.Sprintf("blocks.0-%d.%s", r.block, r.short), out[i].times+1
	}
	return out
}

func alike(a, b opRow) bool {
	if (a.roof == nil) != (b.roof == nil) || a.shape != b.shape {
		return false
	}
	return a.roof == nil || a.roof.FLOPs == b.roof.FLOPs && a.roof.Bytes == b.roof.Bytes
}
