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
// design of a part is held out. Of three designs of a part the first is of the model that is given, the
// others of a network that is drawn too. Most arrays have up to 64 products a cycle, so that synthesis takes
// about a minute; few have up to 1024.
func Draw(e hwmodel.Engine, m configs.Model, parts []configs.Part,
	number int) (of configs.Model, d configs.Design, heldOut bool, err error) {
	part, turn := parts[number%len(parts)], number/len(parts)
	rng := rand.New(rand.NewPCG(uint64(number), 5))
	size, kind := draw(rng, sizes...), rng.IntN(networks)
	for range 100000 {
		if of = m; turn%3 > 0 {
			of = drawNetwork(rng, m, kind)
		}
		net, err := network.Compile(of)
		if err != nil || e.Accepts(net) != nil {
			continue
		}
		d = configs.Design{Name: fmt.Sprintf("study-%d", number), Model: of.Name, Part: part.Name, ClockMHz: part.ClockMHz,
			Numerics: drawNumerics(rng, of), Engine: drawEngine(rng, part)}
		if rng.IntN(3) == 0 {
			drawGroups(rng, net, &d.Numerics)
		}
		if size.allows(d.Engine) && e.Legal(of, d, part) == nil && size.fits(e, net, d, part) {
			return of, d, turn%2 == 1, nil
		}
	}
	return of, d, false, fmt.Errorf("design %d of the study: none of 100000 draws is legal for model %s on %s",
		number, m.Name, part.Name)
}

// size bounds a design of a study, so that its synthesis ends.
type size struct{ least, most, luts int }

var (
	tiny, small   = size{1, 16, 40000}, size{4, 64, 40000}
	medium, large = size{65, 256, 60000}, size{257, 1024, 90000}

	sizes = []size{tiny, tiny, small, small, small, small, small, small, small, small, medium, medium, large}
)

func (s size) allows(e configs.Engine) bool { return e.MACs() >= s.least && e.MACs() <= s.most }

// fits says whether the design takes no more LUTs than the bound, as far as the model knows.
func (s size) fits(e hwmodel.Engine, net *network.Network, d configs.Design, part configs.Part) bool {
	shape, err := e.Machine(net, d)
	return err == nil && shape.Resources(part).LUT <= s.luts
}

// networks is how many kinds of networks there are to draw from, and mostWork bounds their multiplications, in which
// their numbers are calibrated.
const networks, mostWork = 9, 2e9

// drawNetwork draws a network of a kind: of the model's family, with what a ViT may have beside, distilled, or
// DeiT-Tiny. It has 24 to 768 channels in 1 to 12 heads, and 2 to 400 tokens.
func drawNetwork(rng *rand.Rand, of configs.Model, kind int) configs.Model {
	of.Name = "drawn"
	for {
		of.Patch, of.Heads, of.Depth = draw(rng, 2, 4, 8, 16), 1+rng.IntN(12), draw(rng, 1, 2, 3, 6, 12)
		of.Dim, of.MLPRatio = of.Heads*draw(rng, 8, 16, 24, 32, 64), draw(rng, 1.0, 2, 3, 4)
		side := func() int { return of.Patch * (1 + rng.IntN(20)) }
		of.Image = configs.ImageShape{Height: side(), Width: side(), Channels: draw(rng, 1, 3)}
		if of.Dim >= 24 && float64(of.Depth*of.Tokens()*12*of.Dim)*float64(of.Dim) < mostWork {
			break
		}
	}
	of.Classes = 2 + rng.IntN(999)
	of.PreNorm = rng.IntN(4) == 0
	switch kind {
	case 0:
		of.Family = configs.DeiTDistilled
	case 2:
		of.Pool, of.NoClassToken, of.FCNorm = draw(rng, configs.PoolAvg, configs.PoolMax), rng.IntN(2) == 0, rng.IntN(2) == 0
	case 3:
		of.Registers = draw(rng, 1, 4)
	case 4:
		of.Dim, of.Heads, of.Depth, of.MLPRatio, of.Patch = 192, 3, 12, 4, 16
		of.Image, of.Classes, of.PreNorm = configs.ImageShape{Height: 224, Width: 224, Channels: 3}, 1000, false
	}
	of.Mean, of.Std = nil, nil
	for range of.Image.Channels {
		of.Mean, of.Std = append(of.Mean, 0.5), append(of.Std, 0.5)
	}
	return of
}

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
	e := configs.Engine{
		TM: draw(rng, 1, 2, 4, 4, 8, 8, 16, 32), TN: draw(rng, 2, 4, 8, 16, 32), TK: draw(rng, 1, 2, 4, 8, 16),
		VectorColumns: draw(rng, 1, 1, 2, 4),
		Multiplier:    draw(rng, configs.MulDSP, configs.MulDSP, configs.MulDSP, configs.MulLUT),
		BusBits:       draw(rng, 32, 64, 128, 256), ReadFIFO: draw(rng, 32, 64, 128), WeightBuffers: draw(rng, 1, 2),
		Activations: draw(rng, kinds...), Weights: draw(rng, kinds...), Residual: draw(rng, kinds...),
		PatchTokens: draw(rng, 0, 0, 2),
	}
	if packing := packings[part.Family]; packing != "" && e.Multiplier == configs.MulDSP && rng.IntN(5) < 2 {
		e.Packing = packing
		if rng.IntN(4) == 0 {
			e.LUTColumns = draw(rng, 2, 4)
		}
	}
	return e
}

var packings = map[configs.Fabric]configs.Packing{configs.XC7: configs.PackDSP48E1, configs.XCUP: configs.PackDSP48E2}

func draw[T any](rng *rand.Rand, of ...T) T { return of[rng.IntN(len(of))] }
