package checkpoint

// imageSize takes the image's size from the graph's input, whose pixels the patch embedding reads.
func (r *graphReader) imageSize(patches onnxNode) {
	if len(r.size) != 4 || len(patches.inputs) < 2 {
		return
	}
	weights := r.o.tensors[patches.inputs[1]].Shape
	if len(weights) != 4 {
		return
	}
	height, width := r.size[2], r.size[3]
	if r.size[1] != int64(weights[1]) { // channels come last
		height, width = r.size[1], r.size[2]
	}
	if height > 0 && width > 0 {
		const from = "the graph's input"
		r.list = append(r.list, fact{"image.height", int(height), from}, fact{"image.width", int(width), from})
	}
}

// heads takes the number of heads from what splits queries and keys into them: a Reshape to [.., tokens, heads,
// channels] or [.., tokens, 3, heads, channels], or to [tokens, images x heads, channels], whose axes a Transpose then
// exchanges. Where windows do it, whose stages have numbers of their own, or Reshapes differ, nothing is taken.
func (r *graphReader) heads() {
	found, width := map[int64]bool{}, r.width()
	for _, n := range r.nodes {
		if n.op != "Transpose" || len(n.inputs) != 1 {
			continue
		}
		shape := r.target(r.producer[n.inputs[0]])
		rank := len(shape)
		switch moved := n.attributes["perm"].ints; {
		case rank == 6: // windows
			return
		case rank == 3 && len(moved) == 3 && moved[0] == 1 && shape[1] > 1: // torch.nn.MultiheadAttention
		case rank == 4 && len(moved) == 4 && moved[1] == 2:
		case rank == 5 && len(moved) == 5 && moved[0] == 2 && shape[2] == 3:
		default:
			continue
		}
		if heads := headsIn(shape, width); heads > 0 {
			found[heads] = true
		}
	}
	if len(found) == 1 {
		for heads := range found {
			r.list = append(r.list, fact{"heads", int(heads), "the graph's Reshape"})
		}
	}
}

// headsIn is the number of heads into which a shape splits width channels: its last two axes are heads, which may be
// left open, and channels of a head. It is 0 where they are not.
func headsIn(shape []int64, width int64) int64 {
	if len(shape) < 3 {
		return 0
	}
	heads, channels := shape[len(shape)-2], shape[len(shape)-1]
	if heads <= 0 && channels > 0 {
		heads = width / channels
	}
	if heads <= 0 || heads*channels != width {
		return 0
	}
	return heads
}

// target is the shape that a Reshape gives, -1 where the graph computes it; nil of other nodes.
func (r *graphReader) target(n onnxNode) []int64 {
	if n.op != "Reshape" || len(n.inputs) < 2 {
		return nil
	}
	if shape := r.o.whole[n.inputs[1]]; shape != nil {
		return shape
	}
	join := r.producer[n.inputs[1]]
	if join.op != "Concat" {
		return nil
	}
	var shape []int64
	for _, in := range join.inputs {
		if v := r.o.whole[in]; v != nil {
			shape = append(shape, v...)
		} else {
			shape = append(shape, -1)
		}
	}
	return shape
}

// width is how many channels the patch embedding gives, 0 where no Conv does.
func (r *graphReader) width() int64 {
	for _, n := range r.nodes {
		if n.op == "Conv" && len(n.inputs) > 1 {
			if e, ok := r.o.tensors[n.inputs[1]]; ok && len(e.Shape) > 0 {
				return int64(e.Shape[0])
			}
		}
	}
	return 0
}
