package temporal

import (
	"fmt"
	"math"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
)

// The pool against what Yosys 0.23 (synth_xilinx -family xcup -flatten) made of vit_token_pool alone, for row tiles of
// 8 tokens and 4 channels a cycle of the digits network, whose codes have 8 bits.
func TestPoolAgainstYosys(t *testing.T) {
	for _, c := range []struct {
		pool         configs.Pool
		fcNorm       bool
		lut, ff, dsp int
	}{
		{configs.PoolAvg, false, 675, 565, 1},
		{configs.PoolMax, false, 582, 334, 0},
		{configs.PoolAvg, true, 1154, 956, 1},
		{configs.PoolMax, true, 1173, 642, 0},
	} {
		t.Run(fmt.Sprint(c.pool, c.fcNorm, c.lut), func(t *testing.T) {
			m, d, _ := digits(t)
			m.Pool, m.FCNorm = c.pool, c.fcNorm
			d.Engine.TM, d.Engine.TN, d.Engine.TK, d.Engine.VectorColumns = 8, 16, 4, 4
			s, err := NewShape(network.MustCompile(m), d)
			if err != nil {
				t.Fatal(err)
			}
			part, err := configs.LoadPart("xczu9eg")
			if err != nil {
				t.Fatal(err)
			}
			pool, _ := s.Pool()
			r := pool.resources(s, newFabric(part))
			if r.DSP != c.dsp || math.Abs(percent(r.LUT, c.lut)) > 10 || math.Abs(percent(r.FF, c.ff)) > 10 {
				t.Errorf("%s, fc_norm %v: %d LUT, %d FF, %d DSP; Yosys has %d, %d and %d",
					c.pool, c.fcNorm, r.LUT, r.FF, r.DSP, c.lut, c.ff, c.dsp)
			}
		})
	}
}
