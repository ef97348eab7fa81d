package timing

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// Routed is the clock that Vivado's report_timing_summary gives.
type Routed struct {
	MHz      float64 // the highest, from the period asked for and the worst slack
	PeriodNS float64 // asked for
	SlackNS  float64 // worst negative slack (WNS) of set-up; positive where the period is met
	Device   string  // with its speed file, as Vivado prints them
	State    string  // Routed, or Synthesized, where wires are Vivado's estimates
	Tool     string
}

var (
	vivadoHead    = regexp.MustCompile(`(?m)^\| (Tool Version|Device|Speed File|Design State)\s*:\s*(.*?)\s*$`)
	vivadoSummary = regexp.MustCompile(`(?m)^\s*WNS\(ns\)\s+TNS\(ns\).*\n[\s-]*\n\s*(-?\d+\.\d+)\s`)
	vivadoClock   = regexp.MustCompile(`(?m)^Clock\s+Waveform\(ns\)\s+Period\(ns\).*\n[\s-]*\n` +
		`\S+\s+\{[^}]*\}\s+(\d+\.\d+)\s`)
)

// ParseVivado reads the text of report_timing_summary of a design with one clock.
func ParseVivado(data []byte) (Routed, error) {
	var r Routed
	head := map[string]string{}
	for _, m := range vivadoHead.FindAllSubmatch(data, -1) {
		head[string(m[1])] = string(m[2])
	}
	slack, period := vivadoSummary.FindSubmatch(data), vivadoClock.FindSubmatch(data)
	switch {
	case slack == nil:
		return r, errors.New("vivado report: no WNS(ns) in a Design Timing Summary; " +
			"expected the text of report_timing_summary of a design with a clock")
	case period == nil:
		return r, errors.New("vivado report: no period in a Clock Summary; expected the text of report_timing_summary of " +
			"a design with a clock")
	case head["Design State"] == "":
		return r, errors.New("vivado report: no Design State; expected the head of report_timing_summary")
	}
	r.SlackNS, _ = strconv.ParseFloat(string(slack[1]), 64)
	r.PeriodNS, _ = strconv.ParseFloat(string(period[1]), 64)
	if r.PeriodNS-r.SlackNS <= 0 {
		return r, fmt.Errorf("vivado report: a period of %g ns with a slack of %g ns leaves no path", r.PeriodNS, r.SlackNS)
	}
	r.MHz = 1000 / (r.PeriodNS - r.SlackNS)
	r.Device, r.State, r.Tool = head["Device"]+" "+head["Speed File"], head["Design State"], head["Tool Version"]
	return r, nil
}
