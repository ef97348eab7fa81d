package temporal

import (
	"fmt"
	"math/bits"
	"slices"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// BurstBeats is the longest AXI burst the engine asks for.
const BurstBeats = 16

// Shape is the geometry of the temporal engine for one model: tile counts, operand widths
// and buffer sizes. The widths are bounds that hold for any weights, so that the same RTL
// serves a retrained network.
type Shape struct {
	Net    *network.Network
	Design configs.Design

	Tokens, Dim, HeadDim, Hidden int // of the first stage; the widest head
	Heads                        int
	Keys                         int // tokens that attend to each other
	Channels                     int // of the widest row that a LayerNorm reads
	PatchInner                   int // products of the patch embedding
	TM, TN, TK                   int
	VC                           int // columns that the drain and the vector units take in a cycle
	MTiles                       int // row tiles: ceil(Tokens / TM)
	RowTiles                     int // most of an op's

	// Attention is in windows: rows are moved between orders, scores have a bias and a mask, stages have widths of their
	// own, and the residual stream has two halves.
	Windowed bool
	Half     int // words of a half; 0 where there is one
	layouts  []Layout
	moves    []*network.Op // in front of which rows are moved, of moves that are alike the first

	Dynamic bool // weight matmuls read fine codes, of which every token finds its scale

	// Operand and lane widths in bits.
	ImageBits int // pixel codes
	ActBits   int // lanes of the activation buffer: widest code, or fine codes
	CodeBits  int // widest code that the array takes
	NormBits  int // widest codes of a LayerNorm for X
	NormOut   int // widest LayerNorm output, whatever it is for
	QKVBits   int // lanes of the K and V buffers
	NumBits   int // softmax numerators, unsigned
	WBits     int // lanes of the weight buffer: weights, with the multiplier of their group
	ABits     int // array operand a: codes or numerators
	BBits     int // array operand b: weights, K or V
	AccBits   int
	WideBits  int  // of what is requantized: accumulators times their token's power of two, and biases
	least     int  // of NormOut
	booth     bool // products of LUTs are built by radix-4 Booth
	ScoreBits int
	OutBits   int // requantizer output: residual, logits or scores
	GELUBits  int
	ExpBits   int // index of the exponential table

	MinProductBits int // narrowest product of a layer: weight plus activation bits

	StoredBits    int   // widest weight of the stream
	GroupBits     int   // widest weight of the stream that is in a group; 0 without groups
	Groups        bool  // weights are multiplied on their way into their buffer
	WeightFormats []int // distinct weight bit-widths of the stream, ascending

	// Buffer depths in words.
	XDepth, QDepth, KeyDepth, ValueDepth, WeightDepth, ResDepth int
	NumDepth, ScoreDepth                                        int // of one row tile
	KeyBanks                                                    int // words side by side: TN/TM, at least 1
	KeySegments                                                 int // tile columns in a word: TM/TN, at least 1
	ValueColumns                                                int // V words of one token group: ceil(Dim / TN)
	ValueParts                                                  int // row tiles in a V word: TK/TM, at least 1
	// pixel values the patch gather reads in a cycle for a token
	Chunk int

	bits []configs.LayerBits // of Design.Numerics, in the network's order

	ImageBeats, StreamBeats, ResultBeats int // of the bus, for one image
	AsmBeats                             int // beats of the widest word of the stream
}

// ExpFracBits is F of the softmax table: the exponent's fraction bits.
const ExpFracBits = 5

// ExpIndexBits is VB of the softmax table for pb-bit numerators: the least width with
// 2^VB > (pb+1) * 2^F, so that the last entry is 0.
func ExpIndexBits(pb int) int { return bits.Len(uint((pb + 1) << ExpFracBits)) }

// NewShape computes the geometry. The design must have been validated for the model.
// A network that the engine does not run is refused, with what it lacks.
func NewShape(net *network.Network, d configs.Design) (*Shape, error) {
	if err := configs.OnEngine(net); err != nil {
		return nil, err
	}
	if err := d.Numerics.OnEngine(net); err != nil {
		return nil, err
	}
	s := emptyShape(net)
	s.Design = d
	s.geometry()
	if s.bits = d.Numerics.InOrder(net); s.bits == nil {
		return nil, fmt.Errorf("design %s: numerics.layers is incomplete for model %s", d.Name, net.Model.Name)
	}
	w := Engine{}.NumericsWidths(net, d.Numerics)
	s.setWidths(w)
	for b := range maxWeightBits + 1 {
		if w.Formats>>b&1 != 0 {
			s.WeightFormats = append(s.WeightFormats, b)
		}
	}
	s.StreamBeats, s.AsmBeats = s.streamBeats()
	return s, nil
}

// emptyShape is what of a shape the network decides: its blocks have one geometry.
func emptyShape(net *network.Network) *Shape {
	s := &Shape{Net: net}
	b := &net.Blocks[0]
	s.Tokens, s.Dim, s.HeadDim, s.Hidden, s.Heads = b.Tokens(), b.Dim, b.HeadDim(), b.Hidden, b.Heads
	s.Keys, s.Channels, s.Windowed = b.WindowTokens(), b.Dim, b.Window > 0
	if s.Windowed {
		s.layouts = layoutsOf(net)
		for i := range net.Blocks {
			s.HeadDim, s.Hidden = max(s.HeadDim, net.Blocks[i].HeadDim()), max(s.Hidden, net.Blocks[i].Hidden)
		}
		for _, op := range net.Ops {
			if op.Kind == network.OpLayerNorm {
				s.Channels = max(s.Channels, op.Cols)
			}
		}
	}
	s.PatchInner = net.Layers[0].Inner
	if op, pools := net.Find(network.RolePool); pools && op.Kind == network.OpPool && !op.Max {
		s.least = configs.PoolBits
	}
	if _, norms := net.Find(network.RoleEmbedNorm); norms {
		s.least = configs.ResidualBits
	}
	return s
}

func (s *Shape) buffers() {
	s.XDepth = s.MTiles * s.Dim / s.TK
	s.QDepth = s.MTiles * max(s.patchWords(), s.Hidden/s.TK)
	s.NumDepth = hwmodel.CeilDiv(s.Keys, s.TK)
	s.ScoreDepth = hwmodel.CeilDiv(s.Keys, s.VC)
	s.KeyDepth = hwmodel.CeilDiv(s.MTiles, s.KeyBanks) * s.Dim / s.TK
	s.ValueColumns = hwmodel.CeilDiv(s.Dim, s.TN)
	s.ValueParts = max(1, s.TK/s.TM)
	s.ValueDepth = hwmodel.CeilDiv(s.MTiles, s.ValueParts) * max(1, s.TM/s.TK) * s.ValueColumns
	s.WeightDepth = hwmodel.CeilDiv(max(s.PatchInner, s.Hidden), s.TK)
	s.ResDepth = s.MTiles * s.Dim / s.VC
	s.Chunk = configs.Chunk(s.Net.Model, s.Design.Engine.BusBits)
	s.RowTiles = s.MTiles
	if s.Windowed {
		s.windowedBuffers()
	}
}

// windowedBuffers are the depths that the widest stage asks for, each of its own buffer.
func (s *Shape) windowedBuffers() {
	for i := range s.layouts {
		s.layouts[i].Tiles = hwmodel.CeilDiv(s.layouts[i].Rows, s.TM)
	}
	if s.moves == nil { // it does not depend on the engine
		s.moves = s.distinct()
	}
	s.XDepth, s.QDepth, s.KeyDepth, s.ValueDepth, s.WeightDepth, s.ResDepth = 0, 0, 0, 0, 0, 0
	for i := range s.Net.Ops {
		op := &s.Net.Ops[i]
		l := s.Layout(*op)
		tiles := l.RowTiles()
		s.RowTiles = max(s.RowTiles, tiles)
		words := tiles * hwmodel.CeilDiv(op.Cols, s.TK)
		if op.Kind.HasWeights() {
			s.WeightDepth = max(s.WeightDepth, hwmodel.CeilDiv(op.Inner, s.TK))
		}
		switch op.Role {
		case network.RolePatches, network.RoleQuery, network.RoleFC1:
			s.QDepth = max(s.QDepth, words)
		case network.RoleKey:
			s.KeyDepth = max(s.KeyDepth, l.Windows*s.keyWords(l, op.Cols))
		case network.RoleValue:
			s.ValueDepth = max(s.ValueDepth, l.Windows*s.valueWords(l, op.Cols))
		case network.RoleNorm1, network.RoleNorm2, network.RoleMergeNorm, network.RoleNorm:
			s.XDepth = max(s.XDepth, words)
			s.Half = max(s.Half, tiles*op.Cols/s.VC)
		case network.RoleEmbed:
			s.Half = max(s.Half, tiles*op.Cols/s.VC)
		}
	}
	s.ResDepth = 2 * s.Half
}

// keyWords and valueWords are the words of a window's keys (in every bank) and values: a window begins in a word
// of its own.
func (s *Shape) keyWords(l Layout, dim int) int {
	return hwmodel.CeilDiv(l.Tiles, s.KeyBanks) * dim / s.TK
}

func (s *Shape) valueWords(l Layout, dim int) int {
	return hwmodel.CeilDiv(l.Tiles, s.ValueParts) * max(1, s.TM/s.TK) * hwmodel.CeilDiv(dim, s.TN)
}

// BiasWords is the words of a head's bias of scores, one for each group of columns of a window's row tiles, and
// maskBits what each of its scores has beside the bias: whether rows of a window at the grid's lower edge meet, and
// at its right edge.
func (s *Shape) BiasWords() int { return hwmodel.CeilDiv(s.Keys, s.TM) * s.ScoreDepth }

const maskBits = 2

// biasWord is the bits of a word of biases.
func (s *Shape) biasWord() int { return s.VC * s.TM * (s.ScoreBits + maskBits) }

// biasBeats is the beats of a head's biases in the stream; 0 where scores have none.
func (s *Shape) biasBeats() int {
	if !s.Windowed {
		return 0
	}
	return s.BiasWords() * hwmodel.CeilDiv(s.biasWord(), s.Design.Engine.BusBits)
}

// ParamBits is the width of a channel's requantization parameters: bias and multiplier.
func (s *Shape) ParamBits() int { return 16 + s.WideBits }

// ParamsPerWord is how many channels' parameters a word of the stream has: as many as a beat of
// the bus holds, up to the VC that leave the array in a cycle.
func (s *Shape) ParamsPerWord() int {
	n := s.VC
	for n > 1 && n*s.ParamBits() > s.Design.Engine.BusBits {
		n /= 2
	}
	return n
}

// LogitDepth is the words of VC logits that a first head leaves for the second.
func (s *Shape) LogitDepth() int { return hwmodel.CeilDiv(s.Net.Model.Classes, s.VC) }

// MultBeats is the length in the stream of the multipliers of a group of TN channels.
func (s *Shape) MultBeats() int {
	return hwmodel.CeilDiv(s.TN*configs.GroupMultBits, s.Design.Engine.BusBits)
}

// format is the index of w in WeightFormats.
func (s *Shape) format(w int) int { return slices.Index(s.WeightFormats, w) }
