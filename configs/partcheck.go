package configs

import (
	"unicode"

	"fmt"
	"slices"
	"strings"
	"vitdse/configs/fault"
)

// blockBits and ultraBits are the capacities of the memory blocks that budgets count.
const (
	blockBits = 18 << 10
	ultraBits = 288 << 10
)

// Validate says everything that is wrong with the part, each with its key.
func (p Part) Validate() error {
	var f faults
	validName(&f, "name", p.Name)
	if strings.TrimSpace(p.Title) == "" {
		f.add("title", "is empty; expected the part's family and usual boards")
	} else if !fault.IsTitle(p.Title) {
		f.add("title", "is %s; expected %s", quoted(p.Title), fault.Titles)
	}
	for _, key := range sortedKeys(p.Sources) {
		if strings.ContainsFunc(key+p.Sources[key], unicode.IsControl) {
			f.add("sources", "has %s: %s; expected lines without control characters", quoted(key), quoted(p.Sources[key]))
		}
	}
	validName(&f, "device", p.Device)
	oneOf(&f, "family", p.Family, Fabrics...)
	oneOf(&f, "lut_inputs", p.LUTInputs, 4, 6)
	p.Budget.check(&f)
	p.Reserve.check(&f, p.Budget)
	oneOf(&f, "dsp.kind", p.DSP.Kind, DSP48E1, DSP48E2, DSP58, Mult18, GW2A18, MAC16)
	f.within("dsp.a_bits", p.DSP.ABits, 2, 64)
	f.within("dsp.b_bits", p.DSP.BBits, 2, 64)
	f.within("dsp.int8_macs", p.DSP.Int8MACs, 1, 8)
	f.within("dsp.int4_macs", p.DSP.Int4MACs, p.DSP.Int8MACs, 16)
	p.Memory.check(&f, p.Budget.URAM)
	if !(p.BandwidthGBs > 0) {
		f.add("bandwidth_gb_s", "is %g; expected more than 0", p.BandwidthGBs)
	}
	checkClock(&f, "clock_mhz", p.ClockMHz)
	if !(p.IdleWatts >= 0 && p.IdleWatts <= 1000) {
		f.add("idle_w", "is %g; expected 0..1000 W", p.IdleWatts)
	}
	for _, l := range []struct {
		key   string
		share float64
	}{{"lut", p.Limits.LUT}, {"ff", p.Limits.FF}, {"dsp", p.Limits.DSP}, {"bram", p.Limits.BRAM},
		{"uram", p.Limits.URAM}} {
		if !(l.share > 0 && l.share <= 1) {
			f.add("usable."+l.key, "is %g; expected more than 0 and at most 1", l.share)
		}
	}
	p.checkSources(&f)
	return f.join()
}

func (b Budget) check(f *faults) {
	const most = 1 << 30
	f.within("budget.lut", b.LUT, 1, most)
	f.within("budget.ff", b.FF, 1, most)
	f.within("budget.dsp", b.DSP, 0, most)
	f.within("budget.bram18", b.BRAM18, 0, most)
	f.within("budget.uram", b.URAM, 0, most)
	f.within("budget.lutram", b.LUTRAM, 0, max(b.LUT, 0))
}

// check asks for the shell to leave something, or nothing only of what there is none of.
func (r Reserve) check(f *faults, b Budget) {
	for _, x := range []struct {
		key         string
		taken, have int
	}{{"lut", r.LUT, b.LUT}, {"ff", r.FF, b.FF}, {"dsp", r.DSP, b.DSP}, {"bram18", r.BRAM18, b.BRAM18},
		{"uram", r.URAM, b.URAM}} {
		if x.taken < 0 || x.taken > x.have {
			f.add("reserve."+x.key, "is %d; expected at most budget.%s, %d", x.taken, x.key, x.have)
		}
	}
}

func (m Memories) check(f *faults, uram int) {
	if len(m.Block) == 0 {
		f.add("memory.block", "is an empty list; expected at least one shape")
	}
	checkShapes(f, "memory.block", m.Block, blockBits)
	if uram > 0 && len(m.Ultra) == 0 {
		f.add("memory.ultra", "is missing; expected a shape, since budget.uram is %d", uram)
	}
	if uram == 0 && len(m.Ultra) > 0 {
		f.add("memory.ultra", "has a shape; expected none, since budget.uram is 0")
	}
	checkShapes(f, "memory.ultra", m.Ultra, ultraBits)
	f.within("memory.lut.depth", m.LUT.Depth, 1, 1024)
	f.within("memory.lut.width", m.LUT.Width, 1, 1024)
	f.within("memory.lut.luts", m.LUT.LUTs, 1, 1024)
}

func checkShapes(f *faults, key string, shapes []Geometry, bits int) {
	for i, g := range shapes {
		at := fmt.Sprintf("%s[%d]", key, i)
		switch {
		case g.Bits() > bits:
			f.add(at, "is %s, %d bits; expected at most the %d of one block", g, g.Bits(), bits)
		case g.Depth&(g.Depth-1) != 0:
			f.add(at, "is %s; expected a depth that is a power of two", g)
		case slices.Contains(shapes[:i], g):
			f.add(at, "is %s, which is listed twice", g)
		}
	}
}

// sourceKeys are the figures that need a source.
func (p Part) sourceKeys() []string {
	keys := []string{"device", "lut_inputs", "budget.lut", "budget.ff", "budget.dsp", "budget.bram18", "budget.uram",
		"budget.lutram", "dsp", "memory.block", "memory.lut", "bandwidth_gb_s", "clock_mhz", "usable"}
	if p.Budget.URAM > 0 {
		keys = append(keys, "memory.ultra")
	}
	if p.IdleWatts != 0 {
		keys = append(keys, "idle_w")
	}
	if p.Reserve != (Reserve{}) {
		keys = append(keys, "reserve")
	}
	return keys
}

// checkSources asks for a source of every figure, and of nothing else.
func (p Part) checkSources(f *faults) {
	keys := p.sourceKeys()
	for _, k := range keys {
		if strings.TrimSpace(p.Sources[k]) == "" {
			f.add("sources."+k, "missing; expected where the figure %s is from", k)
		}
	}
	var given []string
	for k := range p.Sources {
		given = append(given, k)
	}
	slices.Sort(given)
	for _, k := range given {
		if !slices.Contains(keys, k) {
			f.add("sources."+k, "names no figure of a part; %s", hint(k, keys))
		}
	}
}

// checkClock asks for a frequency that an FPGA design may assume.
func checkClock(f *faults, key string, mhz float64) {
	if !(mhz >= 1 && mhz <= 1000) {
		f.add(key, "is %g; expected 1..1000 MHz", mhz)
	}
}
