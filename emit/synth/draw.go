package synth

import (
	"fmt"
	"math/rand/v2"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// Draw is the design of the given number in a study of a model: bits, array, buffers and bus
// of every kind that a design may have, spread by a fixed random sequence over the parts.
// Every second design of a part is held out. The arrays are small enough, up to maxMACs a
// cycle, for synthesis to take about a minute.
func Draw(e hwmodel.Engine, m configs.Model, parts []configs.Part, number int) (d configs.Design, heldOut bool, err error) {
	part := parts[number%len(parts)]
	rng := rand.New(rand.NewPCG(uint64(number), 4))
	net, err := network.Compile(m)
	if err != nil {
		return d, false, err
	}
	for range 10000 {
		d = configs.Design{Name: fmt.Sprintf("study-%d", number), Model: m.Name, Part: part.Name, ClockMHz: part.ClockMHz,
			Numerics: drawNumerics(rng, m), Engine: drawEngine(rng, part)}
		if number >= groupsFrom {
			drawGroups(rng, net, &d.Numerics)
		}
		if d.Engine.TK > d.Engine.TM && number < longWordsFrom {
			continue
		}
		if d.Engine.MACs() <= maxMACs && d.Engine.MACs() >= minMACs && e.Legal(m, d, part) == nil {
			return d, number/len(parts)%2 == 1, nil
		}
	}
	return d, false, fmt.Errorf("design %d of the study: none of 10000 draws is legal for model %s on %s", number, m.Name, part.Name)
}

const minMACs, maxMACs = 4, 64

// groupsFrom is the first design whose blocks have weights in groups: those before it were drawn
// when the engine had none.
const groupsFrom = 60

// longWordsFrom is the first design whose words may have more tokens than a row tile: those before it were
// drawn when an engine's could not.
const longWordsFrom = 72

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
