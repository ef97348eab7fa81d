package network_test

import (
	"slices"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
)

// What every fold over the ops relies on, held for every built-in model.
func TestOpListsAreWhole(t *testing.T) {
	for _, name := range configs.Models() {
		t.Run(name, func(t *testing.T) {
			m, err := configs.LoadModel(name)
			if err != nil {
				t.Fatal(err)
			}
			n := compile(t, m)
			var names []string
			for i, op := range n.Ops {
				checkOp(t, n, i, op)
				names = append(names, op.Name)
			}
			for i, l := range n.Layers {
				checkLayer(t, n, i, l)
			}
			slices.Sort(names)
			if len(slices.Compact(names)) != len(n.Ops) {
				t.Error("two ops have one name")
			}
		})
	}
}

func checkOp(t *testing.T, n *network.Network, i int, op network.Op) {
	t.Helper()
	if op.Index != i || op.Elements() <= 0 || op.Kind.IsMatmul() != (op.Inner > 0) {
		t.Errorf("op %+v", op)
	}
	if !slices.Contains(n.Layers[op.Layer].Ops, i) {
		t.Errorf("op %s has the bits of layer %s, which does not know it", op.Name, n.Layers[op.Layer].Name)
	}
	if first := n.Ops[op.First]; first.First != first.Index || first.Layer != op.Layer || first.Inputs[0] != op.Inputs[0] {
		t.Errorf("op %s shares the rows of %s, which reads others", op.Name, first.Name)
	}
	for _, in := range op.Inputs {
		if in >= i || in == network.Image && i > 0 || in < network.Image {
			t.Errorf("op %s reads op %d", op.Name, in)
		}
	}
	if op.Inputs[0] == network.Image {
		return
	}
	from := n.Ops[op.Inputs[0]]
	if op.Gather == nil && op.Rows+op.FirstRow > from.Rows && op.Kind != network.OpPool {
		t.Errorf("op %s reads %d rows from row %d on of the %d of %s", op.Name, op.Rows, op.FirstRow, from.Rows, from.Name)
	}
	if op.Gather != nil && (len(op.Gather) != op.Rows*op.Join || slices.Max(op.Gather) >= from.Rows) {
		t.Errorf("op %s gathers %d rows for %d", op.Name, len(op.Gather), op.Rows)
	}
	if op.Kind.HasWeights() && op.Inner != from.Cols*from.Heads*op.Join {
		t.Errorf("op %s sums %d products of rows of %d", op.Name, op.Inner, from.Cols*from.Heads)
	}
}

func checkLayer(t *testing.T, n *network.Network, i int, l network.Layer) {
	t.Helper()
	if l.Index != i || l.Inner <= 0 || l.Weights == (l.Role == network.AttentionLayer) ||
		(l.Block == network.None) != l.Edge {
		t.Errorf("layer %+v", l)
	}
	for _, o := range n.Layers {
		if l.Class == o.Class && (l.Role != o.Role || l.Inner != o.Inner || n.Ops[l.Ops[0]].Rows != n.Ops[o.Ops[0]].Rows) {
			t.Errorf("layers %s and %s are of one class", l.Name, o.Name)
		}
	}
}
