package verify

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A source that is changed and given an old time, as cp -p, rsync and tar do, is simulated as it is; put
// back, it is again what was built first, and that is not built anew.
func TestStaleBuild(t *testing.T) {
	simulates(t)
	t.Setenv("OPT", "-O0")
	dir := tinyFolder(t, 2)
	old := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	opt := Options{Images: 1, Full: 1, Latency: 1}
	for _, c := range []struct {
		file, from, to string
		run            func(context.Context, string, Options, func(Progress)) (*Report, error)
	}{
		{"rtl/vit_requantize.sv", `shift - MIN_SHIFT\[5:0\];`, "shift + MIN_SHIFT[5:0];", Run},
		{"hls/vit_requantize.h", `rounded >> MIN_SHIFT`, "rounded << MIN_SHIFT", RunHLS},
	} {
		t.Run(c.file, func(t *testing.T) {
			verify := func() *Report {
				rep, err := c.run(context.Background(), dir, opt, nil)
				if err != nil {
					t.Fatal(err)
				}
				return rep
			}
			if !verify().OK {
				t.Fatalf("%s: the good folder fails", c.file)
			}
			path := filepath.Join(dir, c.file)
			good, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			replace(t, path, c.from, c.to)
			if err := os.Chtimes(path, old, old); err != nil {
				t.Fatal(err)
			}
			if verify().OK {
				t.Errorf("%s with another operator and an old time passes", c.file)
			}
			if err := os.WriteFile(path, good, 0o644); err != nil {
				t.Fatal(err)
			}
			if !verify().OK {
				t.Errorf("%s put back fails", c.file)
			}
		})
	}
	// Other flags make another program.
	t.Setenv("OPT", "-O0 -g")
	if rep, err := RunHLS(context.Background(), dir, opt, nil); err != nil || !rep.OK {
		t.Errorf("with other flags: %v", err)
	}
	for goal, want := range map[string]int{"sim/build/harness-*": 2, "hls/build/csim-*": 3, "sim/build/.vitdse-build-*": 0,
		"hls/build/.vitdse-build-*": 0} {
		t.Run(goal, func(t *testing.T) {
			if list, err := filepath.Glob(filepath.Join(dir, goal)); err != nil || len(list) != want {
				t.Errorf("%s: %v, %v; expected %d", goal, list, err, want)
			}
		})
	}
}

// Two verifications of one folder at once, from its first build on, in a path that a shell and make
// would take apart, and with a find that meets a folder of a build which ends while it looks.
func TestTwoAtOnce(t *testing.T) {
	simulates(t)
	racing := t.TempDir()
	script := "#!/bin/sh\necho \"find: '/tmp/.vitdse-build-x': No such file or directory\" >&2\nexit 1\n"
	if err := os.WriteFile(filepath.Join(racing, "find"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", racing+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("OPT", "-O0")
	dir := filepath.Join(t.TempDir(), `it's a "zoë" $HOME;(x) & 100%`, "design #1")
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(tinyFolder(t, 2), dir); err != nil {
		t.Fatal(err)
	}
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			reports, err := RunTarget(context.Background(), dir, "all", Options{Images: -1, Full: -1, Latency: 1}, nil)
			if err != nil || !reports[0].OK || !reports[1].OK {
				t.Errorf("%v", err)
			}
		})
	}
	both.Wait()
	out, err := command(t, filepath.Join(dir, "sim"), "make", "run", "OPT=-O0")
	if err != nil || !strings.Contains(out, `"event":"end","ok":true`) {
		t.Errorf("make run in sim: %v\n%s", err, tail(out, 10))
	}
	if out, err = command(t, filepath.Join(dir, "hls"), "make", "run", "OPT=-O0"); err != nil ||
		!strings.Contains(out, `"event":"end","ok":true`) {
		t.Errorf("make run in hls: %v\n%s", err, tail(out, 10))
	}
}
