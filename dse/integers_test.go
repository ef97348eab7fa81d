package dse

import (
	"reflect"
	"testing"

	"vitdse/configs"
)

// A network that is kept comes back as it was made, and is not made again; other numerics, images or
// builds have networks of their own.
func TestIntegersKept(t *testing.T) {
	n := digits(t).Network
	all := n.Calibration
	n.Calibration = all.Slice(0, 8)
	w := Work{Cache: configs.NewStore(t.TempDir(), func(said string) { t.Error(said) }), Version: "test"}
	made := 0
	get := func(n Network, bits int, w Work) any {
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
	get(n, 8, Work{Cache: w.Cache, Version: "other"})
	get(n, 8, Work{})
	n.Calibration = all.Slice(0, 9)
	get(n, 8, w)
	if made != 5 {
		t.Errorf("made %d times; expected 5", made)
	}
}
