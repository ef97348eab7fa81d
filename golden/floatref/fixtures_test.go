package floatref_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
	"vitdse/golden/floatref"
)

// The fixtures are networks of PyTorch's model libraries with what they compute in
// float32; testdata/make_fixtures.py made them.
var fixtures = []struct{ model, checkpoint string }{
	{"timm_vit", "timm_vit.safetensors"},
	{"timm_vit", "timm_vit.onnx"},
	{"timm_vit", "timm_vit.script.onnx"},
	{"timm_distilled", "timm_distilled.safetensors"}, // F16
	{"timm_distilled", "timm_distilled.onnx"},        // external data
	{"timm_swin", "timm_swin.safetensors"},
	{"torchvision_vit", "torchvision_vit.safetensors"},
	{"torchvision_vit", "torchvision_vit.onnx"},
	{"torchvision_vit", "torchvision_vit.script.onnx"},
	{"torchvision_swin", "torchvision_swin.safetensors"},
	{"transformers_vit", "transformers_vit"}, // shards
	{"transformers_vit", "transformers_vit.onnx"},
	{"transformers_vit", "transformers_vit.script.onnx"},
	{"transformers_deit", "transformers_deit"}, // BF16
	{"transformers_swin", "transformers_swin"},
}

// Logits and the result of every block are within 1e-4 of PyTorch's.
func TestFixturesMatchPyTorch(t *testing.T) {
	for _, f := range fixtures {
		t.Run(f.checkpoint, func(t *testing.T) {
			m, err := configs.LoadModel(filepath.Join("testdata", f.model+".yaml"))
			if err != nil {
				t.Fatal(err)
			}
			ck, err := checkpoint.Load(filepath.Join("testdata", f.checkpoint))
			if err != nil {
				t.Fatal(err)
			}
			w, err := ck.ViT(m)
			if err != nil {
				t.Fatal(err)
			}
			net, err := floatref.New(m, w)
			if err != nil {
				t.Fatal(err)
			}
			data, err := dataset.Load(filepath.Join("testdata", f.model+".npz"))
			if err != nil {
				t.Fatal(err)
			}
			compareFixture(t, net, data)
		})
	}
}

func compareFixture(t *testing.T, net *floatref.Network, data *dataset.Archive) {
	images, err := data.Images("images")
	if err != nil {
		t.Fatal(err)
	}
	var tr floatref.Trace
	blocks, logit := 0.0, 0.0
	compared := 0
	distance := func(got []float64, name string, image int) float64 {
		want, err := data.Floats(name, len(got))
		if err != nil {
			t.Fatal(err)
		}
		worst := 0.0
		for j, v := range got {
			if d := math.Abs(v - float64(want[image*len(got)+j])); !(d <= worst) {
				worst = d
			}
		}
		compared += len(got)
		return worst
	}
	for i := range images.N {
		logits, err := net.Run(images.At(i), &tr)
		if err != nil {
			t.Fatal(err)
		}
		logit = max(logit, distance(logits, "logits", i))
		for _, op := range net.Ops {
			if strings.HasSuffix(op.Name, "mlp.fc2") {
				blocks = max(blocks, distance(tr.Ops[op.Index], fmt.Sprintf("block%d", op.Block), i))
			}
		}
	}
	t.Logf("max |difference| over %d values of %d images: blocks %.2g, logits %.2g", compared, images.N, blocks, logit)
	if !(blocks <= 1e-4 && logit <= 1e-4) {
		t.Errorf("max |difference| from PyTorch is %g in a block and %g in the logits; expected at most 1e-4", blocks, logit)
	}
}

// An ONNX graph shows its own model, heads and image size too, and one that differs in these is refused.
func TestONNXShowsItsModel(t *testing.T) {
	for _, f := range fixtures {
		if filepath.Ext(f.checkpoint) != ".onnx" {
			continue
		}
		t.Run(f.checkpoint, func(t *testing.T) {
			want, err := configs.LoadModel(filepath.Join("testdata", f.model+".yaml"))
			if err != nil {
				t.Fatal(err)
			}
			ck, err := checkpoint.Load(filepath.Join("testdata", f.checkpoint))
			if err != nil {
				t.Fatal(err)
			}
			m, err := ck.Model(want.Name, want.Mean, want.Std)
			if err != nil {
				t.Fatal(err)
			}
			if m.Heads != want.Heads || m.Image != want.Image || m.Dim != want.Dim || m.Depth != want.Depth {
				t.Errorf("%+v; expected %+v", m, want)
			}
			other := want
			other.Heads = 1
			if _, err = ck.Complete(other); err == nil || !strings.Contains(err.Error(), fmt.Sprintf(
				"heads is 1 in the model, %d by the graph's Reshape", want.Heads)) {
				t.Errorf("a model of one head: %v", err)
			}
			other = want
			other.Image.Height *= 2
			if _, err = ck.Complete(other); err == nil || !strings.Contains(err.Error(), "by the graph's input") {
				t.Errorf("a model of images twice as high: %v", err)
			}
		})
	}
}

// The fixtures stay small: they are part of every clone.
func TestFixturesAreSmall(t *testing.T) {
	size := int64(0)
	err := filepath.WalkDir("testdata", func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		size += info.Size()
		return err
	})
	if err != nil || size > 4<<20 {
		t.Errorf("testdata has %d bytes, %v; expected at most 4 MB", size, err)
	}
}
