package configs

import (
	"strings"
	"testing"
)

func TestConstraints(t *testing.T) {
	e := Engine{TM: 16, TN: 8, TK: 4, Multiplier: MulDSP, BusBits: 128, ReadFIFO: 64, WeightBuffers: 2,
		Activations: MemAuto, Weights: MemLUT, Residual: MemBlock}
	for text, want := range map[string]bool{
		"tm*tn*tk <= 512":                          true,
		"tm*tn*tk < 512":                           false,
		"tk <= tn and tn <= tm":                    true,
		"tk >= tn or bus_bits == 128":              true,
		"not tk >= tn":                             true,
		"(tk >= tn or tm == 16) and tn == 8":       true,
		"(tm + tn) * tk == 96":                     true,
		"tm - tn - tk == 4":                        true,
		"tm / tk / 2 == 2":                         true,
		"multiplier == lut or bus_bits >= 64":      true,
		"multiplier != dsp":                        false,
		"memories.weights == lutram":               true,
		"clock_mhz * bus_bits / 8 <= 1600":         true,
		"weight_buffers == 1 or read_fifo*2 > 100": true,
		"((tm)) == (16)":                           true,
	} {
		t.Run(text, func(t *testing.T) {
			c, err := ParseConstraint(text)
			if err != nil {
				t.Errorf("%v", err)
				return
			}
			if got, err := c.Holds(e, 100); err != nil || got != want {
				t.Errorf("%s: %v, %v; expected %v", text, got, err, want)
			}
		})
	}
	for text, says := range map[string]string{
		"tm*tn":              "expected a comparison",
		"tm <= ":             "expected a number or a field where there is the end",
		"tq <= 4":            `unknown field; did you mean`,
		"tm <= 4 tn":         `"tn" is left over`,
		"multiplier <= 4":    "multiplier is a text",
		"multiplier == fast": "expected multiplier == or != one of dsp, lut",
		"tm & 3":             `"&" has no meaning`,
		"(tm <= 4":           "expected",
		"":                   "where there is the end",
	} {
		t.Run(text, func(t *testing.T) {
			if _, err := ParseConstraint(text); err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%q: error is %v; expected it to say %q", text, err, says)
			}
		})
	}
	c, err := ParseConstraint("tm / (tn - 8) > 1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Holds(e, 100); err == nil || !strings.Contains(err.Error(), "divides by 0") {
		t.Errorf("error is %v; expected a division by 0", err)
	}
}
