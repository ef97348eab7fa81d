package synth

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Route is the result of place and route with one seed.
type Route struct {
	Seed     int
	Router   string  // what nextpnr says of its version
	MHz      float64 // highest clock of the routed design
	AskedMHz float64 // what nextpnr worked towards
	Used     map[string]Share
	Path     []PathPart // the critical path, from register to register
}

// Share is what is used of a primitive, and how many there are.
type Share struct{ Used, Available int }

// PathPart is the delay of a part of a path.
type PathPart struct {
	Kind string // clk-to-q, routing, logic, setup
	NS   float64
	Cell string // that drives it
}

// Split is the delay of the critical path in logic and in routing, in ns.
func (r Route) Split() (logic, routing float64) {
	for _, p := range r.Path {
		if p.Kind == "routing" {
			routing += p.NS
		} else {
			logic += p.NS
		}
	}
	return logic, routing
}

// Cells is the logic cells in use.
func (r Route) Cells() int {
	return r.Used["ICESTORM_LC"].Used + r.Used["TRELLIS_COMB"].Used
}

type nextpnrReport struct {
	Fmax map[string]struct {
		Achieved   float64 `json:"achieved"`
		Constraint float64 `json:"constraint"`
	} `json:"fmax"`
	Utilization map[string]struct {
		Available int `json:"available"`
		Used      int `json:"used"`
	} `json:"utilization"`
	Paths []struct {
		From string `json:"from"`
		To   string `json:"to"`
		Path []struct {
			Type  string  `json:"type"`
			Delay float64 `json:"delay"`
			From  struct {
				Cell string `json:"cell"`
			} `json:"from"`
		} `json:"path"`
	} `json:"critical_paths"`
}

// ParseReport reads nextpnr's --report of a design with one clock.
func ParseReport(data []byte) (Route, error) {
	var rep nextpnrReport
	if err := json.Unmarshal(data, &rep); err != nil {
		return Route{}, fmt.Errorf("nextpnr report: %w", err)
	}
	if len(rep.Fmax) != 1 {
		return Route{}, fmt.Errorf("nextpnr report: %d clocks; expected one", len(rep.Fmax))
	}
	r := Route{Used: map[string]Share{}}
	for clock, f := range rep.Fmax {
		r.MHz, r.AskedMHz = f.Achieved, f.Constraint
		for _, p := range rep.Paths {
			if !strings.HasSuffix(p.From, clock) || !strings.HasSuffix(p.To, clock) {
				continue // to or from a pin
			}
			for _, part := range p.Path {
				r.Path = append(r.Path, PathPart{part.Type, part.Delay, part.From.Cell})
			}
		}
	}
	for name, u := range rep.Utilization {
		if u.Used > 0 {
			r.Used[name] = Share{u.Used, u.Available}
		}
	}
	return r, nil
}
