package verify

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"sync"
	"testing"
)

// TestSourceMutants changes golden, hwmodel and the HLS C++ in one place at a time and runs the tests that hold
// them, until one fails. make mutants draws 50 of each; CI one of the HLS C++, which says that this works and no more.
func TestSourceMutants(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program for each mutant; run without -short")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, pattern string
		stages        func(dir string) []goTests
	}{
		{"golden", "./golden/...", func(dir string) []goTests {
			return []goTests{{"-short", dir}, {"-short", "./golden/..."}, {"./emit/verify", "-run", "TestLibraryFiles"},
				{"./cmd/vitdse", "-run", "TestDigests"}}
		}},
		{"hwmodel", "./hwmodel/...", func(dir string) []goTests {
			return []goTests{{"-short", "./hwmodel/..."}, {"./cmd/vitdse", "-run", "TestDigests"}}
		}},
	} {
		if *sourceMutants == 1 {
			break
		}
		t.Run(c.name, func(t *testing.T) {
			var list []change
			for _, path := range goFiles(t, root, c.pattern) {
				list = append(list, goChanges(t, root, path)...)
			}
			t.Logf("%d mutants", len(list))
			all := runChanges(t, list, func(m change) (bool, string, bool) {
				dir := "./" + filepath.ToSlash(filepath.Dir(m.File))
				return judgeGo(t, root, m, c.stages(dir))
			})
			countMutants(t, all, sourceFloor())
		})
	}
	t.Run("hls", func(t *testing.T) { testHLSMutants(t) })
}

// sourceFloor is the percent that must be killed where enough are drawn to say so.
func sourceFloor() int {
	if *sourceMutants < 20 {
		return 0
	}
	return 95
}

// designHash stands in every emitted file, and says nothing of this one.
var designHash = regexp.MustCompile(`[0-9a-f]{64}`)

// runChanges judges as many changes as were asked for, in an order that the seed gives. A change that does not
// compile is none. Only verdicts of death are taken from the log: a survivor may have got its test.
func runChanges(t *testing.T, list []change, judge func(change) (killed bool, by string, legal bool)) []mutant {
	t.Helper()
	plain := make([]mutant, len(list))
	for i, c := range list {
		plain[i] = c.mutant
	}
	number(plain)
	of := map[string]change{}
	for i, c := range list {
		c.mutant = plain[i]
		of[c.key()] = c
	}
	queue, log := shuffled(plain), openVerdicts(t)
	var all []mutant
	var mu sync.Mutex
	open := 0
	next := func() (change, bool) {
		mu.Lock()
		defer mu.Unlock()
		if len(queue) == 0 || len(all)+open >= *sourceMutants {
			return change{}, false
		}
		c := of[queue[0].key()]
		queue = queue[1:]
		open++
		return c, true
	}
	var workers sync.WaitGroup
	for range min(2, runtime.NumCPU()) {
		workers.Go(func() {
			for c, ok := next(); ok; c, ok = next() {
				data, err := os.ReadFile(c.path)
				if err != nil {
					t.Error(err)
					return
				}
				c.Program = sum(designHash.ReplaceAll(c.apply(data), nil))
				old, known := log.old(c.mutant)
				legal := true
				if known = known && old.Killed; known {
					c.mutant = old
				} else {
					c.Killed, c.By, legal = judge(c)
				}
				mu.Lock()
				open--
				if legal {
					all = append(all, c.mutant)
				}
				mu.Unlock()
				if legal && !known {
					log.add(c.mutant, *sourceMutants)
				}
			}
		})
	}
	workers.Wait()
	return all
}
