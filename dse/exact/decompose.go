package exact

import (
	"cmp"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/dse/noise"
	"vitdse/dse/space"
	"vitdse/hwmodel"
)

// decomposition is the numerics of a space taken apart for the exact search. Axes that
// concern one stage of the network, a run of layers inside a block, are the stage's own; all
// others are shared: their combinations are enumerated, and reduced to classes.
type decomposition struct {
	engine  hwmodel.Engine
	net     *network.Network
	axes    []configs.Axis // of the numerics
	shared  []int          // axes
	stages  []stage        // behind the patch embedding
	timings []timing       // what an option's time depends on, numbered
	tables  []table        // options of stages, numbered
	classes []sharedChoice

	noise     noise.Additive
	timingIDs map[string]int32
	tableIDs  map[string]int
}

// sharedChoice is combinations of the shared axes that differ in nothing but their noise.
type sharedChoice struct {
	patch  hwmodel.Stored // weights of the patch embedding
	widths hwmodel.Widths
	tables []int       // by stage
	noise  noise.Femto // the least, without that of the tables' options
	count  int64       // combinations
	choice []int       // of the shared axes: the least noise, the first of equals
}

// decompose takes the numerics of a space apart.
func decompose(e hwmodel.Engine, m configs.Model, s configs.Space, noise noise.Additive) (*decomposition, error) {
	all := s.Axes(m)
	d := &decomposition{engine: e, net: network.MustCompile(m), axes: all[:space.Split(all)], noise: noise,
		timingIDs: map[string]int32{}, tableIDs: map[string]int{}}
	own := d.partition()
	if space.Combinations(pickAxes(d.axes, d.shared), space.MaxNumerics) < 0 {
		return nil, fmt.Errorf("the axes that concern more than one block (%s) have more than %d combinations, "+
			"too many to enumerate; "+
			"give fewer candidates, or let each block choose: bits.symmetry block, qkv or layer",
			axisNames(d.axes, d.shared), space.MaxNumerics)
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

// enumerate goes through the combinations of the shared axes.
func (d *decomposition) enumerate(own map[int]bool) error {
	shared := pickAxes(d.axes, d.shared)
	at := map[string]int{}
	design := configs.Design{Numerics: configs.Uniform(d.net.Model, 8, 8)}
	for i := range d.axes { // of the stages' own axes the first choice, to be overwritten
		d.axes[i].Set(&design, 0)
	}
	index := make([]int, len(shared))
	for more := true; more; more = space.Advance(index, shared) {
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
func (d *decomposition) class(n configs.Numerics) (sharedChoice, error) {
	c := sharedChoice{patch: hwmodel.StoredOf(n.Layers[0]), count: 1}
	basis := n.Basis()
	var err error
	if c.noise, err = d.noise.Units(n.SoftmaxBits, n.GELUBits, basis); err != nil {
		return c, err
	}
	c.widths = d.engine.UnitWidths(n).Join(d.engine.LayerWidths(d.net.Layers[0], n.Layers[0]))
	first, err := d.noise.Layer(basis, n.Layers[0])
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

// least is the least noise that any numerics of the space have, and its choice of the axes.
func (d *decomposition) least() (noise.Femto, []int) {
	best, at := noise.Femto(math.MaxInt64), -1
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
func (d *decomposition) index(c *sharedChoice, refs []int32) []int {
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
