package verify

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	mutantsEach = flag.Int("mutants", 1, "mutants of each RTL module that TestMutants draws; 0 is all of them")
	mutantFiles = flag.String("mutant-files", "",
		"names of the RTL modules of which TestMutants draws, a regular expression")
	mutantOf = flag.String("mutant-designs", "",
		"designs that TestMutants runs, and units for the benches of modules alone, a regular expression")
	sourceMutants = flag.Int("source-mutants", 1, "mutants of the HLS C++, and, if more than 1, "+
		"of each of golden and hwmodel, that TestSourceMutants draws")
	mutantSeed  = flag.Int("mutant-seed", 1, "of the draw")
	mutantFloor = flag.Int("mutant-floor", 90, "percent of the RTL's mutants that must be killed")
	mutantLog   = flag.String("mutant-log", "", "file of verdicts: those that are in it are not found again")
)

// mutant is one change of a source text, and what the tests say of it.
type mutant struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Operator string `json:"operator"`
	Text     string `json:"text"`
	Nth      int    `json:"nth"` // of those of this file, operator and text
	Mutated  string `json:"mutated"`
	Program  string `json:"program,omitempty"` // what was run; another one's verdict does not count
	Killed   bool   `json:"killed"`
	By       string `json:"by,omitempty"`
	id       int    // in the text that it is listed of
}

// key is the mutant's name, in the list of equivalents and in the log.
func (m mutant) key() string {
	return fmt.Sprintf("%s: %s: %s [%d]", m.File, m.Operator, m.Text, m.Nth)
}

// number counts mutants that have the same file, operator and text.
func number(list []mutant) {
	seen := map[string]int{}
	for i := range list {
		list[i].Nth = 1
		seen[list[i].key()]++
		list[i].Nth = seen[list[i].key()]
	}
}

// shuffled puts mutants into an order that depends on the seed and their names alone.
func shuffled(list []mutant) []mutant {
	place := map[string]string{}
	for _, m := range list {
		sum := sha256.Sum256(fmt.Appendf(nil, "%d %s", *mutantSeed, m.key()))
		place[m.key()] = string(sum[:])
	}
	return slices.SortedFunc(slices.Values(list), func(a, b mutant) int {
		return cmp.Compare(place[a.key()], place[b.key()])
	})
}

// equivalents reads the mutants that change nothing that anyone can see, and why: a line each, "file:
// operator: text [number] # reason".
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

// verdicts are those of a run before and of this one, in a file.
type verdicts struct {
	sync.Mutex
	known map[string]mutant
	log   *os.File
	done  int
	begin time.Time
}

func openVerdicts(t *testing.T) *verdicts {
	t.Helper()
	v := &verdicts{known: map[string]mutant{}, begin: time.Now()}
	if *mutantLog == "" {
		return v
	}
	log, err := os.OpenFile(*mutantLog, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	v.log = log
	scan := bufio.NewScanner(log)
	scan.Buffer(nil, 1<<20)
	for scan.Scan() {
		var m mutant
		if json.Unmarshal(scan.Bytes(), &m) == nil {
			v.known[m.Program+m.key()] = m
		}
	}
	return v
}

// old is the verdict of a run before on the same mutant of the same program.
func (v *verdicts) old(m mutant) (mutant, bool) {
	v.Lock()
	defer v.Unlock()
	old, ok := v.known[m.Program+m.key()]
	return old, ok
}

func (v *verdicts) add(m mutant, of int) {
	v.Lock()
	defer v.Unlock()
	if v.done++; v.done%20 == 0 {
		fmt.Fprintf(os.Stderr, "%d of %d mutants, %.2f a second\n", v.done, of, float64(v.done)/time.Since(v.begin).Seconds())
	}
	if v.log != nil {
		line, _ := json.Marshal(m)
		fmt.Fprintf(v.log, "%s\n", line)
	}
}

// countMutants logs a table by file and holds the share that was killed to a floor, in percent.
func countMutants(t *testing.T, all []mutant, floor int) {
	t.Helper()
	same := equivalents(t)
	files := map[string][3]int{}
	killed, counted := 0, 0
	for _, m := range all {
		row := files[m.File]
		reason, equivalent := same[m.key()]
		switch {
		case m.Killed && equivalent:
			t.Errorf("%s is in the list of equivalents (%s), but was killed: %s", m.key(), reason, m.By)
		case m.Killed:
			killed, counted, row[0] = killed+1, counted+1, row[0]+1
		case equivalent:
			row[2]++
		default:
			counted, row[1] = counted+1, row[1]+1
			t.Logf("survived: %s  (line %d: %s)", m.key(), m.Line, m.Mutated)
		}
		files[m.File] = row
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		t.Logf("| `%s` | %d | %d | %d |", name, files[name][0], files[name][1], files[name][2])
	}
	t.Logf("%d of %d mutants killed (%.1f %%), %d equivalent",
		killed, counted, 100*float64(killed)/float64(counted), len(all)-counted)
	if 100*killed < floor*counted {
		t.Errorf("%d of %d mutants killed; expected %d %%", killed, counted, floor)
	}
}

// sum names a text by its content.
func sum(text []byte) string {
	s := sha256.Sum256(text)
	return hex.EncodeToString(s[:8])
}
