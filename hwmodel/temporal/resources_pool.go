package temporal

import (
	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// pooling enters the unit that makes one row of all tokens, and what LayerNorms into the residual stream and pooled
// rows need in the core: a second source of the sums of rows.
func (s *Shape) pooling(l *ledger, f fabric) {
	pool, pools := s.Pool()
	if pools {
		l.add("vit_token_pool", pool.resources(s, f))
	}
	if _, norms := s.Net.Find(network.RoleEmbedNorm); norms || pools && pool.Stream {
		l.add("rows-of-the-stream", hwmodel.Resources{LUT: s.lanes()*configs.ResidualBits + 40, FF: 32})
	}
}

// resources are a tree of additions (or comparisons) over the tokens of a row tile for each channel that comes in a
// cycle, the channels' sums in LUT RAM, the word of them that leaves and, of a mean, one lane of the requantizer. The
// shares are Yosys 0.23's of the module alone, of codes and of the stream (TestPoolAgainstYosys).
func (p Pool) resources(s *Shape, f fabric) hwmodel.Resources {
	vc, sums := s.VC, s.VC*p.SumBits
	r := f.lutram(s.Dim/s.VC, sums)
	luts, each := 60+float64(sums), 1.0 // a bit of two values
	if p.Op.Max {
		each = 1.5
	}
	luts += each*float64(sums) + float64(s.lanes()*p.InBits)/2 // tokens that do not count are masked
	r.FF += 20 + 3*sums
	for n, bits := s.TM/2, p.InBits; n > 0; n /= 2 {
		if !p.Op.Max {
			bits++
		}
		luts += each * float64(vc*n*bits)
		r.FF += vc * n * bits
	}
	if !p.Op.Max {
		luts += float64(2*p.SumBits+3*configs.LogitBits) + f.softLUTs(p.SumBits, 18)
		r.FF += 2*(p.SumBits+18) + 3*configs.LogitBits
		r.DSP += f.dsps(p.SumBits, 18)
	}
	r.LUT += whole(luts)
	return r
}

// packer is that of the words in which the results leave.
func (p Pool) packer(s *Shape) hwmodel.Resources {
	word := s.TK
	if p.Stream {
		word = s.VC
	}
	return hwmodel.Resources{LUT: word*p.OutBits + 3, FF: word*p.OutBits + 17}
}
