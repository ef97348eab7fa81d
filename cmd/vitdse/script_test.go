package main

import (
	"errors"
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

// The scripts find the digits case in configs/digits, testdata/small in small, and checkpoints as libraries save them in variants and refused.
func TestScripts(t *testing.T) {
	configs, err := filepath.Abs(filepath.Join("..", "..", "configs"))
	if err != nil {
		t.Fatal(err)
	}
	fixtures, err := filepath.Abs(filepath.Join("..", "..", "golden", "floatref", "testdata"))
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
				os.Symlink(configs, filepath.Join(env.WorkDir, "configs")),
				os.Symlink(filepath.Join(fixtures, "variants"), filepath.Join(env.WorkDir, "variants")),
				os.Symlink(filepath.Join(fixtures, "refused"), filepath.Join(env.WorkDir, "refused")),
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
