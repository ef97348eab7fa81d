package main

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// withCache runs the tests with a cache of their own, not the user's.
type withCache struct{ m *testing.M }

func (w withCache) Run() int {
	dir, err := os.MkdirTemp("", "vitdse-cache-*")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	os.Setenv("VITDSE_CACHE", dir)
	return w.m.Run()
}

func TestMain(m *testing.M) {
	testscript.Main(withCache{m}, map[string]func(){"vitdse": main})
}

// photographs are 40 small pictures in folders of five classes.
func photographs(dir string) error {
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 40 {
		of := filepath.Join(dir, strconv.Itoa(i%5))
		if err := os.MkdirAll(of, 0o777); err != nil {
			return err
		}
		img := image.NewNRGBA(image.Rect(0, 0, 20, 24))
		for y := range 24 {
			for x := range 20 {
				img.SetNRGBA(x, y, color.NRGBA{uint8(9*x + 40*(i%5)), uint8(7 * y), uint8(rng.IntN(256)), 255})
			}
		}
		f, err := os.Create(filepath.Join(of, fmt.Sprintf("%02d.png", i/5)))
		if err != nil {
			return err
		}
		if err := errors.Join(png.Encode(f, img), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// The scripts find the digits case in configs/digits, testdata/small in small, checkpoints as libraries save them in
// variants and refused, photographs in photos, and what Yosys once wrote in yosys-0.23.json.
func TestScripts(t *testing.T) {
	configs, err := filepath.Abs(filepath.Join("..", "..", "configs"))
	if err != nil {
		t.Fatal(err)
	}
	fixtures, err := filepath.Abs(filepath.Join("..", "..", "golden", "floatref", "testdata"))
	if err != nil {
		t.Fatal(err)
	}
	counts, err := filepath.Abs(filepath.Join("..", "..", "emit", "synth", "testdata", "yosys-0.23.json"))
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			tool, err := exec.LookPath("vitdse")
			if err != nil {
				return err
			}
			env.Setenv("TOOL", tool)
			env.Setenv("VITDSE_CACHE", filepath.Join(env.WorkDir, "cache"))
			return errors.Join(
				photographs(filepath.Join(env.WorkDir, "photos")),
				os.Symlink(configs, filepath.Join(env.WorkDir, "configs")),
				os.Symlink(filepath.Join(fixtures, "variants"), filepath.Join(env.WorkDir, "variants")),
				os.Symlink(filepath.Join(fixtures, "refused"), filepath.Join(env.WorkDir, "refused")),
				os.Symlink(counts, filepath.Join(env.WorkDir, "yosys-0.23.json")),
				os.CopyFS(filepath.Join(env.WorkDir, "small"), os.DirFS(filepath.Join("testdata", "small"))))
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){"code": code},
	})
}

// code runs a command and asks for an exit code: code 2 vitdse sweep nowhere.yaml.
func code(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N command args...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code is %d; expected %d", got, want)
	}
}
