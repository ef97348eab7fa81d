package checkpoint

import (
	"fmt"
	"math"
	"strconv"

	"vitdse/configs"
)

// Rotary embeddings turn pairs of channels: each of a query's numbers is made of two that its layer gives. Exporters
// write that with many operators (halves that are exchanged and negated, numbers beside their neighbours, tables of
// cosines that the graph computes). What counts is which numbers each one is made of, and how much of each, so that is
// computed; then it has to be what a network's own keys make of every patch.

// combination is a tensor whose elements are sums of at most two numbers of a layer's result.
type combination struct {
	of *moved
	at [][2]int32 // -1 for none
	by [][2]float64
}

// combined follows a tensor back to the layer of which its elements are sums.
func (s *tracedGraph) combined(t *moved, expected string) (*combination, error) {
	if t == nil || t.list != nil {
		return nil, wrong(t, expected)
	}
	if err := s.counts(volume(t.shape)); err != nil {
		return nil, err
	}
	if of, at, err := s.computed(t); err == nil && of.node != nil { // moves alone: taken together
		if _, layer := s.affine(of); layer {
			return wholeNumbers(of, at), nil
		}
		if of != t {
			c, err := s.combined(of, expected)
			if err != nil || at == nil {
				return c, err
			}
			return c.picked(at), nil
		}
	}
	if t.from != nil {
		return s.gathered(t, expected)
	}
	if t.node == nil {
		return nil, wrong(t, expected)
	}
	if t.node.op == "Neg" {
		return s.scaledBy(t.in[0], expected, func(int) float64 { return -1 })
	}
	if (t.node.op == "Add" || t.node.op == "Sub") && len(t.in) == 2 {
		return s.summed(t, expected)
	}
	result, constant := operands(t)
	if result == nil || t.node.op != "Mul" && (t.node.op != "Div" || constant != t.in[1]) ||
		volume(result.shape) != volume(t.shape) {
		return nil, wrong(t, expected)
	}
	v, err := s.spreads(t.shape, constant)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.node.title(), err)
	}
	if t.node.op == "Div" {
		return s.scaledBy(result, expected, func(i int) float64 { return 1 / v[0][i] })
	}
	return s.scaledBy(result, expected, func(i int) float64 { return v[0][i] })
}

// scaledBy is the combination of a tensor times a factor for each element.
func (s *tracedGraph) scaledBy(t *moved, expected string, factor func(i int) float64) (*combination, error) {
	c, err := s.combined(t, expected)
	if err != nil {
		return nil, err
	}
	for i := range c.by {
		f := factor(i)
		c.by[i][0], c.by[i][1] = c.by[i][0]*f, c.by[i][1]*f
	}
	return c, nil
}

// gathered is the combination of a tensor of others' elements.
func (s *tracedGraph) gathered(t *moved, expected string) (*combination, error) {
	all := &combination{}
	for _, f := range t.from {
		c, err := s.combined(f, expected)
		if err != nil {
			return nil, err
		}
		if all.of != nil && all.of != c.of {
			return nil, fmt.Errorf("%w; it joins what different layers gave", wrong(c.of, expected))
		}
		all.of, all.at, all.by = c.of, append(all.at, c.at...), append(all.by, c.by...)
	}
	if t.pick == nil {
		return all, nil
	}
	pick, err := t.pick()
	if err != nil {
		return nil, err
	}
	return all.picked(pick), nil
}

// picked is the combination of some elements, 0 where their place is below 0.
func (c *combination) picked(at []int32) *combination {
	p := &combination{of: c.of, at: make([][2]int32, len(at)), by: make([][2]float64, len(at))}
	for i, k := range at {
		if p.at[i] = [2]int32{-1, -1}; k >= 0 {
			p.at[i], p.by[i] = c.at[k], c.by[k]
		}
	}
	return p
}

// wholeNumbers is the combination of the elements of a layer's result, in their own order where at is nil.
func wholeNumbers(of *moved, at []int32) *combination {
	if at == nil {
		at = inOrder(volume(of.shape))
	}
	c := &combination{of: of, at: make([][2]int32, len(at)), by: make([][2]float64, len(at))}
	for i, k := range at {
		if c.at[i] = [2]int32{k, -1}; k >= 0 {
			c.by[i][0] = 1
		}
	}
	return c
}

// summed is the combination of a sum or difference of two results.
func (s *tracedGraph) summed(t *moved, expected string) (*combination, error) {
	a, err := s.combined(t.in[0], expected)
	if err != nil {
		return nil, err
	}
	b, err := s.combined(t.in[1], expected)
	if err != nil {
		return nil, err
	}
	if a.of != b.of || len(a.at) != volume(t.shape) || len(b.at) != volume(t.shape) {
		return nil, fmt.Errorf("%w; it adds what different layers gave, or repeats it", wrong(t, expected))
	}
	sign := 1.0
	if t.node.op == "Sub" {
		sign = -1
	}
	for i := range a.at {
		for k, at := range b.at[i] {
			if at < 0 {
				continue
			}
			if !a.add(i, at, sign*b.by[i][k]) {
				return nil, fmt.Errorf("%w; it makes a query or key of more than two numbers", wrong(t, expected))
			}
		}
	}
	return a, nil
}

// add adds a number times a factor to an element; false where it has two others already.
func (c *combination) add(i int, at int32, by float64) bool {
	for k := range c.at[i] {
		if c.at[i][k] == at || c.at[i][k] < 0 {
			c.at[i][k] = at
			c.by[i][k] += by
			return true
		}
	}
	return false
}

// turning is how q or k of an attention is made: for each row and channel of a head its own part, and that of another
// channel of the head.
type turning struct {
	width  int
	own    []float64 // rows x width
	other  []float64
	beside []int // the other channel, -1 for none
}

// turnedHeads follows q or k (turned: k) of all heads, with what turns it, back to the layer that computes it; the
// factor is that on the way.
func (s *tracedGraph) turnedHeads(b *tracedAttention, t *moved, turned bool) (layerPart, float64, turning,
	error) {
	const expected = "a layer for q or k, and what turns it"
	heads, rows, width := b.heads, b.rows, b.width
	turn := turning{width: width, own: make([]float64, rows*width), other: make([]float64, rows*width),
		beside: make([]int, rows*width)}
	c, err := s.combined(t, expected)
	if err != nil {
		return layerPart{}, 0, turn, err
	}
	layer, _ := s.affine(c.of)
	p := layerPart{layer: layer, of: c.of}
	first, factor := int32(math.MaxInt32), math.Hypot(c.by[0][0], c.by[0][1])
	for k, at := range c.at[0] {
		if at >= 0 && c.by[0][k] != 0 {
			first = min(first, at%int32(layer.out))
		}
	}
	bad := fmt.Errorf("%s: its result is cut into heads in another way than is known, or turned between them",
		layer.node.title())
	p.first = int(first)
	if factor == 0 || math.IsNaN(factor) || len(c.at) != heads*rows*width || b.windows != 1 {
		return p, 0, turn, bad
	}
	for i := range c.at {
		ch, row := i%width, i/width%rows
		if turned {
			row, ch = i%rows, i/rows%width
		}
		head := i / (rows * width)
		base, own, other, beside := row*layer.out+p.first+head*width, 0.0, 0.0, -1
		for k, at := range c.at[i] {
			switch d := int(at) - base; {
			case at < 0:
			case d == ch:
				own = c.by[i][k] / factor
			case d >= 0 && d < width:
				beside, other = d, c.by[i][k]/factor
			default:
				return p, 0, turn, bad
			}
		}
		e := row*width + ch
		switch {
		case head == 0:
			turn.own[e], turn.other[e], turn.beside[e] = own, other, beside
		case turn.own[e] != own || turn.other[e] != other || turn.beside[e] != beside:
			return p, 0, turn, fmt.Errorf("%s: its heads turn in different ways", layer.node.title())
		}
	}
	return p, factor, turn, nil
}

// turnTolerance is how far a cosine may be off: that of an angle of a hundred, rounded to a float32.
const turnTolerance = 2e-5

// plain says whether nothing is turned.
func (t *turning) plain() bool {
	for i, v := range t.own {
		if math.Abs(v-1) > turnTolerance || math.Abs(t.other[i]) > turnTolerance {
			return false
		}
	}
	return true
}

// is says whether the rows behind a prefix turn as those of a model do, and the prefix does not.
func (t *turning) is(m *configs.Model, prefix int) bool {
	angles := make([]float64, t.width/2)
	for row := range len(t.own) / t.width {
		for j := range angles {
			if angles[j] = 0; row >= prefix {
				angles[j] = m.Turn(row-prefix, j, t.width)
			}
			a, b := m.TurnedPair(j, t.width)
			sin, cos := math.Sincos(angles[j])
			for _, x := range []struct {
				own, other int
				sin        float64
			}{{a, b, -sin}, {b, a, sin}} {
				e := row*t.width + x.own
				beside := t.beside[e]
				if math.Abs(t.own[e]-cos) > turnTolerance || math.Abs(t.other[e]-x.sin) > turnTolerance ||
					beside != x.other && (beside >= 0 && t.other[e] != 0 || math.Abs(x.sin) > turnTolerance) {
					return false
				}
			}
		}
	}
	return true
}

// turned finds the keys of a network whose q and k turn as those of an attention, which are the same in all blocks.
func (s *tracedBlocks) turned(b *tracedAttention, prefix int) error {
	q, k := &b.turn[0], &b.turn[1]
	if q.plain() && k.plain() {
		if s.turns != "" {
			return fmt.Errorf("%s: its q and k do not turn; those of block 0 do", b.softmax.title())
		}
		return nil
	}
	m := configs.Model{Image: configs.ImageShape{Height: s.grid.Rows, Width: s.grid.Cols, Channels: 1}, Patch: 1}
	found := false
	for _, t := range q.candidates(prefix, s.grid.Rows, s.grid.Cols) {
		m.Rope, m.RopeTheta, m.RopeHalf, m.RopeReference = t.kind, t.theta, t.half, t.reference
		if found = q.is(&m, prefix) && k.is(&m, prefix); found {
			break
		}
	}
	switch t := turned(&m); {
	case !found:
		return fmt.Errorf("%s: its q and k turn in another way than rotary embeddings of a grid or of a centred grid of "+
			"%dx%d patches behind %d tokens that do not", b.softmax.title(), s.grid.Rows, s.grid.Cols, prefix)
	case s.blocks == 0:
		s.turns = t.String()
		s.r.list = append(s.r.list, fact{"rope", t, "the graph's attention"})
	case s.turns != t.String():
		return fmt.Errorf("%s: its q and k turn as %s; those of block 0 as %q", b.softmax.title(), t, s.turns)
	}
	return nil
}

// candidates are the keys that a rotation may have. Those of the slowest pair of channels, which turns by less than
// half a circle from patch to patch, say what is between two patches.
func (t *turning) candidates(prefix, rows, cols int) []turns {
	n := t.width / 4
	if t.width%4 != 0 || n == 0 {
		return nil
	}
	last := (prefix+rows*cols-1)*t.width + 0
	half := t.beside[last] != 1
	m := configs.Model{RopeHalf: half}
	angle := func(patch, j int) float64 {
		a, _ := m.TurnedPair(j, t.width)
		e := (prefix+patch)*t.width + a
		return math.Atan2(-t.other[e], t.own[e])
	}
	// The step from a patch to the next, along columns and rows, of the pair that is so many from the slowest.
	step := func(from int) (alongRows, alongCols float64) {
		if rows > 1 {
			alongRows = math.Remainder(angle(cols, n-1-from)-angle(0, n-1-from), 2*math.Pi)
		}
		if cols > 1 {
			alongCols = math.Remainder(angle(1, 2*n-1-from)-angle(0, 2*n-1-from), 2*math.Pi)
		}
		return alongRows, alongCols
	}
	down, right := step(0)
	thetas := []float64{100, 10000}
	add := func(theta float64) {
		short, err := strconv.ParseFloat(strconv.FormatFloat(theta, 'g', 3, 64), 64)
		for _, v := range []float64{short, theta} {
			if err == nil && v > 1 && v <= 1e9 {
				thetas = append(thetas, v)
			}
		}
	}
	if n > 1 {
		slow, side := right, cols
		nextDown, next := step(1)
		if cols == 1 {
			slow, side, next = down, rows, nextDown
		}
		add(math.Pow(next/slow, float64(n)))
		for _, fastest := range []float64{4 * math.Pi / float64(side), 1} { // of a centred grid, and of a grid of its own
			add(math.Pow(fastest/slow, float64(n)/float64(n-1)))
		}
	}
	var list []turns
	for _, theta := range thetas {
		list = append(list, turns{configs.RopeCentred, theta, half, nil}, turns{configs.RopeGrid, theta, half, nil})
		fastest := math.Pow(theta, float64(n-1)/float64(n))
		whole := func(v float64) int { return int(math.Round(v * fastest)) }
		reference := []int{whole(down * float64(rows)), whole(right * float64(cols))}
		for i, side := range []int{rows, cols} {
			if side == 1 { // any
				reference[i] = max(1, reference[1-i])
			}
		}
		if reference[0] > 0 && reference[1] > 0 {
			list = append(list, turns{configs.RopeGrid, theta, half, reference})
		}
	}
	return list
}

// prefixes names what an exporter joins in front of the patches where no position embedding is added, by which it would
// be named: the class token, and registers behind it.
func (s *tracedBlocks) prefixes() {
	entries := s.o.c.entries
	front, class, registers := "", "cls_token", "reg_token"
	if _, ok := entries["embeddings.patch_embeddings.weight"]; ok {
		front, registers = "embeddings.", "register_tokens"
	}
	have := func(name string) bool { _, ok := entries[front+name]; return ok }
	for i := range s.r.nodes {
		n := &s.r.nodes[i]
		if t := s.tensors[n.out()]; n.op != "Concat" || t == nil || t.list != nil || len(t.shape) != 3 {
			continue
		}
		if have(class) || have("pos_embed") {
			return
		}
		var rows []float32
		var width int
		for _, in := range n.inputs {
			t := s.tensors[in]
			if t == nil || t.list == nil || len(t.shape) != 3 {
				break
			}
			e, err := s.entry(t)
			if err != nil {
				break
			}
			v, err := decodeValues(e.DType, e.data)
			if err != nil {
				break
			}
			rows, width = append(rows, v...), t.shape[2]
			delete(entries, t.name) // it is given below, under its framework's name
		}
		if len(rows) == 0 {
			continue
		}
		entries[front+class] = newEntry([]int{1, 1, width}, rows[:width])
		if len(rows) > width {
			entries[front+registers] = newEntry([]int{1, len(rows)/width - 1, width}, rows[width:])
		}
		return
	}
}
