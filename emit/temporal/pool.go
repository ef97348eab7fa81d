package temporal

import (
	"vitdse/configs"
	"vitdse/hwmodel"
	"vitdse/hwmodel/temporal"
)

// poolView is what the templates ask of the unit that pools the tokens.
type poolView struct {
	Pools, PoolStream, PoolCodes, PoolMax bool
	PoolYW                                int // bits of a mean before it is stored: more than that and its zero point have
}

func poolViewOf(s *temporal.Shape) poolView {
	pool, pools := s.Pool()
	return poolView{Pools: pools, PoolStream: pools && pool.Stream, PoolCodes: pools && !pool.Stream,
		PoolMax: pools && pool.Op.Max, PoolYW: configs.LogitBits}
}

// poolParams adds the constants of the unit that pools the tokens. The shift is wired, as far as the product is wide.
func (p *Plan) poolParams(l *paramList) {
	s := p.Shape
	pool, pools := s.Pool()
	if !pools {
		return
	}
	l.add("POOL_FIRST_TOKEN", pool.First, "tokens", "in front of the first that is pooled")
	if s.Windowed {
		p.poolShape(l, pool.Op.Cols, p.index.ops[pool.Op.Inputs[0]].Rows)
	}
	l.add("POOL_TOKEN_BITS", pool.InBits, "bits", "what is pooled of a token")
	l.add("POOL_SUM_BITS", pool.SumBits, "bits", "what is pooled of all, a bound for any codes")
	l.add("POOL_OUT_BITS", pool.OutBits, "bits", "what is made of them")
	if !pool.Op.Max {
		shift := int(p.Net.Pool.Shift)
		wired := min(shift, pool.SumBits+17)
		l.add("POOL_SHIFT", shift, "bits", "shift of the mean")
		l.add("POOL_MIN_SHIFT", wired, "bits", "of it that are wired")
		l.add("POOL_SHIFT_RANGE_BITS", span{uint(wired), uint(shift)}.bits(), "bits", "of a shift beyond that")
	}
}

// poolShape adds the shape of what is pooled.
func (p *Plan) poolShape(l *paramList, channels, tokens int) {
	s := p.Shape
	l.add("POOL_CHANNELS", channels, "channels", "of what is pooled")
	l.index("POOL_CHANNEL_INDEX_BITS", channels, "number of one of them")
	l.index("POOL_GROUP_INDEX_BITS", channels/s.VC, "number of a group of VECTOR_COLUMNS of them")
	l.add("POOL_TOKENS", tokens, "tokens", "of what is pooled")
	l.add("POOL_ROW_TILES", hwmodel.CeilDiv(tokens, s.TM), "row tiles", "of them")
}

// poolRTLParams adds what only the RTL has of them.
func (p *Plan) poolRTLParams(l *paramList) {
	s := p.Shape
	pool, pools := s.Pool()
	if !pools {
		return
	}
	if !s.Windowed {
		p.poolShape(l, s.Channels, s.Tokens)
	}
	word := s.TK
	if pool.Stream {
		word = s.VC
	}
	l.add("POOL_WORD_VALUES", word, "values", "of a word that is written of what is pooled")
}
