package checkpoint

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"vitdse/configs"
)

// Rotary embeddings are read as what they are in every element, or refused: never as another network.
func TestChangedTurns(t *testing.T) {
	one := func(name string, i int) func(g *onnxGraph) {
		return func(g *onnxGraph) { g.edit(t, name, func(v []float32) { v[i] += 1e-3 }) }
	}
	for _, c := range []struct {
		file, name string
		change     func(g *onnxGraph)
		want       string // "" for one that is read
	}{
		{"timm_dinov3/dynamo.onnx", "plain", func(*onnxGraph) {}, ""},
		{"timm_dinov3/script.onnx", "plain", func(*onnxGraph) {}, ""},
		{"timm_eva02/dynamo.onnx", "plain", func(*onnxGraph) {}, ""},
		{"timm_eva02_mlp_norm/script.onnx", "plain", func(*onnxGraph) {}, ""},
		{"hf_dinov3/dynamo.onnx", "plain", func(*onnxGraph) {}, ""},
		{"timm_dinov3/dynamo.onnx", "one sine", one("cat_2", 17), "turn in another way"},
		{"timm_dinov3/dynamo.onnx", "one cosine", one("cat_2", 31), "turn in another way"},
		{"timm_eva02/dynamo.onnx", "one sine", one("rope.pos_embed", 6), "turn in another way"},
		{"hf_dinov3/dynamo.onnx", "one cosine", one("cos", 71), "turn in another way"},
		{"timm_eva02/script.onnx", "turned the other way", func(g *onnxGraph) {
			for _, n := range g.nodesOf("Neg") {
				g.reads(n.out(), n.inputs[0])
			}
		}, "turn in another way"},
		{"timm_dinov3/dynamo.onnx", "q alone", func(g *onnxGraph) { g.unturned(1) }, "turn in another way"},
		{"timm_dinov3/dynamo.onnx", "block 0 alone", func(g *onnxGraph) { g.unturned(2, 3) }, "those of block 0 do"},
		{"timm_dinov3/dynamo.onnx", "block 1 alone", func(g *onnxGraph) { g.unturned(0, 1) }, "those of block 0 as"},
		{"timm_dinov3/dynamo.onnx", "not at all", func(g *onnxGraph) {
			g.unturned(0, 1, 2, 3)
		}, "no attention whose queries and keys it was seen to turn"},
		{"timm_dinov3/dynamo.onnx", "a sum of three", func(g *onnxGraph) {
			n := g.consumer(g.nodesOf("Neg")[0].out())
			n.inputs[1] = n.inputs[0]
		}, "turn in another way"},
		{"timm_dinov3/dynamo.onnx", "by an operator", func(g *onnxGraph) {
			g.nodesOf("Neg")[0].op = "RotaryEmbedding"
		}, "RotaryEmbedding"},
		{"timm_dinov3/dynamo.onnx", "other names", func(g *onnxGraph) {
			g.reads("blocks.1.norm1.weight", "norm.weight")
		}, "expected blocks.1.norm1.weight"},
		{"timm_dinov3/dynamo.onnx", "open size", func(g *onnxGraph) { g.size[3] = 0 }, "export with images of a fixed size"},
		{"timm_relu/dynamo.onnx", "a factor for each channel", func(g *onnxGraph) {
			data, _ := binary.Append(nil, binary.LittleEndian, []float32{1, 2, 3, 4, 5, 6, 7, 8})
			g.tensors = append(g.tensors, onnxTensor{name: "factors", dims: []int{8}, dtype: 1, data: data})
			i := slices.IndexFunc(g.nodes, func(n onnxNode) bool { return n.out() == g.scores() })
			q := g.nodes[i].inputs[0]
			g.nodes[i].inputs[0] = "factored"
			g.nodes = slices.Insert(g.nodes, i, onnxNode{op: "Mul", inputs: []string{q, "factors"},
				outputs: []string{"factored"}})
		}, "turn in another way"},
	} {
		t.Run(c.name+", "+c.file, func(t *testing.T) {
			_, err := changed(t, c.file, c.change)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("error is\n%v\nexpected %q", err, c.want)
			}
		})
	}
}

// scores is the result of the first product of queries and keys.
func (g *onnxGraph) scores() string {
	return g.nodesOf("Softmax")[0].inputs[0]
}

// unturned has what reads the i-th rotated q or k (q and k of the first block, of the second) read it as the layer
// gives it. A rotation joins the rows in front with those that turn, along the rows; of both kinds it cuts a part.
func (g *onnxGraph) unturned(which ...int) {
	var joins []*onnxNode
	for _, n := range g.nodesOf("Concat") {
		if a := n.attributes["axis"].number; a == 2 {
			joins = append(joins, n)
		}
	}
	for _, i := range which {
		n := joins[i]
		for _, cut := range g.nodesOf("Slice") {
			if cut.out() == n.inputs[0] {
				g.reads(n.out(), cut.inputs[0])
			}
		}
	}
}

// Another theta in a graph is another network, which is read as that: what the graph turns by counts, not what its
// family has. And of its whole numbers one more or one less is refused, or changes nothing.
func TestTurnsAreThoseOfTheGraph(t *testing.T) {
	for file, theta := range map[string]float64{"timm_dinov3/dynamo.onnx": 37, "timm_eva02/dynamo.onnx": 4321} {
		m, _, err := readModel(changed(t, file, func(*onnxGraph) {}))
		if err != nil {
			t.Fatal(err)
		}
		other := m
		other.RopeTheta = theta
		other.RopeReference = nil
		table := map[bool]string{true: "cat_2", false: "rope.pos_embed"}[m.RopeHalf]
		got, _, err := readModel(changed(t, file, func(g *onnxGraph) {
			g.edit(t, table, func(v []float32) { fillTable(&other, v) })
		}))
		if err != nil || math.Abs(got.RopeTheta/theta-1) > 1e-2 || got.Rope != m.Rope ||
			got.RopeHalf != m.RopeHalf || got.RopeReference != nil {
			t.Errorf("%s: rope is %s, %v; expected theta %g", file, turned(&got), err, theta)
		}
	}
	for file, step := range map[string]int{"timm_dinov3/dynamo.onnx": 1, "timm_eva02/script.onnx": 6,
		"hf_dinov3/dynamo.onnx": 1} {
		m, w, err := readModel(changed(t, file, func(*onnxGraph) {}))
		if err != nil {
			t.Fatal(err)
		}
		refused := 0
		for i, more := 0, true; more; i += step {
			for _, by := range []int64{-1, 1} {
				got, weights, err := readModel(changed(t, file, func(g *onnxGraph) { more = g.nudge(i, by) }))
				if err != nil {
					refused++
				} else if more && (!reflect.DeepEqual(got, m) || !reflect.DeepEqual(weights, w)) {
					t.Errorf("%s: number %d by %d: is another network: %+v", file, i, by, got)
				}
			}
		}
		if t.Logf("%s: %d refused", file, refused); refused < 20 {
			t.Errorf("%s: %d refused; expected at least 20", file, refused)
		}
	}
}

// fillTable fills a table of sines and then cosines of each patch, for each channel of a head.
func fillTable(m *configs.Model, v []float32) {
	patches := m.Image.Height / m.Patch * (m.Image.Width / m.Patch)
	width := len(v) / patches / 2
	for p := range patches {
		for j := range width / 2 {
			a, b := m.TurnedPair(j, width)
			sin, cos := math.Sincos(m.Turn(p, j, width))
			for _, c := range []int{a, b} {
				v[p*2*width+c], v[p*2*width+width+c] = float32(sin), float32(cos)
			}
		}
	}
}

// Whatever rotary embeddings a network has: their keys are found from cosines and sines rounded to float32, or keys of
// the same function. Only a step of half a circle and more, of the slower of the pairs of channels, may be refused.
func TestTurnsAreFound(t *testing.T) {
	rng := rand.New(rand.NewPCG(19, 3))
	found := 0
	for range 600 {
		m := configs.Model{Patch: 1, Rope: configs.RopeGrid, RopeHalf: rng.IntN(2) == 0}
		m.Image = configs.ImageShape{Height: 1 + rng.IntN(24), Width: 1 + rng.IntN(24), Channels: 1}
		m.RopeTheta = []float64{100, 10000, 2 + float64(rng.IntN(99)), 1.01 + 1e6*rng.Float64()}[rng.IntN(4)]
		switch rng.IntN(3) {
		case 0:
			m.Rope = configs.RopeCentred
		case 1:
			m.RopeReference = []int{1 + rng.IntN(40), 1 + rng.IntN(40)}
		}
		width, prefix := 4*(1+rng.IntN(16)), rng.IntN(6)
		rows, cols := m.Image.Height, m.Image.Width
		size := (prefix + rows*cols) * width
		turn := turning{width: width, own: make([]float64, size), other: make([]float64, size), beside: make([]int, size)}
		for row := range prefix + rows*cols {
			for j := range width / 2 {
				sin, cos := 0.0, 1.0
				if row >= prefix {
					sin, cos = math.Sincos(m.Turn(row-prefix, j, width))
				}
				a, b := m.TurnedPair(j, width)
				for i, c := range []int{a, b} {
					e := row*width + c
					turn.own[e], turn.other[e] = float64(float32(cos)), float64(float32([]float64{-sin, sin}[i]))
					if turn.beside[e] = []int{b, a}[i]; row < prefix {
						turn.beside[e] = -1
					}
				}
			}
		}
		got := m
		i := slices.IndexFunc(turn.candidates(prefix, rows, cols), func(k turns) bool {
			got.Rope, got.RopeTheta, got.RopeHalf, got.RopeReference = k.kind, k.theta, k.half, k.reference
			return turn.is(&got, prefix)
		})
		if i >= 0 {
			found++
			continue
		}
		n := width / 4
		step := func(patch, j int) float64 { return math.Abs(m.Turn(patch, j, width) - m.Turn(0, j, width)) }
		slow := max(0, n-2)
		if (rows == 1 || step(cols, slow) < 3) && (cols == 1 || step(1, n+slow) < 3) {
			t.Fatalf("%s of %dx%d patches, heads of %d, is not found", turned(&m), rows, cols, width)
		}
	}
	if t.Logf("%d of 600 found", found); found < 500 {
		t.Errorf("%d of 600 found; expected 500", found)
	}
}

// A graph of the grid of the training does not say that it is that; config.json does.
func TestReferenceOfItsOwnGrid(t *testing.T) {
	m := configs.Model{Image: configs.ImageShape{Height: 224, Width: 224, Channels: 3}, Patch: 14}
	for _, c := range []struct {
		reference []int
		contrary  bool
	}{{nil, false}, {[]int{16, 16}, false}, {[]int{16, 15}, true}, {[]int{32, 32}, true}} {
		said := settleTurns(&m, turns{configs.RopeGrid, 10000, false, c.reference})
		if (said != "") != c.contrary || m.RopeReference != nil {
			t.Errorf("%v: %q, and the model has %v", c.reference, said, m.RopeReference)
		}
	}
}

// Attention pooling whose query an exporter has computed is read as what it gives, or refused.
func TestChangedProbe(t *testing.T) {
	const file = "timm_siglip/dynamo.onnx"
	swap := func(a, b string) func(g *onnxGraph) {
		return func(g *onnxGraph) {
			g.reads(a, "swapped")
			g.reads(b, a)
			g.reads("swapped", b)
		}
	}
	for _, c := range []struct {
		name   string
		change func(g *onnxGraph)
		want   string
	}{
		{"plain", func(*onnxGraph) {}, ""},
		{"values as keys", swap("getitem_3", "getitem_4"), "not one layer's, in this order"},
		{"another name", func(g *onnxGraph) {
			g.reads("attn_pool.kv.bias", "other.bias")
			i := slices.IndexFunc(g.tensors, func(t onnxTensor) bool { return t.name == "attn_pool.kv.bias" })
			g.tensors[i].name = "other.bias"
		}, "expected attn_pool.kv.bias"},
		{"values by a factor", func(g *onnxGraph) {
			i := slices.IndexFunc(g.nodes, func(n onnxNode) bool { return slices.Contains(n.inputs, "getitem_4") })
			g.nodes = slices.Insert(g.nodes, i, onnxNode{op: "Mul", inputs: []string{"getitem_4", "val_52"},
				outputs: []string{"factored"}})
			g.nodes[i+1].inputs[1] = "factored"
		}, "are turned or scaled"},
		{"heads in another order", func(g *onnxGraph) {
			n := g.nodesOf("Transpose")
			i := slices.IndexFunc(n, func(n *onnxNode) bool { return n.out() == "val_122" })
			n[i].attributes["perm"] = onnxAttribute{ints: []int64{2, 0, 1}}
		}, "attention pooling"},
	} {
		t.Run(c.name, func(t *testing.T) {
			ck, err := changed(t, file, c.change)
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error is\n%v\nexpected %q", err, c.want)
			}
			if err != nil {
				return
			}
			if m, _, err := readModel(ck, nil); err != nil || m.Pool != configs.PoolMap {
				t.Errorf("pool is %q, %v; expected map", m.Pool, err)
			}
		})
	}
}
