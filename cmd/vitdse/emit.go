package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/progress"
	"vitdse/cmd/vitdse/table"
	"vitdse/configs"
	"vitdse/dse/front"
	"vitdse/emit"
	"vitdse/emit/verify"
)

// The folders of a run, inside its out.
func sweepDir(run configs.Run) string  { return filepath.Join(run.Out, "sweep") }
func designDir(run configs.Run) string { return filepath.Join(run.Out, "design") }
func workDir(run configs.Run) string   { return filepath.Join(run.Out, "work") }

// cacheOf is the store that the run names, or the user's.
func (a *app) cacheOf(run configs.Run) configs.Store {
	dir := run.Cache
	if dir == "" {
		dir = userCache()
	}
	return configs.NewStore(dir, func(said string) { a.log.Warn(said) })
}

// userCache is vitdse's folder among the user's caches; "" where there is none.
func userCache() string {
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "vitdse")
}

// emitFlags choose what is emitted and where to.
type emitFlags struct {
	point, design, dir string
	part               string // file of the design's part
	force              bool
}

func newEmit(a *app) *cobra.Command {
	var f emitFlags
	cmd := &cobra.Command{
		Use:   "emit RUN.yaml|NETWORK.npz",
		Short: "Emit one design point as SystemVerilog and HLS C++, ready to simulate and to hand over",
		Long: `Writes a folder with the accelerator of one design point for the whole network:
SystemVerilog, program, tables, memory image, simulation harness, HLS C++, drivers, scripts
for synthesis, and the expected value of every element of every op. A design that is past a
limit of the HLS tool is refused, unless --target rtl says that the SystemVerilog is enough.

The point is the one that the finished sweep's pick chooses, --point of its front (the
number in the table of vitdse pareto, or its name), or any design file. The folder is
written whole or not at all.

An integer network of vitdse export takes the place of a checkpoint: it is emitted as it is, by
a design that has its numerics. Without a run file it needs --design, --dataset and --dir.`,
		Example: "  vitdse emit configs/digits/run.yaml\n" +
			"  vitdse emit configs/digits/run.yaml --point 3 --dir out/digits/p3\n" +
			"  vitdse emit configs/digits/run.yaml --design my-design.yaml --dir out/mine\n" +
			"  vitdse emit network.npz --design my-design.yaml --dataset configs/digits/digits.npz --dir out/mine",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			run, err := emitted(cmd, args[0], f)
			if err != nil {
				return err
			}
			if f.dir == "" {
				f.dir = designDir(run)
			}
			return a.emit(cmd.Context(), run, f)
		},
	}
	addFlags(cmd.Flags(), inputKeys, pickKeys, []string{"parts", "out", "verify::target", "verify::images",
		"verify::logits"})
	cmd.Flags().StringVar(&f.point, "point", "", "`number` or name of the front's point to emit")
	cmd.Flags().StringVar(&f.design, "design", "", "design `file` to emit")
	cmd.Flags().StringVar(&f.part, "part", "", "part `file` that the design is for; default the tool's part, "+
		"or the space's, of that name")
	cmd.Flags().StringVar(&f.dir, "dir", "", "`folder` to write; default design/ in the run's out")
	cmd.Flags().BoolVar(&f.force, "force", false, "replace an emitted folder that is there")
	cmd.MarkFlagsMutuallyExclusive("point", "design")
	return cmd
}

func (a *app) emit(ctx context.Context, run configs.Run, f emitFlags) error {
	if err := emit.Replaceable(f.dir, f.force); err != nil {
		return err
	}
	n, err := a.forEngine(ctx, run, a.loadAny)
	if err != nil {
		return err
	}
	a.noteLeftOut(n)
	if f.design != "" {
		d, err := configs.LoadDesign(f.design, n.model)
		if err != nil {
			return err
		}
		part, err := partOf(run, f, d.Part)
		if err != nil {
			return fmt.Errorf("%s: part: %w", f.design, err)
		}
		if d, err = configs.LoadDesignOn(f.design, n.model, part); err != nil {
			return err
		}
		return a.emitDesign(ctx, n, run, d, part, f.dir, f.force)
	}
	front, err := a.loadFront(ctx, sweepDir(run))
	if err != nil {
		return err
	}
	point, err := a.choose(front, run, f.point)
	if err != nil {
		return err
	}
	return a.emitPoint(ctx, n, run, front, point, f.dir, f.force)
}

// emitted is the run of what emit is given: a run file, or an integer network with what flags say.
func emitted(cmd *cobra.Command, file string, f emitFlags) (configs.Run, error) {
	if !isNetwork(file) {
		return loadRun(cmd, file)
	}
	run, err := runOrBare(cmd, "")
	if err == nil && (f.design == "" || f.dir == "" || run.Dataset == "-") {
		err = fmt.Errorf("%s is a network without a run: expected --design FILE, --dataset FILE and --dir FOLDER with it",
			file)
	}
	run.Model, run.Checkpoint, run.Space = file, file, ""
	return run, err
}

// partOf is the part of a design file: of the tool's own, of --part FILE, or of the run's space.
func partOf(run configs.Run, f emitFlags, name string) (configs.Part, error) {
	if f.part != "" {
		p, err := configs.LoadPart(f.part)
		if err == nil && p.Name != name {
			err = fmt.Errorf("is %s; --part gives %s", name, p.Name)
		}
		return p, err
	}
	part, err := configs.LoadPart(name)
	if err == nil {
		return part, nil
	}
	if space, unread := configs.LoadSpace(run.Space); run.Space != "" && unread == nil {
		for _, p := range space.Parts {
			if other, err := configs.LoadPart(p); err == nil && other.Name == name {
				return other, nil
			}
		}
	}
	return part, fmt.Errorf("%w; --part FILE names the file of a part of yours", err)
}

// emitPoint emits a point of a front.
func (a *app) emitPoint(ctx context.Context, n *trained, run configs.Run, front *front.Front, p front.Point, dir string,
	force bool) error {
	d, err := front.Design(engine, p)
	if err != nil {
		return err
	}
	for _, s := range front.Parts {
		if s.Part.Name == p.Part {
			return a.emitDesign(ctx, n, run, d, s.Part, dir, force)
		}
	}
	return fmt.Errorf("point %s is for part %s, which the front does not have", p.Name, p.Part)
}

// emitDesign writes the folder of a design.
func (a *app) emitDesign(ctx context.Context, n *trained, run configs.Run, d configs.Design, part configs.Part,
	dir string, force bool) error {
	st := a.stages()
	defer st.Drop()
	integers, err := n.quantize(d.Numerics, a.cacheOf(run), st.Of)
	if err != nil {
		return err
	}
	st.End()
	plan, err := engine.Plan(d, integers, part)
	if err != nil {
		return err
	}
	if opA, opB, unpacked := plan.Unpacked(); unpacked {
		a.log.Warn("a DSP makes one product: two do not fit its multiplier", "packing", d.Engine.Packing,
			"operand_a", number.Plural(opA, "bit"), "operand_b", number.Plural(opB, "bit"))
	}
	if err := plan.HLSCheck(); err != nil {
		if run.Verify.Target != configs.TargetRTL {
			return fmt.Errorf("%w\n--target rtl emits the SystemVerilog alone", err)
		}
		a.log.Warn("the folder has no HLS C++", "why", err)
	}
	images := min(max(run.Verify.Logits.Of(n.test.N), run.Verify.Images), n.test.N)
	full := min(run.Verify.Images, images)
	files, err := plan.Files(full)
	if err != nil {
		return err
	}
	pixels := make([][]byte, images)
	for i := range pixels {
		pixels[i] = n.test.At(i)
	}
	bar := progress.Start(a.stderr, "golden vectors", "images", int64(images))
	vectors, err := verify.Vectors(plan, pixels, full, func(done, total int) { bar.Set(int64(done), int64(total), "") })
	bar.Finish()
	if err = errors.Join(err, ctx.Err()); err != nil {
		return err
	}
	files = append(files, vectors...)
	if err := emit.WriteFolder(dir, files, force); err != nil {
		return err
	}
	return a.printFolder(dir, plan.Hash(), files)
}

// printFolder lists what a folder holds, a line for each of its folders.
func (a *app) printFolder(dir, hash string, files []emit.File) error {
	names := map[string][]string{}
	size := map[string]int64{}
	var all int64
	for _, f := range files {
		group := filepath.ToSlash(filepath.Dir(f.Path))
		names[group] = append(names[group], filepath.Base(f.Path))
		size[group] += int64(len(f.Data))
		all += int64(len(f.Data))
	}
	a.Printf("%s: design %s, %s, %s kB\n", dir, configs.ShortHash(hash), number.Plural(len(files), "file"),
		number.Kilo(all))
	t := table.New("<folder", "files", "kB", "<what")
	for _, group := range slices.Sorted(maps.Keys(names)) {
		t.Add(group, number.Count(len(names[group])), number.Kilo(size[group]), folderWords[group])
	}
	return a.Show(t)
}

var folderWords = map[string]string{
	".":        "README.md: start here; design.yaml: the point; manifest.json: ops, shapes, cycles",
	"golden":   "the integer network as numpy arrays; vitdse export makes ONNX of it",
	"rtl":      "SystemVerilog modules, the program, tables; filelist.f",
	"mem":      "what the accelerator reads: weights, parameters, positions",
	"sim":      "Verilator harness and Makefile",
	"syn":      "scripts for Yosys, place and route, and the vendor's tools; Makefile",
	"driver":   "register map, C header, C and Python driver",
	"hls":      "HLS C++ of the same design, its testbench and Makefile",
	"hls/shim": "stand-ins for the vendor's ap_int.h and hls_stream.h",
	"vectors":  "images, and the expected value of every element",
}

// refuseExisting says early that a file would not be replaced.
func refuseExisting(path string, force bool) error {
	switch _, err := os.Lstat(path); {
	case errors.Is(err, fs.ErrNotExist) || force && err == nil:
		return nil
	case err != nil:
		return err
	}
	return fmt.Errorf("%s exists; remove it, choose another or use --force", path)
}
