package main

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

// Without a terminal a task prints a line soon, whether or not anything has ended, and one at its end.
func TestProgressWithoutTerminal(t *testing.T) {
	var stdout, stderr bytes.Buffer
	st := &stages{a: &app{stdout: &stdout, stderr: &stderr}}
	st.set("sweep", "points", 10, 1000, "")
	st.bar.start = st.bar.start.Add(-10 * time.Second)
	st.set("sweep", "points", 500, 1000, "3 on the front")
	if got := st.bar.text(); got != "500/1,000 points, 50 points/s, ETA 10 s, 3 on the front" {
		t.Errorf("progress is %q", got)
	}
	st.resumed(400)
	st.set("sweep", "points", 1000, 1000, "")
	st.end()
	if got := stdout.String(); got != "sweep: 1,000 points in 10 s, 60 points/s (400 of them were done before)\n" {
		t.Errorf("standard output is %q", got)
	}
	st.set("measure", "", 0, 0, "")
	time.Sleep(plainFirst + 200*time.Millisecond)
	st.drop()
	if got := stderr.String(); !strings.HasPrefix(got, "measure: ") || strings.Count(got, "\n") != 1 {
		t.Errorf("standard error is %q", got)
	}
	if strings.Contains(stdout.String(), "measure") {
		t.Errorf("a failed task has a line: %q", stdout.String())
	}
}
