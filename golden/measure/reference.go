package measure

import (
	"context"
	"fmt"
	"math"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
	"vitdse/golden/floatref"
)

// Reference says how far the float network is from logits that came with the dataset: from the
// framework that trained it.
type Reference struct {
	Images     int     `json:"images"`         // compared
	Of         int     `json:"of"`             // images of the dataset
	Difference float64 `json:"max_difference"` // the largest |difference| of a logit
	Image      int     `json:"image"`          // where it is, counted from 0
	Class      int     `json:"class"`
	Largest    float64 `json:"largest_logit"` // largest |logit| of those given, of the images compared
}

// ReferenceTolerance is what a float network may differ by, as a share of the largest logit. Rounding
// of float32 is below 1e-5 of it; another activation or another pooling is above 1e-2.
const ReferenceTolerance = 1e-3

// referenceMACs bounds the work of a comparison: some 20 seconds on two cores.
const referenceMACs = 50e9

// Err is nil where the difference is within the tolerance.
func (r Reference) Err(m configs.Model) error {
	if r.Difference <= ReferenceTolerance*r.Largest && !math.IsInf(r.Difference, 0) {
		return nil
	}
	return fmt.Errorf("model %s is another network than the one that made test_logits: image %d, "+
		"class %d differs by %.4g, the largest logit being %.4g "+
		"(at most %.2g of it is rounding): is something in the model file (activation, pool, layer_norm_eps, mean, "+
		"std) not as the network was trained?",
		m.Name, r.Image, r.Class, r.Difference, r.Largest, ReferenceTolerance)
}

// CompareReference runs the float network on images and compares its logits with those given,
// N x Classes. A dataset that would take long is compared in part: its first and last images, and some
// between, at least 16. A NaN among the given logits is the largest difference.
func CompareReference(ctx context.Context, m configs.Model, w *checkpoint.Weights, images *dataset.Images,
	want []float32, workers int,
	progress func(done, total int)) (Reference, error) {
	net, err := floatref.New(m, w)
	if err != nil {
		return Reference{}, err
	}
	if len(want) != images.N*m.Classes {
		return Reference{}, fmt.Errorf("%d images of %d classes have %d logits; expected %d",
			images.N, m.Classes, len(want), images.N*m.Classes)
	}
	var macs int64
	for _, op := range net.Ops {
		macs += op.MACs()
	}
	n := min(images.N, max(16, int(referenceMACs/float64(max(1, macs)))))
	got := make([]float64, n*m.Classes)
	count := counter(0, n, progress)
	err = each(ctx, n, 1, workers, func() (func(i int) error, error) {
		var tr floatref.Trace
		return func(i int) error {
			l, err := net.Run(images.At(spread(i, n, images.N)), &tr)
			copy(got[i*m.Classes:], l)
			count(nil)
			return err
		}, nil
	})
	if err != nil {
		return Reference{}, err
	}
	r := Reference{Images: n, Of: images.N}
	for i, v := range got {
		image, class := spread(i/m.Classes, n, images.N), i%m.Classes
		given := float64(want[image*m.Classes+class])
		r.Largest = max(r.Largest, math.Abs(given))
		if d := math.Abs(v - given); !(d <= r.Difference) {
			r.Difference, r.Image, r.Class = d, image, class
			if math.IsNaN(d) || math.IsInf(d, 0) {
				r.Difference = math.Inf(1)
				break
			}
		}
	}
	return r, nil
}

// spread is the i-th of n places among total, the first and the last among them.
func spread(i, n, total int) int {
	if n < 2 {
		return 0
	}
	return i * (total - 1) / (n - 1)
}
