package front

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"vitdse/dse/accuracy"
	"vitdse/dse/metric"
	"vitdse/hwmodel"
)

// CSV writes points as comma-separated values with a header, numbers in full. Columns
// for measured values are empty where nothing was measured.
func (f *Front) CSV(points []Point) []byte {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	head := []string{"part", "rank", "name", "seconds", "fps", "use", "use_of", "predicted_sqnr_db", "predicted_loss_db",
		"measured_sqnr_db", "measured_loss_db", "measured_top1", "measured_top1_se", "measured_agree", "measured_images",
		"feasible_as_measured", "on_predicted_front", "on_measured_front",
		"cycles", "array_use", "bytes_read", "bytes_written", "lut", "ff", "dsp", "bram18", "uram", "lutram",
		"clock_mhz", "clock_low_mhz", "clock_high_mhz"}
	w.Write(append(head, f.Axes...)) // a bytes.Buffer takes everything
	for _, p := range points {
		e := p.Estimate
		row := []string{p.Part, integer(p.Rank), p.Name, number(p.Seconds), number(p.FPS), number(p.Use), p.UseOf,
			number(p.SQNRDB), number(p.LossDB)}
		row = append(row, columns(p.Measured, !p.Near)...)
		row = append(row, integer(e.Cycles), number(e.ArrayUse), integer(e.BytesRead), integer(e.BytesWritten),
			strconv.Itoa(e.LUT),
			strconv.Itoa(e.FF), strconv.Itoa(e.DSP), strconv.Itoa(e.BRAM18), strconv.Itoa(e.URAM), strconv.Itoa(e.LUTRAM))
		row = append(row, clockColumns(p.Clock)...)
		w.Write(append(row, p.Choice...))
	}
	w.Flush()
	return buf.Bytes()
}

func columns(m *accuracy.Measured, predicted bool) []string {
	if m == nil {
		row := make([]string, 9)
		row[7] = strconv.FormatBool(predicted)
		return row
	}
	return []string{number(m.SQNRDB), number(m.LossDB), number(m.Top1), number(m.Top1SE), number(m.Agree),
		strconv.Itoa(m.Images),
		strconv.FormatBool(m.Feasible), strconv.FormatBool(predicted), strconv.FormatBool(m.OnFront)}
}

// clockColumns are empty where the clock is assumed: the part file or the space says what it is.
func clockColumns(c *hwmodel.Clock) []string {
	if c == nil {
		return make([]string, 3)
	}
	return []string{number(c.MHz), number(c.Harsh), number(c.Kind)}
}

// JSON writes the front with the given points, one line each.
func (f *Front) JSON(points []Point) ([]byte, error) {
	head := *f
	head.Points = nil
	text, err := json.MarshalIndent(head, "", "  ")
	if err != nil {
		return nil, err
	}
	text, found := bytes.CutSuffix(text, []byte("\"points\": null\n}"))
	if !found {
		panic("front: points are not the last of a front")
	}
	buf := bytes.NewBuffer(text)
	buf.WriteString("\"points\": [")
	for i, p := range points {
		line, err := json.Marshal(p)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			buf.WriteByte(',')
		}
		buf.WriteString("\n    ")
		buf.Write(line)
	}
	buf.WriteString("\n  ]\n}\n")
	return buf.Bytes(), nil
}

// Headings are the columns of Cells: a short table of points for people. The axes that
// are the same in all points are left out of both.
func (f *Front) Headings(points []Point) []string {
	head := []string{"part", "rank", "latency", "images/s", "use", "of", "SQNR predicted", "measured", "loss", "top-1"}
	if anyNear(points) {
		head = append(head, "front as predicted")
	}
	for _, a := range f.varying(points) {
		head = append(head, f.Axes[a])
	}
	if f.Modelled(points) {
		head = append(head, "clock, MHz (bracket)")
	}
	return head
}

// Modelled says whether some point's clock is of the model.
func (f *Front) Modelled(points []Point) bool {
	return slices.ContainsFunc(points, func(p Point) bool { return p.Clock != nil })
}

// ClockEvidence is what stands behind the clocks of points, each once; nothing where all are assumed.
func (f *Front) ClockEvidence(points []Point) []string {
	var all []string
	for _, p := range points {
		if p.Clock != nil && !slices.Contains(all, p.Clock.Evidence) {
			all = append(all, p.Clock.Evidence)
		}
	}
	return all
}

// Cells is a point as text under Headings.
func (f *Front) Cells(points []Point) [][]string {
	axes := f.varying(points)
	var rows [][]string
	for _, p := range points {
		row := []string{p.Part, integer(p.Rank), metric.Duration(p.Seconds), fmt.Sprintf("%.4g", p.FPS),
			fmt.Sprintf("%.0f%%", 100*p.Use), p.UseOf,
			fmt.Sprintf("%.1f dB", p.SQNRDB)}
		if m := p.Measured; m != nil {
			row = append(row, fmt.Sprintf("%.1f dB", m.SQNRDB), fmt.Sprintf("%.1f dB", m.LossDB), m.Top1Text()+"%")
		} else {
			row = append(row, "-", fmt.Sprintf("%.1f dB", p.LossDB), "-")
		}
		if anyNear(points) {
			row = append(row, p.Place())
		}
		for _, a := range axes {
			row = append(row, p.Choice[a])
		}
		if f.Modelled(points) {
			row = append(row, p.Clock.String())
		}
		rows = append(rows, row)
	}
	return rows
}

func anyNear(points []Point) bool {
	return slices.ContainsFunc(points, func(p Point) bool { return p.Near })
}

// Place says whether a point is on the predicted front.
func (p Point) Place() string {
	if p.Near {
		return "near it"
	}
	return "on it"
}

// varying lists the axes in which points differ.
func (f *Front) varying(points []Point) []int {
	var axes []int
	for a := range f.Axes {
		for _, p := range points {
			if p.Choice[a] != points[0].Choice[a] {
				axes = append(axes, a)
				break
			}
		}
	}
	return axes
}

// Markdown writes points as a table.
func (f *Front) Markdown(points []Point) string {
	var b strings.Builder
	head := f.Headings(points)
	row := func(cells []string) { b.WriteString("| " + strings.Join(cells, " | ") + " |\n") }
	row(head)
	b.WriteString(strings.Repeat("|---", len(head)) + "|\n")
	for _, cells := range f.Cells(points) {
		row(cells)
	}
	return b.String()
}

func integer(v int64) string { return strconv.FormatInt(v, 10) }

// number prints a float in the shortest form that reads back as the same.
func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
