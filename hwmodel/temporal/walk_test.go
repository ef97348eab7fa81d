package temporal

import (
	"math/rand/v2"
	"slices"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// walkAll walks a design's layers from the first to the last.
func walkAll(net *network.Network, k hwmodel.Walk, bits []configs.LayerBits) (cycles, bytes int64) {
	var c hwmodel.Clocks
	bytes = k.FixedBytes()
	for i, l := range net.Layers {
		if !l.Weights {
			continue
		}
		kind, w := hwmodel.KindOf(l), hwmodel.StoredOf(bits[i])
		bytes += k.Bytes(kind, w)
		if kind == hwmodel.FirstKind {
			c = k.Start(w)
		} else {
			c = k.Advance(c, kind, w)
		}
	}
	return c[0], bytes
}

// A walk ends when the timeline does and moves the bytes that the price says.
func TestWalkIsTheTimeline(t *testing.T) {
	part, err := configs.LoadPart("xczu9eg")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(11, 12))
	for _, m := range timed(t) {
		for range 150 {
			d := randomDesign(r, m, part)
			if !(Engine{}).Walkable(d.Engine, d.ClockMHz, part) {
				continue
			}
			s, err := NewShape(network.MustCompile(m), d)
			if err != nil {
				t.Fatal(err)
			}
			e := s.Estimate(part)
			cycles, bytes := walkAll(s.Net, Engine{}.NewWalk(network.MustCompile(m), d.Engine,
				Engine{}.NumericsWidths(network.MustCompile(m), d.Numerics)), s.bits)
			if cycles != e.Cycles || bytes != e.BytesRead+e.BytesWritten {
				t.Fatalf("%s %+v: %d cycles, %d bytes; the estimate has %d and %d",
					m.Name, d.Engine, cycles, bytes, e.Cycles, e.BytesRead+e.BytesWritten)
			}
		}
	}
}

// What makes the exact search exact: later clocks never end earlier, and clocks that are
// all later by n end later by n.
func TestWalkIsMonotoneAndHomogeneous(t *testing.T) {
	deit, part := load(t, "deit-tiny", "xczu9eg")
	r := rand.New(rand.NewPCG(13, 14))
	for range 2000 {
		m := deit
		if r.IntN(2) == 0 {
			m = randomSwin(r)
		}
		d := randomDesign(r, m, part)
		net := network.MustCompile(m)
		var kinds []hwmodel.LayerKind // behind the first
		for _, l := range net.Layers {
			if l.Weights && hwmodel.KindOf(l) != hwmodel.FirstKind && !slices.Contains(kinds, hwmodel.KindOf(l)) {
				kinds = append(kinds, hwmodel.KindOf(l))
			}
		}
		k := Engine{}.NewWalk(net, d.Engine, Engine{}.NumericsWidths(net, d.Numerics))
		stored := func() hwmodel.Stored {
			return hwmodel.Stored{Bits: uint8(2 + r.IntN(7)), Group: []uint16{0, 16, 64}[r.IntN(3)]}
		}
		kind := func() hwmodel.LayerKind { return kinds[r.IntN(len(kinds))] }
		a := k.Start(stored())
		for range r.IntN(4) {
			a = k.Advance(a, kind(), stored())
		}
		b, far := a, a
		for i := range b {
			b[i] += r.Int64N(5000) * r.Int64N(2)
			far[i] += 12345
		}
		for range 4 {
			kind, w := kind(), stored()
			a, b, far = k.Advance(a, kind, w), k.Advance(b, kind, w), k.Advance(far, kind, w)
			for i := range a {
				if b[i] < a[i] || far[i] != a[i]+12345 {
					t.Fatalf("%s, %+v, layer %d: clocks %v, later ones %v, shifted ones %v", m.Name, d.Engine, kind, a, b, far)
				}
			}
		}
	}
}

func BenchmarkWalk(b *testing.B) {
	m, part := load(b, "deit-tiny", "xczu9eg")
	r := rand.New(rand.NewPCG(3, 4))
	var walks []hwmodel.Walk
	var weights [][]configs.LayerBits
	net := network.MustCompile(m)
	for range 1000 {
		d := randomDesign(r, m, part)
		s, err := NewShape(network.MustCompile(m), d)
		if err != nil {
			b.Fatal(err)
		}
		walks = append(walks, Engine{}.NewWalk(net, d.Engine, Engine{}.NumericsWidths(net, d.Numerics)))
		weights = append(weights, s.bits)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		walkAll(net, walks[i%1000], weights[i%1000])
	}
}
