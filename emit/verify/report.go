package verify

import (
	"fmt"

	"vitdse/configs"
	"vitdse/hwmodel"
)

// Options says what of a folder is simulated.
type Options struct {
	Images  int     // images whose logits are compared; -1 is all the folder has
	Full    int     // first images compared op by op; -1 is all the folder has
	Latency int     // cycles from a read request to its first beat; 1 is the ideal memory
	Stall   float64 // chance of a pause on any AXI channel in any cycle, 0 .. 0.9
	Seed    uint64  // of the pauses
	Checks  bool    // the HLS C++ is also compiled with checks of every index, and run on a few images
	Results string  // file that the result blocks are written to as well; "" for none
}

// Progress is what is being done: Done of Total in the stage's unit.
type Progress struct {
	Stage       string // "build" (files compiled) or "simulate" (images)
	Done, Total int64
	Detail      string
	What        string // is built
}

// OpResult is the verdict on one op over all compared images, and its cycles in the first.
type OpResult struct {
	Name, Kind, Shape    string
	Elements             int64 // to compare
	Compared, Mismatches int64
	Predicted, Measured  int64
	Digest               string // of every element compared, in order: the same for the same elements
	MACs                 int64  // of the op on one image
	Spent                Spent  // the array's cycles of the first image while the op was its next or its present one
}

// Spent is cycles of the array by what they were spent on.
type Spent [len(hwmodel.Causes)]int64

// Total is all of them.
func (s Spent) Total() (n int64) {
	for _, c := range s {
		n += c
	}
	return n
}

// Mismatch is one element that differs. Cycle counts from the start of the run; 0 in HLS C++.
type Mismatch struct {
	Op                    string
	Image, Head, Row, Col int
	Expected, Got         int64
	Cycle                 int64
}

func (m Mismatch) String() string {
	at := ""
	if m.Cycle > 0 {
		at = fmt.Sprintf(" (cycle %d)", m.Cycle)
	}
	return fmt.Sprintf("op %s, image %d, head %d, row %d, column %d: expected %d, got %d%s",
		m.Op, m.Image, m.Head, m.Row, m.Col, m.Expected, m.Got, at)
}

// Report is the outcome of a verification. OK means that every element of every op and
// every logit that was asked for was compared and equal.
type Report struct {
	Target            configs.Target // "rtl" or "hls"; HLS C++ has no cycles
	Hash, Model, Part string
	// files that are not what was emitted: whatever is equal, the design is another
	Changed                         []string
	FullImages                      int
	Ops                             []OpResult // the last is the store of the result, which has no elements
	Mismatches                      []Mismatch // the first few of each op
	LogitImages                     int
	LogitCompared, LogitMismatches  int64
	PredictedCycles, MeasuredCycles int64 // first image
	// the slowest image that waited behind another, from the end of that; 0 if none did
	PredictedQueued, MeasuredQueued int64
	PredictedRun, MeasuredRun       int64   // all images
	SimSeconds, CyclesPerSecond     float64 // of all processes together
	Processes                       int     // that shared the images, each a run of its own
	BeatsRead, BeatsWritten         int64
	PredictedBeatsRead              int64
	Resets                          int   // rehearsals that a soft reset stopped, the bus left idle each time
	ArrayMACs                       int64 // of a cycle
	OK                              bool
}

// Utilisation is the share of the array's MACs that the first image needed, from its first
// cycle to the last of its result: 0 for HLS C++.
func (r *Report) Utilisation() float64 {
	if r.MeasuredCycles == 0 {
		return 0
	}
	var macs int64
	for _, o := range r.Ops {
		macs += o.MACs
	}
	return float64(macs) / float64(r.ArrayMACs) / float64(r.MeasuredCycles)
}

// Elements is the number of elements compared, logits of the op-by-op images included.
func (r *Report) Elements() (n int64) {
	for _, o := range r.Ops {
		n += o.Compared
	}
	return n
}
