package temporal

import (
	"fmt"
	"hash/crc32"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/emit"
	"vitdse/golden/intnet"
	"vitdse/hwmodel"
	"vitdse/hwmodel/temporal"
)

// bitPacker writes little-endian bit fields, padded to whole bus beats.
type bitPacker struct {
	out      []byte
	beatBits int
	at       int // bits written
}

func (b *bitPacker) put(v int64, width int) {
	for i := range width {
		if b.at%8 == 0 {
			b.out = append(b.out, 0)
		}
		b.out[b.at/8] |= byte(v>>i&1) << (b.at % 8)
		b.at++
	}
}

// pad fills up to a whole number of beats.
func (b *bitPacker) pad() {
	for b.at%b.beatBits != 0 || len(b.out)*8 < b.at {
		if b.at%8 == 0 {
			b.out = append(b.out, 0)
		}
		b.at += 8 - b.at%8
	}
}

// buildStream lays out everything an image needs but the image itself, in the order in which
// the stream loader takes it apart.
func (p *Plan) buildStream() ([]byte, error) {
	b := &bitPacker{beatBits: p.Shape.Design.Engine.BusBits}
	head := 0 // whose bias is next
	for _, g := range p.Segments {
		before := len(b.out)
		if g.Kind != temporal.SegBias {
			head = 0
		}
		switch g.Kind {
		case temporal.SegImage:
			continue
		case temporal.SegPos:
			p.putPos(b)
		case temporal.SegBias:
			p.putBias(b, g.Op, head)
			head++
		case temporal.SegNorm:
			putNorm(b, p.index.norm[g.Op])
		case temporal.SegGELU:
			for _, v := range p.index.gelu[g.Op].Table {
				b.put(int64(v), g.EntryBits)
			}
			for _, v := range p.index.gelu[g.Op].Fine {
				b.put(int64(v), g.EntryBits)
			}
			b.pad()
		case temporal.SegTiles:
			if err := p.putTiles(b, g); err != nil {
				return nil, err
			}
		}
		want := g.Beats(b.beatBits) * b.beatBits / 8
		if got := len(b.out) - before; got != want {
			return nil, fmt.Errorf("stream of op %s has %d bytes; the schedule expects %d", p.opName(g.Op), got, want)
		}
	}
	return b.out, nil
}

func (p *Plan) putPos(b *bitPacker) {
	s := p.Shape
	for m := range s.MTiles {
		for c := range s.Dim {
			for r := range s.TM {
				v := int64(0)
				if t := m*s.TM + r; t < s.Tokens {
					v = int64(p.Net.Pos[t*s.Dim+c])
				}
				b.put(v, configs.ResidualBits)
			}
			if (c+1)%s.VC == 0 {
				b.pad()
			}
		}
	}
}

// putBias writes a head's bias of scores and the mask, as the scores of a window leave the array: row tile by row tile,
// a word for each group of columns. A score has its bias, and a bit each that says whether its row and column do not
// meet in a window at the lower edge of a shifted grid, and at its right edge.
func (p *Plan) putBias(b *bitPacker, scores, head int) {
	s, n := p.Shape, p.Shape.Keys
	op := p.index.ops[scores]
	block, bias := &p.index.net.Blocks[op.Block], p.index.attention[scores].Bias
	apart := func(i, j, shift int) int64 { // coordinates along a side that is shifted
		if edge := block.Window - shift; shift > 0 && (i < edge) != (j < edge) {
			return 1
		}
		return 0
	}
	for tile := range hwmodel.CeilDiv(n, s.TM) {
		for group := range s.ScoreDepth {
			for at := range s.VC * s.TM {
				i, j := tile*s.TM+at%s.TM, group*s.VC+at/s.TM
				var v, down, right int64
				if i < n && j < n {
					v = int64(bias[(head*n+i)*n+j])
					down = apart(i/block.Window, j/block.Window, block.ShiftY)
					right = apart(i%block.Window, j%block.Window, block.ShiftX)
				}
				b.put(v, s.ScoreBits)
				b.put(down, 1)
				b.put(right, 1)
			}
			b.pad()
		}
	}
}

func putNorm(b *bitPacker, ln *intnet.LayerNorm) {
	for c := range ln.Channels {
		b.put(int64(ln.G[c]), 16)
		b.put(ln.B[c], 48)
		b.pad()
	}
}

// putTiles writes an op's tile columns: the parameters of TN channels, some a word, then the weights,
// TK x TN a word, and in front of each group of words its multipliers. Channels and products
// past the edge are zero.
func (p *Plan) putTiles(b *bitPacker, g temporal.Segment) error {
	s, lin := p.Shape, p.index.linear[g.Op]
	if s.WeightFormats[g.Format] != lin.WeightBits {
		return fmt.Errorf("op %s has %d-bit weights; the design says %d", lin.Name, lin.WeightBits, s.WeightFormats[g.Format])
	}
	if want := g.GroupWords * s.TK; lin.Group != want {
		return fmt.Errorf("op %s has weights in groups of %d; the design says %d", lin.Name, lin.Group, want)
	}
	order := p.products(g.Op, lin.In)
	for n := range g.Tiles {
		for c := n * s.TN; c < (n+1)*s.TN; c++ {
			var mul, bias int64
			if c < lin.Out {
				mul, bias = int64(lin.M[c]), lin.Bias[c]
			}
			b.put(mul, 16)
			b.put(bias, s.WideBits)
			if (c+1)%s.ParamsPerWord() == 0 {
				b.pad()
			}
		}
		for k := range g.Words {
			if g.GroupWords > 0 && k%g.GroupWords == 0 {
				p.putMultipliers(b, lin, n, k/g.GroupWords)
			}
			for tk := range s.TK {
				for c := n * s.TN; c < (n+1)*s.TN; c++ {
					w := int64(0)
					if in := k*s.TK + tk; in < lin.In && c < lin.Out {
						w = int64(lin.W[c*lin.In+order[in]])
					}
					b.put(w, lin.WeightBits)
				}
			}
			b.pad()
		}
	}
	return nil
}

// putMultipliers writes the multipliers of a group of a tile column's channels, each less one.
func (p *Plan) putMultipliers(b *bitPacker, lin *intnet.Linear, n, group int) {
	tn := p.Shape.TN
	for c := n * tn; c < (n+1)*tn; c++ {
		less := int64(0)
		if c < lin.Out {
			less = int64(lin.GroupM[c*(lin.In/lin.Group)+group]) - 1
		}
		b.put(less, configs.GroupMultBits)
	}
	b.pad()
}

// products is the order in which an op's products are summed.
func (p *Plan) products(op, inner int) []int {
	if p.index.ops[op].Role == network.RoleEmbed {
		return p.patchOrder()
	}
	order := make([]int, inner)
	for i := range order {
		order[i] = i
	}
	return order
}

// ImageBytes is one image as the engine reads it: pixels in raster order, channels
// innermost, padded to whole beats.
func (p *Plan) ImageBytes(pixels []byte) ([]byte, error) {
	if want := p.Net.Model.Image.Pixels(); len(pixels) != want {
		return nil, fmt.Errorf("an image of model %s has %d bytes; got %d", p.Net.Model.Name, want, len(pixels))
	}
	out := make([]byte, p.Shape.ImageBeats*p.Shape.Design.Engine.BusBits/8)
	copy(out, pixels)
	return out, nil
}

// layout is the memory layout of the plan's design.
func (p *Plan) layout() emit.Layout {
	s, bus := p.Shape, p.Shape.Design.Engine.BusBits/8
	return emit.Layout{
		Align:       bus,
		ImagePixels: s.Net.Model.Image.Pixels(), ImageStride: s.ImageBeats * bus,
		StreamBytes: len(p.stream), StreamCRC32: crc32.ChecksumIEEE(p.stream),
		Classes: s.Net.Model.Classes, ResultStride: s.ResultBeats * bus,
	}
}
