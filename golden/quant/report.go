package quant

import (
	"maps"
	"math"
	"math/bits"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
	"vitdse/golden/internal/kernel"
	"vitdse/golden/intnet"
)

// Report says what quantization did to every layer, and how the integers of a trace are
// read as real numbers.
type Report struct {
	Layers []LayerReport
	// Readings are those of the ops of configs.Model.Ops by name. Patches, scores, softmax
	// and pool have none.
	Readings map[string]Reading
	// Weights are what was quantized where that is not the checkpoint as it came: rotated; nil else. They compute the same
	// logits.
	Weights *checkpoint.Weights `json:"-"`
}

// LayerReport is one matmul with weights, or the q, k and v codes of an attention. Shares
// and SQNR are of sampled calibration values, taken layer by layer: each layer is given the
// real input.
type LayerReport struct {
	Layer       string              `json:"layer"`
	Weights     int                 `json:"weights,omitempty"` // bits; 0 for q, k and v codes
	Activations int                 `json:"activations"`       // bits of the codes that are read
	Granularity configs.Granularity `json:"granularity,omitempty"`
	Group       int                 `json:"group,omitempty"`

	Low     float64 `json:"low"`  // real number of the least code that is read, LayerNorm fold undone nowhere
	High    float64 `json:"high"` // of the greatest
	Scale   float64 `json:"scale"`
	Zero    int     `json:"zero"`
	Clipped float64 `json:"clipped"`       // share of values outside the codes
	SQNR    float64 `json:"input_sqnr_db"` // of the codes that are read, in dB

	// the largest of all outputs; with groups that of multiplier 16
	WeightScale   float64 `json:"weight_scale,omitempty"`
	WeightClipped float64 `json:"weight_clipped,omitempty"` // share
	OutputSQNR    float64 `json:"output_sqnr_db,omitempty"` // of the accumulators, in dB
	AccBits       int     `json:"acc_bits,omitempty"`       // width that the codes prove, signed
}

// Reading turns the integers of an op's result into real numbers: for column c of head h
// Scale*(code - Zero), times Gain[c] plus Offset[c] where a LayerNorm fold is undone.
type Reading struct {
	Scale        []float64 // one a column, or one
	Zero         int
	Gain, Offset []float64 // one a column, or none
}

// Real is the real number of a code in column c.
func (r Reading) Real(code int32, c int) float64 {
	v := float64(int(code)-r.Zero) * r.Scale[c%len(r.Scale)]
	if r.Gain != nil {
		v = v*r.Gain[c] + r.Offset[c]
	}
	return v
}

// Inspect is Quantize with a report, and a function that hears of every block done; it may be nil.
func Inspect(m configs.Model, num configs.Numerics, w *checkpoint.Weights, stats *Stats,
	progress func(done, total int)) (*intnet.Network, *Report, error) {
	r := &Report{Readings: map[string]Reading{}}
	net, err := quantize(m, num, w, stats, r, progress)
	return net, r, err
}

// reportedRows bounds the sampled rows of which a layer's output is computed.
const reportedRows = 128

// linear enters a matmul.
func (r *Report) linear(l linear, q *intnet.Linear) {
	if r == nil {
		return
	}
	e := LayerReport{Layer: l.name, Weights: l.bits, Activations: q.ActBits, Granularity: l.layer.Granularity,
		Group:   l.layer.Group,
		AccBits: q.AccBits}
	e.input(l.in.source.real(), l.in.grid, l.in.bits)
	if q.Dynamic {
		e.SQNR = l.in.tokenSQNR(q.ActBits)
	}
	e.output(l, q)
	clipped, row := 0, make([]float64, q.In)
	for i, v := range l.w {
		if i%q.In == 0 {
			l.rounded.row(i/q.In, row)
		}
		step := row[i%q.In]
		if v > (l.rounded.codes.most()+0.5)*step || v < (l.rounded.codes.least()-0.5)*step {
			clipped++
		}
		e.WeightScale = max(e.WeightScale, step)
	}
	e.WeightClipped = float64(clipped) / float64(len(l.w))
	r.Layers = append(r.Layers, e)
	r.Readings[l.name] = Reading{Scale: l.out, Zero: l.zero}
}

// input enters the grid of sampled values.
func (e *LayerReport) input(values []float64, g grid, bits int) {
	var signal, noise float64
	clipped := count(values, g, bits, &signal, &noise)
	limit := 1 << (bits - 1)
	e.Low, e.High = float64(-limit-g.Zero)*g.Scale, float64(limit-1-g.Zero)*g.Scale
	e.Scale, e.Zero = g.Scale, g.Zero
	e.Clipped, e.SQNR = float64(clipped)/float64(len(values)), ratio(signal, noise)
}

// count adds up signal and noise of a grid, and counts what is clipped.
func count(values []float64, g grid, bits int, signal, noise *float64) (clipped int) {
	limit := float64(int(1) << (bits - 1))
	for _, x := range values {
		if code := hup(x/g.Scale) + float64(g.Zero); code < -limit || code >= limit {
			clipped++
		}
		d := x - g.round(x, bits)
		*signal, *noise = *signal+x*x, *noise+d*d
	}
	return clipped
}

// output runs sampled rows through the matmul, in real numbers and in integers.
func (e *LayerReport) output(l linear, q *intnet.Linear) {
	in := l.in
	rows := min(in.source.rows, reportedRows)
	x, a := make([]float64, 0, rows*q.In), make([]float64, rows*q.In)
	limit := float64(int(1) << (in.bits - 1))
	for r := range rows {
		x = append(x, in.source.real()[r*in.source.rows/rows*q.In:][:q.In]...)
		codes := a[r*q.In : (r+1)*q.In]
		for c := range codes {
			codes[c] = min(max(hup(x[r*q.In+c]/in.Scale)+float64(in.Zero), -limit), limit-1)
		}
		if q.Dynamic {
			tokenCodes(codes, q.ActBits)
		}
	}
	want, acc := make([]float64, 0, rows*q.Out), make([]float64, 0, rows*q.Out)
	for range rows {
		want = append(want, l.bias...)
		for _, b := range q.Bias {
			acc = append(acc, float64(b))
		}
	}
	var right kernel.Reals
	right.RealRows(l.w, q.Out, q.In, q.In)
	kernel.MultiplyReals(want, q.Out, x, q.In, rows, &right, nil)
	right.RealRows(weightsOf(q), q.Out, q.In, q.In)
	kernel.MultiplyReals(acc, q.Out, a, q.In, rows, &right, nil)
	var signal, noise float64
	for i, v := range want {
		d := v - acc[i]*in.Scale*l.rounded.scales[i%q.Out]
		signal, noise = signal+v*v, noise+d*d
	}
	e.OutputSQNR = ratio(signal, noise)
}

// weightsOf are the integers that a matmul multiplies with.
func weightsOf(q *intnet.Linear) []float64 {
	list := make([]float64, q.Out*q.In)
	for i, w := range q.W {
		list[i] = float64(w)
	}
	if q.Group > 0 {
		for i, m := range q.GroupM {
			for j := range q.Group {
				list[i*q.Group+j] *= float64(m)
			}
		}
	}
	return list
}

// tokenSQNR is that of the codes that a dynamic layer makes of its rows.
func (a activations) tokenSQNR(width int) float64 {
	row, real := make([]float64, a.source.channels), make([]float64, a.source.channels)
	var signal, noise float64
	for i, v := range a.source.real() {
		c := i % a.source.channels
		real[c] = v
		row[c] = a.round(real[c], a.bits) / a.Scale
		if c+1 < a.source.channels {
			continue
		}
		tokenCodes(row, width)
		for c, x := range real {
			d := x - row[c]*a.Scale
			signal, noise = signal+x*x, noise+d*d
		}
	}
	return ratio(signal, noise)
}

// tokenCodes rounds a row of fine codes as a dynamic layer does, and gives the result in
// fine codes again.
func tokenCodes(fine []float64, width int) {
	top := 0.0
	for _, f := range fine {
		top = max(top, math.Abs(f))
	}
	step := math.Exp2(float64(max(0, bits.Len(uint(top))-(width-1))))
	limit := float64(int(1) << (width - 1))
	for i, f := range fine {
		fine[i] = min(max(hup(f/step), -limit), limit-1) * step
	}
}

// heads enters the q, k and v codes of an attention.
func (r *Report) heads(bits configs.LayerBits, dim int, parts []*sample, scales [][]float64) {
	if r == nil {
		return
	}
	e := LayerReport{Layer: bits.Name, Activations: bits.Activations}
	var signal, noise float64
	clipped, n := 0, 0
	limit := float64(int(1) << (bits.Activations - 1))
	for p, s := range parts {
		for h, scale := range scales[p] {
			values := s.columns(h*dim, (h+1)*dim)
			clipped += count(values, grid{Scale: scale}, bits.Activations, &signal, &noise)
			n += len(values)
			e.Scale = max(e.Scale, scale)
		}
	}
	e.Low, e.High = -limit*e.Scale, (limit-1)*e.Scale
	e.Clipped, e.SQNR = float64(clipped)/float64(n), ratio(signal, noise)
	r.Layers = append(r.Layers, e)
}

// fresh is an empty report for a part of the network; nil if nobody asks.
func (r *Report) fresh() *Report {
	if r == nil {
		return nil
	}
	return &Report{Readings: map[string]Reading{}}
}

// join takes in the report of the part that follows.
func (r *Report) join(part *Report) {
	if r != nil {
		r.Layers = append(r.Layers, part.Layers...)
		maps.Copy(r.Readings, part.Readings)
	}
}

// turned enters the rotated weights that are quantized.
func (r *Report) turned(w *checkpoint.Weights) {
	if r != nil {
		r.Weights = w
	}
}

// reading enters how an op's codes are read.
func (r *Report) reading(op string, v Reading) {
	if r != nil {
		r.Readings[op] = v
	}
}

// ratio is signal over noise in dB; without noise it is that of the least number there is.
func ratio(signal, noise float64) float64 {
	return 10 * math.Log10(max(signal, math.SmallestNonzeroFloat64)/max(noise, math.SmallestNonzeroFloat64))
}
