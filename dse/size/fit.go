// Package size says which engine of a grid a part holds for a network: the fastest that fits, the smallest, and what
// network and engine want to keep on the chip beside what the part has. It asks prices only, and searches nothing else.
package size

import (
	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// Candidates are the engines that Fit and the comparison with published designs try: arrays
// of tm x tn x tk with minMACs to maxMACs a cycle, each with buses and buffers that keep it busy,
// and once more with a narrow bus and a single buffer, which takes less of a small part. Each is at its own clock, MHz.
func Candidates(engine hwmodel.Engine, m configs.Model, part configs.Part, numerics configs.Numerics,
	clock func(configs.Engine) float64, minMACs, maxMACs int) []configs.Design {
	var list []configs.Design
	for _, e := range candidateEngines(minMACs, maxMACs) {
		d := configs.Design{Name: "candidate", Model: m.Name, Part: part.Name, ClockMHz: clock(e),
			Numerics: numerics, Engine: e}
		if engine.Legal(m, d, part) == nil {
			list = append(list, d)
		}
	}
	return list
}

func candidateEngines(minMACs, maxMACs int) []configs.Engine {
	var list []configs.Engine
	for tm := 2; tm <= 128; tm *= 2 {
		for tn := 2; tn <= 128; tn *= 2 {
			for tk := 1; tk <= tn; tk *= 2 {
				if macs := tm * tn * tk; macs >= minMACs && macs <= maxMACs {
					list = append(list, variants(tm, tn, tk)...)
				}
			}
		}
	}
	return list
}

// variants are the engines of an array: of multipliers of every kind and mixed arrays, with two
// kinds of activation buffers, large with as many vector columns as are of use, and small. Those that
// the part does not take are left out later.
func variants(tm, tn, tk int) []configs.Engine {
	var list []configs.Engine
	for _, mul := range []struct {
		kind    configs.Multiplier
		packing configs.Packing
	}{{configs.MulDSP, configs.PackNone}, {configs.MulDSP, configs.PackDSP48E1}, {configs.MulDSP, configs.PackDSP48E2},
		{configs.MulLUT, configs.PackNone}} {
		for _, kind := range []configs.MemoryKind{configs.MemAuto, configs.MemUltra} {
			large := configs.Engine{TM: tm, TN: tn, TK: tk, VectorColumns: 1, Multiplier: mul.kind, Packing: mul.packing,
				BusBits: 128, ReadFIFO: 64, WeightBuffers: 2,
				Activations: kind, Weights: configs.MemAuto, Residual: configs.MemAuto}
			small := large
			small.BusBits, small.ReadFIFO, small.WeightBuffers = 32, 32, 1
			for ; large.VectorColumns <= min(tk, 8); large.VectorColumns *= 2 {
				list = append(list, feeds(large)...)
				if mul.packing == configs.PackNone {
					continue
				}
				mixed := large
				for _, share := range []int{8, 4} {
					if mixed.LUTColumns = tn / share; mixed.LUTColumns > 0 {
						list = append(list, feeds(mixed)...)
					}
				}
			}
			list = append(list, small)
		}
	}
	return list
}

// feeds are the engine with a bus of 128 bits and two weight buffers, and with wider ones, twice
// the buffers, and images gathered two tokens at a time.
func feeds(e configs.Engine) []configs.Engine {
	list := []configs.Engine{e}
	e.WeightBuffers, e.PatchTokens = 4, 2
	for e.BusBits = 256; e.BusBits <= 512; e.BusBits *= 2 {
		list = append(list, e)
	}
	return list
}

// FitResult is how the candidates of one network fit one part.
type FitResult struct {
	Tried, Fitting int
	Best           *Candidate     // the fastest that fits; nil if none does
	Smallest       *Candidate     // the fitting one with the least of its scarcest resource
	Nearest        *Candidate     // if none fits, the one whose worst shortage is least
	Larger         *Candidate     // the next faster one that does not fit: what is short for more
	Short          map[string]int // of the candidates that do not fit, how many lack each resource most
}

// Candidate is a design with its price.
type Candidate struct {
	Design configs.Design
	hwmodel.Estimate
}

// Fit prices candidates on a part and says what fits, and what is short for more.
func Fit(engine hwmodel.Engine, net *network.Network, part configs.Part, designs []configs.Design) (FitResult, error) {
	r := FitResult{Short: map[string]int{}}
	var all []Candidate
	for _, d := range designs {
		e, err := engine.Price(net, d, part)
		if err != nil {
			return r, err
		}
		all = append(all, Candidate{d, e})
	}
	r.Tried = len(all)
	for i := range all {
		c := &all[i]
		name, share := c.Use.Largest()
		if !c.Fits {
			r.Short[name]++
			if r.Nearest == nil || share < r.Nearest.most() {
				r.Nearest = c
			}
			continue
		}
		r.Fitting++
		if r.Best == nil || c.Seconds < r.Best.Seconds || c.Seconds == r.Best.Seconds && share < r.Best.most() {
			r.Best = c
		}
		if r.Smallest == nil || share < r.Smallest.most() || share == r.Smallest.most() && c.Seconds < r.Smallest.Seconds {
			r.Smallest = c
		}
	}
	if r.Best != nil {
		for i := range all {
			c := &all[i]
			if !c.Fits && c.Seconds < r.Best.Seconds && (r.Larger == nil || c.most() < r.Larger.most()) {
				r.Larger = c
			}
		}
	}
	return r, nil
}

// most is the share of the scarcest resource.
func (c *Candidate) most() float64 {
	_, share := c.Use.Largest()
	return share
}
