package progress

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vitdse/configs"
)

// A step's time is predicted from earlier runs: their mean for designs alike, growing with the size where sizes differ;
// short runs, which had nothing to do, do not count, nor do those of other steps; seeds are one step.
func TestForecast(t *testing.T) {
	f := &Forecast{cache: configs.NewStore(t.TempDir(), func(said string) { t.Error(said) }), what: "synth", size: 1000}
	if d, n := f.expect("yosys"); d != 0 || n != 0 {
		t.Errorf("%v of %d runs, before any", d, n)
	}
	f.took("yosys", 50*time.Second)
	f.took("yosys", 70*time.Second)
	f.took("yosys", time.Second)
	f.took("route 1", 9*time.Second)
	f.took("building this", 30*time.Second)
	f.took("building that", 3*time.Second)
	if d, n := f.expect("yosys"); d != time.Minute || n != 2 {
		t.Errorf("%v of %d runs alike", d, n)
	}
	if d, n := f.expect("route 2"); d != 9*time.Second || n != 1 {
		t.Errorf("%v of %d runs with another seed", d, n)
	}
	if d, n := f.expect("building this"); d != 30*time.Second || n != 1 {
		t.Errorf("%v of %d runs of the first of two that begin alike", d, n)
	}
	f.size = 2000
	f.took("yosys", 100*time.Second)
	f.size = 4000
	if d, n := f.expect("yosys"); d.Round(time.Second) != 180*time.Second || n != 3 {
		t.Errorf("%v of %d runs for a larger design", d, n)
	}
	f.size = 1
	if d, _ := f.expect("yosys"); d <= 0 || d > 60*time.Second {
		t.Errorf("%v for a small design", d)
	}
	for range 2 * pastSteps {
		f.took("yosys", 10*time.Second)
	}
	if _, n := f.expect("yosys"); n != pastSteps {
		t.Errorf("%d runs are kept", n)
	}
}

// What a step without a count says: its rate, how long it may take and by what, and that it takes longer.
func TestUnmeasured(t *testing.T) {
	p := &Bar{title: "yosys", unit: "lines", start: time.Now().Add(-10 * time.Second)}
	p.pace.Done = 200
	for _, c := range []struct {
		expect time.Duration
		want   string
	}{{0, "10 s so far, 200 lines, 20 lines/s"}, {time.Minute, ", ETA 50 s, an estimate by 3 earlier runs"},
		{5 * time.Second, ", longer than estimated by 3 earlier runs"}} {
		t.Run(fmt.Sprint(c.expect), func(t *testing.T) {
			p.expected(c.expect, 3)
			if got := p.text(); !strings.Contains(got, c.want) {
				t.Errorf("%q; expected %q in it", got, c.want)
			}
		})
	}
}
