package export_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
	golden "vitdse/golden/exec"
	"vitdse/golden/export"
	"vitdse/golden/intnet"
	"vitdse/golden/quant"
)

const digits = "../../configs/digits/"

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// cases are networks of every form that the graph has: bits, groups, an image of few bits, and both heads of
// distilled DeiT, with seeded weights.
func cases(t *testing.T) (map[string]*intnet.Network, *dataset.Images) {
	t.Helper()
	once.Do(func() { made, pictures = networks(t) })
	if made == nil {
		t.Fatal("the networks could not be made, as another test says")
	}
	return made, pictures
}

var (
	once     sync.Once
	made     map[string]*intnet.Network
	pictures *dataset.Images
)

func networks(t *testing.T) (map[string]*intnet.Network, *dataset.Images) {
	t.Helper()
	m := must(configs.LoadModel(digits + "model.yaml"))(t)
	file := must(os.ReadFile(digits + "model.safetensors"))(t)
	w := must(must(checkpoint.Decode("model.safetensors", file))(t).ViT(m))(t)
	data := must(dataset.Load(digits + "digits.npz"))(t)
	train := must(data.Images("train_images"))(t)
	stats := must(quant.Calibrate(m, w, train.Slice(0, 128)))(t)
	nets := map[string]*intnet.Network{}
	for name, change := range map[string]func(*configs.Numerics){
		"w8a8": func(*configs.Numerics) {},
		"w4a4 in groups": func(n *configs.Numerics) {
			for i, l := range n.Layers {
				n.Layers[i].Activations = 4
				if l.Weights > 0 {
					n.Layers[i].Weights = 4
					if l.Name != "patch_embed" && l.Name != "head" {
						n.Layers[i].Granularity, n.Layers[i].Group = configs.PerGroup, 16
					}
				}
			}
		},
		"w3a5, softmax 6, gelu 10, image 4 bits": func(n *configs.Numerics) {
			n.SoftmaxBits, n.GELUBits = 6, 10
			for i, l := range n.Layers {
				n.Layers[i].Activations = 5
				if l.Name == "patch_embed" {
					n.Layers[i].Activations = 4
				}
				if l.Weights > 0 {
					n.Layers[i].Weights = 3
				}
			}
		},
	} {
		n := configs.Uniform(m, 8, 8)
		change(&n)
		nets[name] = must(quant.Quantize(m, n, w, stats))(t)
	}
	// The variants of a ViT, with the trained blocks and random tokens, norms and heads around them.
	for name, change := range map[string]func(*configs.Model){
		"distilled":          func(m *configs.Model) { m.Family = configs.DeiTDistilled },
		"average":            func(m *configs.Model) { m.Pool = configs.PoolAvg },
		"average-fc_norm":    func(m *configs.Model) { m.Pool, m.FCNorm, m.NoClassToken = configs.PoolAvg, true, true },
		"max":                func(m *configs.Model) { m.Pool = configs.PoolMax },
		"registers-pre_norm": func(m *configs.Model) { m.Registers, m.PreNorm = 3, true },
		"features-relu":      func(m *configs.Model) { m.Features, m.Classes, m.Activation = true, m.Dim, configs.ReLU },
	} {
		v := m
		v.Name = name
		change(&v)
		weights := variant(v, *w)
		stats := must(quant.Calibrate(v, &weights, train.Slice(0, 64)))(t)
		nets[name] = must(quant.Quantize(v, configs.Uniform(v, 8, 8), &weights, stats))(t)
	}
	return nets, must(data.Images("test_images"))(t)
}

// variant makes the weights of a model that differs around the blocks.
func variant(m configs.Model, w checkpoint.Weights) checkpoint.Weights {
	rng := rand.New(rand.NewPCG(1, 2))
	random := func(n int, mean float64) []float32 {
		out := make([]float32, n)
		for i := range out {
			out[i] = float32(mean + 0.3*rng.NormFloat64())
		}
		return out
	}
	patches := w.Pos[len(w.Pos)-m.Patches()*m.Dim:]
	w.Pos = append(random(m.PrefixTokens()*m.Dim, 0), patches...)
	w.Dist, w.Reg = random(m.Dim, 0), random(m.Registers*m.Dim, 0)
	w.HeadDistW, w.HeadDistB = random(m.Classes*m.Dim, 0), random(m.Classes, 0)
	if m.PreNorm {
		w.PatchNormG, w.PatchNormB = random(m.Dim, 1), random(m.Dim, 0)
	}
	if m.Features {
		w.HeadW, w.HeadB = make([]float32, m.Dim*m.Dim), make([]float32, m.Dim)
		for i := range m.Dim {
			w.HeadW[i*m.Dim+i] = 1
		}
	}
	return w
}

// ONNX Runtime gives the logits of golden/exec bit for bit, for every test image.
func TestRuntimeBitForBit(t *testing.T) {
	if out, err := exec.Command("python3", "-c", "import onnx, onnxruntime").CombinedOutput(); err != nil {
		t.Fatalf("onnxruntime is missing: run make setup-test, and have out/py/bin in PATH\n%s", out)
	}
	nets, images := cases(t)
	dir := t.TempDir()
	pixels := filepath.Join(dir, "images.npy")
	writeImages(t, pixels, images)
	for name, net := range nets {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			model, logits := filepath.Join(dir, "net.onnx"), filepath.Join(dir, "logits.npy")
			if err := os.WriteFile(model, must(export.ONNX(net, "hash"))(t), 0o644); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command("python3", "testdata/run.py", model, pixels, logits).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			array := must(dataset.ReadArray(bytes.NewReader(must(os.ReadFile(logits))(t))))(t)
			run := must(golden.New(net))(t)
			classes := net.Model.Classes
			if len(array.I64) != images.N*classes {
				t.Fatalf("%d logits; expected %d", len(array.I64), images.N*classes)
			}
			for i := range images.N {
				want := must(run.Run(images.At(i), nil))(t)
				for c, v := range want {
					if got := array.I64[i*classes+c]; got != int64(v) {
						t.Fatalf("image %d, class %d: ONNX Runtime has %d, golden %d", i, c, got, v)
					}
				}
			}
		})
	}
}

func writeImages(t *testing.T, path string, images *dataset.Images) {
	t.Helper()
	first := images.At(0)
	text := fmt.Sprintf("{'descr': '|u1', 'fortran_order': False, 'shape': (%d, %d, %d, %d), }",
		images.N, images.H, images.W, len(first)/images.H/images.W)
	text += strings.Repeat(" ", 63-(10+len(text))%64) + "\n"
	out := append([]byte("\x93NUMPY\x01\x00"), binary.LittleEndian.AppendUint16(nil, uint16(len(text)))...)
	out = append(out, text...)
	for i := range images.N {
		out = append(out, images.At(i)...)
	}
	if err := os.WriteFile(path, out, 0o644); err != nil {
		t.Fatal(err)
	}
}

// An npz comes back as it went out, byte for byte and field for field.
func TestNPZRoundTrip(t *testing.T) {
	nets, _ := cases(t)
	for name, net := range nets {
		t.Run(name, func(t *testing.T) {
			var first, second bytes.Buffer
			if err := net.EncodeNPZ(&first, "0123"); err != nil {
				t.Fatal(err)
			}
			back, hash, err := intnet.DecodeNPZ("net.npz", first.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if hash != "0123" || !reflect.DeepEqual(net, back) {
				t.Errorf("another network came back, of %q", hash)
			}
			if err := back.EncodeNPZ(&second, "0123"); err != nil || !bytes.Equal(first.Bytes(), second.Bytes()) {
				t.Errorf("written again it is another file: %v", err)
			}
		})
	}
}

// numpy reads it, with the shapes and names that the docs give.
func TestNPZInNumpy(t *testing.T) {
	nets, _ := cases(t)
	path := filepath.Join(t.TempDir(), "net.npz")
	var b bytes.Buffer
	if err := nets["w4a4 in groups"].EncodeNPZ(&b, ""); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	script := `import numpy as np, json, sys
z = np.load(sys.argv[1])
print(z["blocks.0.q.w"].shape, z["blocks.0.q.w"].dtype, z["blocks.3.fc1.group_m"].shape, z["pos"].shape, int(z["blocks.1.attn.shift"]) >= 0,
      str(z["head.name"]), json.loads(z["network.json"])["schema"])`
	out, err := exec.Command("python3", "-c", script, path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got, want := strings.TrimSpace(string(out)), "(64, 64) int8 (256, 4) (17, 64) True head 2"; got != want {
		t.Errorf("numpy reads %q; expected %q", got, want)
	}
}

func TestNPZFaults(t *testing.T) {
	nets, _ := cases(t)
	var b bytes.Buffer
	if err := nets["w8a8"].EncodeNPZ(&b, ""); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"no zip":     {[]byte("nothing"), "expected an npz"},
		"cut off":    {b.Bytes()[:b.Len()/2], "expected an npz"},
		"other data": {must(os.ReadFile(digits + "digits.npz"))(t), "network.json: missing"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, _, err := intnet.DecodeNPZ("x.npz", c.file); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v; expected %q", err, c.want)
			}
		})
	}
}
