package verify

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"vitdse/configs"
	"vitdse/emit"
	"vitdse/hwmodel"
)

// ErrTool is wrapped by errors about a tool that is not installed.
var ErrTool = errors.New("missing tool")

// Run verifies an emitted folder in Verilator. The error says why nothing could be
// concluded: a missing tool, a folder of mixed designs, a build that failed, a simulation
// that hung. Elements that differ are in the report.
func Run(ctx context.Context, dir string, opt Options, progress func(Progress)) (*Report, error) {
	if progress == nil {
		progress = func(Progress) {}
	}
	if opt.Latency < 1 {
		opt.Latency = 1
	}
	if opt.Stall < 0 || opt.Stall > 0.9 {
		return nil, fmt.Errorf("stall is %g; expected 0 to 0.9", opt.Stall)
	}
	man, err := emit.LoadManifest(dir)
	if err != nil {
		return nil, err
	}
	if err := checkHashes(dir, man.Hash); err != nil {
		return nil, err
	}
	if err := build(ctx, filepath.Join(dir, "sim"), "build/harness", "Verilator and the C++ compiler", progress, verilator, cxx, makeTool); err != nil {
		return nil, err
	}
	return newRun(ctx, configs.TargetRTL, dir, man, opt, progress)
}

// newRun simulates what has been built and reports.
func newRun(ctx context.Context, target configs.Target, dir string, man emit.Manifest, opt Options, progress func(Progress)) (*Report, error) {
	shape, err := hwmodel.NewShape(man.Model, man.Design)
	if err != nil {
		return nil, err
	}
	if opt.Images, err = imagesToRun(dir, opt.Images, man.Model.Classes); err != nil {
		return nil, err
	}
	r := &run{target: target, man: man, opt: opt, shape: shape, progress: progress}
	if err := r.simulate(ctx, dir); err != nil {
		return nil, err
	}
	return r.report()
}

// imagesToRun is how many images to simulate: asked, or with -1 all that have logits.
func imagesToRun(dir string, asked, classes int) (int, error) {
	path := filepath.Join(dir, "vectors/logits.bin")
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	have := (int(info.Size()) - headerBytes) / (4 * classes)
	if asked < 0 {
		asked = have
	}
	if asked < 1 || asked > have {
		return 0, fmt.Errorf("%s holds the logits of %d images; asked for %d", path, have, asked)
	}
	return asked, nil
}

// checkHashes refuses a folder whose files belong to different designs.
func checkHashes(dir, hash string) error {
	want := []string{
		"rtl/filelist.f", "rtl/exp.mem", "rtl/rsqrt.mem", "rtl/program.mem", "rtl/loads.mem",
		"sim/sim_top.sv", "sim/harness.cpp", "sim/Makefile",
	}
	list, err := os.ReadFile(filepath.Join(dir, "rtl/filelist.f"))
	if err != nil {
		return fmt.Errorf("%s: %w; emit the folder again", dir, err)
	}
	for _, line := range strings.Fields(strings.SplitN(string(list), "\n", 2)[1]) {
		want = append(want, "rtl/"+line)
	}
	return checkFiles(dir, hash, want)
}

// checkFiles refuses a folder in which a file is missing or of another design: the files named
// and those that every target reads.
func checkFiles(dir, hash string, want []string) error {
	if _, err := os.Stat(filepath.Join(dir, "mem/stream.bin")); err != nil {
		return fmt.Errorf("%s: the memory image is missing: %w; emit the folder again", dir, err)
	}
	shared := []string{"design.yaml", "vectors/images.bin", "vectors/logits.bin", "vectors/trace.bin", "vectors/expected.bin"}
	var errs []error
	for _, name := range append(shared, want...) {
		if err := checkHash(filepath.Join(dir, name), hash); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// checkHash looks for the design's hash in the head of a file.
func checkHash(path, hash string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("%s is missing; emit the folder again: %w", path, err)
	}
	defer f.Close()
	head := make([]byte, 256)
	n, _ := f.Read(head)
	head = head[:n]
	if bytes.Contains(head, []byte(hash)) {
		return nil
	}
	for _, mark := range []string{"design ", magic} {
		i := bytes.Index(head, []byte(mark))
		if i >= 0 && len(head) >= i+len(mark)+64 && isHex(head[i+len(mark):][:64]) {
			return fmt.Errorf("%s belongs to design %.16s, the folder to %.16s: emit the folder again", path, head[i+len(mark):], hash)
		}
	}
	return fmt.Errorf("%s does not name its design; emit the folder again", path)
}

func isHex(b []byte) bool {
	_, err := hex.DecodeString(string(b))
	return err == nil
}

// Programs that simulations are built with; their Debian packages have the same names.
const (
	verilator = "verilator"
	cxx       = "g++"
	makeTool  = "make"
)

// build makes a goal of the Makefile in dir.
func build(ctx context.Context, dir, goal, what string, progress func(Progress), tools ...string) error {
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%w: %s is not on PATH; install it (Debian and Ubuntu: apt-get install %s)", ErrTool, tool, tool)
		}
	}
	cmd := command(ctx, dir, makeTool, "-s", goal)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	var log bytes.Buffer
	cmd.Stderr = &log
	progress(Progress{Stage: "build", Detail: what})
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := int64(0)
	scan := bufio.NewScanner(out)
	scan.Buffer(make([]byte, 64<<10), 4<<20)
	for scan.Scan() {
		log.WriteString(scan.Text() + "\n")
		lines++
		progress(Progress{Stage: "build", Done: lines, Detail: scan.Text()})
	}
	err = cmd.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("building the simulation in %s failed: %w\n%s", dir, err, tail(log.String(), 30))
	}
	progress(Progress{Stage: "build", Done: 1, Total: 1, Detail: "done"})
	return nil
}

// command is a command that is interrupted with the context, its children too.
func command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 2 * time.Second
	return cmd
}

func tail(s string, lines int) string {
	all := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// run collects what the harness prints.
type run struct {
	target   configs.Target
	man      emit.Manifest
	opt      Options
	shape    *hwmodel.Shape
	progress func(Progress)

	cycles     [][]int64 // image, op
	compared   map[int]event
	mismatches []Mismatch
	logits     *event
	end        *event
}

// event is one line of the harness.
type event struct {
	Event        string  `json:"event"`
	Op           int     `json:"op"`
	Image        int     `json:"image"`
	Head         int     `json:"head"`
	Row          int     `json:"row"`
	Col          int     `json:"col"`
	Expected     int64   `json:"expected"`
	Got          int64   `json:"got"`
	Cycle        int64   `json:"cycle"`
	Cycles       any     `json:"cycles"`
	Compared     int64   `json:"compared"`
	Mismatches   int64   `json:"mismatches"`
	Images       int     `json:"images"`
	Full         int     `json:"full"`
	OK           bool    `json:"ok"`
	Seconds      float64 `json:"seconds"`
	BeatsRead    int64   `json:"beats_read"`
	BeatsWritten int64   `json:"beats_written"`
	What         string  `json:"what"`
	Digest       string  `json:"digest"`
}

func (r *run) simulate(ctx context.Context, dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	args := []string{abs, "--images", strconv.Itoa(r.opt.Images), "--full", strconv.Itoa(r.opt.Full)}
	if r.opt.Results != "" {
		results, err := filepath.Abs(r.opt.Results)
		if err != nil {
			return err
		}
		args = append(args, "--results", results)
	}
	// The RTL's tables are read relative to rtl/.
	in, program := filepath.Join(abs, "hls"), filepath.Join(abs, "hls/build/csim")
	if r.target == configs.TargetRTL {
		in, program = filepath.Join(abs, "rtl"), filepath.Join(abs, "sim/build/harness")
		args = append(args, "--latency", strconv.Itoa(r.opt.Latency), "--stall", strconv.Itoa(int(r.opt.Stall*1000+0.5)),
			"--seed", strconv.FormatUint(r.opt.Seed, 10))
	}
	cmd := command(ctx, in, program, args...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		return err
	}
	scan := bufio.NewScanner(out)
	scan.Buffer(make([]byte, 64<<10), 16<<20)
	r.compared = map[int]event{}
	var fault string
	for scan.Scan() {
		var e event
		if err := json.Unmarshal(scan.Bytes(), &e); err != nil {
			fault = "the simulation printed " + strconv.Quote(scan.Text())
			continue
		}
		if e.Event == "fault" {
			fault = e.What
		}
		r.take(e)
	}
	waitErr := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case fault != "":
		return fmt.Errorf("simulation of %s: %s", dir, r.nameOps(fault))
	case r.end == nil:
		return fmt.Errorf("simulation of %s ended without a result: %v\n%s", dir, waitErr, tail(stderr.String(), 20))
	}
	return nil
}

// nameOps adds op names to a fault's op numbers.
func (r *run) nameOps(what string) string {
	words := strings.Fields(what)
	for i := 0; i+1 < len(words); i++ {
		num := strings.TrimRight(words[i+1], ",;.")
		if n, err := strconv.Atoi(num); words[i] == "op" && err == nil && n < len(r.man.Ops) {
			words[i+1] = strings.Replace(words[i+1], num, fmt.Sprintf("%s (%d)", r.man.Ops[n].Name, n), 1)
		}
	}
	return strings.Join(words, " ")
}

func (r *run) take(e event) {
	switch e.Event {
	case "image":
		var cycles []int64
		list, _ := e.Cycles.([]any)
		for _, v := range list {
			f, _ := v.(float64)
			cycles = append(cycles, int64(f))
		}
		r.cycles = append(r.cycles, cycles)
		detail := ""
		if r.target == configs.TargetRTL {
			detail = fmt.Sprintf("%d cycles", e.Cycle)
		}
		r.progress(Progress{Stage: "simulate", Done: int64(e.Image + 1), Total: int64(r.opt.Images), Detail: detail})
	case "op":
		r.compared[e.Op] = e
	case "mismatch":
		name := "logits"
		if e.Op < len(r.man.Ops)-1 {
			name = r.man.Ops[e.Op].Name
		}
		r.mismatches = append(r.mismatches, Mismatch{name, e.Image, e.Head, e.Row, e.Col, e.Expected, e.Got, e.Cycle})
	case "logits":
		r.logits = &e
	case "end":
		r.end = &e
	}
}

// report turns what was seen into a verdict; what was not seen is a failure.
func (r *run) report() (*Report, error) {
	rep := &Report{
		Target: r.target, Hash: r.man.Hash, Model: r.man.Model.Name, Part: r.man.Design.Part,
		FullImages: r.end.Full, Mismatches: r.mismatches, SimSeconds: r.end.Seconds,
		BeatsRead: r.end.BeatsRead, BeatsWritten: r.end.BeatsWritten,
	}
	if r.logits == nil || len(r.cycles) != r.end.Images {
		return nil, fmt.Errorf("the simulation reported %d of %d images", len(r.cycles), r.end.Images)
	}
	rep.LogitImages, rep.LogitCompared, rep.LogitMismatches = r.logits.Images, r.logits.Compared, r.logits.Mismatches
	predicted := r.predicted()
	if r.target == configs.TargetRTL {
		rep.PredictedBeatsRead = int64(r.end.Images) * int64(r.shape.ImageBeats+r.shape.StreamBeats)
	}
	ok := r.end.OK && rep.LogitMismatches == 0 && rep.FullImages >= 1 &&
		rep.LogitCompared == int64(rep.LogitImages)*int64(r.man.Model.Classes)
	for i, op := range r.man.Ops {
		if len(r.cycles[0]) != len(r.man.Ops) {
			return nil, fmt.Errorf("the simulation reported %d ops; the folder has %d", len(r.cycles[0]), len(r.man.Ops))
		}
		elements := int64(op.Heads) * int64(op.Rows) * int64(op.Cols) * int64(rep.FullImages)
		e := r.compared[i]
		res := OpResult{Name: op.Name, Kind: op.Kind, Shape: shapeOf(op), Elements: elements,
			Compared: e.Compared, Mismatches: e.Mismatches, Predicted: predicted[0][i], Measured: r.cycles[0][i], Digest: e.Digest}
		ok = ok && res.Compared == elements && res.Mismatches == 0
		rep.Ops = append(rep.Ops, res)
		rep.PredictedCycles += res.Predicted
		rep.MeasuredCycles += res.Measured
	}
	for i := range predicted {
		for j := range predicted[i] {
			rep.PredictedRun += predicted[i][j]
			rep.MeasuredRun += r.cycles[i][j]
		}
	}
	if rep.SimSeconds > 0 {
		rep.CyclesPerSecond = float64(rep.MeasuredRun) / rep.SimSeconds
	}
	rep.OK = ok
	return rep, nil
}

// predicted is the cycles of every op of every image; all are 0 for HLS C++, which has none.
func (r *run) predicted() [][]int64 {
	if r.target == configs.TargetRTL {
		return r.shape.Timeline(hwmodel.MemoryTiming{Latency: r.opt.Latency, Stall: r.opt.Stall}, r.end.Images)
	}
	none := make([][]int64, r.end.Images)
	for i := range none {
		none[i] = make([]int64, len(r.man.Ops))
	}
	return none
}

func shapeOf(op emit.ManifestOp) string {
	switch {
	case op.Rows == 0:
		return "-"
	case op.Heads > 1:
		return fmt.Sprintf("%dx%dx%d", op.Heads, op.Rows, op.Cols)
	}
	return fmt.Sprintf("%dx%d", op.Rows, op.Cols)
}
