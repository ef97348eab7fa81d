package exec_test

import (
	"reflect"
	"slices"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/golden/exec"
	"vitdse/golden/internal/digits"
	"vitdse/golden/quant"
)

// A network with other numerics in one block, built on another one, is the one that is quantized whole, and so are its
// logits.
func TestRebuilt(t *testing.T) {
	c, err := digits.Load()
	if err != nil {
		t.Fatal(err)
	}
	stats, err := quant.Calibrate(c.Model, c.Weights, c.Train.Slice(0, 8))
	if err != nil {
		t.Fatal(err)
	}
	for _, menu := range []configs.Quantizer{{}, {Rotation: configs.Hadamard}, {Inputs: configs.SequentialInputs}} {
		reference := configs.Uniform(c.Model, 8, 8)
		reference.Quantizer = menu
		base, err := quant.Quantize(c.Model, reference, c.Weights, stats)
		if err != nil {
			t.Fatal(err)
		}
		program, err := exec.Prepare(base)
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range network.MustCompile(c.Model).Layers {
			if l.Block == network.None || l.Block%2 == 0 && l.Weights {
				continue
			}
			n := reference
			n.Layers = slices.Clone(n.Layers)
			n.Layers[i].Activations = 4
			if l.Weights {
				n.Layers[i].Weights, n.Layers[i].Granularity = 3, configs.PerLayer
			}
			want, err := quant.Quantize(c.Model, n, c.Weights, stats)
			if err != nil {
				t.Fatal(err)
			}
			got, err := quant.Rebuild(base, n, l.Block, c.Weights, stats)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("%+v, %s: another network, %v", menu, l.Name, err)
			}
			p, err := program.Rebuilt(got, l.Block)
			if err != nil || menu.Inputs != "" { // of which every block behind differs
				continue
			}
			logits, err := p.Runner().Run(c.Test.At(i), nil)
			if err != nil {
				t.Fatal(err)
			}
			whole, err := exec.Run(want, c.Test.At(i), nil)
			if err != nil || !slices.Equal(logits, whole) {
				t.Fatalf("%+v, %s: other logits, %v", menu, l.Name, err)
			}
		}
		base.Blocks[1].Norm1.G = base.Blocks[1].Norm1.G[1:]
		if _, err := program.Rebuilt(base, 1); err == nil {
			t.Error("a block that is not of the contract is taken")
		}
	}
}
