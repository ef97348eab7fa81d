package checkpoint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"vitdse/configs"
)

// turns are the keys of rotary embeddings.
type turns struct {
	kind      configs.Rope
	theta     float64
	half      bool
	reference []int
}

func (t turns) String() string {
	return fmt.Sprintf("%s of theta %g, half %v, reference %v", t.kind, t.theta, t.half, t.reference)
}

// readTurns reads those of timmTable, and whether there are any.
func readTurns(text string) (turns, bool) {
	f := strings.Fields(text)
	if len(f) < 3 {
		return turns{}, false
	}
	t := turns{kind: configs.Rope(f[0]), half: f[2] == "half"}
	t.theta, _ = strconv.ParseFloat(f[1], 64)
	for _, s := range f[3:] {
		n, _ := strconv.Atoi(s)
		t.reference = append(t.reference, n)
	}
	return t, true
}

// turned are those of a model.
func turned(m *configs.Model) turns { return turns{m.Rope, m.RopeTheta, m.RopeHalf, m.RopeReference} }

// settleTurns takes them into a model without any, or returns what the model says against them. The grid of the
// training may be named where it is the model's own.
func settleTurns(m *configs.Model, t turns) string {
	if m.Rope == "" {
		m.Rope, m.RopeTheta, m.RopeHalf, m.RopeReference = t.kind, t.theta, t.half, t.reference
	}
	have, own := turned(m), []int{m.Image.Height / max(1, m.Patch), m.Image.Width / max(1, m.Patch)}
	for _, r := range []*[]int{&have.reference, &t.reference} {
		if slices.Equal(*r, own) {
			*r = nil
		}
	}
	if have.String() != t.String() {
		return turned(m).String()
	}
	return ""
}
