package verify

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"vitdse/configs"
)

// smallFolder is a folder of a small engine with two images, both op by op.
func smallFolder(t *testing.T, w, a int) string {
	dir, _ := emitDigits(t, configs.Uniform(digitsData(t).model, w, a), engine(4, 4, 2), 2, 2)
	return dir
}

func edit(t *testing.T, path string, change func([]byte) []byte) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, change(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

func replace(t *testing.T, path, pattern, with string) {
	t.Helper()
	edit(t, path, func(b []byte) []byte {
		re := regexp.MustCompile(pattern)
		if !re.Match(b) {
			t.Fatalf("%s has nothing like %s", path, pattern)
		}
		return re.ReplaceAll(b, []byte(with))
	})
}

// TestCaught damages one thing of a good folder at a time: each has to fail, and the first
// op named has to be the one that the damage hits first.
func TestCaught(t *testing.T) {
	simulates(t)
	quickBuild(t)
	good := smallFolder(t, 8, 8)
	mustVerify(t, good, Options{Images: -1, Full: -1, Latency: 1})
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, dir string)
		op     string
	}{
		{"one weight bit of fc1 in block 2", func(t *testing.T, dir string) {
			flipWeight(t, dir, "blocks.2.mlp.fc1")
		}, "blocks.2.mlp.fc1"},
		{"one entry of the exponential table", func(t *testing.T, dir string) {
			// Entry 0 is every row's largest score.
			replace(t, filepath.Join(dir, "rtl/exp.mem"), `(?m)^ff$`, "fe")
		}, "blocks.0.attn.softmax"},
		{"one entry of the reciprocal root table", func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "rtl/rsqrt.mem"), func(b []byte) []byte {
				lines := bytes.Split(b, []byte("\n"))
				for i := range lines { // halve the table's upper entries' top bit
					if len(lines[i]) == 5 && lines[i][0] == '1' {
						lines[i][0] = '0'
					}
				}
				return bytes.Join(lines, []byte("\n"))
			})
		}, "norm1"},
		{"one RTL constant: the requantizer's least shift", func(t *testing.T, dir string) {
			replace(t, filepath.Join(dir, "rtl/vit_requantize.sv"), `shift - MIN_SHIFT\[5:0\];`,
				"shift - MIN_SHIFT[5:0] + 6'd1;")
		}, "patch_embed"},
		{"one RTL constant: the prefix rows", func(t *testing.T, dir string) {
			replace(t, filepath.Join(dir, "rtl/vit_patch_rows.sv"), `(parameter PREFIX_TOKENS +)= 1,`, "${1}= 2,")
		}, "patches"},
		// Only runs from random states see that, and an assertion, which is damaged too.
		{"an offset that a start does not clear", func(t *testing.T, dir string) {
			replace(t, filepath.Join(dir, "rtl/vit_sequencer.sv"), `row_offset  <= \{ADDR_BITS\{1'b0\}\};`, "")
			replace(t, filepath.Join(dir, "rtl/vit_activation_buffers.sv"), `_we && (x|q)_waddr >= [XQ]_DEPTH`, "_we && 1'b0")
		}, "patch_embed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := copyFolder(t, good)
			c.damage(t, dir)
			rep, err := Run(context.Background(), dir, Options{Images: -1, Full: -1, Latency: 1}, nil)
			if err != nil {
				t.Fatalf("the simulation should have compared and failed: %v", err)
			}
			if rep.OK || len(rep.Mismatches) == 0 {
				t.Fatalf("damage was not caught: OK %v, %d mismatches named", rep.OK, len(rep.Mismatches))
			}
			first := rep.Mismatches[0]
			t.Log(first)
			if !strings.Contains(first.Op, c.op) {
				t.Errorf("first mismatch is in %s; expected %s", first.Op, c.op)
			}
		})
	}
}

// TestRefused: what cannot be concluded is an error, never a pass.
func TestRefused(t *testing.T) {
	simulates(t)
	quickBuild(t)
	good := smallFolder(t, 8, 8)
	mustVerify(t, good, Options{Images: -1, Full: -1, Latency: 1})
	other := smallFolder(t, 4, 8)
	more, _ := emitDigits(t, configs.Uniform(digitsData(t).model, 8, 8), engine(4, 4, 2), 3, 2)
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, dir string)
		says   string
	}{
		{"missing vectors", func(t *testing.T, dir string) {
			os.Remove(filepath.Join(dir, "vectors/expected.bin"))
		}, "vectors/expected.bin is missing"},
		{"a pipe in the place of a module", func(t *testing.T, dir string) {
			pipe(t, filepath.Join(dir, "rtl/vit_ram.sv"))
		}, "rtl/vit_ram.sv is no regular file"},
		{"a pipe in the place of vectors", func(t *testing.T, dir string) {
			pipe(t, filepath.Join(dir, "vectors/logits.bin"))
		}, "vectors/logits.bin is no regular file"},
		{"a pipe in the place of the manifest", func(t *testing.T, dir string) {
			pipe(t, filepath.Join(dir, "manifest.json"))
		}, "manifest.json is no regular file"},
		{"a manifest that is a list", func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "manifest.json"), func([]byte) []byte { return []byte("[]") })
		}, "is no manifest"},
		{"vectors of another design", func(t *testing.T, dir string) {
			copyFile(t, filepath.Join(other, "vectors/expected.bin"), filepath.Join(dir, "vectors/expected.bin"))
		}, "vectors/expected.bin belongs to design"},
		{"a module of another design", func(t *testing.T, dir string) {
			copyFile(t, filepath.Join(other, "rtl/vit_accel_core.sv"), filepath.Join(dir, "rtl/vit_accel_core.sv"))
		}, "vit_accel_core.sv belongs to design"},
		{"a truncated list of modules", func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "rtl/filelist.f"), func(b []byte) []byte { return b[:20] })
		}, "rtl/filelist.f does not name its design"},
		{"an op that is not compared", func(t *testing.T, dir string) {
			replace(t, filepath.Join(dir, "rtl/vit_output_words.sv"), `out_valid && out_pass == 8'd0;`,
				"out_valid && out_pass == 8'd0 && trace_op != 12'd1;")
		}, "0 columns of 320 were produced by op patch_embed (1)"},
		{"truncated vectors", func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "vectors/expected.bin"), func(b []byte) []byte { return b[:len(b)/4] })
		}, "vectors/expected.bin has 125422 bytes; it was emitted with"},
		{"truncated memory image", func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "mem/stream.bin"), func(b []byte) []byte { return b[:len(b)/2] })
		}, "mem/stream.bin has 112432 bytes; it was emitted with"},
		{"logits of another emission of the design", func(t *testing.T, dir string) {
			copyFile(t, filepath.Join(more, "vectors/logits.bin"), filepath.Join(dir, "vectors/logits.bin"))
		}, "vectors/logits.bin has 192 bytes; it was emitted with 152"},
		{"images of another emission of the design, as many", func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "vectors/images.bin"), func(b []byte) []byte {
				half := (len(b) - headerBytes) / 2 // the two images change places
				return slices.Concat(b[:headerBytes], b[headerBytes+half:], b[headerBytes:headerBytes+half])
			})
		}, "vectors/images.bin is not the one that was emitted here"},
		{"a logit of another emission of the design", func(t *testing.T, dir string) {
			edit(t, filepath.Join(dir, "vectors/logits.bin"), func(b []byte) []byte {
				b[len(b)-1] ^= 1
				return b
			})
		}, "vectors/logits.bin is not the one that was emitted here"},
		{"an engine that hangs", func(t *testing.T, dir string) {
			replace(t, filepath.Join(dir, "rtl/vit_patch_rows.sv"), `assign done      = row_made && op_last;`,
				"assign done      = 1'b0;")
		}, "no op has ended"},
		{"an assertion that does not hold", func(t *testing.T, dir string) {
			replace(t, filepath.Join(dir, "rtl/vit_softmax.sv"), `divided <= aresetn & divide`, "divided <= 1'b0 & divide")
		}, "an assertion of the RTL does not hold in u_accel.u_core.u_score_path.u_softmax: " +
			"a row tile's scores come while one waits"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := copyFolder(t, good)
			c.damage(t, dir)
			_, err := Run(context.Background(), dir, Options{Images: -1, Full: 2, Latency: 1}, nil)
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("expected an error with %q, got %v", c.says, err)
			}
			t.Log(err)
		})
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	edit(t, to, func([]byte) []byte {
		data, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		return data
	})
}

// copyFolder copies an emitted folder with its build.
func copyFolder(t *testing.T, from string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "design")
	if err := os.CopyFS(to, os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	return to
}

// pipe puts a named pipe, which nobody writes to, in the place of a file.
func pipe(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}
