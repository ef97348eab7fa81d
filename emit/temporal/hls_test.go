package temporal

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel/temporal"
)

// TestAPInt holds the stand-in for the vendor's ap_int.h against 128-bit arithmetic.
func TestAPInt(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles with g++; run without -short")
	}
	program := filepath.Join(t.TempDir(), "ap_int_test")
	build := exec.Command("g++", "-std=c++17", "-O0", "-Wall", "-Wextra", "-Werror", "-DAP_INT_MAX_W=4096",
		"-I", "../../templates/temporal/hls/shim", "-o", program, "testdata/ap_int_test.cpp")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command(program).CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "PASS") {
		t.Fatalf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}

// TestHLSCheck names the factor, its value and the limit.
func TestHLSCheck(t *testing.T) {
	m, err := configs.LoadModel("../../configs/digits/model.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		tm, tn, tk, w int
		says          []string
	}{
		{8, 8, 2, 8, nil},
		{64, 64, 1, 8, nil},
		{32, 32, 4, 4, nil},
		{128, 64, 1, 8, []string{"accumulators of the array needs tm*tn = 8192; the tool's limit is 4096",
			"tm*tn*tk = 8192"}},
		{32, 64, 4, 4, []string{"unrolled array needs tm*tn*tk = 8192; the tool's limit is 4096 copies"}},
		{16, 128, 8, 8, []string{"tm*tn*tk = 16384", "the stream loader needs the widest word, in whole beats, = 8192; " +
			"the tool's limit is 4096 bits"}},
	} {
		t.Run(fmt.Sprint(c.tm, c.tn, c.tk), func(t *testing.T) {
			d := configs.Design{Numerics: configs.Uniform(m, c.w, 8),
				Engine: configs.Engine{TM: c.tm, TN: c.tn, TK: c.tk, BusBits: 64, WeightBuffers: 2}}
			s, err := temporal.NewShape(network.MustCompile(m), d)
			if err != nil {
				t.Fatal(err)
			}
			err = (&Plan{Shape: s}).HLSCheck()
			if c.says == nil && err != nil {
				t.Errorf("%dx%dx%d: %v", c.tm, c.tn, c.tk, err)
			}
			for _, says := range c.says {
				if err == nil || !strings.Contains(err.Error(), says) {
					t.Errorf("%dx%dx%d: expected %q, got %v", c.tm, c.tn, c.tk, says, err)
				}
			}
		})
	}
}
