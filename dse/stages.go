package dse

import (
	"strings"

	"vitdse/configs"
	"vitdse/hwmodel"
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
		if len(a.Layers) > 0 && a.Layers[0] > 0 && d.block(a.Layers[0]) == d.block(a.Layers[len(a.Layers)-1]) {
			own[i] = true
		} else {
			d.shared = append(d.shared, i)
		}
	}
	kinds := map[string]int32{}
	for from := 1; from < len(d.layers); {
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
		if n := len(d.stages); n > 0 && len(st.axes) == 0 && len(d.stages[n-1].axes) == 0 && d.block(d.stages[n-1].from) == d.block(from) {
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
			if k, ok := walkKind(d.layers[l]); ok {
				key = append(key, byte(k))
			}
		}
		if _, known := kinds[string(key)]; !known {
			kinds[string(key)] = int32(len(kinds))
		}
		st.kind = kinds[string(key)]
	}
	return own
}

// block is the name of a layer up to its block.
func (d *decomposition) block(layer int) string {
	name := d.layers[layer]
	if rest, ok := strings.CutPrefix(name, "blocks."); ok {
		n, _, _ := strings.Cut(rest, ".")
		return n
	}
	return name
}

// walkKind is the kind of a weighted layer in hwmodel's walk.
func walkKind(layer string) (hwmodel.LayerKind, bool) {
	for suffix, kind := range map[string]hwmodel.LayerKind{configs.LayerPatchEmbed: hwmodel.WalkPatchEmbed, "attn.qkv": hwmodel.WalkQKV,
		"attn.proj": hwmodel.WalkProj, "mlp.fc1": hwmodel.WalkFC1, "mlp.fc2": hwmodel.WalkFC2, configs.LayerHead: hwmodel.WalkHead} {
		if strings.HasSuffix(layer, suffix) {
			return kind, true
		}
	}
	return 0, false
}
