package dse

import (
	"reflect"
	"testing"

	"vitdse/configs"
	"vitdse/dse/measuring"
	"vitdse/golden/checkpoint"
)

// A network that is kept comes back as it was made, and is not made again; other numerics, images or
// builds have networks of their own.
func TestIntegersKept(t *testing.T) {
	n := digits(t).Network
	all := n.Calibration
	n.Calibration = all.Slice(0, 8)
	w := measuring.Work{Cache: configs.NewStore(t.TempDir(), func(said string) { t.Error(said) }), Version: "test"}
	made := 0
	get := func(n measuring.Network, bits int, w measuring.Work) any {
		t.Helper()
		net, err := n.Integers(configs.Uniform(n.Model, bits, bits), w, func(title, _ string, done, total int) {
			if title == "quantization" && done == total {
				made++
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		return net
	}
	first, again := get(n, 8, w), get(n, 8, w)
	if made != 1 {
		t.Errorf("made %d times; expected once", made)
	}
	if !reflect.DeepEqual(first, again) {
		t.Error("the kept network is not the one that was made")
	}
	get(n, 4, w)
	get(n, 8, measuring.Work{Cache: w.Cache, Version: "other"})
	get(n, 8, measuring.Work{})
	n.Calibration = all.Slice(0, 9)
	get(n, 8, w)
	if made != 5 {
		t.Errorf("made %d times; expected 5", made)
	}

	// Checkpoints of the same weights that came with other quantization grids have networks of their own.
	nets := map[float64]any{}
	for i, step := range []float64{0.04, 0.05, 0.04} {
		quantized := *n.Weights
		quantized.Grids = checkpoint.Grids{"blocks.0.attn.qkv": {InputBits: 8, Input: &checkpoint.Grid{Bits: 8, Scale: step}}}
		n.Weights = &quantized
		net := get(n, 8, w)
		if was, again := nets[step]; again && !reflect.DeepEqual(was, net) {
			t.Errorf("grids of step %g: another network the second time", step)
		}
		nets[step] = net
		if made != 6+min(i, 1) {
			t.Errorf("grids of step %g: made %d times; expected %d", step, made, 6+min(i, 1))
		}
	}
	if reflect.DeepEqual(nets[0.04], nets[0.05]) {
		t.Error("the network does not have the checkpoint's grids")
	}
}
