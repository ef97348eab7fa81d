package main

import (
	"cmp"
	"fmt"

	"vitdse/configs"
	"vitdse/hwmodel"
)

// clocks are what clock the engines of a command have on a part: the model's of each, or an assumed one of all.
type clocks struct {
	model   *hwmodel.ClockModel // nil: assumed
	assumed float64             // MHz
}

// clocksOn are those that were given, MHz, or if that is 0 the model's, or the part's where its family has no model.
func clocksOn(part configs.Part, given float64) (clocks, error) {
	c := assumed(cmp.Or(given, part.ClockMHz))
	if given > 0 {
		return c, nil
	}
	var err error
	c.model, err = hwmodel.NewClockModel(engine, part)
	return c, err
}

// clocksOf are those of a space on a part.
func clocksOf(s configs.Space, part configs.Part) (clocks, error) {
	if mhz, ok := s.ClockMHz[part.Name]; ok || s.Clock == configs.ClockOfPart {
		return assumed(cmp.Or(mhz, part.ClockMHz)), nil
	}
	return clocksOn(part, 0)
}

// assumed is one clock of all, MHz.
func assumed(mhz float64) clocks { return clocks{assumed: mhz} }

// mhz is the clock of an engine.
func (c clocks) mhz(e configs.Engine) float64 {
	if of := c.model.Of(e); of != nil {
		return of.MHz
	}
	return c.assumed
}

// say is the clock of an engine with its bracket, or that it is assumed.
func (c clocks) say(e configs.Engine) string {
	if of := c.model.Of(e); of != nil {
		return of.Bracket()
	}
	return fmt.Sprintf("%g (assumed)", c.assumed)
}
