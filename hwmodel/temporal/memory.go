package temporal

import (
	"vitdse/configs"
	"vitdse/hwmodel"
)

// scoreBias is the buffer of the biases of scores.
const scoreBias = "score-bias"

func (s *Shape) biasMemory() hwmodel.Memory {
	return buffer(scoreBias, "BIAS_STYLE", 1, BiasBanks*s.BiasWords(), s.biasWord(), s.Design.Engine.Residual)
}

// BiasBanks is how many heads' biases of scores the engine holds.
const BiasBanks = 2

// Memories lists the engine's buffers with their geometry.
func (s *Shape) Memories() []hwmodel.Memory {
	list := s.memories()
	if s.Windowed {
		return append(list[:], s.biasMemory())
	}
	return list[:]
}

func (s *Shape) memories() [11]hwmodel.Memory {
	e := s.Design.Engine
	act, res := e.Activations, e.Residual
	word := s.TK * s.TM
	list := [11]hwmodel.Memory{
		buffer("activations-x", "X_STYLE", 1, s.XDepth, word*s.ActBits, act),
		buffer("activations-q", "Q_STYLE", 1, s.QDepth, word*s.ActBits, act),
		buffer("numerators", "NUMERATOR_STYLE", 1, s.rowTiles(s.NumDepth), word*s.NumBits, act),
		buffer("keys", "KEY_STYLE", s.KeyBanks, s.KeyDepth, word*s.QKVBits, act),
		buffer("values", "VALUE_STYLE", s.TN*s.ValueParts, s.ValueDepth, min(s.TK, s.TM)*s.QKVBits, act),
		buffer("weights", "WEIGHT_STYLE", 1, e.WeightBuffers*s.WeightDepth, s.TK*s.TN*s.WBits, e.Weights),
		buffer("residual", "RESIDUAL_STYLE", 1, s.ResDepth, s.VC*s.TM*configs.ResidualBits, res),
		buffer("scores", "SCORE_STYLE", 1, s.rowTiles(s.ScoreDepth), s.VC*s.TM*s.ScoreBits, res),
		buffer("image", "IMAGE_STYLE", e.GatherTokens(), s.ImageBeats, e.BusBits/e.GatherTokens(), configs.MemAuto),
		buffer("layernorm-params", "NORM_PARAM_STYLE", s.VC, s.Channels/s.VC, 64, configs.MemAuto),
		buffer("channel-params", "", s.VC, e.WeightBuffers*s.TN/s.VC, s.ParamBits(), configs.MemLUT),
	}
	list[len(list)-1].Latency = 1
	return list
}

// buffer is memories whose reads take two cycles.
func buffer(name, style string, copies, depth, width int, kind configs.MemoryKind) hwmodel.Memory {
	return hwmodel.Memory{Name: name, StyleParam: style, Copies: copies, Depth: depth, Width: width, Kind: kind}
}

// rowTiles is the depth of a buffer of the row tiles that are at softmax, so many words each, both a power of two.
func (s *Shape) rowTiles(words int) int {
	return 1 << (hwmodel.CeilLog2(s.ahead()+1) + max(1, hwmodel.CeilLog2(words)))
}
