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

// No file that a command reads may be a FIFO: it would be waited for until somebody writes.
func TestFIFO(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo.yaml")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	const digits = "../../configs/digits/run.yaml"
	for _, args := range [][]string{
		{"run", fifo}, {"verify", fifo}, {"sweep", digits, "--space", fifo}, {"sweep", digits, "--parts", fifo},
		{"eval", digits, "--model", fifo}, {"eval", digits, "--checkpoint", fifo}, {"eval", digits, "--dataset", fifo},
		{"pareto", fifo}, {"report", fifo}, {"emit", digits, "--design", fifo}, {"calibrate", fifo},
		{"fit", "--model", "deit-tiny", "--part", fifo},
		{"sensitivity", digits, "--to", fifo + ".json", "--engine", "slurm", "--job-template", fifo},
	} {
		t.Run(args[0]+" "+args[len(args)-2], func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			done := make(chan int, 1)
			go func() {
				done <- run(ctx, args, &stdout, &stderr)
			}()
			select {
			case code := <-done:
				if code != exitInput || !strings.Contains(stderr.String(), fifo) {
					t.Errorf("exit code %d: %s", code, stderr.String())
				}
			case <-ctx.Done():
				t.Fatal("it waits for a writer")
			}
		})
	}
}

// SIGINT ends the program also where it waits in the kernel: for a reader of what it writes.
func TestInterruptPipe(t *testing.T) {
	program, err := exec.LookPath("vitdse") // this test's own, see TestMain
	if err != nil {
		t.Fatal(err)
	}
	for _, signals := range []int{1, 2} {
		read, write, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		const least = 4096 // bytes; the script is longer
		if _, _, no := syscall.Syscall(syscall.SYS_FCNTL, write.Fd(), syscall.F_SETPIPE_SZ, least); no != 0 {
			t.Fatal(no)
		}
		defer read.Close()
		defer write.Close()
		cmd := exec.Command(program, "completion", "bash")
		cmd.Stdout = write
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
