package synth

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"vitdse/configs"
	"vitdse/emit"
	"vitdse/emit/child"
	"vitdse/emit/timing"
)

// Options say which tools to run.
type Options struct {
	Yosys, Nextpnr, Ecppack string // programs; "" for the first known one on PATH
	Seeds                   []int  // of the placements; none: no place and route
	RouteOnly               bool   // leave the counts of the modules out
	Pack                    bool   // make a bitstream of the first
	Control                 bool   // map the engine's control alone, see control; Seeds and Cache are not used

	// Timed is the part whose clock is bracketed by static timing of the mapped netlist; of a family
	// without delays, or left empty, there is none. A speed grade that is not known is an error.
	Timed configs.Part

	// Cache keeps what Yosys counted, under the version of Yosys and the hash of the RTL and of
	// its script.
	Cache configs.Store
}

// Progress is how far a step has come.
type Progress struct {
	Stage  string // yosys, flatten, route 1, pack
	Done   int64  // lines that the tool has written; how many there will be is not known
	Detail string
}

// Report is what the tools said.
type Report struct {
	Hash    string // of the folder's design
	Modules []Module
	Cached  bool // the modules' counts are of an earlier run
	Timing  *timing.Report
	Vivado  *timing.Routed // the clock in a Vivado report of this design in syn/vivado
	Routes  []Route
	Bitfile string // relative to the folder
}

// top is the module that the counts are of.
const top = "vit_accel_top"

// Run synthesizes an emitted folder. Steps whose tool is missing are left out, and the
// error, which wraps ErrTool, names every such tool and how to install it; the report
// then has what the other steps gave. Any other error ends the run.
func Run(ctx context.Context, dir string, opt Options, progress func(Progress)) (*Report, error) {
	r, _, err := open(ctx, dir, opt, progress)
	if err != nil {
		return nil, err
	}
	if r.rep.Vivado, err = r.vivadoClock(); err != nil {
		return r.rep, err
	}
	if _, err := makeTool.find(""); err != nil {
		return r.rep, err
	}
	var missing []error
	var steps []func() error
	switch {
	case opt.Control:
		steps = append(steps, r.control)
	case !opt.RouteOnly:
		steps = append(steps, r.modules)
	}
	if len(opt.Seeds) > 0 && !opt.Control {
		steps = append(steps, r.routes)
	}
	for _, step := range steps {
		switch err := step(); {
		case errors.Is(err, ErrTool):
			missing = append(missing, err)
		case err != nil:
			return r.rep, err
		}
	}
	return r.rep, errors.Join(missing...)
}

// open checks an emitted folder and reads what it is.
func open(ctx context.Context, dir string, opt Options, progress func(Progress)) (*runner, emit.Manifest, error) {
	if progress == nil {
		progress = func(Progress) {}
	}
	if err := timing.Known(opt.Timed); err != nil {
		return nil, emit.Manifest{}, err
	}
	man, err := emit.LoadManifest(dir)
	if err != nil {
		return nil, man, err
	}
	if err := checkFolder(dir, man.Hash); err != nil {
		return nil, man, err
	}
	return &runner{ctx: ctx, syn: filepath.Join(dir, "syn"), opt: opt, progress: progress, rep: &Report{Hash: man.Hash}},
		man, nil
}

// checkFolder refuses scripts and RTL of another design.
func checkFolder(dir, hash string) error {
	for _, name := range []string{"syn/Makefile", "syn/yosys.ys", "rtl/filelist.f", "rtl/vit_accel_top.sv"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return fmt.Errorf("%w; emit the folder again", err)
		}
		if !bytes.Contains(data[:min(len(data), 256)], []byte(hash)) {
			return fmt.Errorf("%s does not belong to design %.16s of the folder; emit the folder again",
				filepath.Join(dir, name), hash)
		}
	}
	return nil
}

type runner struct {
	ctx      context.Context
	syn      string
	opt      Options
	progress func(Progress)
	rep      *Report
}

// modules maps the hierarchy and counts it.
func (r *runner) modules() error {
	prog, err := yosys.find(r.opt.Yosys)
	if err != nil {
		return err
	}
	inputs, err := r.inputs(prog, "-V", "yosys.ys")
	if err != nil {
		return err
	}
	key := inputs.key
	path := filepath.Join(r.syn, "yosys_stat.json")
	var kept []byte // not JSON: Yosys 0.23 writes what is not quite that
	if r.opt.Cache.Get("synth", key, &kept) && r.keptTiming(key) {
		if r.rep.Modules, err = ParseStat(kept, top); err == nil {
			r.rep.Cached = true
			return configs.WriteFile(path, kept)
		}
	}
	if err := r.remake("yosys", "yosys", inputs, []string{"yosys_stat.json", "yosys_netlist.json"}, "YOSYS="+
		prog); err != nil {
		return err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if r.rep.Modules, err = ParseStat(data, top); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return errors.Join(r.opt.Cache.Put("synth", key, data), r.timing(key))
}

// timingKey is the key of a timing report, "" where none is asked for.
func (r *runner) timingKey(key string) string {
	basis := timing.Basis(r.opt.Timed)
	if basis == "" {
		return ""
	}
	at, err := configs.Key(emit.Version, key, basis)
	if err != nil {
		panic(err) // texts have JSON
	}
	return at
}

// keptTiming says whether the timing that is asked for, if any, was kept.
func (r *runner) keptTiming(key string) bool {
	at := r.timingKey(key)
	return at == "" || r.opt.Cache.Get("timing", at, &r.rep.Timing)
}

// vivadoClock is what Vivado said of this design, routed before synthesized; nil where there is no report of
// it, or one of another design.
func (r *runner) vivadoClock() (*timing.Routed, error) {
	name, err := os.ReadFile(filepath.Join(r.syn, "vivado/design.txt"))
	if err != nil || !strings.HasPrefix(r.rep.Hash, strings.TrimSpace(string(name))) || len(bytes.TrimSpace(name)) == 0 {
		return nil, nil
	}
	for _, stage := range []string{"impl", "synth"} {
		path := filepath.Join(r.syn, "vivado/timing_summary_"+stage+".rpt")
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		routed, err := timing.ParseVivado(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return &routed, nil
	}
	return nil, nil
}

// timing times the netlist that Yosys wrote beside the counts.
func (r *runner) timing(key string) error {
	at := r.timingKey(key)
	if at == "" {
		return nil
	}
	path := filepath.Join(r.syn, "yosys_netlist.json")
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r.progress(Progress{Stage: "timing", Detail: "static timing of the netlist"})
	if r.rep.Timing, err = timing.Analyze(f, top, r.opt.Timed); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return r.opt.Cache.Put("timing", at, r.rep.Timing)
}

// inputs are what a step makes its files from, as keys: the content of all that it reads, and that with
// the program's version, "" where the program is not known.
type inputs struct{ content, key, version string }

// inputs are those of a program on the folder's RTL by scripts in syn/; ask has it say its version.
func (r *runner) inputs(prog, ask string, scripts ...string) (in inputs, err error) {
	files, err := filepath.Glob(filepath.Join(r.syn, "../rtl/*"))
	if err != nil {
		return in, err
	}
	for _, name := range append(scripts, "Makefile") {
		files = append(files, filepath.Join(r.syn, name))
	}
	var values []any
	for _, path := range files {
		data, err := os.ReadFile(path)
		if err != nil {
			return in, err
		}
		values = append(values, filepath.Base(path), sha256.Sum256(data))
	}
	if in.content, err = configs.Key(values...); err != nil || prog == "" {
		return in, err
	}
	version, err := r.version(prog, ask)
	if err != nil {
		return in, err
	}
	in.version = strings.TrimSpace(string(version))
	in.key, err = configs.Key(in.content, version)
	return in, err
}

// version is what a program says of itself.
func (r *runner) version(prog, ask string) ([]byte, error) {
	cmd := exec.CommandContext(r.ctx, prog, ask)
	cmd.WaitDelay = time.Second
	version, err := cmd.CombinedOutput()
	if r.ctx.Err() != nil {
		return nil, r.ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("%s %s, which asks for its version, failed: %w", prog, ask, err)
	}
	return version, nil
}

// remake makes a target, whose files are names, and removes them first unless they were made of the
// same by the same, which stands beside the first: make would go by times, which say neither.
func (r *runner) remake(stage, target string, in inputs, names []string, vars ...string) error {
	stamp := filepath.Join(r.syn, names[0]+".key")
	have, err := os.ReadFile(stamp)
	key, content, _ := strings.Cut(string(have), " ")
	if err != nil || content != in.content || in.key != "" && key != in.key {
		for _, name := range append(names, filepath.Base(stamp)) {
			if err := os.Remove(filepath.Join(r.syn, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	if err := r.make(stage, target, vars...); err != nil || in.key == "" {
		return err
	}
	return configs.WriteFile(stamp, []byte(in.key+" "+in.content))
}

// routes places and routes the flattened design with each seed, and packs the first.
func (r *runner) routes() error {
	if _, err := os.Stat(filepath.Join(r.syn, "ecp5.ys")); errors.Is(err, fs.ErrNotExist) {
		return errors.New("place and route is for parts of the ECP5 family; this folder's part is another: " +
			"use its syn/vivado.tcl")
	}
	mapper, errYosys := yosys.find(r.opt.Yosys)
	router, errRouter := nextpnr.find(r.opt.Nextpnr)
	const netlist = "ecp5.json"
	if _, err := os.Stat(filepath.Join(r.syn, netlist)); err == nil {
		errYosys = nil // Yosys runs only if what is there is out of date
	}
	if err := errors.Join(errYosys, errRouter); err != nil {
		return err
	}
	in, err := r.inputs(mapper, "-V", "ecp5.ys", "ecp5_shell.sv")
	if err == nil {
		err = r.remake("flatten", netlist, in, []string{netlist}, "YOSYS="+mapper)
	}
	if err != nil {
		return err
	}
	if in, err = r.inputs(router, "--version", netlist, "ecp5.lpf"); err != nil {
		return err
	}
	for _, seed := range r.opt.Seeds {
		base := fmt.Sprintf("ecp5_seed%d", seed)
		name := base + ".json"
		files := []string{name, base + ".config", base + ".bit"}
		if err := r.remake(fmt.Sprintf("route %d", seed), name, in, files, "NEXTPNR="+router, "SEED="+
			strconv.Itoa(seed)); err != nil {
			return err
		}
		data, err := os.ReadFile(filepath.Join(r.syn, name))
		if err != nil {
			return err
		}
		route, err := ParseReport(data)
		if err != nil {
			return fmt.Errorf("%s: %w", filepath.Join(r.syn, name), err)
		}
		route.Seed, route.Router = seed, in.version
		r.rep.Routes = append(r.rep.Routes, route)
	}
	return r.pack(router)
}

func (r *runner) pack(router string) error {
	if !r.opt.Pack {
		return nil
	}
	packer, err := ecppack.find(r.opt.Ecppack)
	if err != nil {
		return err
	}
	seed := strconv.Itoa(r.opt.Seeds[0])
	if err := r.make("pack", "ecp5", "NEXTPNR="+router, "ECPPACK="+packer, "SEED="+seed); err != nil {
		return err
	}
	r.rep.Bitfile = "syn/ecp5_seed" + seed + ".bit"
	return nil
}

// make runs a target of syn/Makefile.
func (r *runner) make(stage, target string, vars ...string) error {
	return r.command(stage, "", "make", append([]string{"-C", r.syn, target, "QUIET="}, vars...)...)
}

// command runs a program in a folder and reports every line as progress.
func (r *runner) command(stage, dir, name string, args ...string) error {
	var last []string
	var lines int64
	cmd := child.Command{Dir: dir, Args: append([]string{name}, args...), Cut: true, Merge: true}
	cmd.Line = func(text []byte) error {
		lines++
		if line := string(bytes.TrimSpace(text)); line != "" {
			last = append(last[max(0, len(last)-19):], line)
			r.progress(Progress{stage, lines, line})
		}
		return nil
	}
	_, err := cmd.Run(r.ctx)
	if r.ctx.Err() != nil {
		return r.ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%s %s failed: %w\n%s", name, strings.Join(args[:min(3, len(args))], " "), err,
			strings.Join(last, "\n"))
	}
	return nil
}
