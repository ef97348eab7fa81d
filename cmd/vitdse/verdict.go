package main

import (
	"fmt"
	"strings"

	"vitdse/cmd/vitdse/number"
	"vitdse/configs"
	"vitdse/emit/verify"
)

// outcome is a verification that came to its end, and what was asked of it.
type outcome struct {
	report *verify.Report
	opt    verify.Options
}

// ideal says whether the memory answers in the next cycle and never pauses: then the
// prediction of cycles is a claim, not an estimate.
func (o *outcome) ideal() bool { return ideal(o.opt) }

func ideal(opt verify.Options) bool { return opt.Latency <= 1 && opt.Stall == 0 }

// late lists the ops whose cycles are not as claimed.
func (o *outcome) late() []string {
	if !o.ideal() || o.report.Target == configs.TargetHLS {
		return nil
	}
	var ops []string
	for _, op := range o.report.Ops {
		if op.Predicted != op.Measured {
			ops = append(ops, op.Name)
		}
	}
	if ops == nil && o.report.PredictedRun != o.report.MeasuredRun {
		ops = append(ops, "a later image")
	}
	return ops
}

// conclude prints the verdict, the last line of a verification, and gives the error that
// makes the exit code. Where the RTL and the HLS C++ were both run, the verdict is the RTL's
// if both hold, and that of the one that fails otherwise.
func (a *app) conclude(outs []*outcome) error {
	last := outs[0]
	for _, o := range outs {
		if !o.holds() {
			last = o
		}
	}
	line := last.verdict()
	if len(outs) > 1 && last.holds() {
		line += "; HLS C++ equal in all of it"
	}
	a.Printf("%s\n", line)
	if !last.holds() {
		return errVerdict
	}
	return nil
}

// holds says whether everything was compared and is as claimed.
func (o *outcome) holds() bool {
	return o.report.OK && len(o.late()) == 0 && len(o.report.Changed) == 0
}

func (o *outcome) verdict() string {
	r := o.report
	var faults []string
	var mismatches, uncompared int64
	for _, op := range r.Ops {
		mismatches += op.Mismatches
		uncompared += op.Elements - op.Compared
	}
	if uncompared > 0 {
		faults = append(faults, number.Plural(uncompared, "element")+" not compared")
	}
	if late := o.late(); len(late) > 0 {
		faults = append(faults, fmt.Sprintf("cycles of %s are not the predicted ones", firstFew(late)))
	}
	if len(r.Changed) > 0 {
		faults = append(faults, "not what was emitted: "+firstFew(r.Changed))
	}
	word := "PASS"
	if !r.OK || len(faults) > 0 {
		word = "FAIL"
	}
	s := fmt.Sprintf("%s  design %s: %d ops, %s elements of %s and %s logits of %d compared, %s",
		word, configs.ShortHash(r.Hash), len(r.Ops)-1, number.Count(r.Elements()), number.Plural(r.FullImages, "image"),
		number.Count(r.LogitCompared), r.LogitImages, mismatchWords(mismatches+r.LogitMismatches))
	for _, f := range faults {
		s += ", " + f
	}
	if r.Target == configs.TargetHLS {
		return s + "; HLS C++, which has no cycles"
	}
	return s + fmt.Sprintf("; %s cycles an image predicted, %s measured", number.Count(r.PredictedCycles), number.Count(r.MeasuredCycles))
}

func mismatchWords(n int64) string {
	if n == 1 {
		return "1 mismatch"
	}
	return number.Count(n) + " mismatches"
}

// firstFew names a few of a list.
func firstFew(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
