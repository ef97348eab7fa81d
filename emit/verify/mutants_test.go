package verify

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"vitdse/configs"
	"vitdse/emit"
)

var (
	mutantsEach = flag.Int("mutants", 3, "mutants of each RTL module that TestMutants draws; 0 is all of them")
	mutantSeed  = flag.Int("mutant-seed", 1, "of the draw")
	mutantFloor = flag.Int("mutant-floor", 70, "percent of them that must be killed")
	mutantLog   = flag.String("mutant-log", "", "file of verdicts: those that are in it are not simulated again")
)

// mutant is one change of the RTL, and what verification says of it.
type mutant struct {
	ID       int    `json:"id"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Operator string `json:"operator"`
	Text     string `json:"text"`
	Mutated  string `json:"mutated"`
	Program  string `json:"program,omitempty"`
	Killed   bool   `json:"killed"`
	By       string `json:"by,omitempty"`
}

// key is the mutant in the list of equivalents.
func (m mutant) key() string { return fmt.Sprintf("%s: %s: %s", m.File, m.Operator, m.Text) }

// equivalents reads the mutants that change nothing that anyone can see, and why: a line each, "file:
// operator: text # reason".
func equivalents(t *testing.T) map[string]string {
	t.Helper()
	data, err := os.ReadFile("testdata/equivalent.txt")
	if err != nil {
		t.Fatal(err)
	}
	list := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if key, reason, ok := strings.Cut(strings.TrimSpace(line), " # "); ok {
			list[key] = reason
		}
	}
	return list
}

// mutantDesign is a small network and engine that between them have all that the engine does.
type mutantDesign struct {
	name    string
	modules []string // that only this one has, or that differ in it; all if nil
	change  func(*configs.Model, *configs.Numerics, *configs.Engine)
}

var mutantDesigns = []mutantDesign{
	{"plain", nil, func(m *configs.Model, n *configs.Numerics, e *configs.Engine) {
		for i := range n.Layers {
			if l := &n.Layers[i]; l.Name == "blocks.0.mlp.fc1" || strings.HasSuffix(l.Name, "qkv") {
				l.Weights, l.Granularity, l.Group = 3, configs.PerGroup, 16
			}
		}
	}},
}

// TestMutants changes the RTL in one place at a time, in any way that a slip of the hand might, and has the
// folder verified: with an ideal memory, whose cycles are claims, and with a slow one. Those that
// cannot be seen from outside are listed by name in testdata/equivalent.txt. CI draws a few of each module, with the
// floor that the harness holds today (docs/VERIFICATION.md); make mutants draws hundreds.
func TestMutants(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates mutants; run without -short")
	}
	t.Setenv("OPT", "-O0")
	same := equivalents(t)
	var all []mutant
	for _, d := range mutantDesigns {
		all = append(all, runMutants(t, d)...)
	}
	modules := map[string][3]int{}
	var survivors []string
	killed, counted := 0, 0
	for _, m := range all {
		row := modules[m.File]
		_, equivalent := same[m.key()]
		switch {
		case m.Killed:
			killed, counted, row[0] = killed+1, counted+1, row[0]+1
		case equivalent:
			row[2]++
		default:
			counted, row[1] = counted+1, row[1]+1
			survivors = append(survivors, fmt.Sprintf("%s  (line %d: %s)", m.key(), m.Line, m.Mutated))
		}
		modules[m.File] = row
	}
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range modules {
			if !yield(name) {
				return
			}
		}
	}) {
		t.Logf("| `%s` | %d | %d | %d |", name, modules[name][0], modules[name][1], modules[name][2])
	}
	t.Logf("%d of %d mutants killed (%.1f %%), %d equivalent", killed, counted, 100*float64(killed)/float64(counted), len(all)-counted)
	for _, s := range survivors {
		t.Log("survived: " + s)
	}
	if 100*killed < *mutantFloor*counted {
		t.Errorf("%d of %d mutants killed; expected %d %%", killed, counted, *mutantFloor)
	}
}

// runMutants builds one simulator with all mutants of a design and runs it once for each.
func runMutants(t *testing.T, d mutantDesign) []mutant {
	t.Helper()
	m := tinyModel()
	m.Image.Height, m.Image.Width, m.Dim, m.Classes, m.Depth = 6, 6, 16, 5, 2
	e := engine(2, 4, 2)
	e.VectorColumns = 2
	design := configs.Design{Name: d.name, Model: m.Name, Part: "xczu9eg", ClockMHz: 200, Numerics: configs.Uniform(m, 4, 5), Engine: e}
	d.change(&m, &design.Numerics, &design.Engine)
	part, err := configs.LoadPart(design.Part)
	if err != nil {
		t.Fatal(err)
	}
	if err := design.Validate(m, part); err != nil {
		t.Fatal(err)
	}
	dir, err := writeSeeded(t, m, design, 3)
	if err != nil {
		t.Fatal(err)
	}
	man, err := emit.LoadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	list := instrument(t, dir, d.modules)
	t.Logf("%s: %d mutants", d.name, len(list))
	program, err := rtlProgram(dir).build(t.Context(), func(Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	known := readVerdicts(t, filepath.Base(program))
	if err := verifyMutant(t, dir, program, 0, man); err != nil {
		t.Fatalf("%s without a mutant: %v", d.name, err)
	}
	var log *os.File
	if *mutantLog != "" {
		if log, err = os.OpenFile(*mutantLog, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644); err != nil {
			t.Fatal(err)
		}
		defer log.Close()
	}
	var workers sync.WaitGroup
	var mu sync.Mutex
	next, done, begin := make(chan int), 0, time.Now()
	for range runtime.NumCPU() {
		workers.Go(func() {
			for i := range next {
				one := &list[i]
				one.Program = filepath.Base(program)
				if err := verifyMutant(t, dir, program, one.ID, man); err != nil {
					one.Killed, one.By = true, strings.SplitN(err.Error(), "\n", 2)[0]
				}
				mu.Lock()
				if done++; done%50 == 0 {
					fmt.Fprintf(os.Stderr, "%s: %d of %d mutants, %.1f a second\n", d.name, done, len(list), float64(done)/time.Since(begin).Seconds())
				}
				if log != nil {
					line, _ := json.Marshal(one)
					fmt.Fprintf(log, "%s\n", line)
				}
				mu.Unlock()
			}
		})
	}
	for i := range list {
		if old, ok := known[list[i].ID]; ok {
			list[i] = old
			continue
		}
		next <- i
	}
	close(next)
	workers.Wait()
	return list
}

// instrument puts mutants into a folder's RTL, and lets the environment choose.
func instrument(t *testing.T, dir string, modules []string) []mutant {
	t.Helper()
	script, err := filepath.Abs("testdata/mutate.py")
	if err != nil {
		t.Fatal(err)
	}
	rtl := filepath.Join(dir, "rtl")
	if modules == nil {
		files, err := filepath.Glob(filepath.Join(rtl, "*.sv"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			modules = append(modules, filepath.Base(f))
		}
	}
	args := append([]string{script, "mutants.json", fmt.Sprint(*mutantsEach), fmt.Sprint(*mutantSeed)}, modules...)
	if out, err := command(t, rtl, python(t), args...); err != nil {
		t.Fatalf("mutate.py: %v\n%s", err, out)
	}
	var list []mutant
	data, err := os.ReadFile(filepath.Join(rtl, "mutants.json"))
	if err == nil {
		err = json.Unmarshal(data, &list)
	}
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("rtl/vit_mutant.sv", "package vit_mutant;\n  int id;\nendpackage\n")
	write("sim/mutant.cpp", "#include <cstdlib>\nextern \"C\" int vit_mutant_id() { const char* e = std::getenv(\"VITDSE_MUTANT\"); return e ? std::atoi(e) : 0; }\n")
	replace(t, filepath.Join(rtl, "filelist.f"), `^(.*\n)`, "${1}vit_mutant.sv\n")
	replace(t, filepath.Join(dir, "sim/sim_top.sv"), `endmodule\s*$`, "  import \"DPI-C\" function int vit_mutant_id();\n  initial vit_mutant::id = vit_mutant_id();\nendmodule\n")
	return list
}

// python is the interpreter that has the tests' packages.
func python(t *testing.T) string {
	t.Helper()
	path, err := filepath.Abs("../../out/py/bin/python")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		return "python3"
	}
	return path
}

// verifyMutant is the verdict on a mutant: nil if everything is equal and as predicted.
func verifyMutant(t *testing.T, dir, program string, id int, man emit.Manifest) error {
	path, err := filepath.Abs(program)
	if err != nil {
		return err
	}
	script := filepath.Join(t.TempDir(), "run")
	if err := os.WriteFile(script, fmt.Appendf(nil, "#!/bin/sh\nVITDSE_MUTANT=%d exec '%s' \"$@\"\n", id, path), 0o755); err != nil {
		return err
	}
	for _, opt := range []Options{{Images: 3, Full: 3, Latency: 1, Seed: 1}, {Images: 3, Full: 3, Latency: 30, Stall: 0.2, Seed: 2}} {
		rep, err := newRun(context.Background(), configs.TargetRTL, dir, script, man, nil, opt, func(Progress) {})
		if err != nil {
			return err
		}
		if !rep.OK {
			return fmt.Errorf("not equal: %v", rep.Mismatches[:min(1, len(rep.Mismatches))])
		}
		if opt.Latency > 1 {
			continue
		}
		for _, op := range rep.Ops {
			if op.Predicted != op.Measured {
				return fmt.Errorf("op %s: %d cycles predicted, %d measured", op.Name, op.Predicted, op.Measured)
			}
		}
		if rep.PredictedRun != rep.MeasuredRun {
			return fmt.Errorf("%d cycles predicted, %d measured", rep.PredictedRun, rep.MeasuredRun)
		}
	}
	return nil
}

// readVerdicts are those on a program's mutants that the log has.
func readVerdicts(t *testing.T, program string) map[int]mutant {
	known := map[int]mutant{}
	f, err := os.Open(*mutantLog)
	if err != nil {
		return known
	}
	defer f.Close()
	scan := bufio.NewScanner(f)
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		var m mutant
		if json.Unmarshal(scan.Bytes(), &m) == nil && m.Program == program {
			known[m.ID] = m
		}
	}
	return known
}
