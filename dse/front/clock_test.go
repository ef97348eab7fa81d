package front

import (
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/dse/space"
	"vitdse/hwmodel"
	"vitdse/hwmodel/temporal"
)

// A space that leaves the clock to the model has every engine's own, with its bracket; one that fixes it has that, and
// a part without delays its own. A speed grade that is not known is an error.
func TestClockOfThePoint(t *testing.T) {
	m, err := configs.LoadModel("../../configs/digits/model.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s, err := configs.LoadSpace("../../configs/digits/space.yaml")
	if err != nil {
		t.Fatal(err)
	}
	part, err := configs.LoadPart(s.Parts[0])
	if err != nil {
		t.Fatal(err)
	}
	at := func(s configs.Space, part configs.Part) (fast, slow configs.Design, clock *hwmodel.Clock) {
		g, err := space.On(temporal.Engine{}, s, m, part)
		if err != nil {
			t.Fatal(err)
		}
		index := make([]int, len(g.Axes()))
		var all []configs.Design
		for more := true; more && len(all) < 2; more = g.Next(index) {
			if d, err := g.Design(index); err == nil && (len(all) == 0 ||
				(d.Engine.TM > d.Engine.TK) != (all[0].Engine.TM > all[0].Engine.TK)) {
				all = append(all, d)
				if clock, err = clockOf(temporal.Engine{}, g, d); err != nil {
					t.Fatal(err)
				}
			}
		}
		if len(all) < 2 {
			t.Fatal("no two engines, with passes of a group of columns and without")
		}
		if all[0].Engine.TM > all[0].Engine.TK {
			return all[1], all[0], clock
		}
		return all[0], all[1], clock
	}
	s.Clock, s.ClockShare, s.Constraints = configs.ClockModel, nil, nil
	fast, slow, clock := at(s, part)
	if fast.ClockMHz <= slow.ClockMHz || clock == nil || !(clock.Harsh < clock.MHz && clock.MHz < clock.Kind) ||
		clock.SpeedGrade == "" {
		t.Errorf("%g MHz without passes, %g with, %+v", fast.ClockMHz, slow.ClockMHz, clock)
	}
	s.ClockMHz = map[string]float64{part.Name: 77}
	if fast, slow, clock = at(s, part); fast.ClockMHz != 77 || slow.ClockMHz != 77 || clock != nil {
		t.Errorf("fixed: %g, %g, %+v", fast.ClockMHz, slow.ClockMHz, clock)
	}
	s.ClockMHz = nil
	other := part
	other.Family = configs.ICE40
	if fast, _, clock = at(s, other); fast.ClockMHz != part.ClockMHz || clock != nil {
		t.Errorf("a family without a model: %g, %+v", fast.ClockMHz, clock)
	}
	part.Device += "-9"
	if _, err := space.On(temporal.Engine{}, s, m, part); err == nil ||
		!strings.Contains(err.Error(), "no known speed grade; known for "+string(part.Family)+": -1, -2, -3") {
		t.Errorf("error %v", err)
	}
}
