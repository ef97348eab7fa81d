// Package fronts shows what a search found: the points of its front as tables and plots, why one of them was picked,
// what the search covered, and how two fronts compare.
package fronts

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/table"
	"vitdse/dse/front"
	"vitdse/dse/pick"
	"vitdse/hwmodel"
)

// Picked says which point was picked and why, a reason a line.
func Picked(o *table.Output, p front.Point, why string) {
	policy, reasons, _ := strings.Cut(why, ": ")
	o.Printf("picked (>) %s, %s:\n", p.Name, policy)
	for reason := range strings.SplitSeq(reasons, "; ") {
		o.Printf("  - %s\n", reason)
	}
}

// spreadRows is how many points of a front are shown unasked.
const spreadRows = 12

// Spread shows points spread over the front from the fastest to the slowest, the
// picked one among them; csv is the file that has them all. Without parts it is the front of all.
func Spread(o *table.Output, f *front.Front, parts []string, csv string, picked *front.Point) error {
	points, cut, err := pick.Select(f, pick.Query{Parts: parts})
	if err != nil {
		return err
	}
	var shown []front.Point
	for i, p := range points {
		n := min(spreadRows, len(points))
		at := 0
		if n > 1 {
			at = int(math.Round(float64(len(shown)*(len(points)-1)) / float64(n-1)))
		}
		isPicked := picked != nil && p.Name == picked.Name
		if i >= at && len(shown) < n || isPicked {
			shown = append(shown, p)
		}
	}
	if err := Points(o, f, shown, picked); err != nil {
		return err
	}
	if left := len(points) - len(shown); left > 0 {
		o.Printf("%s of %s of the %s front, spread by latency, %s left out; ",
			number.Count(len(shown)), number.Plural(len(points), "point"), cut, number.Count(left))
	} else {
		o.Printf("All %s of the %s front; ", number.Plural(len(points), "point"), cut)
	}
	o.Printf("%s are in %s\n", f.Held(), csv)
	if f.Correction != nil {
		o.Printf("Noise: %s.\n", f.Correction)
	}
	if f.Near != nil {
		o.Printf("Near: %s.\n", f.Near)
	}
	return nil
}

// assumed lists the parts, in order, with points whose clock is no model's but the part file's or the space's.
func assumed(points []front.Point) []string {
	var on []string
	for _, p := range points {
		if p.Clock == nil && !slices.Contains(on, p.Part) {
			on = append(on, p.Part)
		}
	}
	slices.Sort(on)
	return on
}

// Points prints a table of points. Choices that are the same in all are left out.
func Points(o *table.Output, f *front.Front, points []front.Point, picked *front.Point) error {
	places := map[string]string{}
	for i, p := range f.Points {
		places[p.Name] = strconv.Itoa(i + 1)
	}
	unit, scale := "us", 1e6
	for _, p := range points {
		if p.Seconds > 0.1 {
			unit, scale = "ms", 1e3
		}
	}
	header := []string{"point", "<part", "latency " + unit, "images/s", "use %", "<of",
		"predicted dB", "measured dB", "loss dB", "top-1 %"}
	near := slices.ContainsFunc(points, func(p front.Point) bool { return p.Near })
	if near {
		header = append(header, "<front as predicted")
	}
	modelled := f.Modelled(points)
	if modelled {
		header = append(header, "<clock MHz (bracket)")
	}
	choices := choicesOf(f, points, false)
	for _, c := range choices {
		header = append(header, "<"+c.name)
	}
	t := table.New(header...)
	for i, p := range points {
		id := places[p.Name]
		if picked != nil && p.Name == picked.Name {
			id = "> " + id
		}
		row := []string{id, p.Part, fmt.Sprintf("%.1f", p.Seconds*scale), number.Count(int64(p.FPS)),
			number.Percent(p.Use), p.UseOf, fmt.Sprintf("%.1f", p.SQNRDB)}
		if m := p.Measured; m != nil {
			row = append(row, fmt.Sprintf("%.1f", m.SQNRDB), fmt.Sprintf("%.1f", m.LossDB), m.Top1Text())
		} else {
			row = append(row, "-", fmt.Sprintf("%.1f", p.LossDB), "-")
		}
		if near {
			row = append(row, p.Place())
		}
		if modelled {
			row = append(row, p.Clock.String())
		}
		for _, c := range choices {
			row = append(row, c.values[i])
		}
		t.Add(row...)
	}
	err := o.Show(t)
	if on := assumed(points); err == nil && len(on) > 0 {
		o.Printf("Clock: assumed on %s.\n", strings.Join(on, ", "))
	}
	return err
}

// Point says what a point is made of and what it takes of its part.
func Point(o *table.Output, f *front.Front, p front.Point) error {
	i := slices.IndexFunc(f.Parts, func(s front.PartSummary) bool { return s.Part.Name == p.Part })
	if i < 0 {
		return fmt.Errorf("point %s is for part %s, which the front does not have", p.Name, p.Part)
	}
	var words []string
	for _, c := range choicesOf(f, []front.Point{p}, true) {
		words = append(words, c.name+" "+c.values[0])
	}
	o.Printf("%s\n", strings.Join(words, ", "))
	e, use := p.Estimate, f.Parts[i].Part.Usable()
	t := table.New("<resource", "needed", "may be used", "%")
	for _, r := range []struct {
		name       string
		need, have int
	}{{"LUT", e.LUT, use.LUT}, {"FF", e.FF, use.FF}, {"DSP", e.DSP, use.DSP}, {"BRAM 18Kb", e.BRAM18, use.BRAM18},
		{"URAM", e.URAM, use.URAM}, {"LUTRAM", e.LUTRAM, use.LUTRAM}} {
		share := "-"
		if r.have > 0 {
			share = number.Percent(float64(r.need) / float64(r.have))
		}
		t.Add(r.name, number.Count(r.need), number.Count(r.have), share)
	}
	if err := o.Show(t); err != nil {
		return err
	}
	o.Printf("estimated: %s cycles an image with an ideal memory, array %s %% busy; "+
		"%s bytes read and %s written an image\n",
		number.Count(e.Cycles), number.Percent(e.ArrayUse), number.Count(e.BytesRead), number.Count(e.BytesWritten))
	if c := p.Clock; c != nil {
		o.Printf("clock in MHz, %s: speed grade %s, %s\n", c, c.SpeedGrade, c.Evidence)
	} else {
		o.Printf("clock: %.4g MHz, assumed: the part file's or the space's\n", float64(e.Cycles)/p.Seconds/1e6)
	}
	r := hwmodel.Resources{LUT: e.LUT, FF: e.FF, DSP: e.DSP, BRAM18: e.BRAM18, URAM: e.URAM, LUTRAM: e.LUTRAM}
	mhz := float64(e.Cycles) / p.Seconds / 1e6
	power := hwmodel.PowerOf(r, f.Parts[i].Part, mhz, float64(e.BytesRead+e.BytesWritten)/p.Seconds)
	o.Printf("estimated: %s\n", number.Power(power, p.Seconds))
	return nil
}
