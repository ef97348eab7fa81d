package synth

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/emit/timing"
)

// A Vivado report counts where it is of this design, the routed one before the synthesized one.
func TestVivadoClock(t *testing.T) {
	report := func(slack, state string) string {
		return "| Design State : " + state + "\n    WNS(ns)      TNS(ns)\n    -------      -------\n      " + slack +
			"        0.000\n\nClock  Waveform(ns)  Period(ns)\n-----  ------------  ----------\naclk   {0.000 5.000} 10.000\n"
	}
	r := &runner{syn: t.TempDir(), rep: &Report{Hash: "0123456789abcdef0123"}}
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(r.syn, "vivado", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	mhz := func() float64 {
		t.Helper()
		v, err := r.vivadoClock()
		if err != nil {
			t.Fatal(err)
		}
		if v == nil {
			return 0
		}
		return v.MHz
	}
	write("timing_summary_synth.rpt", report("2.000", "Synthesized"))
	if got := mhz(); got != 0 {
		t.Errorf("a report of no design gives %g MHz", got)
	}
	write("design.txt", "fedcba9876543210\n")
	if got := mhz(); got != 0 {
		t.Errorf("a report of another design gives %g MHz", got)
	}
	write("design.txt", "0123456789abcdef\n")
	if got := mhz(); got != 125 {
		t.Errorf("10 ns with 2 to spare are %g MHz, expected 125", got)
	}
	write("timing_summary_impl.rpt", report("-2.500", "Routed"))
	if got := mhz(); got != 80 {
		t.Errorf("10 ns missed by 2.5 are %g MHz, expected 80", got)
	}
	write("timing_summary_impl.rpt", "nothing")
	if _, err := r.vivadoClock(); err == nil {
		t.Error("no error of a report without a slack")
	}
}

// A speed grade without delays is an error before anything is mapped, and names those that there are; a family without
// any has no bracket.
func TestUnknownSpeedGrade(t *testing.T) {
	dir := digitsFolder(t, "xc7z020")
	part, err := configs.LoadPart("xc7z020")
	if err != nil {
		t.Fatal(err)
	}
	part.Device = "xc7z020clg400-9"
	const want = `device "xc7z020clg400-9" ends in no known speed grade; known for xc7: -1, -2, -3`
	if _, err := Run(context.Background(), dir, Options{Timed: part}, nil); err == nil ||
		!strings.Contains(err.Error(), want) {
		t.Errorf("%v; expected %s", err, want)
	}
	if _, err := MapModule(context.Background(), dir, "vit_pe_array", Options{Timed: part}, nil); err == nil ||
		!strings.Contains(err.Error(), want) {
		t.Errorf("a module: %v; expected %s", err, want)
	}
	part.Family = configs.Gowin
	if err := timing.Known(part); err != nil {
		t.Errorf("a family without delays: %v", err)
	}
}
