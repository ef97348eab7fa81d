package verify

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
)

// What hangs, or goes where it must not, is a verdict that says where: each fault in its own words.
func TestLimits(t *testing.T) {
	simulates(t)
	t.Setenv("OPT", "-O0")
	good := tinyFolder(t, 2)
	opt := Options{Images: -1, Full: -1, Latency: 1, Checks: true}
	if rep := mustVerifyTarget(t, good, RunHLS, opt); rep.LogitImages != 2 {
		t.Errorf("%d images", rep.LogitImages)
	}
	for _, c := range []struct {
		name, file, from, to, says string
		run                        func(context.Context, string, Options, func(Progress)) (*Report, error)
	}{
		{"HLS: a loop without an end", "hls/vit_rsqrt.h", `\{\n`, "{\n  for (volatile int i = 0; i >= 0;) {}\n",
			"no column for 20 seconds", RunHLS},
		{"HLS: an index past an array's end", "hls/vit_layernorm.cpp", `const gamma_t g = gamma\[c\];`,
			"const gamma_t g = gamma[c];\n      volatile int next = gamma[c + 1].to_int();\n      (void)next;",
			"HLS C++ compiled with checks", RunHLS},
		{"RTL: an op without an end", "rtl/vit_patch_rows.sv", `assign done      = row_made && op_last;`,
			"assign done      = 1'b0;", "waits for op patches", Run},
		{"RTL: a register write without an answer", "rtl/vit_axi_lite.sv", `if \(write\)             s_axi_bvalid <= 1'b1;`,
			"if (1'b0)              s_axi_bvalid <= 1'b1;", "BVALID did not come within 64 cycles", Run},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := copyFolder(t, good)
			path := filepath.Join(dir, c.file)
			replace(t, path, c.from, c.to)
			_, err := c.run(context.Background(), dir, opt, nil)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error is %v; expected %q", err, c.says)
			}
		})
	}
}

// mustVerifyTarget runs a folder and fails the test unless everything was equal.
func mustVerifyTarget(t *testing.T, dir string, run func(context.Context, string, Options, func(Progress)) (*Report,
	error), opt Options) *Report {
	t.Helper()
	rep, err := run(context.Background(), dir, opt, nil)
	if err != nil || !rep.OK {
		t.Fatalf("%v, %+v", err, rep)
	}
	return rep
}
