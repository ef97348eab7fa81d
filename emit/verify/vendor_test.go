package verify

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vitdse/configs"
)

// TestVendorHeaders runs the HLS C++ with AMD's own ap_int.h and hls_stream.h, as a user of Vitis does: each
// element is equal, and the headers have nothing to warn of, neither where they are compiled nor where they run.
func TestVendorHeaders(t *testing.T) {
	simulates(t)
	vendor, err := filepath.Abs("../../out/xilinx")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(vendor, "include/ap_int.h")); err != nil {
		t.Fatalf("AMD's headers are missing, make setup-test installs them: %v", err)
	}
	t.Setenv("XILINX_HLS", vendor)
	t.Setenv("OPT", "-O0")
	list := []corner{{"W8A8", configs.Uniform(digitsData(t).model, 8, 8), engine(4, 16, 1)}}
	for _, c := range corners(t) {
		if c.name == "groups" {
			list = append(list, c)
		}
	}
	for _, c := range list {
		t.Run(c.name, func(t *testing.T) {
			dir, _ := emitDigits(t, c.num, c.eng, 1, 1)
			var out, warnings bytes.Buffer
			cmd := exec.Command("make", "-s", "--no-print-directory", "-C", filepath.Join(dir, "hls"), "run")
			cmd.Stdout, cmd.Stderr = &out, &warnings
			if err := cmd.Run(); err != nil {
				t.Error(err)
			}
			if n := strings.Count(warnings.String(), "\n"); n > 0 {
				t.Errorf("%d lines of warnings, the last:\n%s", n, tail(warnings.String(), 5))
			}
			elements := int64(0)
			var e event
			for line := range strings.Lines(out.String()) {
				if strings.HasPrefix(line, "compile ") {
					continue
				}
				e = event{}
				if err := json.Unmarshal([]byte(line), &e); err != nil {
					t.Fatalf("the program printed %q", line)
				}
				elements += e.Compared
			}
			if e.Event != "end" || !e.OK || e.Full != 1 || elements < 10_000 {
				t.Errorf("the program ended with %+v, %d elements compared", e, elements)
			}
			t.Logf("%d elements", elements)
		})
	}
}
