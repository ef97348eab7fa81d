package estimates

import (
	"fmt"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/page"
	"vitdse/cmd/vitdse/table"
	"vitdse/dse/front"
	"vitdse/dse/measured"
	"vitdse/hwmodel"
)

// Point is what synthesis said of a point of a front; Point is its place there, from 0.
type Point struct {
	Point  int               `json:"point"`
	Design string            `json:"design"` // hash
	Tool   string            `json:"tool"`   // with its version
	Counts hwmodel.Resources `json:"counts"`
	Clock  *page.Clock       `json:"clock,omitempty"`
}

// Front is all of them, and the front that they make.
type Front struct {
	Inputs string                 `json:"inputs"` // of the front
	Points []Point                `json:"points"`
	Cut    []measured.Synthesized `json:"cut"`
}

// Points prints a row for each synthesized point of a front.
func Points(o *table.Output, f *front.Front, out Front) error {
	t := table.New("point", "<part", "LUT", "off by %", "FF", "off by %", "DSP", "BRAM 18Kb", "URAM", "use %", "estimated",
		"<clock MHz, bracket", "<front")
	off := func(estimate, counted int) string {
		if counted == 0 {
			return "-"
		}
		return fmt.Sprintf("%+.1f", 100*(float64(estimate)/float64(counted)-1))
	}
	pair := func(estimate, counted int) string {
		if estimate == counted {
			return number.Count(counted)
		}
		return number.Count(estimate) + " / " + number.Count(counted)
	}
	on := 0
	for i, c := range out.Cut {
		x, e := f.Points[c.Point], f.Points[c.Point].Estimate
		clock := "-"
		if k := out.Points[i].Clock; k != nil && k.LowMHz != nil && k.HighMHz != nil {
			clock = fmt.Sprintf("%.0f to %.0f", *k.LowMHz, *k.HighMHz)
		}
		word := "yes"
		switch {
		case !c.Feasible:
			word = "no: " + c.Broken
		case !c.OnFront:
			word = "no: another is as good in all"
		default:
			on++
		}
		n := c.Counts
		t.Add(number.Count(int64(c.Point+1)), x.Part, pair(e.LUT, n.LUT), off(e.LUT, n.LUT),
			pair(e.FF, n.FF), off(e.FF, n.FF),
			pair(e.DSP, n.DSP), pair(e.BRAM18, n.BRAM18), pair(e.URAM, n.URAM),
			number.Percent(c.Use), number.Percent(x.Use), clock, word)
	}
	if err := o.Show(t); err != nil {
		return err
	}
	o.Printf("Estimate / Yosys (%s). Of %s, %d are on the front that is cut with what was synthesized, "+
		"at the assumed clocks.\n",
		out.Points[0].Tool, number.Plural(len(out.Cut), "point"), on)
	return nil
}
