package main

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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
