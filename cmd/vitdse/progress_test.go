package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// Without a terminal a task prints a line now and then, and one at its end.
func TestProgressWithoutTerminal(t *testing.T) {
	var stdout, stderr bytes.Buffer
	st := &stages{a: &app{stdout: &stdout, stderr: &stderr}}
	st.set("sweep", "points", 10, 1000, "")
	if stderr.Len() != 0 {
		t.Errorf("a line within %v: %q", plainEvery, stderr.String())
	}
	st.bar.last = st.bar.last.Add(-2 * plainEvery)
	st.bar.start = st.bar.start.Add(-10 * time.Second)
	st.set("sweep", "points", 500, 1000, "3 on the front")
	st.set("sweep", "points", 510, 1000, "")
	if got := stderr.String(); got != "sweep: 500/1,000 points, 50 points/s, ETA 10 s, 3 on the front\n" {
		t.Errorf("standard error is %q", got)
	}
	st.resumed(400)
	st.set("sweep", "points", 1000, 1000, "")
	st.end()
	if got := stdout.String(); got != "sweep: 1,000 points in 10 s, 60 points/s (400 of them were done before)\n" {
		t.Errorf("standard output is %q", got)
	}
	st.set("measure", "", 0, 0, "")
	st.drop()
	if strings.Contains(stdout.String(), "measure") {
		t.Errorf("a failed task has a line: %q", stdout.String())
	}
}
