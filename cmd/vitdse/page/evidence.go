package page

import (
	"fmt"
	"strings"

	"vitdse/dse/front"
	"vitdse/hwmodel"
)

// Verdict is what a verification of an emitted design found.
type Verdict struct {
	Design     string      `json:"design"` // hash
	Target     string      `json:"target"` // rtl or hls
	Words      string      `json:"words"`  // the verdict's line
	OK         bool        `json:"ok"`
	Memory     string      `json:"memory"`
	Images     int         `json:"images"`       // compared op by op
	Logits     int         `json:"logit_images"` // compared by their logits
	Elements   int64       `json:"elements"`
	Mismatches int64       `json:"mismatches"`
	Predicted  int64       `json:"cycles_predicted"` // of the first image
	Measured   int64       `json:"cycles_measured"`
	Ops        []VerdictOp `json:"ops"`
}

// VerdictOp is what was compared of one op, and what the array did in its cycles.
type VerdictOp struct {
	Name       string  `json:"name"`
	Elements   int64   `json:"elements"`
	Compared   int64   `json:"compared"`
	Mismatches int64   `json:"mismatches"`
	Predicted  int64   `json:"cycles_predicted"`
	Measured   int64   `json:"cycles_measured"`
	MACs       int64   `json:"macs"`
	Spent      []int64 `json:"spent,omitempty"` // cycles, by Report.Causes
}

// Budget is what the fastest point of a part would gain from more of each resource.
type Budget struct {
	Part    string   `json:"part"`
	Point   string   `json:"point"`
	FPS     Number   `json:"fps"`
	Share   Number   `json:"share"` // by which budgets were made larger and smaller
	Effects []Effect `json:"effects"`
}

// Effect is of one resource: FPS with more and with less over those of the point, less 1.
type Effect struct {
	Resource string `json:"resource"`
	Used     Number `json:"used"`
	More     Number `json:"more"`
	Less     Number `json:"less"` // -1: no point is left
}

// clockClaim says whose word the clock is.
func clockClaim(f *front.Front) Claim {
	if all := f.ClockEvidence(f.Points); len(all) > 0 {
		return Claim{"Clock", "modelled", "within the bracket of each point, if its wires are no longer than the harshest " +
			"assumed; parts without a model: not known",
			strings.Join(all, "; ") + "; docs/CLOCK.md"}
	}
	return Claim{"Clock", "assumed", "not known; latency and FPS scale with it",
		"the part file's, or the space's; see the part's evidence"}
}

// claims says of every kind of figure on the page how exact it is.
func claims(f *front.Front) []Claim {
	list := []Claim{
		{"Cycles", "exact", "to the cycle, op by op, with an ideal memory; a part slower than the bus is priced with the " +
			"mean of its pauses",
			"held against the emitted RTL in Verilator by every verification, and in docs/CYCLES.md for random pairs of " +
				"network and engine"},
		{"DSP, BRAM, URAM", "exact", "equal in every design that was mapped",
			"Yosys on 7-series, UltraScale+ and ECP5; docs/RESOURCES.md"},
		{"LUT, FF", "estimated", "within the band that is drawn at each bar",
			"the worst of the designs that were mapped with Yosys; docs/RESOURCES.md"},
		clockClaim(f),
		{"Power, energy", "estimated", fmt.Sprintf("±%.0f %%", 100*hwmodel.ExpectedPowerError),
			"an analytic model set to published designs; docs/POWER.md"},
	}
	noise := Claim{"Noise, predicted", "estimated", "not held against measurements in this search",
		"the sum of what each layer's bits add alone"}
	if c := f.Correction; c != nil {
		noise.Exact = fmt.Sprintf("off by %.2f dB on average and %.2f dB at most", c.Before.MeanAbsDB, c.Before.MaxAbsDB)
		noise.Source = fmt.Sprintf("the integer network measured for %d choices of numerics of this front", c.Numerics)
	}
	list = append(list, noise)
	if f.Reference != nil {
		list = append(list, Claim{"Noise and accuracy, measured", "measured", "exact for these images",
			fmt.Sprintf("the integer network on %d test images against the float network; "+
				"the emitted hardware computes the same integers", f.Reference.Images)},
			Claim{"Top-1, measured", "measured", fmt.Sprintf("±%.2f points (standard error) for other images",
				100*f.Reference.Top1SE),
				"a difference of less says nothing; points are told apart by more than the larger error of the two"})
	}
	if n := f.Near; n != nil {
		list = append(list, Claim{"Measured front", "measured",
			fmt.Sprintf("of the predicted front and of points within %g dB of it", n.BandDB), n.String()})
	}
	return list
}
