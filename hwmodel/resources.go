package hwmodel

import "vitdse/configs"

// Resources counts the primitives of a part that a module takes.
type Resources struct {
	LUT    int // all LUTs, those used as memory included
	FF     int
	DSP    int
	BRAM18 int // 18 Kb blocks; a 36 Kb block is two
	URAM   int
	LUTRAM int // the part of LUT that is memory
}

// Add is the sum of two counts.
func (r Resources) Add(o Resources) Resources {
	return Resources{r.LUT + o.LUT, r.FF + o.FF, r.DSP + o.DSP, r.BRAM18 + o.BRAM18, r.URAM + o.URAM, r.LUTRAM + o.LUTRAM}
}

// Times is n copies.
func (r Resources) Times(n int) Resources {
	return Resources{n * r.LUT, n * r.FF, n * r.DSP, n * r.BRAM18, n * r.URAM, n * r.LUTRAM}
}

// Module is one module or buffer of the emitted engine, all its instances together.
type Module struct {
	Name string
	Resources
}

// ResourceNames are the names of resources in the order in which Utilisation and a part's budget have them.
var ResourceNames = [...]string{"lut", "ff", "dsp", "bram18", "uram", "lutram"}

// Utilisation is a share of what a design may plan with on a part, 1 being all of it.
type Utilisation struct{ LUT, FF, DSP, BRAM, URAM, LUTRAM float64 }

// Largest is the scarcest resource and its share.
func (u Utilisation) Largest() (string, float64) {
	at, most := 0, u.LUT
	for i, v := range [...]float64{u.LUT, u.FF, u.DSP, u.BRAM, u.URAM, u.LUTRAM} {
		if v > most {
			at, most = i, v
		}
	}
	return ResourceNames[at], most
}

// Use is the share of a budget that resources take. Of a resource the part has none of, anything is too much:
// the share is then the number itself, at least 1 beyond the budget.
func (r Resources) Use(b configs.Budget) Utilisation {
	share := func(need, have int) float64 {
		if have > 0 {
			return float64(need) / float64(have)
		}
		if need > 0 {
			return 1 + float64(need)
		}
		return 0
	}
	return Utilisation{share(r.LUT, b.LUT), share(r.FF, b.FF), share(r.DSP, b.DSP),
		share(r.BRAM18, b.BRAM18), share(r.URAM, b.URAM), share(r.LUTRAM, b.LUTRAM)}
}

// Over lists what there is not enough of.
func (r Resources) Over(b configs.Budget) []Shortage {
	var short []Shortage
	check := func(name string, need, have int) {
		if need > have {
			short = append(short, Shortage{name, need, have})
		}
	}
	check("lut", r.LUT, b.LUT)
	check("ff", r.FF, b.FF)
	check("dsp", r.DSP, b.DSP)
	check("bram18", r.BRAM18, b.BRAM18)
	check("uram", r.URAM, b.URAM)
	check("lutram", r.LUTRAM, b.LUTRAM)
	return short
}

// Fitted is a module's LUTs taken apart: what is structure, and the terms that are fitted.
type Fitted struct {
	Module    string
	LUT       int
	Structure float64 // LUTs that no coefficient changes
	Terms     []FittedTerm
}

// FittedTerm is one term of a module: Coefficient LUTs for each of Amount.
type FittedTerm struct {
	Name, Unit          string
	Amount, Coefficient float64
}
