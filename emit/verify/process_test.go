package verify

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"vitdse/configs"
	"vitdse/emit"
)

// Several processes see what one sees: every element, every logit, the same digests and results. A
// wrong logit of the last image, which another process simulates than the first, is named and fails.
func TestSeveralProcesses(t *testing.T) {
	simulates(t)
	quickBuild(t)
	const images, full = 13, 7
	dir, _ := emitDigits(t, configs.Uniform(digitsData(t).model, 4, 4), engine(8, 8, 2), images, full)
	tmp := t.TempDir()
	under := func(processes int) (*Report, []byte) {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(processes))
		results := filepath.Join(tmp, "results")
		rep, err := Run(context.Background(), dir, Options{Images: -1, Full: -1, Latency: 16, Stall: 0.1, Results: results},
			nil)
		if err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(results)
		if err != nil {
			t.Fatal(err)
		}
		if list, _ := os.ReadDir(tmp); len(list) != 1 {
			t.Errorf("%d processes left %v", processes, list)
		}
		return rep, data
	}
	one, want := under(1)
	three, got := under(3)
	for _, rep := range []*Report{one, three} {
		if !rep.OK || rep.LogitImages != images || rep.FullImages != full || rep.LogitCompared != 10*images ||
			len(rep.Mismatches) > 0 {
			t.Fatalf("%d images, %d in full, %d logits, %v", rep.LogitImages, rep.FullImages, rep.LogitCompared, rep.Mismatches)
		}
	}
	if !bytes.Equal(got, want) {
		t.Error("the result blocks of three processes are not those of one")
	}
	for i, op := range one.Ops {
		if o := three.Ops[i]; o.Digest != op.Digest || o.Compared != op.Compared {
			t.Errorf("op %s: %d elements of digest %s, of one process %d of %s",
				op.Name, o.Compared, o.Digest, op.Compared, op.Digest)
		}
	}
	edit(t, filepath.Join(dir, "vectors/logits.bin"), func(b []byte) []byte {
		b[len(b)-1] ^= 1
		return b
	})
	reseal(t, dir, "vectors/logits.bin")
	bad, _ := under(3)
	if bad.OK || len(bad.Mismatches) != 1 || bad.Mismatches[0].Image != images-1 || bad.Mismatches[0].Col != 9 {
		t.Errorf("a wrong logit of image %d: ok %v, %v", images-1, bad.OK, bad.Mismatches)
	}
}

// reseal has the manifest say that a file was emitted as it is now.
func reseal(t *testing.T, dir, name string) {
	t.Helper()
	man, err := emit.LoadManifest(dir)
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	digest := func(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }
	edit(t, filepath.Join(dir, emit.ManifestName), func(text []byte) []byte {
		for _, f := range man.Files {
			if f.Path == name {
				text = bytes.Replace(text, []byte(f.SHA256), []byte(digest(data)), 1)
			}
		}
		text = bytes.Replace(text, []byte(man.Sum), nil, 1) // the manifest's own sum is of itself without it
		return bytes.Replace(text, []byte(`"sha256": ""`), []byte(`"sha256": "`+digest(text)+`"`), 1)
	})
}
