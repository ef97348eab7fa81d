package hwmodel

import (
	"strings"

	"vitdse/configs"
)

// idealCycles is Cycles(IdealMemory) without the program: what a sweep asks for every point.
// It walks the network once, follows the same three clocks as Timeline with the same
// constants, and skips the tile columns in which all of them have fallen into step. A test
// holds it equal to Timeline.
func (s *Shape) idealCycles() int64 {
	if !IdealMemory.prompt(s.Design.Engine.ReadFIFO) {
		return s.Cycles(IdealMemory)
	}
	c := clock{s: s, banks: s.Design.Engine.WeightBuffers, decode: -2, supplyAt: int64(IdealMemory.Latency) + 3}
	bus := s.Design.Engine.BusBits
	image := s.ImageBeats
	pos := s.MTiles * s.Dim * CeilDiv(s.TM*configs.ResidualBits, bus)
	norm := s.Dim * CeilDiv(normParamBits, bus)
	gelu := 1 << s.GELUBits

	var store [maxFastLayers]uint8
	w := s.layerWeights(store[:0])
	attention := s.attentionCycles()
	tokens := s.MTiles

	end := c.need(SegImage, image) + int64(tokens*s.TM*s.Model.PatchInner()) + patchTail
	c.done(end)
	c.freed[SegImage] = end
	c.matmul(c.need(SegPos, pos), ToResidual, s.Tokens, s.Dim, s.Model.PatchInner(), int(w[0]))
	for b := range s.Model.Depth {
		lw := w[1+4*b : 5+4*b]
		c.norm(norm, tokens)
		for _, to := range [...]int{ToAct, ToKeys, ToValues} {
			c.matmul(c.start(), to, s.Tokens, s.Dim, s.Dim, int(lw[0]))
		}
		c.now += attention
		c.matmul(c.start(), ToResidual, s.Tokens, s.Dim, s.Dim, int(lw[1]))
		c.norm(norm, tokens)
		c.matmul(c.need(SegGELU, gelu), ToAct, s.Tokens, s.Hidden, s.Dim, int(lw[2]))
		c.freed[SegGELU] = c.now
		c.matmul(c.start(), ToResidual, s.Tokens, s.Dim, s.Hidden, int(lw[3]))
	}
	c.norm(norm, 1)
	c.matmul(c.start(), ToLogits, 1, s.Model.Classes, s.Dim, int(w[len(w)-1]))
	t := timeline{s: s, mem: IdealMemory}
	return c.start() + t.store()
}

// clock is timeline reduced to one image and a memory that is never late.
type clock struct {
	s        *Shape
	banks    int
	decode   int64 // cycle from which the loader may claim the next buffer, less 2
	supplyAt int64
	freed    [SegTiles]int64
	free     [2]int64 // when the last two tile columns were drained, the latest first
	started  int      // tile columns begun
	now      int64    // end of the last op
}

func (c *clock) done(end int64) { c.now = end }

// start is the start of an op that waits for no buffer.
func (c *clock) start() int64 { return c.now + opTurnaround + 1 }

// need loads a buffer with so many beats and is the start of the op that reads it.
func (c *clock) need(kind SegmentKind, beats int) int64 {
	claim := c.decode + 2
	if c.freed[kind] > 0 {
		claim = max(claim, c.freed[kind]+1)
	}
	last := max(claim+1, c.supplyAt) + int64(beats) - 1
	c.decode = last + 1
	return max(c.now+opTurnaround, last+loadedToReady) + 1
}

func (c *clock) norm(beats, tiles int) {
	start := c.need(SegNorm, beats)
	c.done(start + int64(tiles*(2*c.s.Dim+c.s.TM+normTile)) + 1)
	c.freed[SegNorm] = c.now
}

// matmul runs a matmul by weights of so many bits.
func (c *clock) matmul(start int64, to, rows, cols, inner, bits int) {
	s := c.s
	p := Step{To: to}
	s.tiles(&p, cols, inner, 0)
	beats := int64(s.tileBeats(inner, bits))
	mt := int64(CeilDiv(rows, s.TM))
	passes := int64(1)
	if to == ToValues {
		passes = int64(s.TM / s.TK)
	}
	tail := int64(p.KT) - 1 + s.arrayLatency() - 1
	period, columns := int64(p.PeriodFull), int64(p.ColumnsFull)
	at := start + 1
	last := c.decode + 1 // as if a tile before had ended there
	for n := 0; n < p.NT; n++ {
		if n == p.NT-1 {
			period, columns = int64(p.PeriodLast), int64(p.ColumnsLast)
		}
		lastWas, atWas, freeWas := last, at, c.free
		claim := last + 1
		if c.started >= c.banks {
			claim = max(claim, c.free[c.banks-1]+1)
		}
		last = max(claim+1, c.supplyAt) + beats - 1
		begin := max(at, last+loadedToReady)
		at = begin + mt*period
		c.free = [2]int64{at - period + tail + columns*passes, c.free[0]}
		c.started++
		// Once every clock has moved by the same time, all full columns to come repeat it.
		d := at - atWas
		if left := p.NT - 2 - n; left > 0 && c.started > 2 && last-lastWas == d &&
			c.free[0]-freeWas[0] == d && c.free[1]-freeWas[1] == d {
			skip := int64(left) * d
			last, at, n = last+skip, at+skip, n+left
			c.free[0] += skip
			c.free[1] += skip
			c.started += left
		}
	}
	c.decode = last + 1
	c.done(c.free[0] + drainLatency)
}

// attentionCycles is the time of scores, softmax and value product of all heads of a block.
// Nothing in it waits for the memory.
func (s *Shape) attentionCycles() int64 {
	const turnaround = opTurnaround + 1
	var sum int64
	for h := range s.Model.Heads {
		if h > 0 && s.HeadDim >= s.TN {
			return sum * int64(s.Model.Heads) // every head as the first
		}
		sc, av := Step{To: ToScores}, Step{To: ToAct}
		s.tiles(&sc, s.Tokens, s.HeadDim, 0)
		s.tiles(&av, s.HeadDim, s.Tokens, h*s.HeadDim%s.TN)
		pass := s.tileRowCycles(&sc) + s.tileRowCycles(&av) + int64(s.Tokens) + softmaxTail + 3*turnaround
		sum += pass * int64(s.MTiles)
	}
	return sum
}

// tileRowCycles is a matmul of one row tile that waits for nothing, from its start.
func (s *Shape) tileRowCycles(p *Step) int64 {
	return 1 + int64(p.NT-1)*int64(p.PeriodFull) + int64(p.KT) - 1 + s.arrayLatency() + int64(p.ColumnsLast) - 1 + drainLatency
}

// normParamBits is the width of a channel's LayerNorm parameters in the stream: gamma, beta.
const normParamBits = 64

// tileBeats is the length of a tile column in the stream: parameters, then weights.
func (s *Shape) tileBeats(inner, bits int) int {
	bus := s.Design.Engine.BusBits
	return s.TN*CeilDiv(s.ParamBits(), bus) + CeilDiv(inner, s.TK)*CeilDiv(s.TN*s.TK*bits, bus)
}

// streamBeats is the length of the read stream of an image, the image left out, and of its
// widest word. It counts Segments without listing them.
func (s *Shape) streamBeats() (total, widest int) {
	bus := s.Design.Engine.BusBits
	words := func(n, bits int) int {
		widest = max(widest, CeilDiv(bits, bus))
		return n * CeilDiv(bits, bus)
	}
	tiles := func(cols, inner int, bits uint8) int {
		words(1, s.ParamBits())
		words(1, s.TN*s.TK*int(bits))
		return CeilDiv(cols, s.TN) * s.tileBeats(inner, int(bits))
	}
	var store [maxFastLayers]uint8
	w := s.layerWeights(store[:0])
	total = words(s.MTiles*s.Dim, s.TM*configs.ResidualBits)
	total += tiles(s.Dim, s.Model.PatchInner(), w[0])
	for b := range s.Model.Depth {
		lw := w[1+4*b : 5+4*b]
		total += 2*words(s.Dim, normParamBits) + CeilDiv(8<<s.GELUBits, bus)
		total += 3*tiles(s.Dim, s.Dim, lw[0]) + tiles(s.Dim, s.Dim, lw[1])
		total += tiles(s.Hidden, s.Dim, lw[2]) + tiles(s.Dim, s.Hidden, lw[3])
	}
	return total + words(s.Dim, normParamBits) + tiles(s.Model.Classes, s.Dim, w[len(w)-1]), widest
}

// maxFastLayers is the number of layers for which layerWeights needs no allocation.
const maxFastLayers = 4*64 + 2

// layerWeights appends the weight bits of the layers that have weights, in network order:
// patch embedding, then qkv, proj, fc1 and fc2 of every block, then the head.
func (s *Shape) layerWeights(buf []uint8) []uint8 {
	n := 4*s.Model.Depth + 2
	if cap(buf) < n {
		buf = make([]uint8, n)
	}
	buf = buf[:n]
	for _, l := range s.Design.Numerics.Layers {
		if i := weightIndex(l.Name, s.Model.Depth); i >= 0 {
			buf[i] = uint8(l.Weights)
		}
	}
	return buf
}

// weightIndex is the place of a layer in layerWeights, -1 for attn.matmul.
func weightIndex(name string, depth int) int {
	rest, ok := strings.CutPrefix(name, "blocks.")
	if !ok {
		if name == configs.LayerHead {
			return 4*depth + 1
		}
		return 0
	}
	block, i := 0, 0
	for ; i < len(rest) && rest[i] != '.'; i++ {
		block = 10*block + int(rest[i]-'0')
	}
	for k, suffix := range [...]string{".attn.qkv", ".attn.proj", ".mlp.fc1", ".mlp.fc2"} {
		if rest[i:] == suffix {
			return 1 + 4*block + k
		}
	}
	return -1
}
