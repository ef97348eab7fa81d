package verdicts

import (
	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/page"
	"vitdse/cmd/vitdse/table"
	"vitdse/configs"
)

// Point is what verification said of a point of a front; Point is its place there, from 0.
type Point struct {
	Point    int            `json:"point"`
	Name     string         `json:"name"`
	Part     string         `json:"part"`
	Verdicts []page.Verdict `json:"verdicts"` // of each target
}

// Points prints a row for each target of each point, and says how many points failed.
func Points(o *table.Output, list []Point) (failed int, err error) {
	t := table.New("point", "<part", "<target", "<design", "images", "logits of", "elements compared", "mismatches",
		"cycles predicted", "measured", "<verdict")
	for _, r := range list {
		ok := true
		for _, v := range r.Verdicts {
			word, predicted, measured := "PASS", number.Count(v.Predicted), number.Count(v.Measured)
			if !v.OK {
				word, ok = "FAIL", false
			}
			if v.Target == string(configs.TargetHLS) {
				predicted, measured = "-", "-"
			}
			t.Add(number.Count(int64(r.Point+1)), r.Part, v.Target, v.Design, number.Count(int64(v.Images)),
				number.Count(int64(v.Logits)), number.Count(v.Elements), number.Count(v.Mismatches), predicted, measured, word)
		}
		if !ok {
			failed++
		}
	}
	return failed, o.Show(t)
}
