package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"

	"vitdse/configs"
	"vitdse/emit"
)

// rtlMutant is a mutant and its number in the design's text.
type rtlMutant struct {
	mutant
	ID int `json:"id"`
}

// mutantImages is how many images a mutant runs: more than are in work at once, and an odd number of beats from the
// first to the last.
const mutantImages = 4

// mutantFolder is an emitted design, and all mutants of its RTL by name.
type mutantFolder struct {
	dir, name string
	man       emit.Manifest
	ids       map[string]int
	sources   map[string]string // of its RTL, as emitted
}

// TestMutants changes the RTL in one place at a time, in any way that a slip of the hand might, and has the
// folder verified: with an ideal memory, whose cycles are claims, and with a slow one. A mutant that survives in one
// design goes to the next. Those that cannot be seen from outside are listed by name in testdata/equivalent.txt. CI
// draws a few of each module; make mutants draws hundreds (docs/VERIFICATION.md).
func TestMutants(t *testing.T) {
	if testing.Short() {
		t.Skip("simulates mutants; run without -short")
	}
	if os.Getenv("OPT") == "" {
		t.Setenv("OPT", "-O0")
		if *mutantsEach == 0 || *mutantsEach > 10 { // what a faster simulator takes longer to build comes back
			t.Setenv("OPT", "-O1")
		}
	}
	var folders []mutantFolder
	seen := map[string]bool{}
	byFile := map[string][]mutant{}
	var files []string
	designs := mutantDesigns
	if *mutantsEach > 0 && *mutantsEach <= 10 {
		designs = designs[:designsOfCI]
	}
	for _, d := range designs {
		f, list := d.rtl(t)
		folders = append(folders, f)
		for _, m := range list {
			if byFile[m.File] == nil {
				files = append(files, m.File)
			}
			if !seen[m.key()] {
				seen[m.key()] = true
				byFile[m.File] = append(byFile[m.File], m)
			}
		}
	}
	of, err := regexp.Compile(*mutantFiles)
	if err != nil {
		t.Fatal(err)
	}
	var all []mutant
	for _, file := range files {
		if !of.MatchString(file) {
			continue
		}
		list := shuffled(byFile[file])
		if *mutantsEach > 0 {
			list = list[:min(len(list), *mutantsEach)]
		}
		all = append(all, list...)
	}
	log := openVerdicts(t)
	chosen, err := regexp.Compile(*mutantOf)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range folders {
		if chosen.MatchString(f.name) {
			f.judge(t, all, log)
		}
	}
	if chosen.MatchString("units") {
		for _, f := range folders {
			judgeUnits(t, configs.XCUP, f.sources, all, log)
		}
		all = append(all, synthesisMutants(t, of, log)...)
	}
	countMutants(t, all, *mutantFloor)
}

// rtl emits the design and lists all mutants of its RTL.
func (d mutantDesign) rtl(t *testing.T) (mutantFolder, []mutant) {
	t.Helper()
	m, design := d.pair(t)
	dir := emitRandom(t, m, design, mutantImages, mutantImages)
	man, err := emit.LoadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	f := mutantFolder{dir: dir, name: d.name, man: man, ids: map[string]int{}, sources: rtlSources(t, dir)}
	path := filepath.Join(t.TempDir(), "mutants.json")
	f.mutate(t, "list", path)
	plain := listed(t, path)
	for _, m := range plain {
		f.ids[m.key()] = m.id
	}
	return f, plain
}

// listed reads the mutants that mutate.py has listed.
func listed(t *testing.T, path string) []mutant {
	t.Helper()
	var list []rtlMutant
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, &list)
	}
	if err != nil {
		t.Fatal(err)
	}
	plain := make([]mutant, len(list))
	for i := range list {
		plain[i] = list[i].mutant
		plain[i].id = list[i].ID
	}
	number(plain)
	return plain
}

// mutate runs mutate.py on all of the folder's RTL.
func (f mutantFolder) mutate(t *testing.T, what, path string) {
	t.Helper()
	script, err := filepath.Abs("testdata/mutate.py")
	if err != nil {
		t.Fatal(err)
	}
	sources, err := filepath.Glob(filepath.Join(f.dir, "rtl/*.sv"))
	if err != nil {
		t.Fatal(err)
	}
	args := []string{script, what, path}
	for _, s := range sources {
		args = append(args, filepath.Base(s))
	}
	if out, err := command(t, filepath.Join(f.dir, "rtl"), python(t), args...); err != nil {
		t.Fatalf("mutate.py: %v\n%s", err, out)
	}
}

// judge builds one simulator with those mutants that still live and that the design has, and runs it once for each.
func (f mutantFolder) judge(t *testing.T, all []mutant, log *verdicts) {
	t.Helper()
	var todo []*mutant
	for i := range all {
		m := &all[i]
		if _, here := f.ids[m.key()]; m.Killed || !here {
			continue
		}
		m.Program = f.man.Hash[:16]
		if old, ok := log.old(*m); ok {
			*m = old
			continue
		}
		todo = append(todo, m)
	}
	t.Logf("%s: %d mutants", f.name, len(todo))
	if len(todo) == 0 {
		return
	}
	program := f.build(t, todo)
	if err := verifyMutant(t, f.dir, program, 0, f.man); err != nil {
		t.Fatalf("%s without a mutant: %v", f.name, err)
	}
	var workers sync.WaitGroup
	next := make(chan *mutant)
	for range runtime.NumCPU() {
		workers.Go(func() {
			for m := range next {
				if err := verifyMutant(t, f.dir, program, f.ids[m.key()], f.man); err != nil {
					m.Killed, m.By = true, f.name+": "+strings.SplitN(err.Error(), "\n", 2)[0]
				}
				log.add(*m, len(todo))
			}
		})
	}
	for _, m := range todo {
		next <- m
	}
	close(next)
	workers.Wait()
}

// build puts mutants into the folder's RTL, and lets the environment choose.
func (f mutantFolder) build(t *testing.T, of []*mutant) string {
	t.Helper()
	var ids []int
	for _, m := range of {
		ids = append(ids, f.ids[m.key()])
	}
	data, err := json.Marshal(ids)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "ids.json")
	write := func(path, text string) {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(path, string(data))
	f.mutate(t, "put", path)
	write(filepath.Join(f.dir, "rtl/vit_mutant.sv"), "package vit_mutant;\n  int id;\nendpackage\n")
	write(filepath.Join(f.dir, "sim/mutant.cpp"), "#include <cstdlib>\n"+
		"extern \"C\" int vit_mutant_id() { const char* e = std::getenv(\"VITDSE_MUTANT\"); return e ? std::atoi(e) : 0; }\n")
	replace(t, filepath.Join(f.dir, "rtl/filelist.f"), `^(.*\n)`, "${1}vit_mutant.sv\n")
	replace(t, filepath.Join(f.dir, "sim/sim_top.sv"), `endmodule\s*$`,
		"  import \"DPI-C\" function int vit_mutant_id();\n  initial vit_mutant::id = vit_mutant_id();\nendmodule\n")
	program, err := rtlProgram(f.dir).build(t.Context(), func(Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	return program
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
	if err := os.WriteFile(script, fmt.Appendf(nil, "#!/bin/sh\nVITDSE_MUTANT=%d exec '%s' \"$@\"\n", id, path),
		0o755); err != nil {
		return err
	}
	for _, opt := range []Options{{Images: mutantImages, Full: mutantImages, Latency: 1, Seed: 1},
		{Images: mutantImages, Full: mutantImages, Latency: 30, Stall: 0.6, Seed: 2}} {
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
