// Package verdicts says what a verification found: tables of ops, what the array's cycles were spent on, the
// mismatches, and the verdict, which is one line.
package verdicts

import (
	"fmt"
	"strings"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/page"
	"vitdse/cmd/vitdse/table"
	"vitdse/configs"
	"vitdse/emit/verify"
)

// Outcome is a verification that came to its end, and what was asked of it.
type Outcome struct {
	Report *verify.Report
	Opt    verify.Options
}

// Ideal says whether the memory answers in the next cycle and never pauses: then the
// prediction of cycles is a claim, not an estimate.
func (o *Outcome) Ideal() bool { return ideal(o.Opt) }

func ideal(opt verify.Options) bool { return opt.Latency <= 1 && opt.Stall == 0 }

// late lists the ops whose cycles are not as claimed.
func (o *Outcome) late() []string {
	if !o.Ideal() || o.Report.Target == configs.TargetHLS {
		return nil
	}
	var ops []string
	for _, op := range o.Report.Ops {
		if op.Predicted != op.Measured {
			ops = append(ops, op.Name)
		}
	}
	if ops == nil && o.Report.PredictedRun != o.Report.MeasuredRun {
		ops = append(ops, "a later image")
	}
	return ops
}

// Conclude prints the verdict, the last line of a verification, and says whether it is a pass. Where the RTL and the
// HLS C++ were both run, the verdict is the RTL's if both hold, and that of the one that fails otherwise.
func Conclude(o *table.Output, outs []*Outcome) bool {
	last := outs[0]
	for _, out := range outs {
		if !out.Holds() {
			last = out
		}
	}
	line := last.line()
	if len(outs) > 1 && last.Holds() {
		line += "; HLS C++ equal in all of it"
	}
	o.Printf("%s\n", line)
	return last.Holds()
}

// Holds says whether everything was compared and is as claimed.
func (o *Outcome) Holds() bool {
	return o.Report.OK && len(o.late()) == 0 && len(o.Report.Changed) == 0
}

// line is the verdict.
func (o *Outcome) line() string {
	r := o.Report
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
	return s + fmt.Sprintf("; %s cycles an image predicted, %s measured",
		number.Count(r.PredictedCycles), number.Count(r.MeasuredCycles))
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

// Memory says which memory is simulated.
func Memory(opt verify.Options) string {
	if ideal(opt) {
		return "an ideal memory"
	}
	return fmt.Sprintf("a memory of %d cycles latency and %g %% stalls", opt.Latency, 100*opt.Stall)
}

// Kept is the outcome as a page has it.
func (o *Outcome) Kept() page.Verdict {
	r := o.Report
	v := page.Verdict{Design: configs.ShortHash(r.Hash), Target: string(r.Target), Words: o.line(), OK: o.Holds(),
		Memory: Memory(o.Opt), Images: r.FullImages, Logits: r.LogitImages, Elements: r.Elements(),
		Mismatches: r.LogitMismatches, Predicted: r.PredictedCycles, Measured: r.MeasuredCycles}
	for _, op := range r.Ops {
		x := page.VerdictOp{Name: op.Name, Elements: op.Elements, Compared: op.Compared, Mismatches: op.Mismatches,
			Predicted: op.Predicted, Measured: op.Measured, MACs: op.MACs}
		if r.Target != configs.TargetHLS {
			x.Spent = op.Spent[:]
		}
		v.Mismatches += op.Mismatches
		v.Ops = append(v.Ops, x)
	}
	return v
}
