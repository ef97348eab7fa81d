package quant

import "math"

// descentTurns is how often codes, then the scale are improved; both hardly move after a few.
const descentTurns = 4

// descend improves rounded weights of least squared error E (w x - codes coded(x) scale)^2, output by output: each code
// in turn becomes the best one given all others, until none changes; then the output's scale becomes the best one given
// the codes, where it is its own. w are the weights refitted to coded inputs. Like QuantEase (Behdin et al., 2023),
// which leaves the scales.
func descend(w []float64, s steps, codes []int8, inputs []factor, least float64, own bool) {
	in := len(w) / len(s.scales)
	row := make([]float64, in)
	for o := range s.scales {
		for turn := range descentTurns {
			s.row(o, row)
			var along, across float64 // codes' H w, codes' H codes
			for _, f := range inputs {
				f.descend(w[o*in:(o+1)*in], codes[o*in:(o+1)*in], row, s.codes)
				if own {
					a, b := f.projection(w[o*in:(o+1)*in], codes[o*in:(o+1)*in])
					along, across = along+a, across+b
				}
			}
			if !own || across == 0 || turn == descentTurns-1 {
				break
			}
			s.scales[o] = math.Max(along/across, least)
		}
	}
}

// descend improves the codes of one output's weights of the group.
func (f factor) descend(w []float64, codes []int8, scales []float64, r codeRange) {
	n := len(f.order)
	left := make([]float64, n)
	for i, c := range f.order {
		left[i] = w[c] - float64(codes[c])*scales[c]
	}
	slope := f.times(left) // H (w - codes scale)
	for range 20 {
		changed := false
		for i, c := range f.order {
			h := f.h[i*n : (i+1)*n]
			best := min(max(hup(float64(codes[c])+slope[i]/(h[i]*scales[c])), r.least()), r.most())
			by := best - float64(codes[c])
			if step := by * scales[c]; by != 0 && step*(step*h[i]-2*slope[i]) < 0 {
				codes[c], changed = int8(best), true
				for j, v := range h {
					slope[j] -= step * v
				}
			}
		}
		if !changed {
			return
		}
	}
}

// projection is codes' H w and codes' H codes of one output.
func (f factor) projection(w []float64, codes []int8) (along, across float64) {
	q, real := make([]float64, len(f.order)), make([]float64, len(f.order))
	for i, c := range f.order {
		q[i], real[i] = float64(codes[c]), w[c]
	}
	for i, v := range f.times(q) {
		along += v * real[i]
		across += v * q[i]
	}
	return along, across
}

// times is H v.
func (f factor) times(v []float64) []float64 {
	n := len(v)
	sum := make([]float64, n)
	for i, x := range v {
		if x == 0 {
			continue
		}
		for j, h := range f.h[i*n : (i+1)*n] {
			sum[j] += x * h
		}
	}
	return sum
}
