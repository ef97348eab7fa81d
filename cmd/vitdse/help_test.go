package main

import (
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

var assignment = regexp.MustCompile(`^[A-Z_]+=\S*$`)

// Every command has an example, and every example is a command line that parses. The
// cheap ones are run in testdata/script/help.txt.
func TestExamples(t *testing.T) {
	root := NewRoot(io.Discard, io.Discard)
	for _, cmd := range append(root.Commands(), root) {
		if !cmd.IsAvailableCommand() && cmd != root {
			continue
		}
		if cmd.Example == "" && cmd.Name() != "help" {
			t.Errorf("%s has no example", cmd.CommandPath())
		}
		for line := range strings.Lines(cmd.Example) {
			checkExample(t, strings.Fields(line))
		}
	}
}

func checkExample(t *testing.T, words []string) {
	t.Helper()
	line := strings.Join(words, " ")
	for len(words) > 0 && assignment.MatchString(words[0]) {
		words = words[1:]
	}
	if len(words) == 0 || words[0] != "vitdse" {
		t.Errorf("example %q is no call of vitdse", line)
		return
	}
	root := NewRoot(io.Discard, io.Discard)
	var cmd *cobra.Command
	cmd, rest, err := root.Find(words[1:])
	if err == nil {
		err = cmd.ParseFlags(rest)
	}
	if err == nil {
		err = cmd.ValidateArgs(cmd.Flags().Args())
	}
	if err == nil {
		err = cmd.ValidateFlagGroups()
	}
	if err == nil { // a flag that is no run's key is not taken for one
		_, err = runOrBare(cmd, "")
	}
	if err != nil {
		t.Errorf("example %q: %v", line, err)
	}
}

// The flags of a run's keys are there and explained.
func TestSettings(t *testing.T) {
	for _, s := range settings() {
		if s.usage == "" {
			t.Errorf("key %s has no usage", s.key)
		}
	}
	run, _, err := NewRoot(io.Discard, io.Discard).Find([]string{"run"})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range settings() {
		if run.Flags().Lookup(s.flag) == nil {
			t.Errorf("run has no flag --%s for the key %s", s.flag, s.key)
		}
	}
}
