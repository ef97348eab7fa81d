package fronts

import (
	"maps"
	"slices"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/table"
	"vitdse/dse/accuracy"
	"vitdse/dse/baseline"
	"vitdse/dse/front"
	"vitdse/dse/pick"
)

// Named is a front's points that are compared, by the name of its folder.
type Named struct {
	Folder string
	Points []front.Point
}

// Compare says which points of two fronts dominate which, by latency, largest share of the part, and noise.
func Compare(o *table.Output, ours, theirs Named, cut accuracy.Cut) error {
	c := pick.Compare(ours.Points, theirs.Points, cut)
	t := table.New("<front", "points", "dominated by the other", "also in the other", "only here")
	t.Add(ours.Folder, number.Count(c.A), number.Count(c.ABeaten), number.Count(c.Equal), number.Count(c.OnlyA))
	t.Add(theirs.Folder, number.Count(c.B), number.Count(c.BBeaten), number.Count(c.B-c.BBeaten-c.OnlyB),
		number.Count(c.OnlyB))
	if err := o.Show(t); err != nil {
		return err
	}
	o.Printf("by latency, largest share of the part and noise, %s\n", cut)
	a, b := costsByPart(ours.Points, cut), costsByPart(theirs.Points, cut)
	for _, part := range slices.Sorted(maps.Keys(a)) {
		if len(b[part]) == 0 {
			continue
		}
		box := baseline.NewBox(a[part], b[part])
		joint := box.Hypervolume(slices.Concat(a[part], b[part]))
		o.Printf("hypervolume on %s, of that of both fronts together: %s %s %%, %s %s %%\n", part,
			ours.Folder, number.Percent(box.Hypervolume(a[part])/joint), theirs.Folder,
			number.Percent(box.Hypervolume(b[part])/joint))
	}
	return nil
}

// costsByPart is what the points of each part are compared by.
func costsByPart(points []front.Point, cut accuracy.Cut) map[string][][]float64 {
	costs := map[string][][]float64{}
	for _, p := range points {
		x := p.Compared(cut)
		costs[p.Part] = append(costs[p.Part], x[:])
	}
	return costs
}
