package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"vitdse/configs"
)

// mustVerifyHLS runs the HLS sources of a folder and fails the test unless everything was equal.
func mustVerifyHLS(t testing.TB, dir string) *Report {
	t.Helper()
	rep, err := RunHLS(context.Background(), dir, Options{Images: -1, Full: -1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range rep.Mismatches {
		t.Errorf("%v", m)
	}
	if !rep.OK {
		t.Fatalf("verification failed: %d logits of %d images, %d mismatches",
			rep.LogitCompared, rep.LogitImages, rep.LogitMismatches)
	}
	return rep
}

// TestHLSDigits: the HLS sources give every element of every op of 16 images and the logits of
// all 360, at three precisions on two array shapes.
func TestHLSDigits(t *testing.T) {
	simulates(t)
	m := digitsData(t).model
	for _, bits := range [][2]int{{8, 8}, {4, 8}, {4, 4}} {
		for _, a := range [][3]int{{8, 8, 2}, {4, 16, 4}} {
			t.Run(fmt.Sprintf("W%dA%d/%dx%dx%d", bits[0], bits[1], a[0], a[1], a[2]), func(t *testing.T) {
				t.Parallel()
				dir, _ := emitDigits(t, configs.Uniform(m, bits[0], bits[1]), engine(a[0], a[1], a[2]), 360, 16)
				rep := mustVerifyHLS(t, dir)
				if rep.FullImages != 16 || rep.LogitImages != 360 || rep.LogitCompared != 3600 {
					t.Errorf("compared %d images op by op, %d logits of %d images", rep.FullImages, rep.LogitCompared, rep.LogitImages)
				}
				t.Logf("%d elements; %.0f images/s", rep.Elements(), float64(rep.LogitImages)/rep.SimSeconds)
			})
		}
	}
}

// TestHLSCorners runs the sources of engines at the corners of what a design may ask for.
func TestHLSCorners(t *testing.T) {
	simulates(t)
	quickBuild(t)
	for _, c := range corners(t) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir, _ := emitDigits(t, c.num, c.eng, 4, 2)
			mustVerifyHLS(t, dir)
		})
	}
}

// TestHLSSources holds the sources to what a reader expects of them: no warning, with trace and
// without, at the language level of the synthesis tool; no access outside an array and no
// undefined arithmetic; 120 columns.
func TestHLSSources(t *testing.T) {
	simulates(t)
	for _, c := range corners(t) {
		if c.name == "tall" || c.name == "words-of-2-rows-4-columns" {
			t.Run(c.name, func(t *testing.T) { checkHLSSources(t, c) })
		}
	}
}

func checkHLSSources(t *testing.T, c corner) {
	dir, _ := emitDigits(t, c.num, c.eng, 2, 1)
	hls := filepath.Join(dir, "hls")
	err := filepath.WalkDir(hls, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		for i, line := range strings.Split(string(data), "\n") {
			if len(line) > 120 || strings.TrimRight(line, " ") != line ||
				(strings.Contains(line, "\t") && e.Name() != "Makefile") {
				t.Errorf("%s:%d: %d columns, a tab or a trailing blank", path, i+1, len(line))
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	sources, err := filepath.Glob(filepath.Join(hls, "vit_*.cpp"))
	if err != nil || len(sources) < 5 {
		t.Fatalf("sources: %v, %v", sources, err)
	}
	for _, options := range [][]string{{"-O2"}, {"-O3", "-DVITDSE_TRACE"}} {
		for _, source := range sources {
			args := append([]string{"-std=c++14", "-Wall", "-Wextra", "-Werror", "-Wno-unknown-pragmas", "-Wno-unused-label",
				"-I", hls, "-I", filepath.Join(hls, "shim"), "-c", "-o", os.DevNull, source}, options...)
			if out, err := exec.Command("g++", args...).CombinedOutput(); err != nil {
				t.Errorf("%v: %v\n%s", options, err, tail(string(out), 20))
			}
		}
	}
	t.Setenv("OPT", "-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all")
	mustVerifyHLS(t, dir)
}

// TestHLSCaught damages one thing of a good folder at a time: each has to fail, and the first op
// named has to be the one that the damage hits first.
func TestHLSCaught(t *testing.T) {
	simulates(t)
	quickBuild(t)
	good := smallFolder(t, 8, 8)
	mustVerifyHLS(t, good)
	source := func(name, pattern, with string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { replace(t, filepath.Join(dir, "hls", name), pattern, with) }
	}
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, dir string)
		op     string
	}{
		{"one weight bit of fc1 in block 2", func(t *testing.T, dir string) {
			flipWeight(t, dir, "blocks.2.mlp.fc1")
		}, "blocks.2.mlp.fc1"},
		{"one entry of the exponential table", source("vit_program.h", `exp_table(.*)\n  255,`, "exp_table$1\n  254,"),
			"blocks.0.attn.softmax"},
		{"the requantizer's least shift", source("vit_requantize.h", `rounded >> MIN_SHIFT`, "rounded >> (MIN_SHIFT + 1)"),
			"patch_embed"},
		{"the reciprocal root", source("vit_rsqrt.h", `index.to_int\(\) - 64`, "index.to_int() - 63"), "blocks.0.norm1"},
		{"the prefix rows", source("vit_design.h", `PREFIX_TOKENS = 1`, "PREFIX_TOKENS = 2"), "patch_embed"},
		{"saturation of the residual stream", source("vit_design.h", `constexpr int RESIDUAL_BITS = 16;`,
			"constexpr int RESIDUAL_BITS = 12;"), "patch_embed"},
		{"the last bit of a row sum's reciprocal", source("vit_reciprocal.h", `step < 17`, "step < 16"), "blocks.0.attn.av"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := copyFolder(t, good)
			c.damage(t, dir)
			rep, err := RunHLS(context.Background(), dir, Options{Images: -1, Full: -1}, nil)
			if err != nil {
				t.Fatalf("the program should have compared and failed: %v", err)
			}
			if rep.OK || len(rep.Mismatches) == 0 {
				t.Fatalf("damage was not caught: OK %v, %d mismatches named", rep.OK, len(rep.Mismatches))
			}
			t.Log(rep.Mismatches[0])
			if first := rep.Mismatches[0]; !strings.Contains(first.Op, c.op) {
				t.Errorf("first mismatch is in %s; expected %s", first.Op, c.op)
			}
		})
	}
}

// TestHLSRefused: what cannot be concluded is an error, never a pass.
func TestHLSRefused(t *testing.T) {
	simulates(t)
	quickBuild(t)
	good := smallFolder(t, 8, 8)
	other := smallFolder(t, 4, 8)
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, dir string)
		says   string
	}{
		{"a missing source", func(t *testing.T, dir string) {
			os.Remove(filepath.Join(dir, "hls/vit_softmax.cpp"))
		}, "hls/vit_softmax.cpp is missing"},
		{"a source of another design", func(t *testing.T, dir string) {
			copyFile(t, filepath.Join(other, "hls/vit_program.h"), filepath.Join(dir, "hls/vit_program.h"))
		}, "hls/vit_program.h belongs to design"},
		{"a header without its design", func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "hls/shim/ap_int.h"), func(b []byte) []byte { return b[200:] })
		}, "ap_int.h does not name its design"},
		{"vectors of another design", func(t *testing.T, dir string) {
			copyFile(t, filepath.Join(other, "vectors/expected.bin"), filepath.Join(dir, "vectors/expected.bin"))
		}, "vectors/expected.bin belongs to design"},
		{"an op that is not compared", func(t *testing.T, dir string) {
			replace(t, filepath.Join(dir, "hls/vit_softmax.cpp"), `VIT_TRACE\(op, column\)`, "(void)op")
		}, "were produced by op blocks.0.attn.softmax (7)"},
		{"truncated memory image", func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "mem/stream.bin"), func(b []byte) []byte { return b[:len(b)/2] })
		}, "bytes; it was emitted with"},
		{"a step that is left out", func(t *testing.T, dir string) {
			replace(t, filepath.Join(dir, "hls/vit_program.h"), `.*UNIT_MATMUL.*// blocks.3.mlp.fc2\n`, "")
			replace(t, filepath.Join(dir, "hls/vit_program.h"), `STEPS = 85`, "STEPS = 84")
		}, "unread values"},
		{"too many words for the stream", func(t *testing.T, dir string) {
			replace(t, filepath.Join(dir, "hls/vit_matmul.cpp"), `i < p.kt \* p.word_beats`, "i < p.kt * p.word_beats + 1")
		}, "hls::stream beats is read while empty"},
		{"source that does not compile", func(t *testing.T, dir string) {
			replace(t, filepath.Join(dir, "hls/vit_accel.cpp"), `IMAGE_BEATS`, "IMAGE_BEAT")
		}, "building the simulation"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := copyFolder(t, good)
			c.damage(t, dir)
			_, err := RunHLS(context.Background(), dir, Options{Images: -1, Full: 2}, nil)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("expected an error with %q, got %v", c.says, err)
			}
			t.Log(tail(err.Error(), 2))
		})
	}
}

// TestHLSTooLarge: a design past the HLS tool's limits is emitted without HLS sources, and
// verifying them says which factor is past which limit.
func TestHLSTooLarge(t *testing.T) {
	m := digitsData(t).model
	dir, _ := emitDigits(t, configs.Uniform(m, 4, 4), engine(32, 64, 4), 1, 1)
	if _, err := os.Stat(filepath.Join(dir, "hls")); err == nil {
		t.Error("HLS sources were emitted")
	}
	_, err := RunHLS(context.Background(), dir, Options{Images: -1, Full: -1}, nil)
	if err == nil || !strings.Contains(err.Error(), "tm*tn*tk = 8192; the tool's limit is 4096") {
		t.Errorf("got %v", err)
	}
}

// TestAll holds RTL and HLS against each other, and sees it where they differ.
func TestAll(t *testing.T) {
	simulates(t)
	quickBuild(t)
	dir := smallFolder(t, 4, 8)
	opt := Options{Images: -1, Full: -1, Latency: 1}
	reports, err := RunTarget(context.Background(), dir, configs.TargetAll, opt, nil)
	if err != nil {
		t.Fatal(err)
	}
	rtl, hls := reports[0], reports[1]
	if rtl.Target != configs.TargetRTL || hls.Target != configs.TargetHLS || !rtl.OK || !hls.OK ||
		rtl.Elements() != hls.Elements() {
		t.Fatalf("reports are %+v and %+v", rtl, hls)
	}
	if hls.MeasuredRun != 0 || rtl.MeasuredRun == 0 {
		t.Errorf("HLS has %d cycles, RTL %d", hls.MeasuredRun, rtl.MeasuredRun)
	}
	// The same damage on either side would be no disagreement; damage in one is.
	replace(t, filepath.Join(dir, "hls/vit_requantize.h"), `rounded >> MIN_SHIFT`, "rounded >> (MIN_SHIFT + 1)")
	reports, err = RunTarget(context.Background(), dir, configs.TargetAll, opt, nil)
	if !errors.Is(err, ErrDisagree) || !strings.Contains(err.Error(), "op patch_embed: RTL has 2176 elements, 0 wrong") {
		t.Fatalf("got %v", err)
	}
	if len(reports) != 2 || !reports[0].OK || reports[1].OK {
		t.Error("the reports do not say which of the two is wrong")
	}
	if _, err := RunTarget(context.Background(), dir, "vhdl", opt, nil); err == nil ||
		!strings.Contains(err.Error(), "expected rtl, hls or all") {
		t.Errorf("got %v", err)
	}
}
