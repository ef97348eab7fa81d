package hwmodel

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"vitdse/configs"
)

// Wires are the models of what a routed net takes that clocks are given for, the kindest first: static timing
// has the same three (docs/CLOCK.md).
var Wires = [3]string{"kind", "middle", "harsh"}

// Routed is in the place of the models of the wires where a clock is fitted to engines that were placed and routed.
const Routed = "routed"

// RoutedSpread is the name, among the terms of Routed, of the largest error of an engine that the terms were fitted to,
// as a share: a clock is within that much, placements' luck and the model's error together.
const RoutedSpread = "spread"

// Clock is the clock of an engine as the model has it, MHz: what static timing of its netlist would say, or what place
// and route would.
type Clock struct {
	MHz        float64 `json:"mhz"`         // with middle wires, or placed and routed
	Kind       float64 `json:"kind"`        // with kind wires, or as far above as engines were that were fitted to
	Harsh      float64 `json:"harsh"`       // with harsh wires, or as far below
	SpeedGrade string  `json:"speed_grade"` // of the part, as -2
	Evidence   string  `json:"evidence"`    // what stands behind it
}

// String is the clock with its bracket, as people read it; that of no clock says that it is assumed.
func (c *Clock) String() string {
	if c == nil {
		return "assumed"
	}
	return "model: " + c.Bracket()
}

// Bracket is a clock and its bracket, MHz.
func (c Clock) Bracket() string { return fmt.Sprintf("%.0f (%.0f..%.0f)", c.MHz, c.Harsh, c.Kind) }

// What stands behind a Clock.
const (
	staticEvidence = "fitted to static timing of Yosys' netlists, not placed and routed"
	routedEvidence = "fitted to engines placed and routed by nextpnr"
)

// ClockAmounts is how much of each of an engine's terms of the period there is, or the terms themselves, in the order
// of Clocked.ClockTerms. What is behind the last is 0.
type ClockAmounts [7]float64

// ClockModel gives the clocks of engines on one part. Widths of the numerics do not matter to it: no way through an
// adder is the longest.
type ClockModel struct {
	of       Clocked
	family   configs.Fabric
	grade    string
	share    float64
	terms    [3]ClockAmounts
	spread   float64
	evidence string
	memory   float64 // GB/s off the chip
}

// NewClockModel is that of a kind of engine on a part, nil where the part's family has no model: a clock is then
// assumed. A device whose speed grade is not known is an error.
func NewClockModel(of Clocked, part configs.Part) (*ClockModel, error) {
	c, err := BuiltInCoefficients(part.Family)
	if err != nil || c.Family.Basis() != c.Family || len(c.Clock) == 0 {
		return nil, nil
	}
	grade, share, err := SpeedGrade(part)
	if err != nil {
		return nil, err
	}
	m := &ClockModel{of: of, family: part.Family, grade: grade, share: share, evidence: staticEvidence,
		memory: part.BandwidthGBs}
	models := Wires
	if routed, ok := c.Clock[Routed]; ok {
		m.evidence, m.spread, models = routedEvidence, routed[RoutedSpread], [3]string{Routed, Routed, Routed}
	}
	for i, wires := range models {
		for j, name := range of.ClockTerms() {
			m.terms[i][j] = c.Clock[wires][name]
		}
	}
	return m, nil
}

// Of is the clock of an engine, MHz to a tenth, rounded down; nil of no model. It is no faster than the part's memory
// fills the engine's bus: beyond that a design would wait for memory, and plan with power for nothing.
func (m *ClockModel) Of(e configs.Engine) *Clock {
	if m == nil {
		return nil
	}
	c := m.Timing(e)
	most := math.Floor(m.memory*8e4/float64(e.BusBits)+1e-6) / 10
	c.MHz, c.Kind, c.Harsh = min(c.MHz, most), min(c.Kind, most), min(c.Harsh, most)
	return c
}

// Timing is the clock that the engine's own ways allow, whatever the memory.
func (m *ClockModel) Timing(e configs.Engine) *Clock {
	var mhz [3]float64
	control, array := m.of.ClockFeatures(e, m.family)
	spread := [3]float64{1 / (1 + m.spread), 1, 1 + m.spread}
	for i := range m.terms {
		mhz[i] = math.Floor(1e4/(m.share*spread[i]*ClockPeriod(&m.terms[i], &control, &array))) / 10
	}
	return &Clock{MHz: mhz[1], Kind: mhz[0], Harsh: mhz[2], SpeedGrade: "-" + m.grade, Evidence: m.evidence}
}

// ClockPeriod is the longer of the two ways, ns at speed grade -1.
func ClockPeriod(terms, control, array *ClockAmounts) float64 {
	a, b := 0.0, 0.0
	for i, x := range terms {
		a, b = a+x*control[i], b+x*array[i]
	}
	return max(a, b)
}

// speedGrades are the shares of the delays at speed grade -1 that a family's grades have: FDRE and LUTs in Vivado
// reports of both grades (7-series 0.105 ns of 0.124, UltraScale+ 0.079 of 0.096); -3 from the periods of picorv32 in
// its README. Of the ECP5 only speed grade 6 was placed and routed.
var speedGrades = map[configs.Fabric]map[string]float64{
	configs.XC7:  {"1": 1, "2": 0.84, "3": 0.76},
	configs.XCUP: {"1": 1, "2": 0.83, "3": 0.72},
	configs.ECP5: {"6": 1},
}

// speedGrade is where an ordering code has it: last in Xilinx', with letters of its voltage behind it (-2LV, which is
// taken as -2), before the package in Lattice's.
var speedGrade = regexp.MustCompile(`-(\d)[A-Za-z]{0,2}(-[A-Za-z]+)?$|^LFE5[A-Z0-9]+-\d+F-(\d)`)

// SpeedGrade is the speed grade in a part's ordering code, and the share of the delays at -1 that it has. Of a family
// without known grades, or a code without one of them, it is an error that lists what is known.
func SpeedGrade(part configs.Part) (name string, share float64, err error) {
	grades, ok := speedGrades[part.Family]
	if !ok {
		return "", 0, fmt.Errorf("part %s: there are no delays of family %s; its clock stays assumed", part.Name, part.Family)
	}
	if m := speedGrade.FindStringSubmatch(part.Device); m != nil {
		if name = m[1] + m[3]; grades[name] > 0 {
			return name, grades[name], nil
		}
	}
	var known []string
	for g := range grades {
		known = append(known, "-"+g)
	}
	slices.Sort(known)
	return "", 0, fmt.Errorf("part %s: device %q ends in no known speed grade; known for %s: %s",
		part.Name, part.Device, part.Family, strings.Join(known, ", "))
}
