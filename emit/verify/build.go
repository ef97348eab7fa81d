package verify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"

	"vitdse/emit/child"
)

// Programs that simulations are built with; their Debian packages have the same names.
const (
	verilator = "verilator"
	cxx       = "g++"
	makeTool  = "make"
)

// program is what a goal of a Makefile in an emitted folder builds. The Makefile names it by the content
// of every source, the flags and the tools' versions, and the goal named path says how.
type program struct {
	dir, goal, path string
	title           string   // what it is
	what            string   // what it is made with
	tools           []string // that it takes
}

func rtlProgram(dir string) program {
	return program{filepath.Join(dir, "sim"), "harness", "program", "the simulator of the RTL",
		"Verilator and the C++ compiler", []string{verilator, cxx, makeTool}}
}

func hlsProgram(dir string) program {
	return program{filepath.Join(dir, "hls"), "csim", "csim-program", "the HLS C++", "the C++ compiler",
		[]string{cxx, makeTool}}
}

// checkedProgram is the HLS C++ whose every index and arithmetic is checked as it runs.
func checkedProgram(dir string) program {
	return program{filepath.Join(dir, "hls"), "checked", "checked-program", "the HLS C++ with checks", "the C++ compiler",
		[]string{cxx, makeTool}}
}

// build builds the program, unless it is there, and returns its path.
func (p program) build(ctx context.Context, progress func(Progress)) (string, error) {
	for _, tool := range p.tools {
		if _, err := exec.LookPath(tool); err != nil {
			return "", fmt.Errorf("%w: %s is not on PATH; install it (Debian and Ubuntu: apt-get install %s)",
				ErrTool, tool, tool)
		}
	}
	progress(Progress{Stage: "build", What: p.title, Detail: p.what})
	lines := int64(0)
	err := p.make(ctx, p.goal, func(line []byte) error {
		lines++
		progress(Progress{Stage: "build", What: p.title, Done: lines, Detail: string(line)})
		return nil
	})
	if err != nil {
		return "", err
	}
	var path string
	err = p.make(ctx, p.path, func(line []byte) error {
		path = filepath.Join(p.dir, string(line))
		return nil
	})
	progress(Progress{Stage: "build", What: p.title, Done: 1, Total: 1, Detail: "done"})
	return path, err
}

func (p program) make(ctx context.Context, goal string, line func([]byte) error) error {
	var log bytes.Buffer
	const kept = 64 << 10
	cmd := child.Command{Dir: p.dir, Args: []string{makeTool, "-s", "--no-print-directory", goal},
		Cut: true, MaxLine: 4096}
	cmd.Line = func(l []byte) error {
		if log.Len() > 2*kept {
			log.Next(log.Len() - kept)
		}
		log.Write(append(l, '\n'))
		return line(l)
	}
	said, err := cmd.Run(ctx)
	var exit *exec.ExitError
	if err != nil && ctx.Err() == nil && errors.As(err, &exit) {
		return fmt.Errorf("building the simulation in %s failed: %w\n%s", p.dir, err, tail(said+log.String(), 30))
	}
	return err
}

func tail(s string, lines int) string {
	all := strings.Split(strings.TrimRight(s, "\n"), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
