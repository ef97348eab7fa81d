package hwmodel

import (
	"fmt"

	"vitdse/configs"
)

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

// of is the share of a budget. Of a resource the part has none of, anything is too much:
// the share is then the number itself, at least 1 beyond the budget.
func (r Resources) of(b configs.Budget) Utilisation {
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

// over lists what there is not enough of.
func (r Resources) over(b configs.Budget) []Shortage {
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

// Modules lists what every emitted module and buffer takes on the part. The sum is the
// engine: what synthesis gains or loses across module boundaries is not modelled.
func (s *Shape) Modules(part configs.Part) []Module {
	l := ledger{list: make([]Module, 0, 32)}
	s.charge(&l, newFabric(part))
	return l.list
}

// Resources is the sum of Modules, without the list.
func (s *Shape) Resources(part configs.Part) Resources {
	l := ledger{}
	s.charge(&l, newFabric(part))
	return l.sum
}

// ledger adds up modules; list is kept if it is not nil.
type ledger struct {
	sum  Resources
	list []Module
}

func (l *ledger) add(name string, r Resources) {
	l.sum = l.sum.Add(r)
	if l.list != nil {
		l.list = append(l.list, Module{name, r})
	}
}

func shapeOf(heads, rows, inner, cols int) string {
	if heads > 1 {
		return fmt.Sprintf("%dx%dx%dx%d", heads, rows, inner, cols)
	}
	return fmt.Sprintf("%dx%dx%d", rows, inner, cols)
}
