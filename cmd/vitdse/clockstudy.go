package main

import (
	"fmt"

	"vitdse/configs"
	"vitdse/emit/synth"
	"vitdse/emit/timing"
)

// clockStudy says what a study of the clock does with its designs; the zero value is a study of the resources.
type clockStudy struct {
	seeds   []int // to place and route with
	control bool
}

func (c clockStudy) routes() bool { return len(c.seeds) > 0 }

// check refuses parts that a study of the clock is not for.
func (c clockStudy) check(parts []configs.Part) error {
	for _, p := range parts {
		if c.routes() && p.Family != configs.ECP5 {
			return fmt.Errorf("--seeds: part %s is of family %s; open tools place and route %s parts: give these with --parts",
				p.Name, p.Family, configs.ECP5)
		}
		if c.control {
			if err := timing.Delays(p); err != nil {
				return fmt.Errorf("--control: %w", err)
			}
		}
	}
	return nil
}

// routedFor is the clock, MHz, that placements work towards: above all that they reach.
const routedFor = 100

// rule says of a part's design of the given turn whether it is held out, and what clock it works towards.
func (c clockStudy) rule(d *configs.Design, turn int, heldOut *bool) {
	if c.routes() || c.control {
		*heldOut = turn%3 == 2
	}
	if c.routes() {
		d.ClockMHz = routedFor
	}
}

// options are what is to be done with the design of a turn.
func (c clockStudy) options(opt *synth.Options, turn int) {
	opt.Control, opt.RouteOnly = c.control, c.routes()
	if opt.Seeds = c.seeds; turn%6 != 3 && c.routes() {
		opt.Seeds = c.seeds[:1]
	}
}
