package estimates

import (
	"fmt"
	"strings"

	"vitdse/cmd/vitdse/number"
	"vitdse/cmd/vitdse/table"
	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/dse/size"
	"vitdse/hwmodel"
)

// Published prints accelerators of the literature beside what an engine's model predicts for one like each, and gives
// the same as Markdown.
func Published(o *table.Output, engine hwmodel.Engine) (string, error) {
	list, err := configs.PublishedDesigns()
	if err != nil {
		return "", err
	}
	t := table.New("<design", "<model", "<part", "MHz", "<bits", "MACs a cycle", "FPS published", "predicted", "ratio",
		"array use %", "W published", "predicted", "<figures")
	var notes strings.Builder
	for _, p := range list {
		row, err := publishedRow(engine, p)
		if err != nil {
			return "", fmt.Errorf("published design %s: %w", p.Name, err)
		}
		t.Add(row...)
		fmt.Fprintf(&notes, "- **%s** (%s; %s). Array: %s. What it does that an emitted engine does not: %s.\n",
			p.Name, p.Title, p.Source, p.MACsFrom, p.Differs)
	}
	if err := o.Show(t); err != nil {
		return "", err
	}
	o.Printf("\n%s", strings.ReplaceAll(notes.String(), "**", ""))
	return t.Markdown() + "\n" + notes.String(), nil
}

// publishedRow prices an engine like a published one.
func publishedRow(engine hwmodel.Engine, p configs.Published) ([]string, error) {
	m, err := configs.LoadModel(p.Model)
	if err != nil {
		return nil, err
	}
	part, err := configs.LoadPart(p.Part)
	if err != nil {
		return nil, err
	}
	net, err := network.Compile(m)
	if err != nil {
		return nil, err
	}
	macs := 1
	for 2*macs <= p.MACs {
		macs *= 2
	}
	var best *size.Candidate
	bits := configs.Uniform(m, p.Weights, p.Acts)
	itsClock := func(configs.Engine) float64 { return p.ClockMHz }
	for _, d := range size.Candidates(engine, m, part, bits, itsClock, macs, macs) {
		e, err := engine.Price(net, d, part)
		if err != nil {
			return nil, err
		}
		if best == nil || e.Cycles < best.Cycles || e.Cycles == best.Cycles && e.Resources.LUT < best.Resources.LUT {
			best = &size.Candidate{Design: d, Estimate: e}
		}
	}
	if best == nil {
		return nil, fmt.Errorf("no engine of %d MACs a cycle is legal for %s on %s", macs, m.Name, part.Name)
	}
	fps := best.FPS * float64(p.MACs) / float64(macs)
	published := p.FPS
	if published == 0 {
		published = p.GOPS * 1e9 / (2 * float64(best.MACs))
	}
	watts := "-"
	if p.Watts > 0 {
		watts = fmt.Sprintf("%.1f", p.Watts)
	}
	r := hwmodel.Resources{LUT: p.LUT, FF: p.FF, DSP: p.DSP, BRAM18: p.BRAM18, URAM: p.URAM}
	power := "-"
	if p.LUT > 0 && p.DSP > 0 {
		moved := float64(best.BytesRead+best.BytesWritten) * published // bytes a second
		power = fmt.Sprintf("%.1f", hwmodel.PowerOf(r, part, p.ClockMHz, moved).Total())
	}
	multipliers := number.Count(p.MACs)
	if macs != p.MACs {
		multipliers = fmt.Sprintf("%s (%s)", multipliers, number.Count(macs))
	}
	return []string{p.Name, m.Name, part.Name, fmt.Sprintf("%g", p.ClockMHz), fmt.Sprintf("w%da%d", p.Weights, p.Acts),
		multipliers, fmt.Sprintf("%.1f", published), fmt.Sprintf("%.1f", fps), fmt.Sprintf("%.2f", fps/published),
		fmt.Sprintf("%.0f", 100*best.ArrayUse), watts, power, p.Read}, nil
}
