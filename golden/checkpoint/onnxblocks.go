package checkpoint

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"vitdse/configs/network"
)

// Of most ViTs names say what each constant is. Where queries and keys turn with the place of their patch (rotary
// embeddings: DINOv3, EVA-02), or a bias for each relative position is added to the scores (BEiT), what is between the
// layers says what the network is: these attentions are followed element by element, and what they store goes under the
// names of their framework.

// namedNorms are how frameworks name the gain in front of an attention, and the layers of q, k and v: one, or three.
var namedNorms = []struct {
	norm1 *regexp.Regexp
	qkv   []string
}{
	{regexp.MustCompile(`^(?:.+\.)?blocks\.\d+\.norm1\.weight$`), []string{"attn.qkv"}},
	{regexp.MustCompile(`^(?:.+\.)?layer\.\d+\.norm1\.weight$`),
		[]string{"attention.q_proj", "attention.k_proj", "attention.v_proj"}},
}

// apart are timm's names of parts of a joint layer of q, k and v.
var apart = []string{"q_bias", "k_bias", "v_bias", "q_proj.weight", "k_proj.weight", "v_proj.weight", "q_proj.bias",
	"k_proj.bias", "v_proj.bias"}

// followed says whether an attention has to be followed: something is added to its scores, or q or k is made of more
// than one layer's result.
func (r *graphReader) followed(softmax onnxNode) (why string) {
	before := r.producer[softmax.inputs[0]]
	for range 8 {
		if len(before.inputs) == 0 || before.op != "Mul" && before.op != "Div" && !slices.Contains(passing, before.op) {
			break
		}
		before = r.producer[before.inputs[0]]
	}
	if before.op == "Add" && slices.ContainsFunc(before.inputs, r.zeros) {
		before = r.producer[r.dynamic(before)]
	} else if before.op == "Add" || before.op == "Sub" || before.op == "Where" {
		return before.title() + ": is added to the scores of an attention (a relative position bias, a mask)"
	}
	if before.op != "MatMul" {
		return ""
	}
	for _, in := range before.inputs {
		if n := r.mixing(in, map[string]bool{}); n.op != "" {
			return n.title() + ": is between queries or keys and their scores (rotary position embeddings, RoPE)"
		}
	}
	return ""
}

// fused refuses an attention in one operator (opset 23) that is not of plain queries and keys.
func (r *graphReader) fused(n onnxNode) error {
	const export = "export with opset 22 or less, where it is read"
	for i := range min(2, len(n.inputs)) {
		if mix := r.mixing(n.inputs[i], map[string]bool{}); mix.op != "" {
			return fmt.Errorf("%s: is between queries or keys and %s (rotary position embeddings, RoPE); %s", mix.title(),
				n.title(), export)
		}
	}
	if mask := input(n, 3); mask != "" && !r.zeros(mask) || n.attributes["is_causal"].number != 0 {
		return fmt.Errorf("%s: something is added to its scores (a relative position bias, a mask); %s", n.title(), export)
	}
	return nil
}

// mixing is a node that makes a query or key of several numbers, or of a constant for each, behind its layer; one
// without an operator where there is none.
func (r *graphReader) mixing(at string, seen map[string]bool) onnxNode {
	n, ok := r.producer[at]
	if !ok || seen[at] || len(n.inputs) == 0 {
		return onnxNode{}
	}
	seen[at] = true
	constant := func(in string) bool { _, is := r.o.tensors[in]; return is }
	follow := n.inputs[:1]
	switch n.op {
	case "Shape", "Size", "Constant", "LayerNormalization", "Gemm":
		return onnxNode{}
	case "Mul", "Div":
		for _, in := range n.inputs {
			if e, is := r.o.tensors[in]; is && volume(e.Shape) > 1 {
				return n
			}
		}
		follow = n.inputs
	case "MatMul":
		if slices.ContainsFunc(n.inputs, constant) {
			return onnxNode{}
		}
		return n
	case "Add":
		if slices.ContainsFunc(n.inputs, constant) || slices.ContainsFunc(n.inputs, func(in string) bool {
			return r.producer[in].op == "MatMul" // and its bias, of parts
		}) {
			return onnxNode{}
		}
		return n
	case "Neg", "Sub", "Concat", "Where", "Einsum", "ScatterND", "Sin", "Cos", "RotaryEmbedding":
		return n
	}
	for _, in := range follow {
		if found := r.mixing(in, seen); found.op != "" {
			return found
		}
	}
	return onnxNode{}
}

// attentions follows the attentions of a ViT where one has to be.
func (r *graphReader) attentions() error {
	for _, n := range r.nodes {
		if n.op == "Attention" {
			if err := r.fused(n); err != nil {
				return err
			}
		}
		if n.op != "Softmax" || len(n.inputs) == 0 {
			continue
		}
		if why := r.followed(n); why != "" {
			if err := r.follow(); err != nil {
				return fmt.Errorf("%s: %w", why, err)
			}
			return nil
		}
	}
	return nil
}

// tracedBlocks is what was read of a ViT's attentions so far.
type tracedBlocks struct {
	*tracedGraph
	grid      network.Block // rows and columns of patches
	blocks    int
	heads     int
	turns     string // those of the first block, with their keys; "" for none
	relatives int    // blocks with relative positions
}

// follow reads all attentions, from the layers behind them.
func (r *graphReader) follow() error {
	g, err := r.traced()
	if err != nil {
		return err
	}
	s := &tracedBlocks{tracedGraph: g}
	for i := range r.nodes {
		n := &r.nodes[i]
		t := s.tensors[n.out()]
		switch {
		case n.op == "Conv" && t != nil && len(t.shape) == 4:
			s.grid.Rows, s.grid.Cols = t.shape[2], t.shape[3]
		case n.op == "MatMul" || n.op == "Gemm":
			proj, ok := s.affine(t)
			if !ok {
				continue
			}
			of, _, err := s.computed(proj.in)
			if err != nil || of.node == nil || of.node.op != "MatMul" || of.in[0].list != nil || of.in[1].list != nil {
				continue
			}
			if err := s.block(proj); err != nil {
				return fmt.Errorf("block %d: %w", s.blocks, err)
			}
			s.blocks++
		}
	}
	if s.blocks == 0 {
		return fmt.Errorf("none of its attentions is read by a layer with constant weights")
	}
	if s.relatives > 0 {
		if s.relatives < s.blocks {
			return fmt.Errorf("to the scores of %d of %d blocks something is added; carried is all or none",
				s.relatives, s.blocks)
		}
		r.list = append(r.list, fact{"relative_positions", true, "the graph's scores"})
	}
	s.shorten()
	if s.turns != "" {
		s.prefixes()
	}
	r.list = append(r.list, fact{"heads", s.heads, "the graph's attention"})
	return nil
}

// block reads the attention in front of a layer.
func (s *tracedBlocks) block(proj affine) error {
	b := tracedAttention{proj: proj, turning: true}
	x, err := s.attention(&b)
	if err != nil {
		return err
	}
	of, err := s.straight(x, "the LayerNorm in front of an attention")
	if err != nil {
		return err
	}
	norm, err := s.layerNorm(of, "the LayerNorm in front of an attention")
	if err != nil {
		return err
	}
	stem, names, err := s.named(norm)
	if err != nil {
		return err
	}
	prefix := b.rows - s.grid.Rows*s.grid.Cols
	if b.windows != 1 || prefix < 0 {
		return fmt.Errorf("%s: is of %d windows of %d rows; expected one of all %d patches and the tokens in front",
			b.softmax.title(), b.windows, b.rows, s.grid.Rows*s.grid.Cols)
	}
	if err := s.turned(&b, prefix); err != nil {
		return err
	}
	if b.added != nil && slices.ContainsFunc(b.added, func(v float64) bool { return v != 0 }) {
		if prefix != 1 {
			return fmt.Errorf("%s: something is added to its scores, of %d rows in front of the patches; "+
				"expected one, a class token", b.softmax.title(), prefix)
		}
		shape := s.grid
		shape.Name, shape.Relative, shape.Heads, shape.H, shape.W = stem[:len(stem)-1], true, b.heads, 1, b.rows
		if err := s.positions(&b, shape, make([]uint8, b.rows)); err != nil {
			return err
		}
		s.relatives++
	}
	if s.blocks > 0 && s.heads != b.heads {
		return fmt.Errorf("%s: has %d heads, block 0 has %d", b.softmax.title(), b.heads, s.heads)
	}
	s.heads = b.heads
	return s.adopt(&b, stem, names)
}

// named is what stands in front of the names of a block's tensors, and the names of its layers of q, k and v.
func (s *tracedBlocks) named(norm tracedNorm) (stem string, qkv []string, err error) {
	want := fmt.Sprintf(".%d.norm1.weight", s.blocks)
	for _, n := range namedNorms {
		if n.norm1.MatchString(norm.gamma.name) && strings.HasSuffix(norm.gamma.name, want) {
			return strings.TrimSuffix(norm.gamma.name, "norm1.weight"), n.qkv, nil
		}
	}
	return "", nil, fmt.Errorf("%s: its gain is %q; expected blocks%s or layer%s: such attentions are carried of timm's "+
		"exports, and of transformers' DINOv3", norm.node.title(), norm.gamma.name, want, want)
}

// adopt stores the layers of q, k and v, and takes back what their parts and the attention's constants were taken for.
func (s *tracedBlocks) adopt(b *tracedAttention, stem string, names []string) error {
	entries := s.o.c.entries
	for _, a := range b.qkv {
		for _, c := range []*moved{a.weight, a.bias} {
			if c != nil {
				delete(entries, c.name)
			}
		}
	}
	for _, part := range apart {
		delete(entries, stem+"attn."+part)
	}
	for _, t := range b.scores {
		s.forget(t)
	}
	if len(names) == 1 {
		return s.storeQKV(stem+names[0], b)
	}
	if len(b.qkv) != len(names) {
		return fmt.Errorf("%s: q, k and v are of one layer; expected three, %s", b.softmax.title(), strings.Join(names, ", "))
	}
	for i, a := range b.qkv {
		if err := s.storeLayer(stem+names[i], a); err != nil {
			return err
		}
	}
	return nil
}

// forget takes the constants between a query or key and its layer, which are no parameters, out of the tensors.
func (s *tracedBlocks) forget(at string) {
	seen := map[string]bool{}
	var walk func(at string)
	walk = func(at string) {
		if seen[at] {
			return
		}
		seen[at] = true
		if _, constant := s.o.tensors[at]; constant {
			delete(s.o.c.entries, at)
			return
		}
		n, ok := s.r.producer[at]
		if _, layer := s.affine(s.tensors[at]); !ok || layer {
			return
		}
		for _, in := range n.inputs {
			walk(in)
		}
	}
	walk(at)
}

// shorten takes the front off names of transformers' DINOv3 that its other tensors, and its safetensors, have not.
func (s *tracedBlocks) shorten() {
	entries := s.o.c.entries
	if _, ok := entries["embeddings.patch_embeddings.weight"]; !ok {
		return
	}
	for name, e := range entries {
		if rest, ok := strings.CutPrefix(name, "model.layer."); ok {
			delete(entries, name)
			entries["layer."+rest] = e
		}
	}
}
