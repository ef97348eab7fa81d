package hwmodel

import (
	"math"
	"testing"

	"vitdse/configs"
)

// More of anything, or a faster clock, never takes less power.
func TestPowerGrows(t *testing.T) {
	for _, name := range configs.Parts() {
		part, err := configs.LoadPart(name)
		if err != nil {
			t.Fatal(err)
		}
		base := Resources{LUT: 1000, FF: 2000, DSP: 10, BRAM18: 4, URAM: 1}
		p := PowerOf(base, part, 100, 1e8)
		if !(p.Static > 0 && p.Dynamic > 0 && p.Memory > 0) {
			t.Errorf("%s: %+v; every share must be above 0", name, p)
		}
		for _, more := range []Resources{{LUT: 1}, {FF: 1}, {DSP: 1}, {BRAM18: 1}, {URAM: 1}} {
			if q := PowerOf(base.Add(more), part, 100, 1e8); q.Total() < p.Total() {
				t.Errorf("%s: %+v more takes less power", name, more)
			}
		}
		if PowerOf(base, part, 101, 1e8).Total() <= p.Total() || PowerOf(base, part, 100, 2e8).Total() <= p.Total() {
			t.Errorf("%s: a faster clock or more traffic takes no more power", name)
		}
	}
}

// Designs of the literature with resources, clock and watts: within the stated error. The
// first four set the coefficients of UltraScale+; the rates off the chip are taken as 1 GB/s.
// Flip-flops of the last two are not published, and are left out; the watts of the last follow
// from its GOPS and GOPS/W. Huang et al. (TCAS-I 2023) is not here: it gives the watts of the
// board, 27 of its 29.6 at rest.
func TestPowerAgainstPublished(t *testing.T) {
	for _, c := range []struct {
		name, part string
		r          Resources
		mhz, watts float64
	}{
		{"CoQMoE, arXiv 2506.08496", "xczu9eg", Resources{LUT: 156100, FF: 198200, DSP: 1754, BRAM18: 766}, 300, 9.83},
		{"UbiMoE, arXiv 2502.05602", "xczu9eg", Resources{LUT: 123400, FF: 142600, DSP: 1850, BRAM18: 916}, 300, 11.5},
		{"CoQMoE, arXiv 2506.08496", "xcu280", Resources{LUT: 311600, FF: 454100, DSP: 2635, BRAM18: 1393}, 250, 33.7},
		{"UbiMoE, arXiv 2502.05602", "xcu280", Resources{LUT: 316100, FF: 385900, DSP: 3413, BRAM18: 1948}, 225, 32.5},
		{"Auto-ViT-Acc, arXiv 2208.05163", "xczu9eg", Resources{LUT: 185000, DSP: 1552}, 150, 9.6},
		{"HG-PIPE, arXiv 2407.17879", "xcvc1902", Resources{LUT: 669000, DSP: 312, BRAM18: 2013}, 425, 46.7},
	} {
		t.Run(c.name, func(t *testing.T) {
			part, err := configs.LoadPart(c.part)
			if err != nil {
				t.Fatal(err)
			}
			got := PowerOf(c.r, part, c.mhz, 1e9).Total()
			t.Logf("%s on %s: %.1f W estimated, %.1f published", c.name, c.part, got, c.watts)
			if math.Abs(got/c.watts-1) > ExpectedPowerError {
				t.Errorf("%s on %s: %.1f W estimated, %.1f published", c.name, c.part, got, c.watts)
			}
		})
	}
}
