package checkpoint

import (
	"fmt"

	"vitdse/configs/network"
)

// relative reads the attentions of a ViT to whose scores a bias for each relative position is added (BEiT): q, k and v,
// whose bias an exporter joins of parts, and the table, which it gathers. The other tensors have names; what these
// attentions store goes under timm's.
func (r *graphReader) relative() error {
	image, err := r.oneImage()
	if err != nil {
		return err
	}
	m, err := r.moves(r.o, image)
	if err != nil {
		return err
	}
	s := &tracedGraph{mover: m, r: r}
	var shape network.Block
	block := 0
	for i := range r.nodes {
		t := m.tensors[r.nodes[i].out()]
		switch {
		case r.nodes[i].op == "Conv" && t != nil && len(t.shape) == 4:
			shape.Rows, shape.Cols = t.shape[2], t.shape[3]
		case r.nodes[i].op == "MatMul" || r.nodes[i].op == "Gemm":
			proj, ok := s.affine(t)
			if !ok {
				continue
			}
			of, _, err := s.computed(proj.in)
			if err != nil || of.node == nil || of.node.op != "MatMul" || of.in[0].list != nil || of.in[1].list != nil {
				continue
			}
			if err := s.relativeBlock(block, proj, shape); err != nil {
				return fmt.Errorf("block %d: %w", block, err)
			}
			block++
		}
	}
	if block == 0 {
		return fmt.Errorf("something is added to the scores of attentions, and none is read by a layer with constant weights")
	}
	r.list = append(r.list, fact{"relative_positions", true, "the graph's scores"})
	return nil
}

// relativeBlock reads the attention in front of a layer.
func (s *tracedGraph) relativeBlock(block int, proj affine, shape network.Block) error {
	name := fmt.Sprintf("blocks.%d", block)
	if _, ok := s.o.c.entries[name+".norm1.weight"]; !ok {
		return fmt.Errorf("%s: something is added to its scores (a relative position bias), which is carried of timm's "+
			"exports only, and there is no %s.norm1.weight", proj.node.title(), name)
	}
	b := swinBlock{proj: proj}
	x, err := s.attention(&b)
	if err != nil {
		return err
	}
	if of, err := s.straight(x, "the LayerNorm in front of an attention"); err != nil {
		return err
	} else if n, err := s.layerNorm(of, "the LayerNorm in front of an attention"); err != nil {
		return err
	} else if want := name + ".norm1.weight"; n.gamma.name != want {
		return fmt.Errorf("%s: its gain is %q; expected %s", n.node.title(), n.gamma.name, want)
	}
	patches := shape.Rows * shape.Cols
	if b.windows != 1 || b.rows != patches+1 {
		return fmt.Errorf("%s: is of %d windows of %d rows; expected one of a class token and %d patches",
			b.softmax.title(), b.windows, b.rows, patches)
	}
	shape.Name, shape.Relative, shape.Heads, shape.H, shape.W = name, true, b.heads, 1, b.rows
	if err := s.positions(&b, shape, make([]uint8, b.rows)); err != nil {
		return err
	}
	for _, part := range []string{".attn.q_bias", ".attn.k_bias", ".attn.v_bias"} { // those of the joint bias
		delete(s.o.c.entries, name+part)
	}
	if block == 0 {
		s.r.list = append(s.r.list, fact{"heads", b.heads, "the graph's attention"})
	} else if first := s.heads; first != b.heads {
		return fmt.Errorf("%s: has %d heads, block 0 has %d", b.softmax.title(), b.heads, first)
	}
	s.heads = b.heads
	return s.storeQKV(name+".attn.qkv", &b)
}
