package quant

import (
	"errors"
	"math"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/golden/checkpoint"
	"vitdse/golden/intnet"
)

// finePart is a q or k of 16 bits that a norm makes codes of.
type finePart struct {
	role        network.Role // of the norm
	gamma, beta []float32
	seen        spread
	dst         **intnet.LayerNorm
}

// fineParts are q and k where a block has norms of them.
func (q *quantizer) fineParts(w *checkpoint.BlockWeights, s *blockStats, b *intnet.Block) []finePart {
	if !q.shape.QKNorm {
		return nil
	}
	return []finePart{{network.RoleQueryNorm, w.QNormG, w.QNormB, s.qFine, &b.QNorm},
		{network.RoleKeyNorm, w.KNormG, w.KNormB, s.kFine, &b.KNorm}}
}

// scale is the step in front of the norm, one for all heads: eps counts in it.
func (f finePart) scale(q *quantizer) float64 { return residualScale(q.stats.reach() * f.seen.most) }

// commonScale finds the symmetric scale of q or k behind its norm, one for all heads: their values are alike there. It
// is repeated for each head.
func (q *quantizer) commonScale(name string, block int, s *sample, width int, gamma []float32) []float64 {
	set := q.stats.ranges.get(gridKey{rangeKey{name, block, -1, 0}, q.menu}, func() rangeSet {
		t := tensor{[]part{{s.columns(0, s.channels), alike}}, q.stats.Images}
		return rangeSet{grids: estimatorOf(q.menu).grids(t, symmetric{q.menu.CodeRange == configs.FullRange})}
	})
	scale := set.grids[width].Scale
	for _, g := range gamma {
		scale = max(scale, math.Abs(float64(g))/maxGain)
	}
	return repeat(scale, q.shape.Heads)
}

// normQueries builds the norms of q and k, which write codes of the heads' scales.
func (q *quantizer) normQueries(block int, fine []finePart, heads [][]float64, width int) error {
	var errs []error
	for p, f := range fine {
		hd, name := q.shape.HeadDim(), q.name(block, f.role)
		out := normed{activations{grid: grid{Scale: heads[p][0]}, bits: width}, fold{0, repeat(1, hd), repeat(0, hd)}}
		ln, err := q.reading(grid{Scale: f.scale(q)}).layerNorm(name, normStats{sigma: f.seen.least}, f.gamma, f.beta, out)
		*f.dst = &ln
		errs = append(errs, err)
		q.report.reading(name, Reading{Scale: []float64{out.Scale}})
	}
	return errors.Join(errs...)
}

// probeCodes are the codes of a learned query, of which calibration saw the same row in every image.
func probeCodes(s *sample, scales []float64, width int) []int8 {
	codes, limit := make([]int8, s.channels), math.Exp2(float64(width-1))
	for c := range codes {
		codes[c] = int8(min(max(hup(float64(s.values[c])/scales[c]), -limit), limit-1))
	}
	return codes
}

// turns says whether a part of q, k, v turns with the place of its patch.
func (q *quantizer) turns(part int) bool { return q.shape.Turned && part < 2 }

// turnedReadings enters how the codes behind the rotations are read.
func (q *quantizer) turnedReadings(block int, heads [][]float64) {
	if !q.shape.Turned {
		return
	}
	for p, role := range []network.Role{network.RoleQueryTurn, network.RoleKeyTurn} {
		q.report.reading(q.name(block, role), Reading{Scale: q.perHead(heads[p])})
	}
}

// turnTables are the cosines and sines of every row's pairs of channels, with 14 bits of fraction: 1 and 0 in the rows
// of the prefix.
func turnTables(m configs.Model) (cos, sin []int16) {
	const one = 1 << 14
	hd := m.Dim / m.Heads
	for t := range m.Tokens() {
		for j := range hd / 2 {
			s, c := 0.0, 1.0
			if p := t - m.PrefixTokens(); p >= 0 {
				s, c = math.Sincos(m.Turn(p, j, hd))
			}
			cos, sin = append(cos, int16(hup(c*one))), append(sin, int16(hup(s*one)))
		}
	}
	return cos, sin
}
