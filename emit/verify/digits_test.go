package verify

import (
	"context"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"

	"vitdse/configs"
	plans "vitdse/emit/temporal"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
	"vitdse/golden/intnet"
	"vitdse/golden/quant"
)

const digits = "../../configs/digits/"

// digitsCase is the quick-start network, loaded and calibrated once for all tests.
type digitsCase struct {
	model   configs.Model
	weights *checkpoint.Weights
	file    []byte
	stats   *quant.Stats
	test    *dataset.Images
}

var loadDigits = sync.OnceValues(func() (*digitsCase, error) {
	m, err := configs.LoadModel(digits + "model.yaml")
	if err != nil {
		return nil, err
	}
	file, err := os.ReadFile(digits + "model.safetensors")
	if err != nil {
		return nil, err
	}
	ck, err := checkpoint.Decode("model.safetensors", file)
	if err != nil {
		return nil, err
	}
	w, err := ck.ViT(m)
	if err != nil {
		return nil, err
	}
	data, err := dataset.Load(digits + "digits.npz")
	if err != nil {
		return nil, err
	}
	train, err := data.Images("train_images")
	if err != nil {
		return nil, err
	}
	test, err := data.Images("test_images")
	if err != nil {
		return nil, err
	}
	stats, err := quant.Calibrate(m, w, train.Slice(0, 256))
	if err != nil {
		return nil, err
	}
	return &digitsCase{m, w, file, stats, test}, nil
})

func digitsData(t testing.TB) *digitsCase {
	t.Helper()
	c, err := loadDigits()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// engine is a temporal engine of the given array shape with everything else as usual.
func engine(tm, tn, tk int) configs.Engine {
	return configs.Engine{TM: tm, TN: tn, TK: tk, Multiplier: configs.MulDSP, BusBits: 64, ReadFIFO: 128,
		WeightBuffers: 2, Activations: configs.MemAuto, Weights: configs.MemAuto, Residual: configs.MemAuto}
}

// emitDigits writes the folder of a design of the digits network: vectors of images images,
// the first full of them op by op.
func emitDigits(t testing.TB, num configs.Numerics, eng configs.Engine, images, full int) (string, configs.Design) {
	t.Helper()
	c := digitsData(t)
	d := configs.Design{Name: "test", Model: c.model.Name, Part: "xczu9eg", ClockMHz: 200, Numerics: num, Engine: eng}
	part, err := configs.LoadPart(d.Part)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Validate(c.model, part); err != nil {
		t.Fatal(err)
	}
	net, err := quant.Quantize(c.model, num, c.weights, c.stats)
	if err != nil {
		t.Fatal(err)
	}
	if num.Quantizer.CodeRange == configs.FullRange && !hasLeastCode(net) {
		t.Fatal("codes of full range have no weight of -2^(b-1)")
	}
	plan, err := plans.NewPlan(d, net, part)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := writePlan(t, plan, c.test, images, full)
	if err != nil {
		t.Fatal(err)
	}
	return dir, d
}

// hasLeastCode says whether a weight of an MLP has the code -2^(b-1).
func hasLeastCode(net *intnet.Network) bool {
	for _, l := range net.Numerics.Layers {
		for i := range net.Blocks {
			if l.Name == fmt.Sprintf("blocks.%d.mlp.fc1", i) && slices.Contains(net.Blocks[i].FC1.W, -1<<(l.Weights-1)) {
				return true
			}
		}
	}
	return false
}

// mustVerify runs a folder and fails the test unless everything was equal.
func mustVerify(t testing.TB, dir string, opt Options) *Report {
	t.Helper()
	rep, err := Run(context.Background(), dir, opt, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range rep.Mismatches {
		t.Errorf("%v", m)
	}
	if !rep.OK {
		t.Fatalf("verification failed: %d logits of %d images, %d mismatches",
			rep.LogitCompared, rep.LogitImages, rep.LogitMismatches)
	}
	return rep
}

// Tests build two simulators at a time, each in one unit of C++.
func TestMain(m *testing.M) {
	os.Setenv("PARTS", "0")
	os.Exit(m.Run())
}

// quickBuild has the harness compiled with less optimisation: the better choice where a
// build is run on a few images only.
func quickBuild(t *testing.T) { t.Setenv("OPT", "-O1") }
