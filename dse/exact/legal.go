package exact

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"vitdse/configs"
	"vitdse/dse/space"
	"vitdse/hwmodel"
)

// legalEngines is the legal engines of one part, those together whose schedule is the same.
type legalEngines struct {
	part     configs.Part
	usable   configs.Budget
	grid     *configs.Grid
	groups   []scheduleGroup
	legal    int64
	engines  int64 // of the space, legal or not
	numerics int   // axes of the numerics: the engine's come behind them
}

// scheduleGroup is engines that differ only in what they are built from, and in their clock.
type scheduleGroup struct {
	schedule configs.Engine // without what does not matter to it
	engines  []engineAt
	fast     int64 // cycles of the least bits, for the order of the search
}

// engineAt is an engine, its clock in Hz and MHz, and its place among the engines of the space.
type engineAt struct {
	rank   int64
	engine configs.Engine
	clock  float64
	mhz    float64
}

// readLegal enumerates the engines of a part.
func readLegal(ctx context.Context, engine hwmodel.Engine, m configs.Model, s configs.Space,
	p configs.Part) (*legalEngines, error) {
	g, err := space.On(engine, s, m, p)
	if err != nil {
		return nil, err
	}
	f := &legalEngines{part: p, usable: p.Usable(), grid: g, numerics: space.Split(g.Axes())}
	axes := g.Axes()[f.numerics:]
	if f.engines = space.Combinations(axes, space.MaxEngines); f.engines < 0 {
		return nil, fmt.Errorf("the space has more than %d engines, too many to enumerate; give fewer candidates",
			space.MaxEngines)
	}
	at := map[configs.Engine]int{}
	index := make([]int, len(g.Axes()))
	for rank, more := int64(0), true; more; rank, more = rank+1, space.Advance(index[f.numerics:], axes) {
		if rank%1024 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		d, err := g.Design(index)
		if err != nil {
			continue
		}
		if !engine.Walkable(d.Engine, d.ClockMHz, p) {
			return nil, fmt.Errorf("part %s: a bus of %d bits at %g MHz is faster than the part's memory, %g GB/s: "+
				"its time does not come apart "+
				"layer by layer, as an exact search needs; add the constraint \"bus_bits*clock_mhz <= %.0f\" to the space",
				p.Name, d.Engine.BusBits, d.ClockMHz, p.BandwidthGBs, p.BandwidthGBs*8e3)
		}
		key := engine.Schedule(d.Engine)
		n, known := at[key]
		if !known {
			n = len(f.groups)
			at[key] = n
			f.groups = append(f.groups, scheduleGroup{schedule: key})
		}
		f.groups[n].engines = append(f.groups[n].engines, engineAt{rank, d.Engine, d.ClockMHz * 1e6, d.ClockMHz})
		f.legal++
	}
	return f, nil
}

// sequence orders the groups for the search: spread over all speeds first, then ever
// finer, so that an early front is a coarse picture of the whole.
func (f *legalEngines) sequence(cycles func(configs.Engine) int64) {
	for i := range f.groups {
		f.groups[i].fast = cycles(f.groups[i].schedule)
	}
	slices.SortStableFunc(f.groups, func(a, b scheduleGroup) int { return cmp.Compare(a.fast, b.fast) })
	var spread []scheduleGroup
	taken := make([]bool, len(f.groups))
	for stride := 64; stride >= 1; stride /= 4 {
		for i := 0; i < len(f.groups); i += stride {
			if !taken[i] {
				taken[i] = true
				spread = append(spread, f.groups[i])
			}
		}
	}
	f.groups = spread
}

// index is the index of numerics' choices and an engine's rank in the grid.
func (f *legalEngines) index(numerics []int, engine int64) []int {
	axes := f.grid.Axes()
	index := append(slices.Clone(numerics), make([]int, len(axes)-f.numerics)...)
	for i := len(axes) - 1; i >= f.numerics; i-- {
		index[i] = int(engine % int64(axes[i].Len))
		engine /= int64(axes[i].Len)
	}
	return index
}
