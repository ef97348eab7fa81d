package dse

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"vitdse/configs"
	"vitdse/hwmodel"
)

// decomposition is the numerics of a space taken apart for the exact search. Axes that
// concern one stage of the network, a run of layers inside a block, are the stage's own; all
// others are shared: their combinations are enumerated, and reduced to classes.
type decomposition struct {
	model   configs.Model
	layers  []string
	axes    []configs.Axis // of the numerics
	shared  []int          // axes
	stages  []stage        // behind the patch embedding
	timings []timing       // what an option's time depends on, numbered
	tables  []table        // options of stages, numbered
	classes []class2

	noise     Additive
	timingIDs map[string]int32
	tableIDs  map[string]int
}

// stage is a run of layers with the axes that concern no other.
type stage struct {
	from, to int // layers
	axes     []int
	kind     int32 // stages of one kind have the same kinds of layers
}

// timing is the weighted layers of a stage and how their weights are stored.
type timing []layerTiming

type layerTiming struct {
	kind   hwmodel.LayerKind
	stored hwmodel.Stored
}

// table is the options of a stage, given what the shared axes chose: of those that take the
// same time and ask for the same widths only the one of least noise.
type table []option

type option struct {
	timing int32
	widths hwmodel.Widths
	noise  Femto
	count  int64 // choices of the stage's axes that it stands for
	choice []int // of the stage's axes: the least noise, the first of equals
}

// class2 is combinations of the shared axes that differ in nothing but their noise.
type class2 struct {
	patch  hwmodel.Stored // weights of the patch embedding
	widths hwmodel.Widths
	tables []int // by stage
	noise  Femto // the least, without that of the tables' options
	count  int64 // combinations
	choice []int // of the shared axes: the least noise, the first of equals
}

// decompose takes the numerics of a space apart.
func decompose(m configs.Model, s configs.Space, noise Additive) (*decomposition, error) {
	all := s.Axes(m)
	d := &decomposition{model: m, layers: m.QuantLayers(), axes: all[:split(all)], noise: noise,
		timingIDs: map[string]int32{}, tableIDs: map[string]int{}}
	own := d.partition()
	if combinations(pickAxes(d.axes, d.shared), maxNumerics) < 0 {
		return nil, fmt.Errorf("the axes that concern more than one block (%s) have more than %d combinations, too many to enumerate; "+
			"give fewer candidates, or let each block choose: bits.symmetry block, qkv or layer", axisNames(d.axes, d.shared), maxNumerics)
	}
	if err := d.enumerate(own); err != nil {
		return nil, err
	}
	return d, nil
}

func pickAxes(axes []configs.Axis, which []int) []configs.Axis {
	var list []configs.Axis
	for _, i := range which {
		list = append(list, axes[i])
	}
	return list
}

func axisNames(axes []configs.Axis, which []int) string {
	var names []string
	for _, i := range which {
		if axes[i].Len > 1 {
			names = append(names, axes[i].Name)
		}
	}
	return strings.Join(names, ", ")
}

// partition cuts the layers behind the first into stages: each block's layers wherever no
// axis of the block's own spans the cut, the head by itself.
func (d *decomposition) partition() (own map[int]bool) {
	own = map[int]bool{}
	for i, a := range d.axes {
		if len(a.Layers) > 0 && a.Layers[0] > 0 && d.block(a.Layers[0]) == d.block(a.Layers[len(a.Layers)-1]) {
			own[i] = true
		} else {
			d.shared = append(d.shared, i)
		}
	}
	kinds := map[string]int32{}
	for from := 1; from < len(d.layers); {
		to := from + 1
		for grown := true; grown; {
			grown = false
			for i := range own {
				first, last := d.axes[i].Layers[0], d.axes[i].Layers[len(d.axes[i].Layers)-1]
				if first < to && last >= to {
					to, grown = last+1, true
				}
			}
		}
		st := stage{from: from, to: to}
		for i := range d.axes {
			if own[i] && d.axes[i].Layers[0] >= from && d.axes[i].Layers[0] < to {
				st.axes = append(st.axes, i)
			}
		}
		// Layers without a choice of their own make one stage with their neighbours.
		if n := len(d.stages); n > 0 && len(st.axes) == 0 && len(d.stages[n-1].axes) == 0 && d.block(d.stages[n-1].from) == d.block(from) {
			d.stages[n-1].to = to
		} else {
			d.stages = append(d.stages, st)
		}
		from = to
	}
	for i := range d.stages {
		st := &d.stages[i]
		var key []byte
		for l := st.from; l < st.to; l++ {
			if k, ok := walkKind(d.layers[l]); ok {
				key = append(key, byte(k))
			}
		}
		if _, known := kinds[string(key)]; !known {
			kinds[string(key)] = int32(len(kinds))
		}
		st.kind = kinds[string(key)]
	}
	return own
}

// block is the name of a layer up to its block.
func (d *decomposition) block(layer int) string {
	name := d.layers[layer]
	if rest, ok := strings.CutPrefix(name, "blocks."); ok {
		n, _, _ := strings.Cut(rest, ".")
		return n
	}
	return name
}

// walkKind is the kind of a weighted layer in hwmodel's walk.
func walkKind(layer string) (hwmodel.LayerKind, bool) {
	for suffix, kind := range map[string]hwmodel.LayerKind{configs.LayerPatchEmbed: hwmodel.WalkPatchEmbed, "attn.qkv": hwmodel.WalkQKV,
		"attn.proj": hwmodel.WalkProj, "mlp.fc1": hwmodel.WalkFC1, "mlp.fc2": hwmodel.WalkFC2, configs.LayerHead: hwmodel.WalkHead} {
		if strings.HasSuffix(layer, suffix) {
			return kind, true
		}
	}
	return 0, false
}

// enumerate goes through the combinations of the shared axes.
func (d *decomposition) enumerate(own map[int]bool) error {
	shared := pickAxes(d.axes, d.shared)
	at := map[string]int{}
	design := configs.Design{Numerics: configs.Uniform(d.model, 8, 8)}
	for i := range d.axes { // of the stages' own axes the first choice, to be overwritten
		d.axes[i].Set(&design, 0)
	}
	index := make([]int, len(shared))
	for more := true; more; more = advance(index, shared) {
		for i, a := range shared {
			a.Set(&design, index[i])
		}
		c, err := d.class(design.Numerics)
		if err != nil {
			return err
		}
		key := fmt.Append(nil, c.patch, c.widths)
		for _, t := range c.tables {
			key = binary.AppendUvarint(key, uint64(t))
		}
		n, known := at[string(key)]
		if !known {
			at[string(key)] = len(d.classes)
			c.choice = slices.Clone(index)
			d.classes = append(d.classes, c)
			continue
		}
		old := &d.classes[n]
		old.count++
		if c.noise < old.noise {
			old.noise, old.choice = c.noise, slices.Clone(index)
		}
	}
	return nil
}

// class is what one combination of the shared axes comes to.
func (d *decomposition) class(n configs.Numerics) (class2, error) {
	c := class2{patch: hwmodel.StoredOf(n.Layers[0]), count: 1}
	var err error
	if c.noise, err = d.noise.Units(n.SoftmaxBits, n.GELUBits, n.LNFold); err != nil {
		return c, err
	}
	c.widths = hwmodel.UnitWidths(n.SoftmaxBits, n.GELUBits).Join(hwmodel.LayerWidths(d.model, n.Layers[0]))
	first, err := d.noise.Layer(n.LNFold, n.Layers[0])
	if err != nil {
		return c, err
	}
	c.noise += first
	for i := range d.stages {
		id, err := d.table(&d.stages[i], n)
		if err != nil {
			return c, err
		}
		// The one option of a stage without a choice belongs to the class.
		if t := d.tables[id]; len(d.stages[i].axes) == 0 {
			c.noise += t[0].noise
			c.widths = c.widths.Join(t[0].widths)
			fixed := table{{timing: t[0].timing, count: 1}}
			id = d.number(fixed)
		}
		c.tables = append(c.tables, id)
	}
	return c, nil
}

// table is the options of a stage where the shared axes have made their choice in n.
func (d *decomposition) table(st *stage, n configs.Numerics) (int, error) {
	layers := slices.Clone(n.Layers[st.from:st.to])
	key := binary.AppendUvarint([]byte("given "), uint64(st.from))
	key = binary.LittleEndian.AppendUint64(key, math.Float64bits(n.LNFold))
	for _, l := range layers {
		key = append(append(key, byte(l.Weights), byte(l.Activations)), l.Granularity...)
	}
	if id, known := d.tableIDs[string(key)]; known {
		return id, nil
	}
	own := pickAxes(d.axes, st.axes)
	design := configs.Design{Numerics: n}
	design.Numerics.Layers = slices.Clone(n.Layers)
	var t table
	at := map[[2]any]int{}
	index := make([]int, len(own))
	for more := true; more; more = advance(index, own) {
		for i, a := range own {
			a.Set(&design, index[i])
		}
		o := option{count: 1, choice: slices.Clone(index)}
		var tm timing
		for l := st.from; l < st.to; l++ {
			layer := design.Numerics.Layers[l]
			v, err := d.noise.Layer(n.LNFold, layer)
			if err != nil {
				return 0, err
			}
			o.noise += v
			o.widths = o.widths.Join(hwmodel.LayerWidths(d.model, layer))
			if k, ok := walkKind(layer.Name); ok {
				tm = append(tm, layerTiming{k, hwmodel.StoredOf(layer)})
			}
		}
		o.timing = d.timing(tm)
		k := [2]any{o.timing, o.widths}
		if i, known := at[k]; known {
			t[i].count++
			if o.noise < t[i].noise {
				t[i].noise, t[i].choice = o.noise, o.choice
			}
			continue
		}
		at[k] = len(t)
		t = append(t, o)
	}
	id := d.number(t)
	d.tableIDs[string(key)] = id
	return id, nil
}

// number gives equal tables the same number.
func (d *decomposition) number(t table) int {
	key := fmt.Append(nil, "is ", t)
	id, known := d.tableIDs[string(key)]
	if !known {
		id = len(d.tables)
		d.tableIDs[string(key)], d.tables = id, append(d.tables, t)
	}
	return id
}

func (d *decomposition) timing(t timing) int32 {
	key := fmt.Sprint(t)
	id, known := d.timingIDs[key]
	if !known {
		id = int32(len(d.timings))
		d.timingIDs[key], d.timings = id, append(d.timings, t)
	}
	return id
}

// least is the least noise that any numerics of the space have, and its choice of the axes.
func (d *decomposition) least() (Femto, []int) {
	best, at := Femto(math.MaxInt64), -1
	for i := range d.classes {
		sum := d.classes[i].noise
		for _, t := range d.classes[i].tables {
			sum += d.tables[t].least().noise
		}
		if sum < best {
			best, at = sum, i
		}
	}
	c := &d.classes[at]
	refs := make([]int32, len(d.stages))
	for i, t := range c.tables {
		refs[i] = int32(slices.IndexFunc(d.tables[t], func(o option) bool { return o.noise == d.tables[t].least().noise }))
	}
	return best, d.index(c, refs)
}

func (t table) least() option {
	return slices.MinFunc(t, func(a, b option) int { return cmp.Compare(a.noise, b.noise) })
}

// index is the choice of the numerics' axes that a class and an option of every stage are.
func (d *decomposition) index(c *class2, refs []int32) []int {
	index := make([]int, len(d.axes))
	for i, a := range d.shared {
		index[a] = c.choice[i]
	}
	for i := range d.stages {
		o := d.tables[c.tables[i]][refs[i]]
		for k, a := range d.stages[i].axes {
			index[a] = o.choice[k]
		}
	}
	return index
}
