package measure_test

import (
	"bytes"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
	"vitdse/golden/intnet"
	"vitdse/golden/measure"
	"vitdse/golden/quant"
)

// must gives a value, or ends the test.
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func python(t *testing.T, arguments ...string) {
	t.Helper()
	if out, err := exec.Command("python3", append([]string{"testdata/quantized.py"},
		arguments...)...).CombinedOutput(); err != nil {
		t.Fatalf("%v: run make setup-test, and have out/py/bin in PATH\n%s", err, out)
	}
}

// quantized makes a case's file of the network in a folder of configs, and reads it; logits are ONNX Runtime's.
func quantized(t *testing.T, folder, name string,
	images int) (net *intnet.Network, w *checkpoint.Weights, data *dataset.Archive, logits []float32) {
	t.Helper()
	dir := t.TempDir()
	file, out := filepath.Join(dir, "net.onnx"), filepath.Join(dir, "logits.npy")
	set := filepath.Join(folder, filepath.Base(folder)+".npz")
	python(t, name, filepath.Join(folder, "model.safetensors"), set, file, strconv.Itoa(images), out)
	m := must(configs.LoadModel(filepath.Join(folder, "model.yaml")))(t)
	w = must(must(checkpoint.Load(file))(t).ViT(m))(t)
	data = must(dataset.Load(set))(t)
	train := must(data.Images("train_images"))(t)
	stats := must(quant.Calibrate(m, w, train.Slice(0, 64)))(t)
	net = must(quant.Quantize(m, w.Grids.Bits(configs.Uniform(m, 8, 8)), w, stats))(t)
	array := must(dataset.ReadArray(bytes.NewReader(must(os.ReadFile(out))(t))))(t)
	return net, w, data, array.F32
}

// A network that came quantized has as many images right as ONNX Runtime has with its file, the same class nearly
// always, and its codes.
func TestQuantizedNetworks(t *testing.T) {
	for _, c := range []struct {
		folder, name string
		images       int
		off          int     // images that may be right more or less
		agree, sqnr  float64 // at least; dB of the logits against ONNX Runtime's
	}{
		{"fashion", "qdq", 500, 1, 0.98, 15}, // 0.2 points
		{"digits", "qdq-apart", 360, 0, 0.99, 15},
		{"digits", "qdq-symmetric", 360, 1, 0.99, 25},
		{"digits", "qonnx-w4a4", 360, 2, 0.98, 12},
	} {
		t.Run(c.folder+" "+c.name, func(t *testing.T) {
			net, w, data, logits := quantized(t, filepath.Join("../../configs", c.folder), c.name, c.images)
			test := must(data.Images("test_images"))(t).Slice(0, c.images)
			labels := must(data.Labels("test_labels"))(t)
			codes := must(measure.Logits(t.Context(), net, test, 2))(t)
			n, right, runtime, same := net.Model.Classes, 0, 0, 0
			wide := make([]float64, len(logits))
			for i := range c.images {
				ours, theirs := measure.Class(codes[i*n:(i+1)*n]), measure.Class(logits[i*n:(i+1)*n])
				for o := range n {
					wide[i*n+o] = float64(logits[i*n+o])
				}
				if ours == labels[i] {
					right++
				}
				if theirs == labels[i] {
					runtime++
				}
				if ours == theirs {
					same++
				}
			}
			sqnr := measure.SQNR(wide, codes, net.LogitScale)
			t.Logf("%d images: right %d, ONNX Runtime %d, same class %d, logits %.1f dB", c.images, right, runtime, same, sqnr)
			if right < runtime-c.off || right > runtime+c.off || float64(same) < c.agree*float64(c.images) || sqnr < c.sqnr {
				t.Errorf("expected at most %d images off, %.0f %% of the same class and %g dB", c.off, 100*c.agree, c.sqnr)
			}
			carried(t, net, w)
		})
	}
}

// carried holds weights against the codes that stand for them.
func carried(t *testing.T, net *intnet.Network, w *checkpoint.Weights) {
	t.Helper()
	for i, b := range net.Blocks {
		for _, l := range []struct {
			of    intnet.Linear
			float []float32
		}{{b.Proj, w.Blocks[i].ProjW}, {b.FC1, w.Blocks[i].FC1W}, {b.FC2, w.Blocks[i].FC2W}} {
			scale := w.Grids[l.of.Name].WeightScale
			if scale == nil {
				t.Fatalf("%s: the file's scales were not taken", l.of.Name)
			}
			if g := w.Grids[l.of.Name].Input; g == nil || l.of.ActBits != g.Bits {
				t.Errorf("%s: the codes that it reads are not the file's", l.of.Name)
			}
			for k, v := range l.float {
				if got := float64(l.of.W[k]) * scale[k/l.of.In]; math.Abs(got-float64(v)) > 1e-5*math.Abs(got) {
					t.Fatalf("%s: weight %d is %g; expected %g, a code of the file", l.of.Name, k, got, v)
				}
			}
		}
	}
}

// What the contract has not is named by the node that asks for it.
func TestQuantizedFaults(t *testing.T) {
	dir := t.TempDir()
	digits := "../../configs/digits/"
	file := func(name string) string { return filepath.Join(dir, name+".onnx") }
	for _, name := range []string{"qdq", "qdq-int16", "qonnx-w9a8"} {
		python(t, name, digits+"model.safetensors", digits+"digits.npz", file(name), "1", filepath.Join(dir, "logits.npy"))
	}
	python(t, "faults", file("qdq"), dir)
	for name, want := range map[string]string{
		"qdq-int16":  "(QuantizeLinear): asks for codes of 16 bits in blocks.0.attn.qkv; the integer contract has 2 to 8",
		"qonnx-w9a8": "(Quant): asks for codes of 9 bits in blocks.0.attn.qkv's weights; the integer contract has 2 to 8",
		"zero":       "(QuantizeLinear): scale 0 is 0; expected a positive number",
		"nan":        "(QuantizeLinear): scale 0 is NaN; expected a positive number",
		"negative":   "(QuantizeLinear): scale 0 is -1; expected a positive number",
		"axis":       "'s weights are along the inputs; the integer contract has one a layer or one an output channel",
		"block":      "(DequantizeLinear): scales are of blocks of 16",
		"dynamic":    "node dynamic (DynamicQuantizeLinear): is quantized in operators of integers; expected static codes",
		"integers":   "node fused (QLinearMatMul): is quantized in operators of integers",
		"computed":   "the scale at_run_time is no constant",
		"convolutions": "the graph is no vision transformer that is known: behind the head there is a conv, " +
			"node second (Conv)",
		"float8": "codes are of ONNX type 17; expected integers",
		"pairs":  "scale or zero point differ from those of node",
		"short":  "values; expected",
		"order":  "part 1 of the result is the attention's q; expected q, k and v in this order",
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := checkpoint.Load(file(name)); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("error %v; expected %q", err, want)
			}
		})
	}
}

// A quantized file of a distilled DeiT has both heads and both tokens.
func TestQuantizedDistilled(t *testing.T) {
	const plain = "../floatref/testdata/timm_distilled"
	file := filepath.Join(t.TempDir(), "net.onnx")
	python(t, "file", plain+".onnx", file)
	m := must(configs.LoadModel(plain + ".yaml"))(t)
	got := must(must(checkpoint.Load(file))(t).ViT(m))(t)
	want := must(must(checkpoint.Load(plain + ".safetensors"))(t).ViT(m))(t)
	for name, v := range map[string][2][]float32{"cls_token": {got.Cls, want.Cls}, "dist_token": {got.Dist, want.Dist},
		"head": {got.HeadW, want.HeadW}, "head_dist": {got.HeadDistW, want.HeadDistW}} {
		if len(v[0]) != len(v[1]) {
			t.Fatalf("%s has %d values; expected %d", name, len(v[0]), len(v[1]))
		}
		top, off := 0.0, 0.0
		for i, x := range v[1] {
			top, off = max(top, math.Abs(float64(x))), max(off, math.Abs(float64(x-v[0][i])))
		}
		if off > top/127 {
			t.Errorf("%s is off by %g of %g; expected a step of 8 bits at most", name, off, top)
		}
	}
}
