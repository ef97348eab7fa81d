// Package layers says what quantization does to a network: to every layer, to every op's result, to the classes, and
// how well the noise of layers adds up.
package layers

import (
	"fmt"
	"math"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/table"
	"vitdse/configs/network"
	"vitdse/golden/measure"
	"vitdse/golden/quant"
)

// Show says what quantization did to every layer.
func Show(o *table.Output, r *quant.Report) error {
	t := table.New("<layer", "<bits w/a", "<scales", "codes from", "to", "scale", "zero", "clipped %", "codes dB",
		"weights' scale", "clipped %", "result dB", "accumulator bits")
	for _, l := range r.Layers {
		bits, scales := fmt.Sprintf("-/%d", l.Activations), "head"
		weight := []string{"-", "-", "-", "-"}
		if l.Weights > 0 {
			bits, scales = fmt.Sprintf("%d/%d", l.Weights, l.Activations), string(l.Granularity)
			if l.Group > 0 {
				scales += fmt.Sprintf(" %d", l.Group)
			}
			weight = []string{fmt.Sprintf("%.3g", l.WeightScale), number.PercentFine(l.WeightClipped),
				fmt.Sprintf("%.1f", l.OutputSQNR), fmt.Sprint(l.AccBits)}
		}
		t.Add(append([]string{l.Layer, bits, scales, fmt.Sprintf("%.3g", l.Low), fmt.Sprintf("%.3g", l.High),
			fmt.Sprintf("%.3g", l.Scale), fmt.Sprint(l.Zero), number.PercentFine(l.Clipped), fmt.Sprintf("%.1f", l.SQNR)},
			weight...)...)
	}
	if err := o.Show(t); err != nil {
		return err
	}
	o.Printf("Each layer is given the real input; scales of weights are the largest of the layer.\n")
	return nil
}

// Ops says how far the ops of a quantized network are from the float one, of the blocks the worst of each role unless
// all is set, and what that costs the classes, where the images are labelled.
func Ops(o *table.Output, d measure.Detail, labelled, all bool) error {
	ops := table.New("<op", "SQNR dB")
	worst := map[network.Role]int{} // the worst op of each role within the blocks
	var keep []measure.OpSQNR
	for _, op := range d.Ops {
		role := op.Op.Role
		if all || op.Op.Block == network.None || role == network.RoleMergeNorm || role == network.RoleMerge {
			keep = append(keep, op)
			continue
		}
		if i, seen := worst[op.Op.Role]; !seen {
			worst[op.Op.Role] = len(keep)
			keep = append(keep, op)
		} else if op.SQNR < keep[i].SQNR {
			keep[i] = op
		}
	}
	for _, op := range keep {
		if !math.IsNaN(op.SQNR) {
			ops.Add(op.Name, fmt.Sprintf("%.1f", op.SQNR))
		}
	}
	if err := o.Show(ops); err != nil {
		return err
	}
	if !all {
		o.Printf("Of the blocks, the worst of each op; --all lists every one.\n")
	}
	o.Printf("\n")
	t := table.New("<network", "top-1 %", "top-5 %", "same class as float %", "logits' SQNR dB")
	share := func(v float64) string {
		if !labelled {
			return "-"
		}
		return number.PercentFine(v)
	}
	t.Add("float", share(d.FloatTop1), share(d.FloatTop5), "100.00", "-")
	t.Add("integer", share(d.Top1), share(d.Top5), number.PercentFine(d.Agree), fmt.Sprintf("%.2f", d.SQNR))
	if err := o.Show(t); err != nil {
		return err
	}
	o.Printf("%s\n", number.Plural(d.Images, "image"))
	return nil
}

// Classes says how often an integer network is right, where the images are labelled.
func Classes(o *table.Output, d measure.Counts, labelled bool) error {
	t := table.New("<network", "top-1 %", "top-5 %")
	if !labelled {
		t.Add("integer", "-", "-")
	} else {
		t.Add("integer", number.PercentFine(d.Top1), number.PercentFine(d.Top5))
	}
	if err := o.Show(t); err != nil {
		return err
	}
	o.Printf("%s\n", number.Plural(d.Images, "image"))
	return nil
}
