package page

import (
	"vitdse/configs"
	"vitdse/dse/accuracy"
	"vitdse/dse/certificate"
	"vitdse/dse/front"
)

// Report is all that a page shows. Fields that a page can do without are left out of the JSON
// where they are empty.
type Report struct {
	Schema  int     `json:"schema"`
	Tool    string  `json:"tool"`              // version and build that searched
	Command string  `json:"command,omitempty"` // the command line that wrote the page
	Emit    string  `json:"emit,omitempty"`    // how a point is emitted; the point's number follows
	Inputs  string  `json:"inputs"`            // hash of all that the search depends on
	Seed    int64   `json:"seed"`
	Partial bool    `json:"partial"` // the search has not come to its end
	Model   Model   `json:"model"`
	Space   string  `json:"space"`
	Parts   []Part  `json:"parts"`
	Limits  []Limit `json:"limits"` // of the run

	Objectives []string             `json:"objectives"`
	BestSQNRDB Number               `json:"best_sqnr_db"`        // predicted losses are below this
	Reference  *accuracy.Measured   `json:"reference,omitempty"` // measured losses are below its sqnr_db
	Correction *accuracy.Correction `json:"correction,omitempty"`
	Measured   []string             `json:"measured_objectives,omitempty"` // of the measured front, where they are others
	Near       *front.Near          `json:"near,omitempty"`                // what was measured beside the predicted front

	Axes     []Axis     `json:"axes"`
	Numerics []Numerics `json:"numerics"`
	Points   Points     `json:"points"`
	Picked   *Picked    `json:"picked,omitempty"`

	Inside   []Inside  `json:"inside"`
	Budgets  []Budget  `json:"budgets"`
	Verified []Verdict `json:"verified"`
	Accuracy []Claim   `json:"accuracy"` // how exact each kind of figure is
}

// Model is the network that the front is of.
type Model struct {
	Name    string `json:"name"`
	Family  string `json:"family"`
	Image   string `json:"image"` // height x width x channels
	Tokens  int    `json:"tokens"`
	Dim     int    `json:"dim"`
	Depth   int    `json:"depth"`
	Heads   int    `json:"heads"`
	Classes int    `json:"classes"`
}

// Part is an FPGA of the front.
type Part struct {
	Name         string         `json:"name"`
	Title        string         `json:"title"`
	Family       string         `json:"family"`
	Budget       map[string]int `json:"budget"` // all there is
	Usable       map[string]int `json:"usable"` // what a design may plan with
	BandwidthGBs Number         `json:"bandwidth_gb_s"`
	Clock        Clock          `json:"clock"`
	// what stands behind the clocks of its points, where a model gives them
	ClockModel string `json:"clock_model,omitempty"`
	Bands      []Band `json:"bands"` // of the resource model

	Legal       int64                    `json:"legal"` // points, where the space was enumerated
	Fit         int64                    `json:"fit"`
	Feasible    int64                    `json:"feasible"`
	Short       map[string]int64         `json:"short"` // points that do not fit, by the resource they are shortest of
	Front       int                      `json:"front"`
	Recut       int                      `json:"recut"`
	Certificate *certificate.Certificate `json:"certificate,omitempty"`
}

// Synthesis is what a synthesis of a design found.
type Synthesis struct {
	Design string         `json:"design"` // hash
	Tool   string         `json:"tool"`   // that counted
	Counts map[string]int `json:"counts"` // of each resource
	Clock  *Clock         `json:"clock,omitempty"`
}

// Clock is what is known of the frequency that designs of a part are counted at.
type Clock struct {
	MHz      Number  `json:"mhz"`
	Evidence string  `json:"evidence"`           // whose word it is
	LowMHz   *Number `json:"low_mhz,omitempty"`  // the bracket that the evidence leaves
	HighMHz  *Number `json:"high_mhz,omitempty"` //
	Path     string  `json:"path,omitempty"`     // what sets it
}

// Band is how far off an estimate of a resource may be, as a share of it.
type Band struct {
	Resource string `json:"resource"`
	Share    Number `json:"share"` // 0 is exact, null not known
	Source   string `json:"source"`
}

// Limit is a limit of the run, in the unit that goes with its metric.
type Limit struct {
	Metric string `json:"metric"`
	Value  Number `json:"value"`
	Unit   string `json:"unit"`
	Least  bool   `json:"least"` // a minimum
}

// Axis is one choice of the space and the values that points of the front took.
type Axis struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
}

// Numerics is a choice of bits, granularity and units; many points share one.
type Numerics struct {
	Hash      string    `json:"hash"`
	Predicted Accuracy  `json:"predicted"`
	Measured  *Measured `json:"measured,omitempty"`
}

// Accuracy is of the logits, against those of the float network.
type Accuracy struct {
	SQNRDB Number `json:"sqnr_db"`
	LossDB Number `json:"loss_db"`
}

// Measured is what the integer network was found to do.
type Measured struct {
	Accuracy
	Top1   Number `json:"top1"`
	Top1SE Number `json:"top1_se"` // standard error
	Agree  Number `json:"agree"`
	Images int    `json:"images"`
}

// Points are the points of the front in columns: entry i of each is of point i.
type Points struct {
	Of       int            `json:"of"`     // points of the front, of which these were kept
	Number   []int          `json:"number"` // in front.json, from 1: what emit --point takes
	Name     []string       `json:"name"`
	Part     []int          `json:"part"`     // index into Report.Parts
	Numerics []int          `json:"numerics"` // index into Report.Numerics
	UseOf    []string       `json:"use_of"`
	Feasible []int          `json:"feasible"` // 1: the limits hold as measured
	OnFront  []int          `json:"on_front"` // 1: of the measured front
	Near     []int          `json:"near"`     // 1: not of the predicted front
	Choice   [][]int        `json:"choice"`   // for each axis, indexes into its values
	Values   []PointsColumn `json:"values"`
}

// PointsColumn is one quantity of all points.
type PointsColumn struct {
	Name   string   `json:"name"` // as in front.json; watts, joules and clock_mhz are of the power model and the design
	Values []Number `json:"values"`
}

// Picked is the point that the run's policy chooses.
type Picked struct {
	Name   string `json:"name"`
	Policy string `json:"policy"`
	Why    string `json:"why"`
}

// Claim says how exact a kind of figure is, and how one knows.
type Claim struct {
	What   string `json:"what"`
	Kind   string `json:"kind"` // exact, measured, estimated or assumed
	Exact  string `json:"exact"`
	Source string `json:"source"`
}

// budgetOf names the entries of a budget as front.json does.
func budgetOf(b configs.Budget) map[string]int {
	return map[string]int{"lut": b.LUT, "ff": b.FF, "dsp": b.DSP, "bram18": b.BRAM18, "uram": b.URAM, "lutram": b.LUTRAM}
}
