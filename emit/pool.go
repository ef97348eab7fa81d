package emit

import (
	"vitdse/configs"
	"vitdse/hwmodel"
)

// poolView is what the templates ask of the unit that pools the tokens.
type poolView struct {
	Pools, PoolStream, PoolCodes, PoolMax bool
	PoolYW                                int // bits of a mean before it is stored: more than that and its zero point have
}

func poolViewOf(s *hwmodel.Shape) poolView {
	pool, pools := s.Pool()
	return poolView{Pools: pools, PoolStream: pools && pool.Stream, PoolCodes: pools && !pool.Stream,
		PoolMax: pools && pool.Op.Max, PoolYW: configs.LogitBits}
}

// poolParams adds the constants of the unit that pools the tokens. The shift is wired, as far as the product is wide.
func (p *Plan) poolParams(add func(name string, v int, note string)) {
	s := p.Shape
	pool, pools := s.Pool()
	if !pools {
		return
	}
	add("POOL_FIRST", pool.First, "token that is pooled")
	if s.Windowed {
		rows := p.index.ops[pool.Op.Inputs[0]].Rows
		add("POOL_C", pool.Op.Cols, "channels of the last stage")
		add("POOL_CIW", max(1, hwmodel.CeilLog2(pool.Op.Cols)), "")
		add("POOL_GIW", max(1, hwmodel.CeilLog2(pool.Op.Cols/s.VC)), "")
		add("POOL_N", rows, "tokens of it")
		add("POOL_ROWS", hwmodel.CeilDiv(rows, s.TM), "row tiles of them")
	}
	add("POOL_EW", pool.InBits, "of a token")
	add("POOL_SUMW", pool.SumBits, "of all, a bound for any codes")
	add("POOL_OB", pool.OutBits, "of what is made of them")
	if !pool.Op.Max {
		shift := int(p.Net.Pool.Shift)
		wired := min(shift, pool.SumBits+17)
		add("POOL_SHIFT", shift, "")
		add("POOL_MINSH", wired, "of it")
		add("POOL_VARSHW", span{uint(wired), uint(shift)}.bits(), "")
	}
}
