package fronts

import (
	"fmt"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/table"
	"vitdse/dse"
	"vitdse/dse/front"
)

// Budgets says what a share more and less of each resource of a part would be worth to its fastest point.
func Budgets(o *table.Output, part string, best front.Point, effects []dse.BudgetEffect, share float64) error {
	o.Printf("fastest on %s: %s, %s images/s\n", part, best.Name, number.Count(int64(best.FPS)))
	t := table.New("<resource", "used %", fmt.Sprintf("images/s with %g %% more", 100*share),
		fmt.Sprintf("with %g %% less", 100*share), "<so it is")
	for _, e := range effects {
		words := "slack"
		switch {
		case e.More > 0:
			words = "worth having"
		case e.Less < 0:
			words = "needed"
		}
		less := fmt.Sprintf("%+.1f %%", 100*e.Less)
		if e.Less == -1 {
			less = "no point left"
		}
		t.Add(e.Resource, number.Percent(e.Used), fmt.Sprintf("%+.1f %%", 100*e.More), less, words)
	}
	return o.Show(t)
}
