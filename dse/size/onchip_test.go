package size

import (
	"fmt"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel/temporal"
)

// DeiT-Tiny has 5,308,416 weights in its blocks (12 x 12 x 192 x 192), 147,456 in the patch
// embedding and 192,000 in the head, the latter two always at 8 bits.
func TestKeptOnChip(t *testing.T) {
	m, err := configs.LoadModel("deit-tiny")
	if err != nil {
		t.Fatal(err)
	}
	part, err := configs.LoadPart("xck26")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		bits    int
		weights int64
	}{{8, 5308416 + 147456 + 192000}, {4, 5308416/2 + 147456 + 192000}} {
		t.Run(fmt.Sprint(c.bits, c.weights), func(t *testing.T) {
			d := Candidates(temporal.Engine{}, m, part, configs.Uniform(m, c.bits, 8), at200, 64, 64)[0]
			got, err := KeptOnChip(temporal.Engine{}, network.MustCompile(m), d, part)
			if err != nil {
				t.Fatal(err)
			}
			// 230 blocks of 18,432 bits and 51 UltraRAMs of 294,912, which a design may plan with.
			if got.Weights != c.weights || got.RAM != (230*18432+51*294912)/8 {
				t.Errorf("w%d: %+v", c.bits, got)
			}
			// At least a block's activations: 197 rows of 768 hidden codes and of 192 residuals of 16 bits.
			if got.Buffers < 197*768+197*192*2 {
				t.Errorf("w%d: buffers of %d bytes are too few for a block's activations", c.bits, got.Buffers)
			}
		})
	}
}
