package temporal

import (
	"math/bits"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// Pool is the unit that makes one row of all tokens behind the prefix: their mean or their maximum.
type Pool struct {
	Op      network.Op
	Stream  bool // it reads the residual stream; else the codes that LayerNorm makes
	First   int  // token that counts
	InBits  int  // of a value that it reads, signed
	SumBits int  // of a channel's sum with the zero point of all tokens, or of its maximum, signed
	OutBits int  // of a result
}

// Pool is the network's pooling, if there is one. SumBits is a bound for any codes and any zero point.
func (s *Shape) Pool() (Pool, bool) {
	op, pools := s.Net.Find(network.RolePool)
	if !pools {
		return Pool{}, false
	}
	p := Pool{Op: op, First: op.FirstRow, InBits: configs.ResidualBits, OutBits: configs.ResidualBits,
		Stream: op.Kind == network.OpPoolStream}
	spread := 1 << (configs.ResidualBits - 1) // of a token's value
	if !p.Stream {
		p.First, p.InBits, p.OutBits = s.Net.Ops[op.Inputs[0]].FirstRow, configs.PoolBits, s.NormBits
		spread = 1 << configs.PoolBits // with its zero point
		if op.Max {
			p.InBits = s.NormBits
		}
	}
	p.SumBits = 1 + bits.Len(uint((s.pooledRows(op)-p.First)*spread))
	if op.Max {
		p.SumBits = p.InBits
	}
	return p, true
}

// pooledRows is the rows that come to a pool, those in front of the first that counts included.
func (s *Shape) pooledRows(op network.Op) int {
	if s.Windowed {
		return s.Net.Ops[op.Inputs[0]].Rows
	}
	return s.Tokens
}

// rows is the one row that the pool makes: of the residual stream, which it reads first, or of the codes that
// LayerNorm has handed it. What of its latencies is waited for are the sum over a row tile's tokens and the last
// sum's way to memory; then a channel leaves a cycle.
func (p Pool) rows(s *Shape) rows {
	cycles := max(1, hwmodel.CeilLog2(s.TM)) + p.Op.Cols + poolLatency
	if p.Stream {
		cycles += s.ResDepth
	}
	if !p.Op.Max {
		cycles += poolRequantize
	}
	return rows{first: int64(cycles)}
}
