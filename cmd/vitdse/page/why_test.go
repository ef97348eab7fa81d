package page

import (
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/dse/front"
	"vitdse/dse/limits"
	"vitdse/dse/metric"
	"vitdse/hwmodel"
)

// Whatever metric a run limits, a price that breaks its limit says so, and one that meets it does not.
func TestEveryBrokenLimitIsNamed(t *testing.T) {
	part, err := configs.LoadPart("xczu9eg")
	if err != nil {
		t.Fatal(err)
	}
	e := hwmodel.Estimate{Seconds: 2e-3, FPS: 500, BytesRead: 3e6, BytesWritten: 1e3, Resources: hwmodel.Resources{
		LUT: 900, FF: 800, DSP: 70, BRAM18: 60, URAM: 5, LUTRAM: 40}}
	e.Use = e.Resources.Use(part.Usable())
	e.Power = hwmodel.PowerOf(e.Resources, part, 200, 1e9)
	q := metric.Of(configs.Design{Engine: configs.Engine{BusBits: 64}, ClockMHz: 200}, part, e, 1e-3)
	for _, m := range metric.All() {
		if m.Limit == nil {
			continue
		}
		t.Run(string(m.Name), func(t *testing.T) {
			f := &front.Front{BestSQNRDB: 40}
			have := m.Show(m.Cost(&q), 1e-4)
			for _, share := range []float64{0.9, 1.1} {
				f.Limits.Bounds = []limits.Bound{{Metric: m.Name, Value: share * have}}
				broken := brokenLimits(f, q, true)
				if breaks := share > 1 == m.Higher; breaks != (len(broken) == 1) ||
					breaks && !strings.Contains(broken[0], string(m.Name)+" is ") {
					t.Errorf("%g where %g is the limit: %q", have, share*have, broken)
				}
			}
		})
	}
}
