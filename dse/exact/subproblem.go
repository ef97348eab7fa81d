package exact

import (
	"encoding/binary"
	"fmt"
	"math/big"
	"slices"

	"vitdse/dse/labels"
	"vitdse/dse/noise"
	"vitdse/dse/space"
	"vitdse/hwmodel"
)

// subproblem is the numerics of one class that have exactly some widths: on a given engine
// they take the same resources, and differ in time, bytes and noise only.
//
// It is solved as the numerics that lie within the widths, which is easier. The others among
// these belong to subproblems below, which take no more resources where the resource model
// is monotone: then no front is missed. Where it is not, which is looked up for every
// engine, the widths are made goals that a choice must reach.
type subproblem struct {
	class  int
	widths hwmodel.Widths
	count  *big.Int
	below  []int // subproblems of the class that lie within this one and not within another such
	within []int // all that lie within it, itself left out

	stages  []labels.Stage // the options within the widths
	least   noise.Femto    // noise
	options int            // subproblems of the same stages and patch embedding have the same number
	fast    []int32        // timings of every stage's least bits: no choice is faster
	fastest string         // the same with the patch embedding's bits, as a key
}

// maxSubproblems bounds what is solved for every engine.
const maxSubproblems = 1 << 16

// subproblems lists those of every class, with the number of numerics that each stands for.
func (d *decomposition) subproblems() ([]subproblem, error) {
	var all []subproblem
	reached := map[string][]reach{}
	options := map[string]int{}
	for i := range d.classes {
		c := &d.classes[i]
		key := fmt.Sprint(c.tables)
		list, known := reached[key]
		if !known {
			list = d.reach(c.tables)
			reached[key] = list
		}
		from := len(all)
		merged := map[hwmodel.Widths]int{}
		for _, r := range list {
			w := r.widths.Join(c.widths)
			n, known := merged[w]
			if !known {
				n = len(all)
				merged[w] = n
				all = append(all, subproblem{class: i, widths: w, count: new(big.Int)})
			}
			all[n].count.Add(all[n].count, new(big.Int).Mul(r.count, big.NewInt(c.count)))
		}
		if len(all) > maxSubproblems {
			return nil, fmt.Errorf("the numerics of the space have more than %d combinations of widths, "+
				"too many to search exactly; give fewer candidates", maxSubproblems)
		}
		for n := from; n < len(all); n++ {
			d.fill(&all[n], options)
		}
		relate(all[from:], from)
	}
	return all, nil
}

// reach is the choices of the stages' options that join to the same widths.
type reach struct {
	widths hwmodel.Widths
	count  *big.Int
}

func (d *decomposition) reach(tables []int) []reach {
	list := []reach{{count: big.NewInt(1)}}
	for _, t := range tables {
		counts := map[hwmodel.Widths]int64{}
		var order []hwmodel.Widths
		for _, o := range d.tables[t] {
			if _, known := counts[o.widths]; !known {
				order = append(order, o.widths)
			}
			counts[o.widths] += o.count
		}
		var next space.Catalog[hwmodel.Widths, reach]
		for _, r := range list {
			for _, w := range order {
				j := r.widths.Join(w)
				n := next.Number(j, reach{j, new(big.Int)})
				next.List[n].count.Add(next.List[n].count, new(big.Int).Mul(r.count, big.NewInt(counts[w])))
			}
		}
		list = next.List
	}
	return list
}

// relate fills in which subproblems of a class lie within which; the first has number base.
func relate(list []subproblem, base int) {
	for i := range list {
		for j := range list {
			if i != j && list[j].widths.Within(list[i].widths) {
				list[i].within = append(list[i].within, base+j)
			}
		}
	}
	for i := range list {
		s := &list[i]
		for _, j := range s.within {
			if !slices.ContainsFunc(s.within, func(k int) bool {
				return k != j && list[j-base].widths.Within(list[k-base].widths)
			}) {
				s.below = append(s.below, j)
			}
		}
	}
}

// fill makes the stages of a subproblem.
func (d *decomposition) fill(s *subproblem, options map[string]int) {
	c := &d.classes[s.class]
	s.least = c.noise
	s.stages = d.stagesWithin(c, s.widths, nil)
	key := fmt.Append(nil, c.patch, c.tables)
	for i := range s.stages {
		st := &s.stages[i]
		least := st.Options[0].Noise
		for _, o := range st.Options {
			least = min(least, o.Noise)
			key = binary.AppendUvarint(binary.AppendVarint(binary.AppendUvarint(key, uint64(o.Timing)), o.Noise), uint64(o.Ref))
		}
		key = append(key, 0xff, 0xff, 0xff)
		s.least += noise.Femto(least)
		s.fast = append(s.fast, d.fastest(st))
	}
	s.fastest = fmt.Sprint(c.patch, s.fast)
	n, known := options[string(key)]
	if !known {
		n = len(options)
		options[string(key)] = n
	}
	s.options = n
}

// stagesWithin are the options of a class' stages that lie within widths, of equally fast
// ones that reach the same goals the one of least noise. goals may be nil.
func (d *decomposition) stagesWithin(c *sharedChoice, w hwmodel.Widths,
	goals func(hwmodel.Widths) uint32) []labels.Stage {
	var stages []labels.Stage
	for i, t := range c.tables {
		st := labels.Stage{Kind: d.stages[i].kind}
		for ref, o := range d.tables[t] {
			if !o.widths.Within(w) {
				continue
			}
			x := labels.Option{Timing: o.timing, Noise: int64(o.noise), Ref: int32(ref)}
			if goals != nil {
				x.Flags = goals(o.widths)
			}
			at := slices.IndexFunc(st.Options, func(y labels.Option) bool { return y.Timing == x.Timing && y.Flags == x.Flags })
			switch {
			case at < 0:
				st.Options = append(st.Options, x)
			case x.Noise < st.Options[at].Noise:
				st.Options[at] = x
			}
		}
		stages = append(stages, st)
	}
	return stages
}

// fastest is a timing with each layer's least bits of a stage's options, and in groups only where
// all are (a space has one size of them): none of the options takes less time.
func (d *decomposition) fastest(st *labels.Stage) int32 {
	t := slices.Clone(d.timings[st.Options[0].Timing])
	for _, o := range st.Options[1:] {
		for i, l := range d.timings[o.Timing] {
			t[i].stored = hwmodel.Stored{Bits: min(t[i].stored.Bits, l.stored.Bits),
				Group: min(t[i].stored.Group, l.stored.Group)}
		}
	}
	return d.timing(t)
}

// exactly makes the stages of a subproblem whose choices must reach its widths.
func (d *decomposition) exactly(s *subproblem) (stages []labels.Stage, required uint32) {
	c := &d.classes[s.class]
	goals := func(w hwmodel.Widths) uint32 { return w.Join(c.widths).Reached(s.widths) }
	required = goals(s.widths)
	return d.stagesWithin(c, s.widths, goals), required
}
