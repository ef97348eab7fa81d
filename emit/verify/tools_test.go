package verify

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"vitdse/configs"
)

// TestIcarus is a second opinion on the RTL: an event-driven simulator, which sees the races
// and the undefined values that a compiled one may hide. The words of V of the second engine have
// a part past the last row tile.
func TestIcarus(t *testing.T) {
	simulates(t)
	for _, e := range []configs.Engine{engine(4, 4, 4), engine(2, 4, 4)} {
		t.Run(fmt.Sprintf("%dx%dx%d", e.TM, e.TN, e.TK), func(t *testing.T) {
			t.Parallel()
			dir, _ := emitDigits(t, configs.Uniform(digitsData(t).model, 4, 8), e, 1, 1)
			out, err := exec.Command("make", "-s", "-C", filepath.Join(dir, "sim"), "icarus").CombinedOutput()
			if err != nil || !strings.Contains(string(out), "PASS 62702 elements compared") {
				t.Fatalf("icarus: %v\n%s", err, tail(string(out), 30))
			}
		})
	}
}

// TestYosys has the folder's own script map a whole engine.
func TestYosys(t *testing.T) {
	simulates(t)
	dir, _ := emitDigits(t, configs.Uniform(digitsData(t).model, 8, 8), engine(4, 4, 2), 1, 1)
	cmd := exec.Command("yosys", "-s", "../syn/yosys.ys")
	cmd.Dir = filepath.Join(dir, "rtl")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("yosys: %v\n%s", err, tail(string(out), 40))
	}
	stat := string(out)[strings.LastIndex(string(out), "design hierarchy"):]
	for _, cell := range []string{"DSP48E2", "FDRE", "LUT6", "RAMB18E2", "RAMB36E2"} {
		m := regexp.MustCompile(`(?m)^ +` + cell + ` +(\d+)$`).FindStringSubmatch(stat)
		if m == nil {
			t.Errorf("no %s in the mapped design", cell)
			continue
		}
		n, _ := strconv.Atoi(m[1])
		t.Logf("%s %d", cell, n)
	}
	// 32 multipliers of the array, 4 of the requantizer and 4 of the softmax at the least.
	if m := regexp.MustCompile(`DSP48E2 +(\d+)`).FindStringSubmatch(stat); m != nil {
		if n, _ := strconv.Atoi(m[1]); n < 40 {
			t.Errorf("%d DSPs; the array and the lanes have at least 40 multipliers", n)
		}
	}
	if strings.Contains(stat, "$_DLATCH") || strings.Contains(stat, "LDCE") {
		t.Error("the mapped design has latches")
	}
}

// command runs a program in a folder and returns what it printed.
func command(t *testing.T, dir, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}
