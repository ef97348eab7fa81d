package parts

import (
	"fmt"
	"strings"

	"vitdse/cmd/vitdse/number"
	"vitdse/configs"
	"vitdse/dse/size"
)

// FitColumns are the columns of Fit.
var FitColumns = []string{"<part", "<", "<array", "<multiplier", "bus", "w buf", "MHz", "FPS", "W est.", "mJ est.",
	"LUT %", "FF %", "DSP %", "BRAM %", "URAM %", "LUTRAM %", "buffers kB", "of RAM kB", "<short of"}

// Fit is a row that says at what clock an engine runs, what it takes of a part, what it keeps on the chip, and what the
// part is short of.
func Fit(p configs.Part, what string, c *size.Candidate, clock string, kept size.OnChip) []string {
	e := c.Design.Engine
	share := func(v float64, have int) string {
		if have == 0 {
			return "-"
		}
		return fmt.Sprintf("%.0f", 100*v)
	}
	var short []string
	for _, s := range c.Short {
		short = append(short, fmt.Sprintf("%s: %s of %s", s.Resource, number.Count(s.Need), number.Count(s.Have)))
	}
	usable, multiplier := p.Usable(), string(e.Multiplier)
	if e.Packing.Port() > 0 {
		multiplier = string(e.Packing) + ", packed"
	}
	if e.LUTColumns > 0 {
		multiplier += fmt.Sprintf(", %d lut columns", e.LUTColumns)
	}
	return []string{p.Name, what, fmt.Sprintf("%dx%dx%dv%d", e.TM, e.TN, e.TK, e.Columns()), multiplier,
		fmt.Sprint(e.BusBits), fmt.Sprint(e.WeightBuffers), clock,
		fmt.Sprintf("%.1f", c.FPS), fmt.Sprintf("%.1f", c.Power.Total()), number.Millijoules(c.EnergyJ()),
		share(c.Use.LUT, usable.LUT), share(c.Use.FF, usable.FF), share(c.Use.DSP, usable.DSP),
		share(c.Use.BRAM, usable.BRAM18), share(c.Use.URAM, usable.URAM), share(c.Use.LUTRAM, usable.LUTRAM),
		number.Kilo(kept.Buffers), number.Kilo(kept.RAM), strings.Join(short, ", ")}
}
