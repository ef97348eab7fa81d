package hwmodel

import "vitdse/configs"

// Memory is one buffer of the engine: Copies memories of Depth words of Width bits, each
// with one write and one read port.
type Memory struct {
	Name       string
	StyleParam string // parameter of the emitted core that holds its ram_style, "" if fixed
	Copies     int
	Depth      int
	Width      int
	Kind       configs.MemoryKind // what the design point asks for
	Latency    int                // cycles of a read: 1, or 0 for the two of a buffer with an output register
}

// Style is the ram_style attribute the buffer is emitted with.
func (m Memory) Style() string {
	switch m.Resolve() {
	case configs.MemBlock:
		return "block"
	case configs.MemUltra:
		return "ultra"
	}
	return "distributed"
}

// AutoLUTRAMDepth is the depth up to which an auto buffer is built from LUTs: up to there
// a block RAM would be mostly empty.
const AutoLUTRAMDepth = 64

// Resolve is the kind the buffer is really built from.
func (m Memory) Resolve() configs.MemoryKind {
	if m.Kind != configs.MemAuto {
		return m.Kind
	}
	if m.Depth <= AutoLUTRAMDepth {
		return configs.MemLUT
	}
	return configs.MemBlock
}

// scoreBias is the buffer of the biases of scores.
const scoreBias = "score-bias"

func (s *Shape) biasMemory() Memory {
	return Memory{scoreBias, "BIAS_STYLE", 1, BiasBanks * s.BiasWords(), s.biasWord(), s.Design.Engine.Residual, 0}
}

// BiasBanks is how many heads' biases of scores the engine holds.
const BiasBanks = 2

// Memories lists the engine's buffers with their geometry.
func (s *Shape) Memories() []Memory {
	list := s.memories()
	if s.Windowed {
		return append(list[:], s.biasMemory())
	}
	return list[:]
}

func (s *Shape) memories() [11]Memory {
	e := s.Design.Engine
	act, res := e.Activations, e.Residual
	word := s.TK * s.TM
	return [11]Memory{
		{"activations-x", "X_STYLE", 1, s.XDepth, word * s.ActBits, act, 0},
		{"activations-q", "Q_STYLE", 1, s.QDepth, word * s.ActBits, act, 0},
		{"numerators", "NUMERATOR_STYLE", 1, halves(s.NumDepth), word * s.NumBits, act, 0},
		{"keys", "KEY_STYLE", s.KeyBanks, s.KeyDepth, word * s.QKVBits, act, 0},
		{"values", "VALUE_STYLE", s.TN * s.ValueParts, s.ValueDepth, min(s.TK, s.TM) * s.QKVBits, act, 0},
		{"weights", "WEIGHT_STYLE", 1, e.WeightBuffers * s.WeightDepth, s.TK * s.TN * s.WBits, e.Weights, 0},
		{"residual", "RESIDUAL_STYLE", 1, s.ResDepth, s.VC * s.TM * configs.ResidualBits, res, 0},
		{"scores", "SCORE_STYLE", 1, halves(s.ScoreDepth), s.VC * s.TM * s.ScoreBits, res, 0},
		{"image", "IMAGE_STYLE", e.GatherTokens(), s.ImageBeats, e.BusBits / e.GatherTokens(), configs.MemAuto, 0},
		{"layernorm-params", "NORM_PARAM_STYLE", s.VC, s.Channels / s.VC, 64, configs.MemAuto, 0},
		{"channel-params", "", s.VC, e.WeightBuffers * s.TN / s.VC, s.ParamBits(), configs.MemLUT, 1},
	}
}

// halves is the depth of a buffer of two halves of so many words, each a power of two.
func halves(words int) int { return 2 << max(1, CeilLog2(words)) }
