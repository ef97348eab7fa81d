package exact

import (
	"encoding/binary"
	"fmt"
	"slices"

	"vitdse/configs"
	"vitdse/dse/noise"
	"vitdse/dse/space"
	"vitdse/hwmodel"
)

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
	noise  noise.Femto
	count  int64 // choices of the stage's axes that it stands for
	choice []int // of the stage's axes: the least noise, the first of equals
}

// table is the options of a stage where the shared axes have made their choice in n.
func (d *decomposition) table(st *stage, n configs.Numerics) (int, error) {
	layers := slices.Clone(n.Layers[st.from:st.to])
	key := binary.AppendUvarint([]byte("given "), uint64(st.from))
	basis := n.Basis()
	key = append(append(key, basis.String()...), 0)
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
	for more := true; more; more = space.Advance(index, own) {
		for i, a := range own {
			a.Set(&design, index[i])
		}
		o := option{count: 1, choice: slices.Clone(index)}
		var tm timing
		for l := st.from; l < st.to; l++ {
			layer := design.Numerics.Layers[l]
			v, err := d.noise.Layer(basis, layer)
			if err != nil {
				return 0, err
			}
			o.noise += v
			o.widths = o.widths.Join(d.engine.LayerWidths(d.net.Layers[l], layer))
			if d.net.Layers[l].Weights {
				tm = append(tm, layerTiming{hwmodel.KindOf(d.net.Layers[l]), hwmodel.StoredOf(layer)})
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
