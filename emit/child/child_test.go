package child

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A child that is killed has a child of its own, which must go too.
const family = `sleep 300 & echo $! > pid.new; mv pid.new pid; wait`

func TestMain(m *testing.M) {
	if dir := os.Getenv("VITDSE_CHILD_TEST"); dir != "" { // the parent that TestNeverOutlives kills
		hangup := make(chan os.Signal, 1) // under nohup it would be ignored, and the test would wait for the family's end
		signal.Notify(hangup, syscall.SIGHUP)
		go func() {
			<-hangup
			os.Exit(1)
		}()
		Command{Dir: dir, Args: []string{"sh", "-c", family}}.Run(context.Background())
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// startedPid waits for the pid that the family writes.
func startedPid(t *testing.T, dir string) int {
	t.Helper()
	for range 500 {
		if data, err := os.ReadFile(filepath.Join(dir, "pid")); err == nil {
			pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("the family did not start")
	return 0
}

func mustEnd(t *testing.T, pid int) {
	t.Helper()
	for range 500 {
		state, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil || bytes.Contains(state, []byte(") Z")) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	syscall.Kill(pid, syscall.SIGKILL)
	t.Errorf("process %d lives on", pid)
}

// Whatever ends the parent, no grandchild is left.
func TestNeverOutlives(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGKILL, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGQUIT} {
		t.Run(sig.String(), func(t *testing.T) {
			dir := t.TempDir()
			parent := exec.Command(os.Args[0])
			parent.Env = append(os.Environ(), "VITDSE_CHILD_TEST="+dir)
			if err := parent.Start(); err != nil {
				t.Fatal(err)
			}
			pid := startedPid(t, dir)
			parent.Process.Signal(sig)
			parent.Wait()
			mustEnd(t, pid)
		})
	}
}

// When the context ends, the whole group does, even where it does not want to.
func TestCancelled(t *testing.T) {
	for _, script := range []string{family, "trap '' TERM; " + family} {
		dir := t.TempDir()
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			_, err := Command{Dir: dir, Args: []string{"sh", "-c", script}}.Run(ctx)
			done <- err
		}()
		pid := startedPid(t, dir)
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("error is %v", err)
		}
		mustEnd(t, pid)
	}
}

// What a program leaves running in the background ends with it.
func TestNothingLeft(t *testing.T) {
	dir := t.TempDir()
	if _, err := (Command{Dir: dir, Args: []string{"sh", "-c",
		"sleep 300 >/dev/null 2>&1 & echo $! > pid"}}).Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustEnd(t, startedPid(t, dir))
}

func TestLines(t *testing.T) {
	var lines []string
	take := func(line []byte) error {
		lines = append(lines, string(line))
		if string(line) == "stop" {
			return errors.New("asked to stop")
		}
		return nil
	}
	for _, c := range []struct {
		script string
		cut    bool
		want   string
		says   string
	}{
		{script: `printf 'a\n\nbb\nlast'`, want: "a|bb|last"},
		{script: `printf '12345678901234567890\nx\n'`, cut: true, want: "1234567890|x"},
		{script: `echo first; printf '12345678901234567890\nx\n'; sleep 300`, want: "first",
			says: "line of more than 10 bytes"},
		{script: `echo a; while :; do printf 'yyyyyyyyyyyyyyyyyyyyyyyyyyyyyy'; done`, want: "a",
			says: "line of more than 10 bytes"},
		{script: `echo stop; sleep 300`, want: "stop", says: "asked to stop"},
		{script: `echo oops >&2; exit 7`, says: "exit status 7"},
	} {
		t.Run(c.script, func(t *testing.T) {
			lines = nil
			stderr, err := Command{Args: []string{"sh", "-c", c.script}, Line: take, MaxLine: 10, Cut: c.cut}.Run(t.Context())
			if (err == nil) != (c.says == "") || err != nil && !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: error is %v; expected %q", c.script, err, c.says)
			}
			if got := strings.Join(lines, "|"); got != c.want {
				t.Errorf("%s: lines %q; expected %q", c.script, got, c.want)
			}
			if strings.Contains(c.script, "oops") && stderr != "oops\n" {
				t.Errorf("standard error is %q", stderr)
			}
		})
	}
}

// Standard error without an end is not kept whole.
func TestStderrBounded(t *testing.T) {
	stderr, err := Command{Args: []string{"sh", "-c",
		"head -c 5000000 /dev/zero | tr '\\0' x >&2; echo end >&2"}}.Run(t.Context())
	if err != nil || len(stderr) > 2*keptStderr || !strings.HasSuffix(stderr, "xxend\n") {
		t.Errorf("%d bytes kept, error %v", len(stderr), err)
	}
}

func TestMissingProgram(t *testing.T) {
	if _, err := (Command{Args: []string{"no-such-program"}}).Run(t.Context()); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("error is %v", err)
	}
}
