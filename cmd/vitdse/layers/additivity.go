package layers

import (
	"fmt"
	"strings"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/table"
	"vitdse/dse/noise"
	"vitdse/golden/measure"
)

// Additivity says how close the sum of sensitivities comes to what random assignments of choices measured.
func Additivity(o *table.Output, c noise.Choices, file *noise.File,
	list []*measure.Additivity) (*table.Table, error) {
	t := table.New("assignments", "<bits", "<granularities", "<basis", "images", "rank correlation", "mean error dB",
		"largest dB", "bias dB")
	bits := strings.Trim(fmt.Sprint(c.Bits), "[]")
	for i, r := range list {
		t.Add(number.Count(int64(len(r.Pairs))), bits, joined(c.Granularities), file.Tables[i].Reference.Basis().String(),
			number.Count(int64(r.Images)), fmt.Sprintf("%.4f", r.Spearman), fmt.Sprintf("%.2f", r.MeanAbsDB),
			fmt.Sprintf("%.2f", r.MaxAbsDB), fmt.Sprintf("%+.2f", r.BiasDB))
	}
	if err := o.Show(t); err != nil {
		return nil, err
	}
	o.Printf("Logit SQNR of random assignments of bits: " +
		"the sum of the sensitivities against what was measured.\n")
	return t, nil
}

// joined lists names between commas.
func joined[T ~string](names []T) string {
	var list []string
	for _, n := range names {
		list = append(list, string(n))
	}
	return strings.Join(list, ", ")
}
