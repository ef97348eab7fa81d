package temporal

import (
	"fmt"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// Spans are the walk that Timeline counts: they lie inside the image, the last ends with it, the
// array works on one op at a time and is fed every beat of the program.
func TestSpansAreTheTimeline(t *testing.T) {
	tiny, err := configs.LoadModel("deit-tiny")
	if err != nil {
		t.Fatal(err)
	}
	m, d, _ := digits(t)
	e := d
	e.Numerics = configs.Uniform(tiny, 8, 8)
	e.Engine.TM, e.Engine.TN, e.Engine.TK, e.Engine.VectorColumns = 8, 32, 4, 4
	for _, c := range []struct {
		m configs.Model
		d configs.Design
	}{{m, d}, {tiny, e}} {
		t.Run(fmt.Sprint(c.m, c.d), func(t *testing.T) {
			s, err := NewShape(network.MustCompile(c.m), c.d)
			if err != nil {
				t.Fatal(err)
			}
			var fed int64
			for _, p := range s.Program() {
				fed += int64(p.Passes() * p.MT * ((p.NT-1)*p.PeriodFull + p.PeriodLast))
				if p.Opcode == StepMatmul {
					fed += int64(p.Passes() * (p.PeriodEnd - p.PeriodLast))
				}
			}
			total, busy, last, array := s.Cycles(hwmodel.IdealMemory), int64(0), int64(0), int64(0)
			seen := map[int]bool{}
			for _, x := range s.Spans(hwmodel.IdealMemory, 1) {
				seen[x.Unit] = true
				if x.From < 0 || x.To > total {
					t.Errorf("%s: %s of op %d from %d to %d of %d cycles", c.m.Name, units[x.Unit], x.Op, x.From, x.To, total)
				}
				last = max(last, x.To)
				if x.Unit == unitArray {
					if x.From < array {
						t.Errorf("%s: the array begins op %d at %d, before %d, where the last ended", c.m.Name, x.Op, x.From, array)
					}
					array, busy = x.To, busy+x.To-x.From
				}
			}
			if last != total || busy != fed || len(seen) != len(s.Units()) {
				t.Errorf("%s: the last ends at %d of %d, the array is busy for %d of %d cycles, %d of %d units work",
					c.m.Name, last, total, busy, fed, len(seen), len(s.Units()))
			}
		})
	}
}
