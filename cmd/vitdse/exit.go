package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
)

// The exit codes; exitCodes explains them to people.
const (
	exitOK          = 0
	exitUnequal     = 1
	exitInput       = 2
	exitTool        = 3
	exitInterrupted = 130
)

const exitCodes = `Exit codes:
    0  done; for run and verify: everything was compared and is equal
    1  verification failed: a mismatch, or something that could not be compared;
       for fit: nothing fits some part
    2  bad input or usage
    3  a tool that the command needs is missing
  130  interrupted (Ctrl-C)`

// exitError carries the exit code of a failed command.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }

// errVerdict ends a command whose verdict, already printed, is a failure.
var errVerdict = &exitError{exitUnequal, errors.New("verification failed")}

// report prints a command's error and chooses the exit code.
func report(ctx context.Context, stderr io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	if ctx.Err() != nil && !errors.Is(err, errVerdict) {
		fmt.Fprintln(stderr, "vitdse: interrupted")
		return exitInterrupted
	}
	if !errors.Is(err, errVerdict) {
		fmt.Fprintln(stderr, "vitdse: "+strings.ReplaceAll(err.Error(), "\n", "\n        "))
	}
	var code *exitError
	switch {
	case errors.As(err, &code):
		return code.code
	case errors.Is(err, exec.ErrNotFound):
		return exitTool
	}
	return exitInput
}

// tool is a program that a command runs, and the Debian package that has it.
type tool struct{ program, pkg string }

var simulationTools = []tool{{"verilator", "verilator"}, {"make", "make"}, {"g++", "g++"}}

// needTools says which of the tools are missing and how to get them.
func needTools(tools []tool) error {
	var programs, packages []string
	for _, t := range tools {
		if _, err := exec.LookPath(t.program); err != nil {
			programs, packages = append(programs, t.program), append(packages, t.pkg)
		}
	}
	if programs == nil {
		return nil
	}
	return &exitError{exitTool, fmt.Errorf("%s not found, which the simulation needs; install with: "+
		"apt-get install %s (or make setup)",
		strings.Join(programs, ", "), strings.Join(packages, " "))}
}
