package temporal_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// icarus compiles a bench with one emitted module and gives what it prints.
func icarus(t *testing.T, bench, module string, params ...string) string {
	t.Helper()
	iverilog, vvp := need(t, "iverilog"), need(t, "vvp")
	source, err := filepath.Abs(filepath.Join("testdata", bench))
	if err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "bench")
	args := []string{"-g2005-sv", "-s", "tb", "-o", out}
	for _, p := range params {
		args = append(args, "-Ptb."+p)
	}
	dir := filepath.Join(folder(t, "xc7z020"), "rtl")
	run(t, dir, iverilog, append(args, source, module)...)
	return run(t, dir, vvp, "-n", out)
}

// The write master works with every memory that AXI4 allows: one that holds AWREADY until WVALID, or WREADY
// until the address, or takes both in one cycle; and its bursts end at pages.
func TestWriteMasterOrders(t *testing.T) {
	for kind := range 6 {
		for _, c := range []struct {
			bus, count, base int
			bursts           int // of five blocks
		}{
			{128, 10, 0, 5},
			{32, 1, 0, 5},
			{32, 17, 4096 - 4*17, 10},  // 16 beats and 1, the second block at a page
			{512, 70, 4096 - 64*3, 6},  // 5 beats; the first block crosses a page
			{64, 100, 4096 - 8*51, 21}, // 50 beats: 16, 16, 16, 2; a page in front of the second's last beat but one
		} {
			t.Run(fmt.Sprintf("kind %d, bus %d", kind, c.bus), func(t *testing.T) {
				beats := (32*c.count + c.bus - 1) / c.bus
				index := 1
				for 1<<index < beats {
					index++
				}
				out := icarus(t, "axi_write_tb.v", "vit_axi_write.sv", fmt.Sprintf("KIND=%d", kind),
					fmt.Sprintf("BUS_BITS=%d", c.bus), fmt.Sprintf("CLASSES=%d", c.count), fmt.Sprintf("RESULT_BEATS=%d", beats),
					fmt.Sprintf("RESULT_INDEX_BITS=%d", index), fmt.Sprintf("BASE=%d", c.base))
				if want := fmt.Sprintf("PASS %d bursts", c.bursts); strings.TrimSpace(out) != want {
					t.Errorf("%s; expected %s", strings.TrimSpace(out), want)
				}
			})
		}
	}
}

// The register slave takes a write's address and data in any order, and none of its READYs waits for a VALID.
func TestRegisterSlave(t *testing.T) {
	if out := icarus(t, "axi_lite_tb.v", "vit_axi_lite.sv"); strings.TrimSpace(out) != "PASS" {
		t.Error(out)
	}
}
