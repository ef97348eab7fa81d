package network

// builder collects the ops of a network. Its methods are what families have in common.
type builder struct {
	n       *Network
	layers  map[string]int
	classes map[class]int
}

// class is all that a layer's cost depends on, but its bits.
type class struct {
	role              LayerRole
	stage, inner, ops int
	moves             bool
}

// add appends an op of a layer within a block or patch merging ("" outside), and the layer where it is the first of
// it. It is the op's index.
func (b *builder) add(op Op, within string, role LayerRole) int {
	layer := role.Short()
	if within != "" {
		layer = within + "." + layer
	}
	op.Index = len(b.n.Ops)
	if op.First == 0 {
		op.First = op.Index
	}
	op.Heads, op.Join = max(1, op.Heads), max(1, op.Join)
	at, known := b.layers[layer]
	if !known {
		at = len(b.n.Layers)
		b.layers[layer] = at
		b.n.Layers = append(b.n.Layers, Layer{Index: at, Name: layer, Within: within, Role: role, Block: op.Block,
			Stage: op.Stage, Edge: role == EmbedLayer || role == HeadLayer})
	}
	op.Layer = at
	l := &b.n.Layers[at]
	l.Ops = append(l.Ops, op.Index)
	l.Weights = l.Weights || op.Kind.HasWeights()
	if l.Inner == 0 {
		l.Inner = op.Inner
	}
	b.n.Ops = append(b.n.Ops, op)
	return op.Index
}

// classify numbers the layers' classes, once all are there.
func (b *builder) classify() {
	last, block := b.n.order(None), None
	for i := range b.n.Layers {
		l := &b.n.Layers[i]
		if l.Moves = l.Role == MergeLayer; l.Block != block {
			now := b.n.order(l.Block)
			l.Moves = l.Moves || !now.same(last)
			last, block = now, l.Block
		}
		key := class{l.Role, l.Stage, l.Inner, len(l.Ops), l.Moves}
		if _, known := b.classes[key]; !known {
			b.classes[key] = len(b.classes)
		}
		l.Class = b.classes[key]
	}
	b.n.LayerClasses = len(b.classes)
}

// patches gathers the image's pixels into rows.
func (b *builder) patches(rows, inner int) int {
	return b.add(Op{Name: "patches", Kind: OpPatches, Role: RolePatches, Block: None,
		Inputs: []int{Image}, Rows: rows, Cols: inner}, "", EmbedLayer)
}

// block lists one transformer block on the residual stream of an op, and is the op that leaves the new one.
// Attention's rows are those of all its windows.
func (b *builder) block(s Block, stream int) int {
	b.n.Blocks = append(b.n.Blocks, s)
	n, d, rows, width := s.Tokens(), s.Dim, s.WindowRows(), s.WindowTokens()
	add := func(name string, role LayerRole, op Op) int {
		op.Name, op.Block, op.Stage = s.Name+"."+name, s.Index, s.Stage
		return b.add(op, s.Name, role)
	}
	var order, back []int
	var regions []uint8
	if s.Window > 0 {
		order, regions = s.WindowOrder(), s.WindowRegions()
		back = make([]int, n)
		for row, token := range order {
			if token != Padding {
				back[token] = row
			}
		}
	}
	x := add("norm1", QKVLayer, Op{Kind: OpLayerNorm, Role: RoleNorm1, Inputs: []int{stream}, Rows: n, Cols: d})
	part := func(name string, role Role, kind OpKind) int {
		return add(name, QKVLayer, Op{Kind: kind, Role: role, Inputs: []int{x}, First: x + 1,
			Rows: rows, Cols: d, Inner: d, Gather: order})
	}
	made := OpLinear // q and k
	if s.QKNorm || s.Turned {
		made = OpLinearFine
	}
	q, k, v := part("attn.q", RoleQuery, made), part("attn.k", RoleKey, made), part("attn.v", RoleValue, OpLinear)
	if s.QKNorm {
		norm := Op{Kind: OpHeadNorm, Rows: rows, Cols: d}
		norm.Role, norm.Inputs = RoleQueryNorm, []int{q}
		q = add("attn.q_norm", AttentionLayer, norm)
		norm.Role, norm.Inputs = RoleKeyNorm, []int{k}
		k = add("attn.k_norm", AttentionLayer, norm)
	}
	if s.Turned {
		turn := Op{Kind: OpRotate, Rows: rows, Cols: d}
		turn.Role, turn.Inputs = RoleQueryTurn, []int{q}
		q = add("attn.q_rope", AttentionLayer, turn)
		turn.Role, turn.Inputs = RoleKeyTurn, []int{k}
		k = add("attn.k_rope", AttentionLayer, turn)
	}
	scores := add("attn.scores", AttentionLayer, Op{Kind: OpScores, Role: RoleScores, Inputs: []int{q, k},
		Heads: s.Heads, Rows: rows, Cols: width, Inner: s.HeadDim(), Relative: s.Relative})
	softmax := add("attn.softmax", AttentionLayer, Op{Kind: OpSoftmax, Role: RoleSoftmax, Inputs: []int{scores},
		Heads: s.Heads, Rows: rows, Cols: width, Regions: regions})
	av := add("attn.av", AttentionLayer, Op{Kind: OpAttnValue, Role: RoleContext, Inputs: []int{softmax, v},
		Heads: s.Heads, Rows: rows, Cols: s.HeadDim(), Inner: width})
	stream = add("attn.proj", ProjLayer, Op{Kind: OpLinearAdd, Role: RoleProj, Inputs: []int{av, stream},
		Rows: n, Cols: d, Inner: d, Gather: back})
	x = add("norm2", FC1Layer, Op{Kind: OpLayerNorm, Role: RoleNorm2, Inputs: []int{stream}, Rows: n, Cols: d})
	fc1 := Op{Kind: OpLinearGELU, Role: RoleFC1, Inputs: []int{x}, Rows: n, Cols: s.Hidden, Inner: d}
	if s.Gated {
		gate := fc1
		gate.Kind, gate.Role = OpLinearGate, RoleGate
		fc1.First = add("mlp.fc1_g", FC1Layer, gate)
		fc1.Kind, fc1.Inputs = OpLinearGated, []int{x, fc1.First}
	}
	hidden := add("mlp.fc1", FC1Layer, fc1)
	if s.MLPNorm {
		hidden = add("mlp.norm", FC2Layer, Op{Kind: OpInnerNorm, Role: RoleMLPNorm, Inputs: []int{hidden},
			Rows: n, Cols: s.Hidden})
	}
	return add("mlp.fc2", FC2Layer, Op{Kind: OpLinearAdd, Role: RoleFC2, Inputs: []int{hidden, stream},
		Rows: n, Cols: d, Inner: s.Hidden})
}

// poolAttention lists attention pooling of the rows of a residual stream from the first given on: a block with one
// learned query, which begins a new stream (Lee et al., Set Transformer, arXiv:1810.00825; Zhai et al., SigLIP,
// arXiv:2303.15343).
func (b *builder) poolAttention(s Block, stream, first int) int {
	b.n.Blocks = append(b.n.Blocks, s)
	b.n.Stages = append(b.n.Stages, Stage{Index: s.Stage, Depth: 1, H: 1, W: 1, Dim: s.Dim, Heads: s.Heads})
	d := s.Dim
	add := func(name string, role LayerRole, op Op) int {
		op.Name, op.Block, op.Stage = name, s.Index, s.Stage
		return b.add(op, s.Name, role)
	}
	x := add("norm", QKVLayer, Op{Kind: OpLayerNorm, Role: RoleNorm1, Inputs: []int{stream}, FirstRow: first,
		Rows: s.Keys, Cols: d})
	part := Op{Kind: OpLinear, Role: RoleKey, Inputs: []int{x}, First: x + 1, Rows: s.Keys, Cols: d, Inner: d}
	k := add(s.Name+".k", QKVLayer, part)
	part.Role = RoleValue
	v := add(s.Name+".v", QKVLayer, part)
	q := add(s.Name+".q", AttentionLayer, Op{Kind: OpProbe, Role: RoleQuery, Inputs: []int{None}, Rows: 1, Cols: d})
	scores := add(s.Name+".scores", AttentionLayer, Op{Kind: OpScores, Role: RoleScores, Inputs: []int{q, k},
		Heads: s.Heads, Rows: 1, Cols: s.Keys, Inner: s.HeadDim()})
	softmax := add(s.Name+".softmax", AttentionLayer,
		Op{Kind: OpSoftmax, Role: RoleSoftmax, Inputs: []int{scores}, Heads: s.Heads, Rows: 1, Cols: s.Keys})
	av := add(s.Name+".av", AttentionLayer, Op{Kind: OpAttnValue, Role: RoleContext, Inputs: []int{softmax, v},
		Heads: s.Heads, Rows: 1, Cols: s.HeadDim(), Inner: s.Keys})
	stream = add(s.Name+".proj", ProjLayer, Op{Kind: OpMerge, Role: RoleProj, Inputs: []int{av}, Rows: 1,
		Cols: d, Inner: d})
	x = add(s.Name+".norm", FC1Layer, Op{Kind: OpLayerNorm, Role: RoleNorm2, Inputs: []int{stream}, Rows: 1, Cols: d})
	hidden := add(s.Name+".mlp.fc1", FC1Layer, Op{Kind: OpLinearGELU, Role: RoleFC1, Inputs: []int{x}, Rows: 1,
		Cols: s.Hidden, Inner: d})
	return add(s.Name+".mlp.fc2", FC2Layer, Op{Kind: OpLinearAdd, Role: RoleFC2, Inputs: []int{hidden, stream}, Rows: 1,
		Cols: d, Inner: s.Hidden})
}

// outside adds an op of the head layer, which no block has.
func (b *builder) outside(op Op) int {
	op.Block, op.Stage = None, len(b.n.Stages)-1
	return b.add(op, "", HeadLayer)
}
