package checkpoint_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
	"vitdse/golden/internal/digits"
)

// file joins a header and data to a safetensors file.
func file(header string, data ...byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), data...)
}

func TestTypes(t *testing.T) {
	// One half, one bfloat16 and one float32 tensor; bit patterns from IEEE 754.
	data := []byte{
		0x00, 0x3c, 0x00, 0xc0, 0xff, 0x7b, 0x01, 0x00, // F16: 1, -2, 65504, 2^-24
		0x00, 0x80, // F16: -0
		0xc0, 0x3f, 0x00, 0x80, // BF16: 1.5, -0
		0x00, 0x00, 0x80, 0xbe, // F32: -0.25
	}
	c, err := checkpoint.Decode("x", file(`{"__metadata__":{"format":"pt"},
		"h":{"dtype":"F16","shape":[5],"data_offsets":[0,10]},
		"b":{"dtype":"BF16","shape":[2],"data_offsets":[10,14]},
		"f":{"dtype":"F32","shape":[],"data_offsets":[14,18]}}`, data...))
	if err != nil {
		t.Fatal(err)
	}
	minus0 := float32(math.Copysign(0, -1))
	for _, v := range []struct {
		name  string
		shape []int
		want  []float32
	}{
		{"h", []int{5}, []float32{1, -2, 65504, 1.0 / (1 << 24), minus0}},
		{"b", []int{2}, []float32{1.5, minus0}},
		{"f", nil, []float32{-0.25}},
	} {
		t.Run(v.name, func(t *testing.T) {
			got, err := c.Tensor(v.name, v.shape...)
			if err != nil {
				t.Fatal(err)
			}
			for i := range v.want {
				if math.Float32bits(got[i]) != math.Float32bits(v.want[i]) {
					t.Errorf("%s[%d] is %g; expected %g", v.name, i, got[i], v.want[i])
				}
			}
		})
	}
}

// A half-precision number that is not finite is none when it is a float32.
func TestHalfPrecisionInfinities(t *testing.T) {
	for text, bits := range map[string]uint16{"+Inf": 0x7c00, "-Inf": 0xfc00, "NaN": 0x7e01} {
		c, err := checkpoint.Decode("x", file(`{"h":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}`, byte(bits),
			byte(bits>>8)))
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Tensor("h", 1)
		wants(t, text, err, "value 0 is "+text+"; expected finite numbers")
	}
}

func TestDecodeRefuses(t *testing.T) {
	const one = `"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}`
	for _, v := range []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "at least 8"},
		{"header beyond file", binary.LittleEndian.AppendUint64(nil, 1<<62), "truncated"},
		{"header not json", file("hello"), "not a safetensors file"},
		{"header array", file("[]"), "not a JSON object"},
		{"unfinished header", file("{" + one), "header"},
		{"text after header", file("{" + one + "} x"), "after"},
		{"duplicate", file("{"+one+","+one+"}", 0, 0, 0, 0), "twice"},
		{"truncated data", file("{"+one+"}", 0, 0), "truncated"},
		{"trailing data", file("{"+one+"}", 0, 0, 0, 0, 0), "describes 4"},
		{"overlap", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}`, 0, 0, 0, 0), "overlap"},
		{"gap", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, make([]byte, 8)...), "gap"},
		{"reversed offsets", file(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}`, make([]byte, 8)...),
			"expected [begin, end]"},
		{"size mismatch", file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}`, 0, 0, 0, 0), "does not fit"},
		{"negative shape", file(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, 0, 0, 0, 0), "shape [-1]"},
		{"overflowing shape", file(`{"a":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}`, 0, 0, 0, 0),
			"does not fit"},
		{"zip", []byte("PK\x03\x04rest"), "pickle.Unpickler"},
		{"pickle", []byte("\x80\x02rest"), "pickle"},
		{"lfs", []byte("version https://git-lfs.github.com/spec/v1\n"), "git lfs pull"},
	} {
		t.Run(v.name, func(t *testing.T) {
			_, err := checkpoint.Decode("model.pth", v.file)
			if err == nil || !strings.Contains(err.Error(), v.want) || !strings.Contains(err.Error(), "model.pth") {
				t.Errorf("%s: error is %v; expected it to say %q and name the file", v.name, err, v.want)
			}
		})
	}
}

func TestTensorRefuses(t *testing.T) {
	nan := binary.LittleEndian.AppendUint32(make([]byte, 4), math.Float32bits(float32(math.NaN())))
	c, err := checkpoint.Decode("x", file(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"i":{"dtype":"I64","shape":[1],"data_offsets":[8,16]}}`,
		append(nan, make([]byte, 8)...)...))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []struct {
		name  string
		shape []int
		want  string
	}{
		{"a", []int{2}, "value 1 is NaN"},
		{"a", []int{3}, "is [2]; expected [3]"},
		{"b", []int{1}, "no tensor b"},
		{"i", []int{1}, "type I64"},
	} {
		t.Run(v.name, func(t *testing.T) {
			if _, err := c.Tensor(v.name, v.shape...); err == nil || !strings.Contains(err.Error(), v.want) {
				t.Errorf("%s %v: error is %v; expected %q", v.name, v.shape, err, v.want)
			}
		})
	}
}

// All problems of a checkpoint appear in one error.
func TestViTListsEveryMismatch(t *testing.T) {
	c, err := checkpoint.Load(filepath.Join("..", "..", "configs", "digits", "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	net, err := digits.Load()
	if err != nil {
		t.Fatal(err)
	}
	m := net.Model
	m.MLPRatio, m.Classes = 3, 11
	_, err = c.ViT(m)
	if err == nil {
		t.Fatal("a checkpoint of 10 classes was accepted for 11 classes")
	}
	for _, want := range []string{
		"tensor head.weight is [10 64]; expected [11 64]",
		"tensor head.bias is [10]; expected [11]",
		"tensor blocks.3.mlp.fc1.weight is [256 64]; expected [192 64]",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q:\n%v", want, err)
		}
	}
	for _, m.Depth = range []int{3, 5} {
		if _, err = c.ViT(m); err == nil || !strings.Contains(err.Error(),
			"the checkpoint has 4 blocks, the model file says depth: "+strconv.Itoa(m.Depth)) {
			t.Errorf("depth %d: error is %v", m.Depth, err)
		}
	}
	if m, err = configs.LoadModel("swin-tiny"); err != nil {
		t.Fatal(err)
	}
	_, err = c.ViT(m)
	if err == nil || !strings.Contains(err.Error(), "is not one of model swin-tiny (swin): it is a checkpoint of a ViT") ||
		strings.Count(err.Error(), "\n") > 4 {
		t.Errorf("family swin: error is %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(file(`{"a":{"dtype":"F16","shape":[2,1],"data_offsets":[0,4]}}`, 1, 2, 3, 4))
	f.Add(file(`{"__metadata__":{"a":"b"},"a":{"dtype":"BF16","shape":[0],"data_offsets":[0,0]}}`))
	f.Add([]byte("PK\x03\x04"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := checkpoint.Decode("fuzz", b)
		if err != nil {
			return
		}
		for _, n := range c.Names() {
			shape, _ := c.Shape(n)
			v, err := c.Tensor(n, shape...)
			if err == nil && 4*len(v) > 2*len(b) {
				t.Errorf("tensor %s has %d values; the file has only %d bytes", n, len(v), len(b))
			}
		}
	})
}

func TestLoadNamesTheMissingFile(t *testing.T) {
	if _, err := checkpoint.Load(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error is %v; expected the file not to exist", err)
	}
}

// What a file has no tensor for is said: a class token is then none, and what nothing stands for is an error by name.
func TestMissingTensors(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "configs", "digits", "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	net, err := digits.Load()
	if err != nil {
		t.Fatal(err)
	}
	without := func(t *testing.T, tensor string) *checkpoint.Checkpoint {
		other := strings.Repeat("x", len(tensor))
		c, err := checkpoint.Decode("x", bytes.Replace(text, []byte(`"`+tensor+`"`), []byte(`"`+other+`"`), 1))
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	t.Run("class token", func(t *testing.T) {
		m := net.Model
		if _, err := without(t, "cls_token").Complete(m); err == nil || !strings.Contains(err.Error(), "has no class token") {
			t.Errorf("without a pooling: %v", err)
		}
		m.Pool = configs.PoolAvg
		if m, err = without(t, "cls_token").Complete(m); err != nil || !m.NoClassToken {
			t.Errorf("with a pooling: no class token is %t, %v", m.NoClassToken, err)
		}
	})
	t.Run("positions", func(t *testing.T) {
		_, err := without(t, "pos_embed").ViT(net.Model)
		const want = "has no tensor pos_embed [1 17 64]: a network without position embedding"
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v", err)
		}
	})
}
