package verify

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Programs that simulations are built with; their Debian packages have the same names.
const (
	verilator = "verilator"
	cxx       = "g++"
	makeTool  = "make"
)

// build makes a goal of the Makefile in dir.
func build(ctx context.Context, dir, goal, what string, progress func(Progress), tools ...string) error {
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%w: %s is not on PATH; install it (Debian and Ubuntu: apt-get install %s)", ErrTool, tool, tool)
		}
	}
	cmd := command(ctx, dir, makeTool, "-s", goal)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	var log bytes.Buffer
	cmd.Stderr = &log
	progress(Progress{Stage: "build", Detail: what})
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := int64(0)
	scan := bufio.NewScanner(out)
	scan.Buffer(make([]byte, 64<<10), 4<<20)
	for scan.Scan() {
		log.WriteString(scan.Text() + "\n")
		lines++
		progress(Progress{Stage: "build", Done: lines, Detail: scan.Text()})
	}
	err = cmd.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("building the simulation in %s failed: %w\n%s", dir, err, tail(log.String(), 30))
	}
	progress(Progress{Stage: "build", Done: 1, Total: 1, Detail: "done"})
	return nil
}

// command is a command that is interrupted with the context, its children too.
func command(ctx context.Context, dir, name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 2 * time.Second
	return cmd
}

func tail(s string, lines int) string {
	all := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
