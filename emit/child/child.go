// Package child runs programs that never outlive this one, whatever ends it, and whose output cannot exhaust it.
package child

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Command is a program to run, in a process group of its own.
type Command struct {
	Dir   string   // working directory; "" is this process's
	Args  []string // program and arguments
	Stdin io.Reader
	// Line takes each line of standard output, without its end; the slice is valid until it returns. An
	// error from it kills the program and is the one that Run returns.
	Line func(line []byte) error
	// MaxLine is the most bytes of a line, 1 MiB if 0. A longer one kills the program, and ErrLongLine is
	// returned, unless Cut is set: then Line gets the first bytes and the rest is dropped.
	MaxLine int
	Cut     bool
	Merge   bool // standard error goes to Line, too
}

// ErrLongLine is wrapped by the error about a line that is longer than allowed.
var ErrLongLine = errors.New("line too long")

const (
	defaultMaxLine = 1 << 20
	keptStderr     = 64 << 10 // last bytes of standard error that an error can show
	grace          = 3 * time.Second
)

// guard starts the program beside a shell that waits for the end of a pipe which only this process
// holds open. When this process is gone, by SIGKILL too, the shell kills the group: the program,
// and what that has started (a compiler under make).
const guard = `(trap '' HUP INT TERM; read -r _ <&3; kill -KILL 0) >/dev/null 2>&1 & exec 3<&-; exec "$@"`

// Run runs the program to its end and returns the last of what it wrote to standard error. When ctx ends,
// the whole group is told to end (SIGTERM) and killed after a few seconds. Nothing of the group is
// left when Run returns.
func (c Command) Run(ctx context.Context) (stderr string, err error) {
	if _, err := exec.LookPath(c.Args[0]); err != nil {
		return "", err
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	alive, hold, err := os.Pipe()
	if err != nil {
		return "", err
	}
	defer hold.Close()
	cmd := exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", guard, "sh"}, c.Args...)...)
	cmd.Dir, cmd.Stdin, cmd.ExtraFiles = c.Dir, c.Stdin, []*os.File{alive}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = grace
	lines := &lineWriter{Command: c, stop: stop}
	said := &tailWriter{}
	cmd.Stdout, cmd.Stderr = lines, said
	if c.Merge {
		cmd.Stderr = lines
	}
	err = cmd.Start()
	alive.Close()
	if err != nil {
		return "", err
	}
	err = cmd.Wait()
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // the guard, and what is left
	if lines.err == nil && ctx.Err() == nil {
		lines.flush()
	}
	switch {
	case lines.err != nil:
		err = lines.err
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	}
	return string(said.kept), err
}

// lineWriter hands lines on.
type lineWriter struct {
	Command
	stop context.CancelCauseFunc
	part []byte // of the line at hand
	err  error
}

func (w *lineWriter) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 && w.err == nil {
		end := bytes.IndexByte(p, '\n')
		if end < 0 {
			w.add(p)
			break
		}
		w.add(p[:end])
		w.flush()
		p = p[end+1:]
	}
	if w.err != nil {
		w.stop(w.err)
		return 0, w.err
	}
	return n, nil
}

func (w *lineWriter) add(p []byte) {
	most := w.MaxLine
	if most == 0 {
		most = defaultMaxLine
	}
	room := most - len(w.part)
	if len(p) <= room {
		w.part = append(w.part, p...)
		return
	}
	if !w.Cut {
		w.err = fmt.Errorf("%s printed a line of more than %d bytes, beginning with %.60q: %w",
			w.Args[0], most, w.part, ErrLongLine)
		return
	}
	w.part = append(w.part, p[:room]...)
}

// flush hands on the line at hand, if any.
func (w *lineWriter) flush() {
	if len(w.part) > 0 && w.err == nil && w.Line != nil {
		w.err = w.Line(bytes.TrimSuffix(w.part, []byte("\r")))
	}
	w.part = w.part[:0]
}

// tailWriter keeps the last bytes written to it.
type tailWriter struct{ kept []byte }

func (w *tailWriter) Write(p []byte) (int, error) {
	w.kept = append(w.kept, p[max(0, len(p)-keptStderr):]...)
	if len(w.kept) > 2*keptStderr {
		w.kept = append(w.kept[:0], w.kept[len(w.kept)-keptStderr:]...)
	}
	return len(p), nil
}
