package page

import (
	"math"
	"testing"

	"vitdse/configs"
	"vitdse/dse"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
	"vitdse/golden/measure"
)

// What each layer adds is measured where its bits are not the reference's, and there only; of two layers
// the one with fewer bits adds more, as predicted and as measured.
func TestLayersMeasured(t *testing.T) {
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	const digits = "../../../configs/digits/"
	m, err := configs.LoadModel(digits + "model.yaml")
	must(err)
	ck, err := checkpoint.Load(digits + "model.safetensors")
	must(err)
	w, err := ck.ViT(m)
	must(err)
	data, err := dataset.Load(digits + "digits.npz")
	must(err)
	train, err := data.Images("train_images")
	must(err)
	test, err := data.Images("test_images")
	must(err)

	num := configs.Uniform(m, 8, 8)
	num.CalibImages = 32
	table := &measure.Table{Model: m.Name, Reference: configs.Uniform(m, 8, 8), ReferenceNoise: 1e-5}
	few := map[string]int{"blocks.1.mlp.fc2": 3, "blocks.2.mlp.fc1": 5}
	for i := range num.Layers {
		l := &num.Layers[i]
		for _, bits := range []int{3, 5, 8} {
			table.Entries = append(table.Entries,
				measure.Entry{Source: measure.Activations, Layer: l.Name, Bits: bits, Noise: 1e-3 / float64(bits)},
				measure.Entry{Source: measure.Weights, Layer: l.Name, Bits: bits, Granularity: l.Granularity, Noise: 1e-3 / float64(bits)})
		}
		if bits := few[l.Name]; bits > 0 {
			l.Weights = bits
		}
	}
	table.Entries = append(table.Entries, measure.Entry{Source: measure.Softmax, Bits: num.SoftmaxBits},
		measure.Entry{Source: measure.GELU, Bits: num.GELUBits})
	prediction, err := dse.NewPrediction(table)
	must(err)
	in := Inside{}
	for _, l := range num.Layers {
		in.Layers = append(in.Layers, Layer{Name: l.Name})
	}
	must(in.Measure(t.Context(), Golden{Model: m, Weights: w, Calibration: train.Slice(0, 32), Images: test.Slice(0, 64), Numerics: num,
		Prediction: prediction, Workers: 2}))
	added := map[string]NoiseSource{}
	for _, s := range in.Noise.Layers {
		added[s.Layer] = s
		if measured := !math.IsNaN(float64(s.Measured)); measured != (few[s.Layer] > 0) {
			t.Errorf("layer %s of %d bits: measured %g", s.Layer, few[s.Layer], s.Measured)
		}
	}
	less, more := added["blocks.2.mlp.fc1"], added["blocks.1.mlp.fc2"]
	if len(added) != len(num.Layers) || !(more.Measured > less.Measured) || !(more.Predicted > less.Predicted) ||
		!(in.Noise.Measured > more.Measured) {
		t.Errorf("5 bits add %+v, 3 bits %+v, all %g", less, more, in.Noise.Measured)
	}
	for _, l := range in.Layers {
		if l.Quantized == nil {
			t.Errorf("layer %s has no range", l.Name)
		}
	}
	if len(in.Codes) == 0 {
		t.Error("there are no histograms")
	}
}
