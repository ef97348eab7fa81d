package verify

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"

	"vitdse/configs"
)

var speedPairs = flag.Int("speed-pairs", 0, "runs with and without the bus checker that TestCheckerSpeed compares; "+
	"0 leaves it out")

// TestCheckerSpeed holds what the AXI checker costs to 3 % of a simulation: pairs of runs, with it and without, one
// after the other, by the processor's time. On a small engine, where its share is greatest.
func TestCheckerSpeed(t *testing.T) {
	if *speedPairs == 0 {
		t.Skip("measures; run with -speed-pairs 9")
	}
	with, _ := emitDigits(t, configs.Uniform(digitsData(t).model, 8, 8), engine(4, 16, 1), 40, 1)
	without := copyFolder(t, with)
	replace(t, filepath.Join(without, "sim/harness.cpp"), `if \(!checker_\.check\(top_\)\) fail.*\n`, "")
	replace(t, filepath.Join(without, "sim/harness.cpp"), `\|\| !checker_\.idle\(\)`, "")
	replace(t, filepath.Join(without, "sim/harness.cpp"), `!checker_\.idle\(\) \|\|`, "")
	seconds := func(dir string) float64 {
		program, err := rtlProgram(dir).build(t.Context(), func(Progress) {})
		if err != nil {
			t.Fatal(err)
		}
		path, err := filepath.Abs(program)
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(path, dir, "--images", "40", "--full", "0", "--latency", "1", "--stall", "0", "--seed", "1",
			"--limit", strconv.Itoa(1<<40))
		cmd.Dir = filepath.Join(dir, "rtl")
		if out, err := cmd.Output(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		use := cmd.ProcessState.SysUsage().(*syscall.Rusage)
		return float64(use.Utime.Sec) + float64(use.Utime.Usec)/1e6
	}
	var ratios []float64
	for i := range *speedPairs + 1 {
		a, b := seconds(with), seconds(without)
		if i > 0 { // the first pair builds, and warms up
			ratios = append(ratios, a/b)
		}
		t.Logf("%.3f s with the checker, %.3f s without: %.3f", a, b, a/b)
	}
	slices.Sort(ratios)
	median := ratios[len(ratios)/2]
	t.Logf("median %.3f of %d pairs, from %.3f to %.3f", median, len(ratios), ratios[0], ratios[len(ratios)-1])
	if median > 1.03 {
		t.Errorf("the checker costs %.1f %% of a simulation's time; expected at most 3 %%", 100*(median-1))
	}
	os.RemoveAll(without)
}
