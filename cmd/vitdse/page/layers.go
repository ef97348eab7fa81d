package page

import (
	"context"
	"math"
	"slices"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/dse/noise"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
	"vitdse/golden/exec"
	"vitdse/golden/intnet"
	"vitdse/golden/measure"
	"vitdse/golden/quant"
)

// LayerReport is what quantization did to a layer that is given its real input.
type LayerReport struct {
	Low        Number `json:"low"` // real number of the least code that is read
	High       Number `json:"high"`
	Scale      Number `json:"scale"`
	Clipped    Number `json:"clipped"` // share of values outside the codes
	InputSQNR  Number `json:"input_sqnr_db"`
	OutputSQNR Number `json:"output_sqnr_db"`
	AccBits    int    `json:"acc_bits,omitempty"`
}

// Noise is the noise of the logits, as power over that of the float logits, and where it is from.
type Noise struct {
	Images    int           `json:"images"`
	Base      Number        `json:"base"` // predicted: of the network with every layer at the reference's bits
	Predicted Number        `json:"predicted"`
	Measured  Number        `json:"measured"`
	Layers    []NoiseSource `json:"layers"`
	Ops       []OpSQNR      `json:"ops"` // of every op's result, all ops before it being integer too
}

// NoiseSource is what a layer's bits add to the noise: predicted, what was measured with them alone;
// measured, what goes away when this design's layer gets the reference's bits.
type NoiseSource struct {
	Layer     string `json:"layer"`
	Predicted Number `json:"predicted"`
	Measured  Number `json:"measured"` // null for a layer that has the reference's bits
}

// OpSQNR is how far an op's result is from the float network's.
type OpSQNR struct {
	Op     string `json:"op"`
	SQNRDB Number `json:"sqnr_db"`
}

// Codes is a histogram of the integers of an op's result: Counts[i] of them lie in
// [From + i*Step, From + (i+1)*Step).
type Codes struct {
	Op     string  `json:"op"`
	Images int     `json:"images"`
	Low    int     `json:"low"`
	High   int     `json:"high"`
	From   int     `json:"from"`
	Step   int     `json:"step"`
	Counts []int64 `json:"counts"`
}

// Golden is what it takes to measure the layers of a design.
type Golden struct {
	Model       configs.Model
	Weights     *checkpoint.Weights
	Calibration *dataset.Images
	Images      *dataset.Images // the first few hundred test images are enough
	Numerics    configs.Numerics
	Prediction  *noise.Prediction // nil: nothing is predicted
	Workers     int
	Progress    func(done, total int)
}

// codesImages is how many images the histograms are of.
const codesImages = 16

// Measure fills in Layers, Noise and Codes with the golden model.
func (in *Inside) Measure(ctx context.Context, g Golden) error {
	stats, err := quant.Calibrate(g.Model, g.Weights, g.Calibration)
	if err != nil {
		return err
	}
	net, report, err := quant.Inspect(g.Model, g.Numerics, g.Weights, stats, nil)
	if err != nil {
		return err
	}
	for i := range in.Layers {
		// Of q, k and v, which read the same codes, q is shown.
		name := in.Layers[i].Name
		at := slices.IndexFunc(report.Layers, func(l quant.LayerReport) bool {
			return l.Layer == name || l.Layer+"kv" == name
		})
		if at < 0 {
			continue
		}
		l := report.Layers[at]
		q := &LayerReport{Number(l.Low), Number(l.High), Number(l.Scale), Number(l.Clipped), Number(l.SQNR),
			Number(l.OutputSQNR), l.AccBits}
		if l.Weights == 0 {
			q.OutputSQNR = Number(math.NaN())
		}
		in.Layers[i].Quantized = q
	}
	d, err := measure.Evaluation{Model: g.Model, Weights: g.Weights, Net: net, Report: report, Images: g.Images,
		Workers: g.Workers}.Examine(ctx)
	if err != nil {
		return err
	}
	in.Noise = &Noise{Images: g.Images.N, Base: Number(math.NaN()), Predicted: Number(math.NaN()),
		Measured: Number(d.Noise)}
	for _, op := range d.Ops {
		in.Noise.Ops = append(in.Noise.Ops, OpSQNR{op.Name, Number(op.SQNR)})
	}
	if in.Codes, err = histograms(net, g.Images.Slice(0, min(codesImages, g.Images.N))); err != nil {
		return err
	}
	return in.Noise.sources(ctx, g, stats)
}

// sources finds what each layer adds, predicted and measured.
func (n *Noise) sources(ctx context.Context, g Golden, stats *quant.Stats) error {
	n.Layers = []NoiseSource{}
	if g.Prediction == nil {
		return nil
	}
	total, err := g.Prediction.Noise(g.Numerics)
	if err != nil {
		return err
	}
	basis := g.Numerics.Basis()
	base, err := g.Prediction.Units(g.Numerics.SoftmaxBits, g.Numerics.GELUBits, basis)
	if err != nil {
		return err
	}
	n.Predicted, n.Base = Number(total), Number(base.Power())
	logits, err := measure.FloatLogits(ctx, g.Model, g.Weights, g.Images, g.Workers)
	if err != nil {
		return err
	}
	for i, l := range g.Numerics.Layers {
		if g.Progress != nil {
			g.Progress(i, len(g.Numerics.Layers))
		}
		add, err := g.Prediction.Layer(basis, l)
		if err != nil {
			return err
		}
		s := NoiseSource{l.Name, Number(add.Power()), Number(math.NaN())}
		if ref, ok := g.reference().Layer(l.Name); ok && ref != l {
			without := g.Numerics
			without.Layers = slices.Clone(g.Numerics.Layers)
			without.Layers[i] = ref
			net, err := quant.Quantize(g.Model, without, g.Weights, stats)
			if err != nil {
				return err
			}
			r, err := measure.Evaluate(ctx, net, g.Images, nil, logits, g.Workers)
			if err != nil {
				return err
			}
			s.Measured = n.Measured - Number(r.Noise)
		}
		n.Layers = append(n.Layers, s)
	}
	return nil
}

// reference is the numerics that the prediction's noise is counted from.
func (g Golden) reference() configs.Numerics {
	for _, t := range g.Prediction.File("").Tables {
		if t.Reference.Basis() == g.Numerics.Basis() {
			return t.Reference
		}
	}
	return configs.Numerics{}
}

// mostBins is how many bars a histogram has at most.
const mostBins = 64

// histograms counts the integers of every op's result over some images.
func histograms(net *intnet.Network, images *dataset.Images) ([]Codes, error) {
	of, err := network.Compile(net.Model)
	if err != nil {
		return nil, err
	}
	ops := of.Ops
	runner, err := exec.New(net)
	if err != nil {
		return nil, err
	}
	seen := make([]map[int32]int64, len(ops))
	for i := range seen {
		seen[i] = map[int32]int64{}
	}
	var tr exec.Trace
	for k := range images.N {
		if _, err := runner.Run(images.At(k), &tr); err != nil {
			return nil, err
		}
		for i := range ops {
			for _, v := range tr.Ops[i] {
				seen[i][v]++
			}
		}
	}
	var list []Codes
	for i, op := range ops {
		list = append(list, histogram(op.Name, images.N, seen[i]))
	}
	return list, nil
}

func histogram(op string, images int, seen map[int32]int64) Codes {
	low, high := math.MaxInt32, math.MinInt32
	for v := range seen {
		low, high = min(low, int(v)), max(high, int(v))
	}
	if len(seen) == 0 {
		return Codes{Op: op, Counts: []int64{}}
	}
	c := Codes{Op: op, Images: images, Low: low, High: high, From: low, Step: (high-low)/mostBins + 1}
	c.Counts = make([]int64, (high-low)/c.Step+1)
	for v, n := range seen {
		c.Counts[(int(v)-low)/c.Step] += n
	}
	return c
}
