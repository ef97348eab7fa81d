package verify

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"vitdse/configs"
)

// ofSynthesis is behind the name of a file whose mutants are in what only synthesis reads.
const ofSynthesis = " (synthesis)"

// judgeUnits asks the benches of single modules about mutants that live: of these sources, as a simulator reads them.
func judgeUnits(t *testing.T, family configs.Fabric, sources map[string]string, all []mutant, log *verdicts) {
	t.Helper()
	for file := range sources {
		var todo []*mutant
		for i := range all {
			if m := &all[i]; m.File == file && !m.Killed {
				todo = append(todo, m)
			}
		}
		judgeUnit(t, family, file, sources, todo, log, false)
	}
}

// synthesisMutants draws mutants of what only synthesis reads, for the families whose texts differ, and judges them.
func synthesisMutants(t *testing.T, of *regexp.Regexp, log *verdicts) []mutant {
	t.Helper()
	var all []mutant
	for _, family := range []configs.Fabric{configs.XCUP, configs.ECP5} {
		sources := unitSources(t, family)
		for _, file := range slices.Sorted(maps.Keys(sources)) {
			if !of.MatchString(file) || !slices.ContainsFunc(unitBenches(),
				func(b unitBench) bool { return b.tests(family, file, true) }) {
				continue
			}
			list, _ := unitMutants(t, file, sources[file], true, nil)
			list = shuffled(list)
			if *mutantsEach > 0 {
				list = list[:min(len(list), *mutantsEach)]
			}
			var todo []*mutant
			for i := range list {
				list[i].File = file
				todo = append(todo, &list[i])
			}
			judgeUnit(t, family, file, sources, todo, log, true)
			for i := range list {
				list[i].File += ofSynthesis + " of " + string(family)
			}
			all = append(all, list...)
		}
	}
	return all
}

// tests says whether the bench sees the file's mutants.
func (b unitBench) tests(family configs.Fabric, file string, synthesis bool) bool {
	return b.family == family && b.synthesis == synthesis && slices.Contains(b.holds, file)
}

// unitMutants lists a file's mutants and their numbers, and puts those with these numbers into its text.
func unitMutants(t *testing.T, file, text string, synthesis bool, put []int) ([]mutant, string) {
	t.Helper()
	dir := t.TempDir()
	f := mutantFolder{dir: dir}
	what, out := "list", filepath.Join(dir, "mutants.json")
	data := []byte(nil)
	if put != nil {
		what = "put"
		data, _ = json.Marshal(put)
	}
	if synthesis {
		what += "-synthesis"
	}
	if err := os.Mkdir(filepath.Join(dir, "rtl"), 0o755); err != nil {
		t.Fatal(err)
	}
	for path, data := range map[string][]byte{filepath.Join(dir, "rtl", file): []byte(text), out: data} {
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f.mutate(t, what, out)
	if put != nil {
		mutated, err := os.ReadFile(filepath.Join(dir, "rtl", file))
		if err != nil {
			t.Fatal(err)
		}
		return nil, string(mutated)
	}
	return listed(t, out), ""
}

// judgeUnit runs every bench of a file with each of its mutants, until one sees it.
func judgeUnit(t *testing.T, family configs.Fabric, file string, sources map[string]string, todo []*mutant,
	log *verdicts, synthesis bool) {
	t.Helper()
	var benches []unitBench
	for _, b := range unitBenches() {
		if b.tests(family, file, synthesis) {
			benches = append(benches, b)
		}
	}
	if len(benches) == 0 || len(todo) == 0 {
		return
	}
	list, _ := unitMutants(t, file, sources[file], synthesis, nil)
	ids := map[string]int{}
	for _, m := range list {
		ids[m.key()] = m.id
	}
	var put []int
	todo = slices.DeleteFunc(todo, func(m *mutant) bool {
		if _, here := ids[m.key()]; !here {
			return true
		}
		if synthesis {
			m.Program = sum([]byte(file + sources[file]))
		}
		if old, ok := log.old(*m); ok && old.Killed {
			*m = old
			return true
		}
		put = append(put, ids[m.key()])
		return false
	})
	if len(todo) == 0 {
		return
	}
	_, text := unitMutants(t, file, sources[file], synthesis, put)
	mutated := maps.Clone(sources)
	mutated[file] = strings.ReplaceAll(text, "vit_mutant::id", "bench.mutant_id")
	for _, b := range benches {
		program := b.build(t, mutated)
		if err := b.verdict(program, 0); err != nil {
			t.Fatalf("%v without a mutant: %v", b.values, err)
		}
		var workers sync.WaitGroup
		next := make(chan *mutant)
		for range runtime.NumCPU() {
			workers.Go(func() {
				for m := range next {
					if err := b.verdict(program, ids[m.key()]); err != nil {
						m.Killed, m.By = true, err.Error()
						log.add(*m, len(todo))
					}
				}
			})
		}
		for _, m := range todo {
			if !m.Killed {
				next <- m
			}
		}
		close(next)
		workers.Wait()
	}
}
