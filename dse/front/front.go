// Package front holds what a search found: the points of a front, each part's summary, and their files front.json and
// front.csv, which read back as they were written.
package front

import (
	"fmt"
	"slices"
	"strings"

	"vitdse/configs"
	"vitdse/dse/accuracy"
	"vitdse/dse/certificate"
	"vitdse/dse/limits"
	"vitdse/dse/metric"
	"vitdse/dse/noise"
	"vitdse/dse/pareto"
	"vitdse/dse/space"
	"vitdse/hwmodel"
)

// Front is the outcome of a sweep: all that front.json holds. It has no times and no
// paths, so that the same inputs and seed give the same bytes.
type Front struct {
	Schema  int           `json:"schema"`
	Tool    string        `json:"tool"`   // version
	Inputs  string        `json:"inputs"` // hash of all that the sweep depends on
	Seed    int64         `json:"seed"`
	Partial bool          `json:"partial"` // the sweep was or the measuring was interrupted
	Model   configs.Model `json:"model"`
	Space   configs.Space `json:"space"`
	Limits  limits.Limits `json:"limits"`

	Objectives []metric.Metric `json:"objectives"` // what the front minimises; Point.Costs are in this order
	// MeasuredObjectives are what the measured front minimises where that differs: with top-1.
	MeasuredObjectives []metric.Metric `json:"measured_objectives,omitempty"`

	// BestSQNRDB is the highest predicted ratio of the space, of BestNumerics on any engine:
	// what predicted losses are relative to. Measured losses are relative to
	// Reference.
	BestSQNRDB   float64              `json:"best_sqnr_db"`
	BestNumerics configs.Numerics     `json:"best_numerics"`
	Reference    *accuracy.Measured   `json:"reference,omitempty"` // BestNumerics, measured
	Correction   *accuracy.Correction `json:"correction,omitempty"`
	Near         *Near                `json:"near,omitempty"` // what was measured beside the predicted front

	Parts []PartSummary `json:"parts"`
	Axes  []string      `json:"axes"` // what Point.Choice chooses
	// the predicted fronts, part by part, each from the fastest on; then those near them
	Points []Point `json:"points"`
}

// Schema is the version of front.json.
const Schema = 3

// PartSummary counts the points of one part: Legal = Fit + the sum of Short, Fit =
// Feasible + the points that are not accurate enough. An exact search does not look at every
// point: its counts are in the Certificate.
type PartSummary struct {
	Part     configs.Part     `json:"part"`
	Legal    int64            `json:"legal"`
	Fit      int64            `json:"fit"`      // the part's usable budget allows them
	Feasible int64            `json:"feasible"` // of those, the accurate enough
	Short    map[string]int64 `json:"short"`    // points that do not fit, by the resource they are shortest of
	Nearest  *Nearest         `json:"nearest,omitempty"`
	Best     *Reachable       `json:"best,omitempty"`
	Fastest  *Fastest         `json:"fastest,omitempty"`
	Over     *Over            `json:"over,omitempty"`
	Front    int              `json:"front"` // points on the predicted front
	Recut    int              `json:"recut"` // points on the measured front; 0 before measuring

	Certificate *certificate.Certificate `json:"certificate,omitempty"` // of an exact search
}

// Over is the accurate enough point within the budget that exceeds a limit by least.
type Over struct {
	Name  string       `json:"name"`
	Bound limits.Bound `json:"bound"`
	Value float64      `json:"value"` // what it needs, in the bound's unit
	Alone bool         `json:"alone"` // it breaks no other limit
}

// Fastest is the fastest point that fits and is accurate enough, whatever the limits of time.
type Fastest struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
	Alone   bool    `json:"alone"` // it breaks no limit but of time
}

// Nearest is the accurate enough point that fails to fit by least: its scarcest
// resource, what it needs and what the part lets a design plan with.
type Nearest struct {
	Rank     int64          `json:"rank"`
	Name     string         `json:"name"`
	Design   configs.Design `json:"-"` // not of a front that was read back: see Front.At
	Resource string         `json:"resource"`
	Need     int            `json:"need"`
	Have     int            `json:"have"`
	Alone    bool           `json:"alone,omitempty"` // it breaks no other limit; known of an exact search only
}

// Reachable is the most accurate point that fits, whatever the limits.
type Reachable struct {
	Rank   int64   `json:"rank"`
	SQNRDB float64 `json:"sqnr_db"`         // predicted
	Alone  bool    `json:"alone,omitempty"` // as of Nearest
}

// Point is a design point of a front.
type Point struct {
	Part string `json:"part"`
	// its place in the enumeration of the space, -1 if that is too large to number
	Rank   int64    `json:"rank"`
	Name   string   `json:"name"`
	Choice []string `json:"choice"` // the candidate chosen of each of Front.Axes
	// of a model; nil where the clock is the part's or the space's, assumed
	Clock    *hwmodel.Clock     `json:"clock,omitempty"`
	Seconds  float64            `json:"seconds"`
	FPS      float64            `json:"fps"`
	Use      float64            `json:"use"`    // largest share of the usable budget
	UseOf    string             `json:"use_of"` // the resource it is of
	Costs    []float64          `json:"costs"`  // of Front.Objectives, the less the better
	Noise    float64            `json:"noise"`  // predicted
	SQNRDB   float64            `json:"sqnr_db"`
	LossDB   float64            `json:"loss_db"` // Front.BestSQNRDB - SQNRDB
	Estimate Estimate           `json:"estimate"`
	Measured *accuracy.Measured `json:"measured,omitempty"`
	Near     bool               `json:"near,omitempty"` // not on the predicted front, but on the measured one
	Numerics string             `json:"numerics"`       // hash of what its accuracy depends on
	design   *configs.Design
}

// Estimate is the rest of what hwmodel says of a point.
type Estimate struct {
	Cycles       int64   `json:"cycles"`
	BytesRead    int64   `json:"bytes_read"`
	BytesWritten int64   `json:"bytes_written"`
	ArrayUse     float64 `json:"array_use"` // products done / products the array could do, 0..1
	LUT          int     `json:"lut"`
	FF           int     `json:"ff"`
	DSP          int     `json:"dsp"`
	BRAM18       int     `json:"bram18"`
	URAM         int     `json:"uram"`
	LUTRAM       int     `json:"lutram"`
}

// clockOf is the clock of a design by the model, nil where the space does not leave it to that.
func clockOf(engine hwmodel.Clocked, g *configs.Grid, d configs.Design) (*hwmodel.Clock, error) {
	if !g.ModelsClock() {
		return nil, nil
	}
	m, err := hwmodel.NewClockModel(engine, g.Part())
	if m == nil || err != nil {
		return nil, err
	}
	c := m.Of(d.Engine)
	c.MHz = d.ClockMHz // of which the space may take a share
	return c, nil
}

// Accuracy is a point's noise, ratio in dB and loss in dB as of a cut other than auto.
// The point must have what the cut asks for.
func (p Point) Accuracy(c accuracy.Cut) (noise, sqnr, loss float64) {
	if c == accuracy.CutMeasured {
		return p.Measured.Noise, p.Measured.SQNRDB, p.Measured.LossDB
	}
	return p.Noise, p.SQNRDB, p.LossDB
}

// Compared is what points are compared by: latency in seconds, largest share of the
// part, and noise.
func (p Point) Compared(c accuracy.Cut) [3]float64 {
	noise, _, _ := p.Accuracy(c)
	return [3]float64{p.Seconds, p.Use, noise}
}

// ObjectivesAsMeasured are what the measured front minimises.
func (f *Front) ObjectivesAsMeasured() []metric.Metric {
	if len(f.MeasuredObjectives) > 0 {
		return f.MeasuredObjectives
	}
	return f.Objectives
}

// Objectives are the point's, with the predicted noise.
func (p Point) Objectives() pareto.Objectives {
	return pareto.Objectives{Seconds: p.Seconds, Use: p.Use, Noise: p.Noise}
}

// Price is the point of an index of the space on a part,
// with the price that the engine gives it and its predicted noise.
func (f *Front) Price(engine hwmodel.Engine, part configs.Part, g *configs.Grid, index []int,
	noise float64) (Point, error) {
	d, err := g.Design(index)
	if err != nil {
		return Point{}, err
	}
	e, err := engine.Price(g.Network(), d, part)
	if err != nil {
		return Point{}, err
	}
	q := metric.Of(d, part, e, noise)
	return f.Point(engine, g, index, d, &q)
}

// Point is the point of an index, which is a design, with the price it was given.
func (f *Front) Point(engine hwmodel.Clocked, g *configs.Grid, index []int, d configs.Design,
	q *metric.Quantities) (Point, error) {
	e := q.Estimate
	name, use := e.Use.Largest()
	p := Point{Part: d.Part, Rank: -1, Name: d.Name, Seconds: e.Seconds, FPS: e.FPS, Use: use, UseOf: name,
		Noise: q.Noise, SQNRDB: noise.Decibels(q.Noise), Numerics: space.NumericsHash(d.Numerics), design: &d,
		Estimate: Estimate{e.Cycles, e.BytesRead, e.BytesWritten, e.ArrayUse,
			e.Resources.LUT, e.Resources.FF, e.Resources.DSP, e.Resources.BRAM18, e.Resources.URAM, e.Resources.LUTRAM}}
	clock, err := clockOf(engine, g, d)
	if err != nil {
		return Point{}, err
	}
	p.Clock = clock
	if rank := g.Rank(index); rank.IsInt64() {
		p.Rank = rank.Int64()
	}
	for i, a := range g.Axes() {
		p.Choice = append(p.Choice, a.Values[index[i]])
	}
	p.LossDB = f.BestSQNRDB - p.SQNRDB
	for _, o := range f.Objectives {
		x, err := o.Info()
		if err != nil {
			return Point{}, err
		}
		p.Costs = append(p.Costs, x.Cost(q))
	}
	return p, nil
}

// Design is the design of a point of this front.
func (f *Front) Design(engine hwmodel.Clocked, p Point) (configs.Design, error) {
	if p.design != nil {
		return *p.design, nil
	}
	s, err := f.Summary(p.Part)
	if err != nil {
		return configs.Design{}, err
	}
	g, err := space.On(engine, f.Space, f.Model, s.Part)
	if err != nil {
		return configs.Design{}, err
	}
	index, err := f.Index(g, p)
	if err != nil {
		return configs.Design{}, err
	}
	return g.Design(index)
}

// Index is the place of a point of this front in its part's grid.
func (f *Front) Index(g *configs.Grid, p Point) ([]int, error) {
	index := make([]int, len(g.Axes()))
	for i, a := range g.Axes() {
		if i >= len(p.Choice) || !slices.Contains(a.Values, p.Choice[i]) {
			return nil, fmt.Errorf("point %s: its choice of %s is none of the space's; the file is damaged", p.Name, a.Name)
		}
		index[i] = slices.Index(a.Values, p.Choice[i])
	}
	return index, nil
}

// Summary is the summary of a part.
func (f *Front) Summary(part string) (PartSummary, error) {
	for _, s := range f.Parts {
		if s.Part.Name == part {
			return s, nil
		}
	}
	return PartSummary{}, fmt.Errorf("part %q is not on the front; it has %s", part, strings.Join(f.partNames(), ", "))
}

func (f *Front) partNames() []string {
	var names []string
	for _, p := range f.Parts {
		names = append(names, p.Part.Name)
	}
	return names
}
