package configs

import (
	"testing"

	"vitdse/configs/network"
)

// Every published design names a part and a model that there are, and rates that its array
// could reach: two operations a MAC, packed twofold at most.
func TestPublishedDesigns(t *testing.T) {
	list, err := PublishedDesigns()
	if err != nil {
		t.Fatal(err)
	}
	if len(list) < 6 {
		t.Errorf("only %d designs", len(list))
	}
	for _, p := range list {
		m, err := LoadModel(p.Model)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := LoadPart(p.Part); err != nil {
			t.Fatal(err)
		}
		n, err := network.Compile(m)
		if err != nil {
			t.Fatal(err)
		}
		var macs int64
		for _, op := range n.Ops {
			macs += op.MACs()
		}
		if need, have := p.FPS*float64(macs), 2*float64(p.MACs)*p.ClockMHz*1e6; need > have {
			t.Errorf("%s: %g images/s need %.3g MACs/s, its array gives at most %.3g", p.Name, p.FPS, need, have)
		}
	}
	_, err = Decode[Published]("p.yaml", []byte("name: a b\ntitle: t\nsource: s\nmodel: m\npart: p\nclock_mhz: 100\n"+
		"weights: 9\nactivations: 8\narray_macs: 0\narray_from: x\nread: heard\ndiffers: y\n"))
	wantError(t, err, `p.yaml:1: name: is "a b"; expected 1..128 letters, digits, '.', '_' or '-', not starting with '.' or '-'
p.yaml:1: fps: is missing, and so is gops; expected at least one of them
p.yaml:7: weights: is 9; expected 2..8
p.yaml:9: array_macs: is 0; expected 1..1048576
p.yaml:11: read: is "heard"; expected one of paper, quoted`)
}
