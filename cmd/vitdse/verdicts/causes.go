package verdicts

import (
	"fmt"
	"strings"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/table"
	"vitdse/emit/verify"
	"vitdse/hwmodel"
)

// causeTable says what the array's cycles of the first image were spent on, the blocks'
// ops taken together. A beat is useful as far as its products are the network's: what is
// left of it is padding.
func causeTable(r *verify.Report) *table.Table {
	header := []string{"<op", "useful", "padding"}
	t := table.New(append(append(header, hwmodel.Causes[1:]...), "total")...)
	type row struct {
		macs  int64
		spent verify.Spent
	}
	rows := map[string]*row{}
	var order []string
	var all row
	for _, o := range r.Ops {
		name := o.Name
		if rest, ok := strings.CutPrefix(name, "blocks."); ok {
			name = "blocks.*" + rest[strings.IndexByte(rest, '.'):]
		}
		if rows[name] == nil {
			rows[name] = &row{}
			order = append(order, name)
		}
		for _, x := range []*row{rows[name], &all} {
			x.macs += o.MACs
			for i, c := range o.Spent {
				x.spent[i] += c
			}
		}
	}
	add := func(name string, x *row) {
		useful := (x.macs + r.ArrayMACs/2) / r.ArrayMACs
		cells := []string{name, number.Count(useful), number.Count(x.spent[0] - useful)}
		for _, c := range x.spent[1:] {
			cells = append(cells, number.Count(c))
		}
		t.Add(append(cells, number.Count(x.spent.Total()))...)
	}
	for _, name := range order {
		if rows[name].spent.Total() > 0 {
			add(name, rows[name])
		}
	}
	add("total", &all)
	share := []string{"share %"}
	total := float64(all.spent.Total())
	useful := float64(all.macs) / float64(r.ArrayMACs)
	for _, c := range append([]float64{useful, float64(all.spent[0]) - useful}, lost(all.spent)...) {
		share = append(share, fmt.Sprintf("%.1f", 100*c/total))
	}
	t.Add(append(share, "100.0")...)
	return t
}

func lost(s verify.Spent) []float64 {
	var out []float64
	for _, c := range s[1:] {
		out = append(out, float64(c))
	}
	return out
}
