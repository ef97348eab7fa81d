package progress

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Without a terminal a task prints a line soon, whether or not anything has ended, and one at its end.
func TestProgressWithoutTerminal(t *testing.T) {
	var stdout, stderr bytes.Buffer
	st := &Stages{Err: &stderr, Printf: func(format string, args ...any) { fmt.Fprintf(&stdout, format, args...) }}
	st.Set("sweep", "points", 10, 1000, "")
	st.bar.start = st.bar.start.Add(-10 * time.Second)
	st.Set("sweep", "points", 500, 1000, "3 on the front")
	if got := st.bar.text(); got != "500/1,000 points, 50 points/s, ETA 10 s, 3 on the front" {
		t.Errorf("progress is %q", got)
	}
	st.Resumed(400)
	st.Set("sweep", "points", 1000, 1000, "")
	st.End()
	if got := stdout.String(); got != "sweep: 1,000 points in 10 s, 60 points/s (400 of them were done before)\n" {
		t.Errorf("standard output is %q", got)
	}
	st.Set("measure", "", 0, 0, "")
	time.Sleep(plainFirst + 200*time.Millisecond)
	st.Drop()
	if got := stderr.String(); !strings.HasPrefix(got, "measure: ") || strings.Count(got, "\n") != 1 {
		t.Errorf("standard error is %q", got)
	}
	if strings.Contains(stdout.String(), "measure") {
		t.Errorf("a failed task has a line: %q", stdout.String())
	}
}
