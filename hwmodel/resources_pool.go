package hwmodel

import (
	"vitdse/configs"
	"vitdse/configs/network"
)

// pooling enters the unit that makes one row of all tokens, and what LayerNorms into the residual stream and pooled
// rows need in the core: a second source of the sums of rows.
func (s *Shape) pooling(l *ledger, f fabric) {
	pool, pools := s.Pool()
	if pools {
		l.add("vit_token_pool", pool.resources(s, f))
	}
	if _, norms := s.Net.Find(network.RoleEmbedNorm); norms || pools && pool.Stream {
		l.add("rows-of-the-stream", Resources{LUT: s.lanes()*configs.ResidualBits + 40, FF: 32})
	}
}

// resources are a tree of additions (or comparisons) over the tokens of a row tile for each channel that comes in a
// cycle, the channels' sums in LUT RAM, the word of them that leaves and, of a mean, one lane of the requantizer.
func (p Pool) resources(s *Shape, f fabric) Resources {
	vc, bits, each := s.VC, p.InBits, 1 // LUTs a bit of two values
	if p.Op.Max {
		each = 2
	}
	r := f.lutram(s.Dim/s.VC, vc*p.SumBits)
	r.LUT += 90 + vc*p.SumBits*(each+1)
	r.FF += 120 + 3*vc*p.SumBits
	if p.Op.Max { // what does not count is the least value
		r.LUT += s.lanes() * bits
	}
	for n := s.TM / 2; n > 0; n /= 2 {
		if !p.Op.Max {
			bits++
		}
		r.LUT += vc * n * bits * each
		r.FF += vc * n * bits
	}
	if !p.Op.Max {
		scaled := p.SumBits + 18
		r.LUT += 2*p.SumBits + 3*configs.LogitBits + whole(f.softLUTs(p.SumBits, 18))
		r.FF += 2*scaled + 3*configs.LogitBits
		r.DSP += f.dsps(p.SumBits, 18)
	}
	word := s.TK
	if p.Stream {
		word = vc
	}
	r.LUT += word * p.OutBits
	r.FF += word * p.OutBits
	return r
}
