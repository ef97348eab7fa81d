package checkpoint

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"vitdse/configs"
)

// changed is a fixture's graph after a change, read.
func changed(t *testing.T, file string, change func(g *onnxGraph)) (*Checkpoint, error) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "floatref", "testdata", "variants", file))
	if err != nil {
		t.Fatal(err)
	}
	g, err := parseModel(text)
	if err != nil {
		t.Fatal(err)
	}
	change(&g)
	c := &Checkpoint{path: file, entries: map[string]entry{}, files: [][]byte{text}}
	o := onnxWeights{c: c, external: map[string][]byte{}, tensors: map[string]entry{}, whole: map[string][]int64{}}
	return c, o.decode(&g)
}

func readModel(c *Checkpoint, err error) (configs.Model, *Weights, error) {
	if err != nil {
		return configs.Model{}, nil, err
	}
	m, err := c.Model("swin", []float64{0.5}, []float64{0.5})
	if err != nil {
		return m, nil, err
	}
	w, err := c.ViT(m)
	return m, w, err
}

// nodes are those of an operator, in order.
func (g *onnxGraph) nodesOf(op string) []*onnxNode {
	var list []*onnxNode
	for i := range g.nodes {
		if g.nodes[i].op == op {
			list = append(list, &g.nodes[i])
		}
	}
	return list
}

// whole adds a constant of integers to the graph: its name.
func (g *onnxGraph) addWhole(values ...int64) string {
	name := fmt.Sprintf("changed%d", len(g.tensors))
	g.tensors = append(g.tensors, onnxTensor{name: name, dims: []int{len(values)}, dtype: 7, ints: values})
	return name
}

// edit changes the values of a constant of floats.
func (g *onnxGraph) edit(t *testing.T, name string, change func(v []float32)) {
	for i := range g.tensors {
		if g.tensors[i].name == name {
			v := make([]float32, len(g.tensors[i].data)/4)
			binary.Decode(g.tensors[i].data, binary.LittleEndian, v)
			change(v)
			g.tensors[i].data, _ = binary.Append(nil, binary.LittleEndian, v)
			return
		}
	}
	t.Fatalf("the graph has no %s", name)
}

const swinFile = "timm_swin/dynamo.onnx"

// A graph of a Swin in which one thing is another is refused by what it has, with the node, or read as what it is.
func TestChangedSwinIsRefused(t *testing.T) {
	_, plain, err := readModel(changed(t, swinFile, func(*onnxGraph) {}))
	if err != nil {
		t.Fatal(err)
	}
	// cuts are the slices of a cyclic shift: of the windows' rows, then of their way back.
	shift := func(by int64, nodes ...int) func(g *onnxGraph) {
		return func(g *onnxGraph) {
			cuts := slices.DeleteFunc(g.nodesOf("Slice"), func(n *onnxNode) bool {
				return n.inputs[1] == "val_33" &&
					n.inputs[2] == "val_34" || n.inputs[1] == n.inputs[2] || strings.HasPrefix(n.inputs[0], "v12") ||
					n.inputs[3] == "val_33"
			})
			for _, i := range nodes {
				n := cuts[i]
				if n.inputs[1] == "val_33" { // from 0 on
					n.inputs[2] = g.addWhole(by)
				} else {
					n.inputs[1] = g.addWhole(by)
				}
			}
		}
	}
	for _, c := range []struct {
		name   string
		change func(g *onnxGraph)
		want   string
	}{
		{"shift of rows", shift(1, 0, 1), "are shifted by 1 rows and 2 columns; expected 2 rows and 2 columns"},
		{"way back", shift(3, 4, 5), "its rows do not go back to the tokens that they came from"},
		{"windows in another order", func(g *onnxGraph) {
			g.nodesOf("Transpose")[1].attributes["perm"] = onnxAttribute{ints: []int64{0, 3, 1, 2, 4, 5}}
		}, "layers.0.blocks.0"},
		{"mask left out", func(g *onnxGraph) {
			g.edit(t, "unsqueeze_3", func(v []float32) { clear(v) })
		}, "expected a mask between them"},
		{"mask of one pair more", func(g *onnxGraph) {
			g.edit(t, "unsqueeze_3", func(v []float32) { v[1] = -100 })
		}, "expected one number: a table of relative positions"},
		{"bias of one pair", func(g *onnxGraph) {
			g.edit(t, "unsqueeze_1", func(v []float32) { v[0]++ })
		}, "expected one number: a table of relative positions"},
		{"scale of scores", func(g *onnxGraph) {
			g.edit(t, "val_46", func(v []float32) { v[0] *= 1.01 })
		}, "scores are scaled by"},
		{"epsilon of one norm", func(g *onnxGraph) {
			g.nodesOf("LayerNormalization")[2].attributes["epsilon"] = onnxAttribute{float: 1e-3}
		}, "have the epsilons"},
		{"activation of one block", func(g *onnxGraph) {
			g.nodesOf("Gelu")[1].attributes["approximate"] = onnxAttribute{text: "tanh"}
		}, "the activations gelu and gelu_tanh"},
		{"another function", func(g *onnxGraph) {
			g.nodesOf("Gelu")[1].op = "Tanh"
		}, "the activation is none of gelu"},
		{"softmax over rows", func(g *onnxGraph) {
			g.nodesOf("Softmax")[0].attributes["axis"] = onnxAttribute{number: 2}
		}, "is along axis 2"},
		{"padding by another number", func(g *onnxGraph) {
			g.tensors = append(g.tensors, onnxTensor{name: "one", dtype: 1, data: []byte{0, 0, 0x80, 0x3f}})
			pad := g.nodesOf("Pad")[0]
			pad.inputs = append(pad.inputs[:2:2], "one")
		}, "pads with [1]"},
		{"patch merging of other tokens", func(g *onnxGraph) {
			for _, n := range g.nodesOf("Transpose") {
				if p := n.attributes["perm"].ints; slices.Equal(p, []int64{0, 1, 3, 4, 2, 5}) {
					n.attributes["perm"] = onnxAttribute{ints: []int64{0, 1, 3, 2, 4, 5}}
				}
			}
		}, "joins other tokens than the patch merging"},
		{"a mean over the channels", func(g *onnxGraph) {
			n := g.nodesOf("ReduceMean")[0]
			n.inputs[1] = g.addWhole(1, 3)
		}, "node"},
		{"open size", func(g *onnxGraph) { g.size[2] = 0 }, "export with images of a fixed size"},
		{"two images", func(g *onnxGraph) { g.size[0] = 2 }, "expected one image"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := readModel(changed(t, swinFile, c.change))
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error is\n%v\nexpected one line that says %q", err, c.want)
			}
		})
	}
	every := func(op, key string, a onnxAttribute) func(g *onnxGraph) {
		return func(g *onnxGraph) {
			for _, n := range g.nodesOf(op) {
				n.attributes[key] = a
			}
		}
	}
	m, w, err := readModel(changed(t, swinFile, every("Gelu", "approximate", onnxAttribute{text: "tanh"})))
	if err != nil || m.Activation != configs.GELUTanh || !reflect.DeepEqual(w, plain) {
		t.Errorf("with GELU by tanh: activation %q, %v; expected gelu_tanh", m.Activation, err)
	}
	m, _, err = readModel(changed(t, swinFile, every("LayerNormalization", "epsilon", onnxAttribute{float: 1e-3})))
	if err != nil || m.LayerNormEps != 1e-3 {
		t.Errorf("with another epsilon: %g, %v; expected 1e-3", m.LayerNormEps, err)
	}
	other := m
	other.Window = 2
	c, err := changed(t, swinFile, func(*onnxGraph) {})
	const contradicts = "window is 2 in the model, 4 by"
	if _, wrong := c.Complete(other); err != nil || wrong == nil || !strings.Contains(wrong.Error(), contradicts) {
		t.Errorf("a model of another window: %v, %v", err, wrong)
	}
}

// Of the whole numbers in the graphs of both exporters one more or one less: refused, or the same network.
func TestEveryNumberOfASwinCounts(t *testing.T) {
	for file, step := range map[string]int{swinFile: 1, "timm_swin/script.onnx": 11, "hf_swin/script.onnx": 11} {
		m, w, err := readModel(changed(t, file, func(*onnxGraph) {}))
		if err != nil {
			t.Fatal(err)
		}
		read, refused := 0, 0
		for i, more := 0, true; more; i += step {
			for _, by := range []int64{-1, 1} {
				other, weights, err := readModel(changed(t, file, func(g *onnxGraph) { more = g.nudge(i, by) }))
				if err != nil {
					refused++
				} else if read++; more && (!reflect.DeepEqual(other, m) || !reflect.DeepEqual(weights, w)) {
					t.Errorf("%s: number %d by %d: is another network: %+v", file, i, by, other)
				}
			}
		}
		t.Logf("%s: %d refused, %d read as the same", file, refused, read)
		if refused < 30 {
			t.Errorf("%s: %d refused; expected at least 30", file, refused)
		}
	}
}

// nudge changes the i-th whole number of the graph's constants; it says whether there is one.
func (g *onnxGraph) nudge(i int, by int64) bool {
	change := func(t *onnxTensor) bool {
		if t == nil || t.dtype != 7 {
			return false
		}
		v := slices.Clone(t.whole())
		if i >= len(v) {
			i -= len(v)
			return false
		}
		v[i] += by
		t.ints, t.data = v, nil
		return true
	}
	for k := range g.tensors {
		if change(&g.tensors[k]) {
			return true
		}
	}
	for k := range g.nodes {
		if a := g.nodes[k].attributes["value"]; change(a.tensor) {
			return true
		}
	}
	return false
}

// SiLU is read as what it is, with the gate that the graph has, or refused: never as another MLP.
func TestChangedSiLU(t *testing.T) {
	for _, c := range []struct {
		file, name string
		change     func(g *onnxGraph)
		want       string // "" for one that is read
	}{
		{"timm_silu/dynamo.onnx", "plain", func(*onnxGraph) {}, ""},
		{"timm_silu/script.onnx", "plain", func(*onnxGraph) {}, ""},
		{"timm_swiglu/script.onnx", "gated", func(*onnxGraph) {}, ""},
		{"hf_dinov2_swiglu/dynamo.onnx", "gated, of two layers", func(*onnxGraph) {}, ""},
		{"timm_silu/dynamo.onnx", "sigmoid alone", func(g *onnxGraph) {
			n := g.nodesOf("Sigmoid")[0]
			g.consumer(n.out()).inputs = []string{n.out(), n.out()}
		}, "is no SiLU in an MLP that is known"},
		{"timm_silu/dynamo.onnx", "another factor", func(g *onnxGraph) {
			g.nodesOf("Sigmoid")[0].inputs[0] = "val_74"
		}, "multiplies it with something else"},
		{"timm_swiglu/dynamo.onnx", "the value first", func(g *onnxGraph) {
			n := g.nodesOf("Split")
			out := n[len(n)-1].outputs
			out[0], out[1] = out[1], out[0]
		}, "the gate is not the first half"},
		{"timm_swiglu/dynamo.onnx", "the gate twice", func(g *onnxGraph) {
			n := g.nodesOf("Split")
			g.reads(n[len(n)-1].outputs[1], n[len(n)-1].outputs[0])
		}, "the gate is not the first half"},
		{"timm_swiglu/dynamo.onnx", "the value twice", func(g *onnxGraph) {
			n := g.nodesOf("Split")
			g.reads(n[len(n)-1].outputs[0], n[len(n)-1].outputs[1])
		}, "the gate is not the first half"},
		{"hf_dinov2_swiglu/dynamo.onnx", "value and gate exchanged", func(g *onnxGraph) {
			n := g.nodesOf("Sigmoid")[0]
			gate, product := n.inputs[0], g.consumer(n.out())
			value := &g.consumer(product.out()).inputs[1]
			n.inputs[0], product.inputs[0], *value = *value, *value, gate
			g.sort()
		}, "expected names with fc1_g and fc1_x, or gate_proj and up_proj"},
		{"timm_silu/dynamo.onnx", "open size", func(g *onnxGraph) { g.size[3] = 0 }, "export with images of a fixed size"},
	} {
		t.Run(c.name+", "+c.file, func(t *testing.T) {
			_, err := changed(t, c.file, c.change)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is\n%v\nexpected %q", err, c.want)
			}
		})
	}
}

// reads has every node that reads a name read another.
func (g *onnxGraph) reads(name, instead string) {
	for _, n := range g.nodes {
		for i, in := range n.inputs {
			if in == name {
				n.inputs[i] = instead
			}
		}
	}
}

// consumer is the first node that reads a name.
func (g *onnxGraph) consumer(name string) *onnxNode {
	return &g.nodes[slices.IndexFunc(g.nodes, func(n onnxNode) bool { return slices.Contains(n.inputs, name) })]
}

// sort puts every node behind those whose results it reads.
func (g *onnxGraph) sort() {
	made := map[string]bool{}
	for _, n := range g.nodes {
		for _, out := range n.outputs {
			made[out] = true
		}
	}
	var list []onnxNode
	for rest := g.nodes; len(rest) > 0; {
		i := slices.IndexFunc(rest, func(n onnxNode) bool {
			return !slices.ContainsFunc(n.inputs, func(in string) bool { return made[in] })
		})
		for _, out := range rest[i].outputs {
			delete(made, out)
		}
		list = append(list, rest[i])
		rest = slices.Delete(slices.Clone(rest), i, i+1)
	}
	g.nodes = list
}

// What is added to the scores of a ViT is read as biases of relative positions where it is that, and else refused: it
// may be a constant without a name.
func TestBiasesOfAViTAreNotDropped(t *testing.T) {
	const rows = 7 // a class token and 2x3 patches
	for name, c := range map[string]struct {
		bias func(i, j int) float32
		want string
	}{
		"zeros": {func(i, j int) float32 { return 0 }, ""}, "one for all": {func(i, j int) float32 { return 0.5 }, ""},
		"of a pair": {func(i, j int) float32 { return float32(max(0, 3-i-j)) * float32(i*j) },
			"expected one number: a table of relative positions"},
		"of columns": {func(i, j int) float32 { return float32(j) }, "expected one number"},
	} {
		t.Run(name, func(t *testing.T) {
			ck, err := changed(t, "timm_relu/dynamo.onnx", func(g *onnxGraph) {
				var list []float32
				for i := range rows * rows {
					list = append(list, c.bias(i/rows, i%rows))
				}
				data, _ := binary.Append(nil, binary.LittleEndian, list)
				g.tensors = append(g.tensors, onnxTensor{name: "onnx::bias", dims: []int{rows, rows}, dtype: 1, data: data})
				i := slices.IndexFunc(g.nodes, func(n onnxNode) bool { return n.op == "Softmax" })
				add := onnxNode{op: "Add", inputs: []string{g.nodes[i].inputs[0], "onnx::bias"}, outputs: []string{"biased"}}
				g.nodes[i].inputs = []string{"biased"}
				g.nodes = slices.Insert(g.nodes, i, add)
			})
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error is %v; expected %q", err, c.want)
			}
			if err != nil {
				return
			}
			m, w, err := readModel(ck, nil)
			if m.RelativePositions != (name != "zeros") || err != nil {
				t.Fatalf("relative_positions is %v, %v", m.RelativePositions, err)
			}
			if name != "zeros" && slices.Max(w.Blocks[0].RelPos) != 0.5 {
				t.Errorf("the table is %v", w.Blocks[0].RelPos)
			}
		})
	}
}
