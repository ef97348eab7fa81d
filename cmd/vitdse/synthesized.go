package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/page"
	"vitdse/configs"
	"vitdse/emit"
	"vitdse/emit/synth"
	"vitdse/emit/timing"
)

// SynthesizedFile is where a synthesis leaves what it found, in the emitted folder.
const SynthesizedFile = "synthesized.json"

// keepSynthesis writes what was found beside what it was found of.
func keepSynthesis(dir string, r *synth.Report) error {
	text, err := json.MarshalIndent(synthesisOf(r), "", " ")
	if err != nil {
		return err
	}
	return configs.WriteFile(filepath.Join(dir, SynthesizedFile), append(text, '\n'))
}

// synthesisOf is a synthesis as a page has it.
func synthesisOf(r *synth.Report) page.Synthesis {
	all := synth.Total(r.Modules)
	return page.Synthesis{Design: configs.ShortHash(r.Hash), Tool: "Yosys", Clock: clockOf(r),
		Counts: map[string]int{"lut": all.LUT, "ff": all.FF, "dsp": all.DSP, "bram18": all.BRAM18, "uram": all.URAM}}
}

// clockOf is what a synthesis says of the clock: Vivado's word before that of place and route, and that
// before static timing of what is not placed. It is nil where nothing was timed.
func clockOf(r *synth.Report) *page.Clock {
	bracket := func(low, high float64, evidence, path string) *page.Clock {
		l, h := page.Number(low), page.Number(high)
		return &page.Clock{MHz: l, LowMHz: &l, HighMHz: &h, Evidence: evidence, Path: path}
	}
	switch {
	case r.Vivado != nil:
		return bracket(r.Vivado.MHz, r.Vivado.MHz, fmt.Sprintf("%s by %s for %s", r.Vivado.State, r.Vivado.Tool, r.Vivado.Device), "")
	case len(r.Routes) > 0:
		by := func(a, b synth.Route) int { return int(a.MHz*1e3) - int(b.MHz*1e3) }
		low, high := slices.MinFunc(r.Routes, by), slices.MaxFunc(r.Routes, by)
		logic, wires := low.Split()
		return bracket(low.MHz, high.MHz, fmt.Sprintf("placed and routed by nextpnr with %s", number.Plural(len(r.Routes), "seed")),
			fmt.Sprintf("%.1f ns of logic, %.1f ns of routing", logic, wires))
	case r.Timing != nil:
		m := r.Timing.Models
		p := m[len(m)/2].Paths[0]
		return bracket(m[len(m)-1].MHz(), m[0].MHz(), fmt.Sprintf("static timing of Yosys' netlist at speed grade %s, not placed and routed (docs/CLOCK.md)", r.Timing.Grade),
			pathWords(p))
	}
	return nil
}

func pathWords(p timing.Path) string {
	return fmt.Sprintf("from %s (%s) to %s (%s), %.2f ns: %s, %s, %s", p.From, p.FromModule, p.To, p.ToModule, p.NS,
		number.Plural(p.LUTs, "LUT"), number.Plural(p.Carry, "carry"), number.Plural(p.Wires, "wire"))
}

// loadSynthesis reads what the last synthesis of a folder found; nil if there was none, or if the folder
// has been emitted anew since.
func loadSynthesis(dir string) (*page.Synthesis, error) {
	file := filepath.Join(dir, SynthesizedFile)
	text, err := configs.ReadRegular(file, configs.MaxReadBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var s page.Synthesis
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, fmt.Errorf("%s: is not what synth writes: %w; synthesize the folder again", file, err)
	}
	manifest, err := emit.LoadManifest(dir)
	if err != nil || s.Design != configs.ShortHash(manifest.Hash) {
		return nil, err
	}
	return &s, nil
}
