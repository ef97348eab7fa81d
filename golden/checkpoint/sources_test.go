package checkpoint_test

import (
	"encoding/binary"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
)

// fixture is a file of golden/floatref/testdata, where make_fixtures.py is.
func fixture(path ...string) string {
	return filepath.Join(append([]string{"..", "floatref", "testdata"}, path...)...)
}

func fixtureModel(t *testing.T, name string) configs.Model {
	t.Helper()
	m, err := configs.LoadModel(fixture(name + ".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// wants asks for every one of the texts in an error.
func wants(t *testing.T, what string, err error, texts ...string) {
	t.Helper()
	for _, w := range texts {
		if err == nil || !strings.Contains(err.Error(), w) {
			t.Errorf("%s: error is\n%v\nexpected it to say %q", what, err, w)
		}
	}
}

// A checkpoint of another shape: everything that is wrong is listed, under the names that
// the file uses.
func TestEveryFaultIsListedUnderTheFilesNames(t *testing.T) {
	for _, c := range []struct {
		file   string
		model  string
		change func(m *configs.Model)
		want   []string
	}{
		{"transformers_vit", "transformers_vit", func(m *configs.Model) { m.Heads, m.Classes = 4, 6 }, []string{
			"tensor classifier.weight is [5 24]; expected [6 24]", "tensor classifier.bias is [5]; expected [6]"}},
		{"transformers_vit", "transformers_vit", func(m *configs.Model) { m.Depth = 3 }, []string{
			"the checkpoint has 2 blocks, the model file says depth: 3"}},
		{"torchvision_vit.safetensors", "torchvision_vit", func(m *configs.Model) { m.MLPRatio = 3 }, []string{
			"tensor encoder.layers.encoder_layer_0.mlp.0.weight is [40 20]; expected [60 20]",
			"tensor encoder.layers.encoder_layer_1.mlp.3.weight is [20 40]; expected [20 60]"}},
		{"torchvision_vit.safetensors", "torchvision_vit", func(m *configs.Model) { m.Depth = 1 }, []string{
			"the checkpoint has 2 blocks, the model file says depth: 1"}},
		{"torchvision_swin.safetensors", "torchvision_swin",
			func(m *configs.Model) { m.Window, m.Depths = 3, []int{2, 2, 3} }, []string{
				"tensor features.1.0.attn.relative_position_bias_table is [49 2]; expected [25 2]",
				"has no tensor features.5.2.norm1.weight [32]"}},
		{"timm_distilled.safetensors", "timm_distilled", func(m *configs.Model) { m.Family = configs.DeiT }, []string{
			"the checkpoint has a second head, on a distillation token (head_dist.weight); expected family: deit-distilled"}},
		{"timm_swin.safetensors", "timm_vit", func(*configs.Model) {}, []string{
			"is not one of model timm_vit (vit): it is a checkpoint of a Swin (windowed attention)"}},
	} {
		t.Run(c.file, func(t *testing.T) {
			m := fixtureModel(t, c.model)
			c.change(&m)
			ck, err := checkpoint.Load(fixture(c.file))
			if err != nil {
				t.Fatal(err)
			}
			_, err = ck.ViT(m)
			wants(t, c.file, err, c.want...)
		})
	}
}

func TestAnotherNetworksCheckpoint(t *testing.T) {
	ck, err := checkpoint.Decode("x", file(`{"fc.weight":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 0, 0, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	_, err = ck.ViT(fixtureModel(t, "timm_vit"))
	wants(t, "other names", err, "is not one of model timm_vit (vit)", "looked for were the names of timm, torchvision",
		"It has fc.weight")
}

// Where a framework computes something else for a model's shape, it says so.
func TestFrameworksThatDiffer(t *testing.T) {
	for _, c := range []struct {
		file   string
		model  string
		height int
		want   string
	}{
		{"timm_swin.safetensors", "timm_swin", 36, "timm shifts a grid before it pads it"},
		{"transformers_swin", "transformers_swin", 10, "transformers does not shift the 3x7 tokens of stage 1 at all"},
	} {
		t.Run(c.file, func(t *testing.T) {
			m := fixtureModel(t, c.model)
			m.Image.Height = c.height
			if err := m.Validate(); err != nil {
				t.Fatal(err)
			}
			ck, err := checkpoint.Load(fixture(c.file))
			if err != nil {
				t.Fatal(err)
			}
			_, err = ck.ViT(m)
			wants(t, c.file, err, c.want)
		})
	}
}

func TestIndexRefuses(t *testing.T) {
	one := file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 0, 0, 0, 0)
	for _, c := range []struct{ name, index, want string }{
		{"not json", "hello", "is not an index"},
		{"empty", "{}", "has no weight_map"},
		{"outside", `{"weight_map":{"a":"../s"}}`, `places tensor a in "../s"; expected the name of a file beside the index`},
		{"absolute", `{"weight_map":{"a":"/etc/passwd"}}`, "expected the name of a file beside the index"},
		{"missing shard", `{"weight_map":{"a":"none"}}`, "shard none"},
		{"missing tensor", `{"weight_map":{"a":"s","b":"s"}}`, "tensor b is not in shard s"},
		{"extra tensor", `{"weight_map":{"b":"s"}}`, "shard s holds tensor a, which the index does not place there"},
		{"broken shard", `{"weight_map":{"a":"short"}}`, "at least 8"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := checkpoint.DecodeIndex("i.json", []byte(c.index), func(name string) ([]byte, error) {
				switch name {
				case "s":
					return one, nil
				case "short":
					return one[:4], nil
				}
				return nil, fs.ErrNotExist
			})
			wants(t, c.name, err, c.want)
		})
	}
	_, err := checkpoint.Load(t.TempDir())
	wants(t, "empty folder", err, "is a folder without model.safetensors or model.safetensors.index.json")
}

// message appends protobuf fields: an int is a varint, bytes and text are length-delimited.
func message(fields ...any) []byte {
	var b []byte
	for i := 0; i < len(fields); i += 2 {
		num := uint64(fields[i].(int)) << 3
		switch v := fields[i+1].(type) {
		case int:
			b = binary.AppendUvarint(binary.AppendUvarint(b, num), uint64(v))
		case string:
			b = append(binary.AppendUvarint(binary.AppendUvarint(b, num|2), uint64(len(v))), v...)
		case []byte:
			b = append(binary.AppendUvarint(binary.AppendUvarint(b, num|2), uint64(len(v))), v...)
		}
	}
	return b
}

func TestONNXRefuses(t *testing.T) {
	tensor := func(fields ...any) []byte { return message(7, message(5, message(fields...))) }
	data := make([]byte, 16)
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "there is no graph"},
		{"text", []byte("hello"), "is not an ONNX model"},
		{"pickle", []byte("PK\x03\x04"), "pickle.Unpickler"},
		{"graph beyond the file", append(binary.AppendUvarint([]byte{7<<3 | 2}, 1<<60), 1), "is not an ONNX model"},
		{"huge shape", tensor(8, "a", 1, 1<<40, 1, 1<<40, 2, 1, 9, data), "does not fit"},
		{"negative dimension", tensor(8, "a", 1, -1, 2, 1, 9, data), "dimension 0 is -1"},
		{"too few data", tensor(8, "a", 1, 5, 2, 1, 9, data), "does not fit 16 bytes"},
		{"external, elsewhere", tensor(8, "a", 1, 4, 2, 1, 13, message(1, "location", 2, "../x")),
			"expected the name of a file beside the model"},
		{"external, missing", tensor(8, "a", 1, 4, 2, 1, 13, message(1, "location", 2, "none")), "its data"},
		{"external, short", tensor(8, "a", 1, 4, 2, 1, 13, message(1, "location", 2, "d"), 13, message(1, "offset", 2, "8")),
			"does not fit 8 bytes"},
		{"external, beyond", tensor(8, "a", 1, 4, 2, 1, 13, message(1, "location", 2, "d"), 13,
			message(1, "offset", 2, "17")), "starts at byte 17"},
		{"external, long", tensor(8, "a", 1, 4, 2, 1, 13, message(1, "location", 2, "d"), 13,
			message(1, "length", 2, "1152921504606846976")), "truncated"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := checkpoint.DecodeONNX("m.onnx", c.file, func(name string) ([]byte, error) {
				if name == "d" {
					return data, nil
				}
				return nil, fs.ErrNotExist
			})
			wants(t, c.name, err, c.want, "m.onnx")
		})
	}
}

// A graph that computes something else is refused by what its nodes are, whatever they are called.
func TestONNXGraphRefuses(t *testing.T) {
	node := func(op string, more ...any) []any {
		return []any{1, message(append([]any{1, "x", 2, "y", 4, op}, more...)...)}
	}
	for _, c := range []struct {
		name  string
		nodes [][]any
		want  string
	}{
		{"QDQ without scales", [][]any{node("Conv"), node("QuantizeLinear"), node("DequantizeLinear")},
			"node y (QuantizeLinear): has 1 inputs and 1 results"},
		{"integer operators", [][]any{node("Conv"), node("QLinearConv")},
			"node y (QLinearConv): is quantized in operators of integers; expected static codes"},
		{"QONNX without scales", [][]any{node("Quant", 7, "qonnx.custom_op.general")}, "node y (Quant): has 1 inputs"},
		{"two activations", [][]any{node("Erf"), node("Relu")}, "has the activations gelu and relu"},
		{"SiLU", [][]any{node("Sigmoid")}, "the activation is SiLU"},
		{"RoPE", [][]any{node("Neg")}, "rotary position embeddings"},
		{"RMSNorm", [][]any{node("RMSNormalization")}, "RMSNorm is not carried"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var graph []any
			for _, n := range c.nodes {
				graph = append(graph, n...)
			}
			_, err := checkpoint.DecodeONNX("m.onnx", message(7, message(graph...)), nil)
			wants(t, c.name, err, c.want, "m.onnx")
		})
	}
}

// One constant as the weight of very many layers does not take memory for each.
func TestONNXWeightOfManyLayers(t *testing.T) {
	graph := message(5, message(8, "w", 1, 100, 1, 100, 2, 1, 9, make([]byte, 40000)))
	for i := range 1000 {
		b := fmt.Sprintf("%d.bias", i)
		graph = append(graph, message(5, message(8, "l"+b, 1, 1, 2, 1, 9, make([]byte, 4)),
			1, message(1, "x", 1, "w", 2, b, 4, "MatMul"), 1, message(1, b, 1, "l"+b, 2, "z", 4, "Add"))...)
	}
	_, err := checkpoint.DecodeONNX("m.onnx", message(7, graph), nil)
	wants(t, "many layers", err, "is the weight of more layers than its file can hold")
}

// A weight that is not finite is named with its index, whatever framework named it.
func TestNaNIsNamed(t *testing.T) {
	b, err := os.ReadFile(fixture("torchvision_vit.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	copy(b[len(b)-4:], []byte{0, 0, 0xc0, 0x7f})
	ck, err := checkpoint.Decode("x", b)
	if err != nil {
		t.Fatal(err)
	}
	_, err = ck.ViT(fixtureModel(t, "torchvision_vit"))
	wants(t, "NaN", err, "value ", " is NaN; expected finite numbers")
}

// FuzzIndex and FuzzONNX ask of any bytes: no panic, and no more memory than the files
// that are there can fill.
func FuzzIndex(f *testing.F) {
	f.Add([]byte(`{"metadata":{"total_size":4},"weight_map":{"a":"s"}}`),
		file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 0, 0, 0, 0))
	f.Add([]byte(`{"weight_map":{"a":"s","b":"t"}}`), []byte("x"))
	f.Add([]byte(`{"weight_map":{"a":"../s"}}`), []byte{})
	f.Fuzz(func(t *testing.T, index, shard []byte) {
		c, err := checkpoint.DecodeIndex("fuzz", index, func(string) ([]byte, error) { return shard, nil })
		if err == nil {
			readAll(t, c, len(shard)*len(c.Names()))
		}
	})
}

func FuzzONNX(f *testing.F) {
	for _, name := range []string{"timm_distilled.onnx", "torchvision_vit.script.onnx", "variants/timm_swin/dynamo.onnx",
		"variants/timm_swiglu/dynamo.onnx"} {
		b, err := os.ReadFile(fixture(name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, []byte{})
	}
	f.Add(message(7, message(5, message(8, "w", 1, 2, 1, 2, 2, 1, 9, make([]byte, 16)), 5,
		message(8, "l.bias", 1, 2, 2, 1, 9, make([]byte, 8)),
		1, message(1, "x", 1, "w", 2, "y", 4, "MatMul"), 1, message(1, "y", 1, "l.bias", 2, "z", 4, "Add"))), []byte{})
	f.Add(message(7, message(5, message(8, "a", 1, 4, 2, 10, 13, message(1, "location", 2, "d")))), make([]byte, 8))
	f.Fuzz(func(t *testing.T, b, external []byte) {
		c, err := checkpoint.DecodeONNX("fuzz", b, func(string) ([]byte, error) { return external, nil })
		if err == nil {
			readAll(t, c, 2*len(b)+len(external)*len(c.Names()))
		}
	})
}

func readAll(t *testing.T, c *checkpoint.Checkpoint, limit int) {
	for _, n := range c.Names() {
		shape, _ := c.Shape(n)
		if v, err := c.Tensor(n, shape...); err == nil && 4*len(v) > 2*limit {
			t.Errorf("tensor %s has %d values; the files have only %d bytes", n, len(v), limit)
		}
	}
}

// FuzzViT holds checkpoints with the right names and any content against models.
func FuzzViT(f *testing.F) {
	f.Add(uint64(1), []byte(`{"cls_token":{"dtype":"F32","shape":[1,1,24],"data_offsets":[0,96]}}`))
	f.Add(uint64(2), []byte(`{"norm.weight":{"dtype":"F16","shape":[24],"data_offsets":[0,48]}}`))
	var models []configs.Model
	for _, name := range []string{"timm_vit", "timm_distilled", "timm_swin", "transformers_swin"} {
		m, err := configs.LoadModel(fixture(name + ".yaml"))
		if err != nil {
			f.Fatal(err)
		}
		models = append(models, m)
	}
	f.Fuzz(func(t *testing.T, seed uint64, header []byte) {
		rng := rand.New(rand.NewPCG(seed, 0))
		c, err := checkpoint.Decode("fuzz", file(string(header), make([]byte, rng.IntN(200))...))
		if err != nil {
			return
		}
		if _, err := c.ViT(models[rng.IntN(len(models))]); err == nil {
			t.Error("a file of 200 bytes was accepted as a network")
		} else if !strings.Contains(err.Error(), "fuzz") {
			t.Errorf("error does not name the file: %v", err)
		}
	})
}
