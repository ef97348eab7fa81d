package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// An interrupted sweep ends with exit code 130 and without a front.
func TestInterrupt(t *testing.T) {
	digits, err := filepath.Abs(filepath.Join("..", "..", "configs", "digits"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	out := filepath.Join(t.TempDir(), "out")
	var stdout, stderr bytes.Buffer
	code := run(ctx, []string{"sweep", filepath.Join(digits, "run.yaml"), "--out", out}, &stdout, &stderr)
	if code != exitInterrupted {
		t.Errorf("exit code is %d; expected %d", code, exitInterrupted)
	}
	if !strings.Contains(stderr.String(), "vitdse: interrupted") {
		t.Errorf("standard error is %q", stderr.String())
	}
	if _, err := os.Stat(filepath.Join(out, "sweep", "front.json")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a front was written: %v", err)
	}
}

// A run that is killed with nothing left to it to say goodbye goes on when it is run again, without --force: it
// replaces what it left half done, keeps what was finished, and leaves nothing beside it.
func TestKilledRun(t *testing.T) {
	if testing.Short() {
		t.Skip("builds simulations; run without -short")
	}
	program, err := exec.LookPath("vitdse") // this test's own, see TestMain
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	configs, err := filepath.Abs(filepath.Join("..", "..", "configs"))
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Symlink(configs, filepath.Join(dir, "configs")),
		os.CopyFS(filepath.Join(dir, "small"), os.DirFS("testdata/small"))); err != nil {
		t.Fatal(err)
	}
	start := func(stop string) (out string, code int) {
		cmd := exec.Command(program, "run", "small/run.yaml", "--target", "hls")
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "VITDSE_CACHE="+filepath.Join(dir, "cache"))
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(stdout)
		for lines.Scan() {
			out += lines.Text() + "\n"
			if stop != "" && strings.TrimSpace(lines.Text()) == stop {
				cmd.Process.Kill()
			}
		}
		cmd.Wait()
		return out, cmd.ProcessState.ExitCode()
	}
	design := filepath.Join(dir, "out/small/design")
	if out, code := start("Emit"); code != -1 {
		t.Fatalf("the run was not killed where it emits, exit code %d\n%s", code, out)
	}
	os.RemoveAll(design) // if it was quicker than the kill
	left := filepath.Join(dir, "out/small/.design.partial-1234/new/rtl")
	if err := os.MkdirAll(left, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, code := start("Verify"); code != -1 {
		t.Fatalf("the run was not killed where it verifies, exit code %d\n%s", code, out)
	}
	if _, err := os.Stat(left); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is left: %v", left, err)
	}
	before, err := os.ReadFile(filepath.Join(design, "manifest.json"))
	if err != nil {
		t.Fatal(err)
	}
	out, code := start("")
	if code != exitOK || !strings.Contains(out, "in the journal of an earlier run") || !strings.Contains(out, "PASS") {
		t.Errorf("run again it ended with exit code %d\n%s", code, out)
	}
	if after, err := os.ReadFile(filepath.Join(design, "manifest.json")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the folder is another: %v", err)
	}
}

// SIGINT ends the program also where it waits in the kernel: for a writer of the FIFO that it was given as run file.
func TestInterruptFIFO(t *testing.T) {
	program, err := exec.LookPath("vitdse") // this test's own, see TestMain
	if err != nil {
		t.Fatal(err)
	}
	fifo := filepath.Join(t.TempDir(), "run.yaml")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, signals := range []int{1, 2} {
		cmd := exec.Command(program, "verify", fifo)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		for range signals {
			time.Sleep(500 * time.Millisecond)
			cmd.Process.Signal(os.Interrupt)
		}
		select {
		case <-done:
			if code := cmd.ProcessState.ExitCode(); code != exitInterrupted && signals == 1 {
				t.Errorf("exit code is %d; expected %d", code, exitInterrupted)
			}
		case <-time.After(patience + 30*time.Second):
			cmd.Process.Kill()
			t.Fatalf("%d signals do not end it", signals)
		}
	}
}
