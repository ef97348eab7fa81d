package exact

import (
	"vitdse/configs/network"
)

// stage is a run of layers with the axes that concern no other.
type stage struct {
	from, to int // layers
	axes     []int
	kind     int32 // stages of one kind have the same kinds of layers
}

// partition cuts the layers behind the first into stages: each block's layers wherever no
// axis of the block's own spans the cut, the head by itself.
func (d *decomposition) partition() (own map[int]bool) {
	own = map[int]bool{}
	for i, a := range d.axes {
		if len(a.Layers) > 0 && a.Layers[0] > 0 && d.sameBlock(a.Layers[0], a.Layers[len(a.Layers)-1]) {
			own[i] = true
		} else {
			d.shared = append(d.shared, i)
		}
	}
	kinds := map[string]int32{}
	for from := 1; from < len(d.net.Layers); {
		to := from + 1
		for grown := true; grown; {
			grown = false
			for i := range own {
				first, last := d.axes[i].Layers[0], d.axes[i].Layers[len(d.axes[i].Layers)-1]
				if first < to && last >= to {
					to, grown = last+1, true
				}
			}
		}
		st := stage{from: from, to: to}
		for i := range d.axes {
			if own[i] && d.axes[i].Layers[0] >= from && d.axes[i].Layers[0] < to {
				st.axes = append(st.axes, i)
			}
		}
		// Layers without a choice of their own make one stage with their neighbours.
		if n := len(d.stages); n > 0 && len(st.axes) == 0 && len(d.stages[n-1].axes) == 0 &&
			d.sameBlock(d.stages[n-1].from, from) {
			d.stages[n-1].to = to
		} else {
			d.stages = append(d.stages, st)
		}
		from = to
	}
	for i := range d.stages {
		st := &d.stages[i]
		var key []byte
		for l := st.from; l < st.to; l++ {
			if layer := &d.net.Layers[l]; layer.Weights {
				key = append(key, byte(layer.Class))
			}
		}
		if _, known := kinds[string(key)]; !known {
			kinds[string(key)] = int32(len(kinds))
		}
		st.kind = kinds[string(key)]
	}
	return own
}

// sameBlock says whether two layers are in one block; a layer outside is only with itself.
func (d *decomposition) sameBlock(a, b int) bool {
	return a == b || d.net.Layers[a].Block != network.None && d.net.Layers[a].Block == d.net.Layers[b].Block
}
