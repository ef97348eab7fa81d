package synth

import (
	"fmt"
	"math/rand/v2"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// Draw is the design of the given number in a study, and its network: bits, array, buffers and bus
// of every kind that a design may have, spread by a fixed random sequence over the parts. Every second
// design of a part is held out. Of four designs of a part the first two are of the model that is given, the
// others of a network that is drawn too. The arrays are small enough, up to maxMACs a cycle, for synthesis to
// take about a minute.
func Draw(e hwmodel.Engine, m configs.Model, parts []configs.Part, number int) (of configs.Model, d configs.Design, heldOut bool, err error) {
	part, turn := parts[number%len(parts)], number/len(parts)
	rng := rand.New(rand.NewPCG(uint64(number), 4))
	for range 10000 {
		if of = m; turn%4 >= 2 {
			of = drawNetwork(rng, m)
		}
		net, err := network.Compile(of)
		if err != nil {
			continue
		}
		d = configs.Design{Name: fmt.Sprintf("study-%d", number), Model: of.Name, Part: part.Name, ClockMHz: part.ClockMHz,
			Numerics: drawNumerics(rng, of), Engine: drawEngine(rng, part)}
		if turn%8 >= 4 {
			drawGroups(rng, net, &d.Numerics)
		}
		if d.Engine.MACs() <= maxMACs && d.Engine.MACs() >= minMACs && e.Legal(of, d, part) == nil {
			return of, d, turn%2 == 1, nil
		}
	}
	return of, d, false, fmt.Errorf("design %d of the study: none of 10000 draws is legal for model %s on %s", number, m.Name, part.Name)
}

// drawNetwork draws a network of a model's family, with 24 to 768 channels in 1 to 12 heads and 2 to 400 tokens. What
// synthesis makes of an engine depends on its depth only by the length of the program, so that there are few blocks.
func drawNetwork(rng *rand.Rand, of configs.Model) configs.Model {
	side := func() int { return of.Patch * (1 + rng.IntN(20)) }
	of.Name, of.Patch, of.Heads, of.Depth = "drawn", draw(rng, 2, 4, 8), 1+rng.IntN(12), 1+rng.IntN(3)
	of.Dim = of.Heads * draw(rng, 8, 16, 24, 32, 64)
	of.Image = configs.ImageShape{Height: side(), Width: side(), Channels: draw(rng, 1, 3)}
	of.MLPRatio, of.Classes, of.Mean, of.Std = draw(rng, 1.0, 2, 3, 4), 2+rng.IntN(999), nil, nil
	for range of.Image.Channels {
		of.Mean, of.Std = append(of.Mean, 0.5), append(of.Std, 0.5)
	}
	return of
}

const minMACs, maxMACs = 4, 64

// drawGroups puts the weights of some layers in groups, wherever a layer may have them.
func drawGroups(rng *rand.Rand, net *network.Network, n *configs.Numerics) {
	group := draw(rng, 16, 32)
	for i := range n.Layers {
		if l := &n.Layers[i]; l.Weights > 0 && !net.Layers[i].Edge && rng.IntN(3) > 0 {
			l.Granularity, l.Group = configs.PerGroup, group
		}
	}
}

// drawNumerics draws uniform bits, and for every third design bits of each layer.
func drawNumerics(rng *rand.Rand, m configs.Model) configs.Numerics {
	w, a := 2+rng.IntN(7), 2+rng.IntN(7)
	n := configs.Uniform(m, w, a)
	n.SoftmaxBits, n.GELUBits = 3+rng.IntN(6), 5+rng.IntN(4)
	free := rng.IntN(3) == 0
	granularity := draw(rng, configs.PerChannel, configs.PerLayer)
	for i := range n.Layers {
		l := &n.Layers[i]
		if free {
			l.Activations = 2 + rng.IntN(7)
		}
		if l.Weights > 0 {
			l.Granularity = granularity
			if free {
				l.Weights = 2 + rng.IntN(7)
			}
		}
	}
	return n
}

func drawEngine(rng *rand.Rand, part configs.Part) configs.Engine {
	kinds := []configs.MemoryKind{configs.MemAuto, configs.MemAuto, configs.MemBlock, configs.MemLUT}
	if part.Budget.URAM > 0 {
		kinds = append(kinds, configs.MemUltra)
	}
	return configs.Engine{
		TM: draw(rng, 2, 2, 4, 4, 8, 16), TN: draw(rng, 2, 4, 8, 16), TK: draw(rng, 1, 2, 4, 8),
		VectorColumns: draw(rng, 1, 1, 2, 4),
		Multiplier:    draw(rng, configs.MulDSP, configs.MulDSP, configs.MulLUT),
		BusBits:       draw(rng, 32, 64, 128, 256), ReadFIFO: draw(rng, 32, 64, 128), WeightBuffers: draw(rng, 1, 2),
		Activations: draw(rng, kinds...), Weights: draw(rng, kinds...), Residual: draw(rng, kinds...),
	}
}

func draw[T any](rng *rand.Rand, of ...T) T { return of[rng.IntN(len(of))] }
