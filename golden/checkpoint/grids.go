package checkpoint

import (
	"maps"
	"math"
	"slices"

	"vitdse/configs"
	"vitdse/configs/network"
)

// Grid is what signed codes of so many bits stand for: (code - Zero) * Scale.
type Grid struct {
	Bits  int
	Scale float64
	Zero  int
}

// LayerGrids are the codes of a layer that came quantized. Bits are the file's; where scales are nil the contract
// (docs/NUMERICS.md) cannot carry the file's, or it has none.
type LayerGrids struct {
	WeightBits  int       // 0 where the file's weights are float
	WeightScale []float64 // one an output, symmetric: weight = code * scale
	InputBits   int       // of the codes that the layer reads; 0 where they are float
	Input       *Grid
	QKV         [3]*Grid // of attn.matmul: of the q, k and v codes, of zero point 0, for all heads
	Output      *Grid    // of fc1: the index of the activation's table
}

// Grids are those of a network by the names of its design's layers.
type Grids map[string]LayerGrids

// Bits sets the bits of a network's layers to those that it came with; what came as float keeps its bits.
func (g Grids) Bits(n configs.Numerics) configs.Numerics {
	layers := append([]configs.LayerBits(nil), n.Layers...)
	for i, l := range layers {
		if have := g[l.Name]; have.WeightBits > 0 && l.Weights > 0 {
			layers[i].Weights = have.WeightBits
		}
		if have := g[l.Name]; have.InputBits > 0 {
			layers[i].Activations = have.InputBits
		}
	}
	n.Layers = layers
	return n
}

// oneScale says whether one scale an output is left to the patch embedding's weights when the image's std is folded
// into them.
func oneScale(m configs.Model) bool {
	for _, s := range m.Std {
		if s != m.Std[0] {
			return false
		}
	}
	return true
}

// grids are those of the file as the weights need them: with the layer scale and the image's std folded in.
func (r *reading) grids(file Grids) Grids {
	grids := maps.Clone(file)
	if g := grids["patch_embed"]; !oneScale(r.m) {
		g.WeightScale = nil
		grids["patch_embed"] = g
	}
	for _, shape := range r.net.Blocks {
		for j, role := range []network.LayerRole{network.ProjLayer, network.FC2Layer} {
			name := r.net.LayerAt(shape.Index, role).Name
			gamma, err := r.c.Tensor(shape.Name+"."+layerScales[j][0], shape.Dim)
			g := grids[name]
			if err != nil || g.WeightScale == nil {
				continue
			}
			g.WeightScale = slices.Clone(g.WeightScale)
			top := 0.0
			for i, v := range gamma {
				g.WeightScale[i] *= math.Abs(float64(v))
				top = max(top, g.WeightScale[i])
			}
			for i, v := range g.WeightScale { // of a factor of 0, say: its weights are 0
				g.WeightScale[i] = max(v, top/leastScale)
			}
			if top == 0 {
				g.WeightScale = nil
			}
			grids[name] = g
		}
	}
	return grids
}
