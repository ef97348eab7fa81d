package checkpoint

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Attention pooling (SigLIP) is an attention whose one query the image has no part in. An exporter may compute that
// query and leave out what it was made of, a learned token and the layer behind it.

// constant says whether the image has no part in what a name stands for.
func (r *graphReader) constant(at string, known map[string]bool) bool {
	if at == "" || slices.Contains(r.inputs, at) {
		return false
	}
	is, seen := known[at]
	if n, made := r.producer[at]; !seen {
		is = !made || n.op == "Shape" || !slices.ContainsFunc(n.inputs, func(in string) bool {
			return in != "" && !r.constant(in, known)
		})
		known[at] = is
	}
	return is
}

// probes reads attention pooling, where the graph has it, and says whether it does.
func (r *graphReader) probes() (bool, error) {
	known := map[string]bool{}
	for i := range r.nodes {
		soft := &r.nodes[i]
		if soft.op != "Softmax" || len(soft.inputs) == 0 {
			continue
		}
		before := r.producer[soft.inputs[0]]
		for range 8 {
			if len(before.inputs) == 0 || before.op == "MatMul" {
				break
			}
			before = r.producer[before.inputs[0]]
		}
		if before.op != "MatMul" || len(before.inputs) != 2 || !r.constant(before.inputs[0], known) {
			continue
		}
		if err := r.probe(soft, before, known); err != nil {
			return true, fmt.Errorf("%s: is of a query that the image has no part in (attention pooling): %w", soft.title(), err)
		}
		return true, nil
	}
	return false, nil
}

// probe gives the learned query of an attention pooling its name, or, where only what the layer made of it is there,
// makes a layer that gives the same: zeros, and the query as its bias.
func (r *graphReader) probe(soft *onnxNode, scores onnxNode, known map[string]bool) error {
	entries := r.o.c.entries
	for name := range entries {
		if strings.HasSuffix(name, "attn_pool.latent") || strings.HasSuffix(name, "head.probe") {
			return nil
		}
	}
	if _, torch := entries["head.attention.in_proj_weight"]; torch {
		for _, n := range r.nodes {
			if n.op == "MatMul" && r.constant(n.inputs[0], known) && r.constant(n.inputs[1], known) {
				if e, ok := r.o.tensors[n.inputs[0]]; ok && len(e.Shape) == 3 {
					delete(entries, n.inputs[0])
					entries["head.probe"] = e
					return nil
				}
			}
		}
		return fmt.Errorf("no token is multiplied with head.attention.in_proj_weight")
	}
	s, err := r.traced()
	if err != nil {
		return err
	}
	product := s.tensors[scores.out()]
	query, err := s.values(product.in[0])
	if err != nil {
		return err
	}
	value := slices.IndexFunc(r.nodes, func(n onnxNode) bool {
		return n.op == "MatMul" && len(n.inputs) == 2 && n.inputs[0] == soft.out()
	})
	if value < 0 || product != s.tensors[soft.inputs[0]] {
		return fmt.Errorf("no values are multiplied with it, or something is between it and its scores")
	}
	shape := product.in[0].shape
	b := tracedAttention{windows: 1, width: shape[len(shape)-1], rows: product.shape[len(product.shape)-1]}
	b.heads = len(query) / b.width
	var layers [2]layerPart
	factor := math.Sqrt(float64(b.width))
	for i, t := range []*moved{product.in[1], s.tensors[r.nodes[value].inputs[1]]} {
		f, turn := 1.0, turning{}
		if layers[i], f, turn, err = s.turnedHeads(&b, t, i == 0); err != nil {
			return err
		}
		if !turn.plain() || i == 1 && f != 1 {
			return fmt.Errorf("its keys or values are turned or scaled")
		}
		factor *= f
	}
	kv, dim := layers[0], len(query)
	if kv.of != layers[1].of || kv.first != 0 || layers[1].first != dim || kv.layer.bias == nil {
		return fmt.Errorf("%s: its keys and values are not one layer's, in this order, with a bias", kv.layer.node.title())
	}
	stem, ok := strings.CutSuffix(kv.layer.bias.name, "kv.bias")
	if !ok || stem != "attn_pool." {
		return fmt.Errorf("%s: the bias of its keys and values is %q; expected attn_pool.kv.bias", kv.layer.node.title(),
			kv.layer.bias.name)
	}
	bias := make([]float32, dim)
	for i, v := range query {
		bias[i] = float32(v * factor)
	}
	delete(entries, product.in[0].name)
	entries[stem+"latent"] = newEntry([]int{1, 1, dim}, make([]float32, dim))
	entries[stem+"q.weight"] = newEntry([]int{dim, dim}, make([]float32, dim*dim))
	entries[stem+"q.bias"] = newEntry([]int{dim}, bias)
	return nil
}

// towerPositions names the position embedding of a tower of transformers (CLIP, SigLIP), from which an exporter has
// gathered all rows already: the constant that is added to the tokens.
func (r *graphReader) towerPositions() {
	const name = "embeddings.position_embedding.weight"
	entries := r.o.c.entries
	if _, tower := entries["embeddings.patch_embedding.weight"]; !tower || hasKey(entries, name) {
		return
	}
	for _, n := range r.nodes {
		if n.op == "LayerNormalization" {
			return
		}
		if n.op != "Add" {
			continue
		}
		for _, in := range n.inputs {
			if e, ok := r.o.tensors[in]; ok && len(e.Shape) == 3 && e.Shape[0] == 1 && e.Shape[1] > 1 {
				delete(entries, in)
				entries[name] = e
				return
			}
		}
	}
}
