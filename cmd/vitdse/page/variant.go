package page

import (
	"fmt"
	"slices"
	"strings"

	"vitdse/configs"
)

// Variant is a point of the space that differs from a point of the front in some choices, and why it
// is, or is not, on the front.
type Variant struct {
	Changes  []Change       `json:"changes"`
	Fate     string         `json:"fate"`   // illegal, budget, limit, beaten, front, or open where the noise is not known
	Why      string         `json:"why"`    // in words
	Beaten   []int          `json:"beaten"` // the numbers of the first hundred points that beat it
	Seconds  Number         `json:"seconds"`
	FPS      Number         `json:"fps"`
	Use      Number         `json:"use"`
	UseOf    string         `json:"use_of"`
	LossDB   Number         `json:"loss_db"` // predicted
	Resource map[string]int `json:"resources,omitempty"`
}

// Change is one choice and the value that it gets.
type Change struct {
	Axis  string `json:"axis"`
	Value string `json:"value"`
}

// ParseChanges reads choices between commas, such as "tm=8,multiplier=lut".
func ParseChanges(text string) ([]Change, error) {
	var list []Change
	for _, part := range strings.Split(text, ",") {
		axis, value, ok := strings.Cut(part, "=")
		if !ok {
			return nil, fmt.Errorf("%q is no choice; expected axis=value, such as tm=8,multiplier=lut", strings.TrimSpace(part))
		}
		list = append(list, Change{strings.TrimSpace(axis), strings.TrimSpace(value)})
	}
	return list, nil
}

// indexOf is the index of a choice with some changes.
func indexOf(g *configs.Grid, choice []string, changes []Change) ([]int, error) {
	var names []string
	index := make([]int, len(g.Axes()))
	for i, a := range g.Axes() {
		names = append(names, a.Name)
		value := choice[i]
		for _, c := range changes {
			if c.Axis == a.Name {
				value = c.Value
			}
		}
		if index[i] = slices.Index(a.Values, value); index[i] < 0 {
			return nil, fmt.Errorf("%s=%s: the space has %s", a.Name, value, strings.Join(a.Values, ", "))
		}
	}
	for _, c := range changes {
		if !slices.Contains(names, c.Axis) {
			return nil, fmt.Errorf("%s=%s: the space has no such choice, but %s", c.Axis, c.Value, strings.Join(names, ", "))
		}
	}
	return index, nil
}
