package main

import (
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

// SIGINT ends the program also where it waits in the kernel: for a writer of the FIFO that it was given as run file.
func TestInterruptFIFO(t *testing.T) {
	program := filepath.Join(t.TempDir(), "vitdse")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
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
