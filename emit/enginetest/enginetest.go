// Package enginetest is the suite that every engine of emit/engines passes: what it accepts, refuses, prices, times and
// emits must agree with itself, whichever of its methods is asked.
package enginetest

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/emit"
	"vitdse/emit/engines"
	"vitdse/golden/checkpoint"
	"vitdse/golden/quant"
	"vitdse/hwmodel"
)

// Case is a network on a part with designs that the engine says are legal.
type Case struct {
	Net     *network.Network
	Part    configs.Part
	Designs []configs.Design
}

// Draw draws so many legal designs from a seed: bits, granularity, array, buffers and bus of every kind.
func Draw(e engines.Engine, m configs.Model, part configs.Part, seed uint64, count int) (Case, error) {
	net, err := network.Compile(m)
	if err != nil {
		return Case{}, err
	}
	c := Case{Net: net, Part: part}
	rng := rand.New(rand.NewPCG(seed, 17))
	for range 10000 * count {
		if len(c.Designs) == count {
			return c, nil
		}
		if d := draw(rng, m, part); e.Legal(m, d, part) == nil && e.Runs(net, d.Numerics) == nil {
			c.Designs = append(c.Designs, d)
		}
	}
	return c, fmt.Errorf("%d of %d designs drawn are legal on %s", len(c.Designs), 10000*count, part.Name)
}

func draw(rng *rand.Rand, m configs.Model, part configs.Part) configs.Design {
	one := func(of ...int) int { return of[rng.IntN(len(of))] }
	kind := func() configs.MemoryKind {
		return []configs.MemoryKind{configs.MemAuto, configs.MemBlock, configs.MemLUT}[rng.IntN(3)]
	}
	n := configs.Uniform(m, 8, 8)
	n.SoftmaxBits, n.GELUBits = 2+rng.IntN(7), 4+rng.IntN(7)
	if rng.IntN(3) == 0 {
		n.Quantizer.TokenScales = configs.DynamicScales
	}
	for i := range n.Layers {
		l := &n.Layers[i]
		if l.Activations = 2 + rng.IntN(7); l.Weights == 0 {
			continue
		}
		if l.Weights = 2 + rng.IntN(7); rng.IntN(3) == 0 {
			l.Granularity, l.Group = configs.PerGroup, 16
		}
	}
	e := configs.Engine{TM: one(2, 4, 8, 16), TN: one(2, 4, 8, 16, 32), TK: one(1, 2, 4, 8),
		VectorColumns: one(1, 2, 4, 8),
		Multiplier:    []configs.Multiplier{configs.MulDSP, configs.MulLUT}[rng.IntN(2)],
		Packing:       []configs.Packing{configs.PackNone, configs.PackDSP48E1, configs.PackDSP48E2}[rng.IntN(3)],
		BusBits:       one(32, 64, 128, 256), ReadFIFO: one(32, 64, 128), WeightBuffers: one(1, 2, 4),
		Activations: kind(), Weights: kind(), Residual: kind(), AccumulatorBits: 30}.WithPatchTokens(one(1, 2))
	return configs.Design{Name: "drawn", Model: m.Name, Part: part.Name, ClockMHz: float64(50 + 25*rng.IntN(12)),
		Numerics: n, Engine: e}
}

// Checks are what holds of an engine, by name. Each says where it does not.
var Checks = map[string]func(engines.Engine, Case) error{
	"refuses with reasons": refuses,
	"pricer is price":      pricer,
	"timeline is price":    timeline,
	"modules are price":    modules,
	"roofline is price":    roofline,
	"factors are price":    factors,
	"plan is price":        plan,
}

// refuses: a network that is not accepted, and a design that is not legal, come with a reason, and are not priced.
func refuses(e engines.Engine, c Case) error {
	if e.Name() == "" {
		return errors.New("has no name")
	}
	var errs []error
	accepted := 0
	for _, name := range configs.Models() {
		m, err := configs.LoadModel(name)
		if err != nil {
			return err
		}
		net, err := network.Compile(m)
		if err != nil {
			return err
		}
		why := e.Accepts(net)
		if why == nil {
			accepted++
			continue
		}
		d := c.Designs[0]
		d.Model, d.Numerics = m.Name, configs.Uniform(m, 8, 8)
		if _, err := e.Price(net, d, c.Part); err == nil {
			errs = append(errs, fmt.Errorf("prices %s, which it does not accept: %w", name, why))
		}
	}
	if accepted == 0 {
		errs = append(errs, errors.New("accepts no model"))
	}
	for what, spoil := range map[string]func(*configs.Design){
		"an array of no rows":     func(d *configs.Design) { d.Engine.TM = 0 },
		"a bus of no bits":        func(d *configs.Design) { d.Engine.BusBits = 0 },
		"no clock":                func(d *configs.Design) { d.ClockMHz = 0 },
		"a layer of 40 bits":      func(d *configs.Design) { d.Numerics.Layers[0].Activations = 40 },
		"a layer too few":         func(d *configs.Design) { d.Numerics.Layers = d.Numerics.Layers[1:] },
		"another part than given": func(d *configs.Design) { d.Part = "another" },
	} {
		d := c.Designs[0]
		d.Numerics.Layers = slices.Clone(d.Numerics.Layers)
		spoil(&d)
		if e.Legal(c.Net.Model, d, c.Part) == nil {
			errs = append(errs, fmt.Errorf("says that %s is legal", what))
		}
	}
	return errors.Join(errs...)
}

// pricer: one pricer for all designs says what Price does.
func pricer(e engines.Engine, c Case) error {
	p, err := e.NewPricer(c.Net, c.Part)
	if err != nil {
		return err
	}
	for _, d := range c.Designs {
		want, err := e.Price(c.Net, d, c.Part)
		if err != nil {
			return err
		}
		want.Short = nil
		if got, err := p.Price(&d); err != nil || !reflect.DeepEqual(got, want) {
			return fmt.Errorf("%+v is priced %+v (%w), by a pricer %+v", d.Engine, want, err, got)
		}
	}
	return nil
}

// timeline: the cycles of the first image's ops add up to its price, and a slower memory makes no image faster.
func timeline(e engines.Engine, c Case) error {
	for _, d := range c.Designs {
		s, err := e.Machine(c.Net, d)
		if err != nil {
			return err
		}
		price, err := e.Price(c.Net, d, c.Part)
		if err != nil {
			return err
		}
		took := s.Timeline(hwmodel.MemoryOf(d.Engine, d.ClockMHz, c.Part), 1)
		if len(took) != 1 || len(took[0]) != len(c.Net.Ops)+1 {
			return fmt.Errorf("%+v: a timeline of %d images; expected 1 of %d ops and the store",
				d.Engine, len(took), len(c.Net.Ops))
		}
		if sum := total(took[0]); sum != price.Cycles {
			return fmt.Errorf("%+v takes %d cycles op by op, its price says %d", d.Engine, sum, price.Cycles)
		}
		fast, slow := s.Timeline(hwmodel.IdealMemory, 2), s.Timeline(hwmodel.MemoryTiming{Latency: 200, Stall: 0.2}, 2)
		if total(slow[0]) < total(fast[0]) || total(slow[0])+total(slow[1]) < total(fast[0])+total(fast[1]) ||
			slices.Min(fast[0]) < 0 {
			return fmt.Errorf("%+v: cycles of ops %v, with a slower memory %v", d.Engine, fast, slow)
		}
	}
	return nil
}

func total(cycles []int64) (sum int64) {
	for _, c := range cycles {
		sum += c
	}
	return sum
}

// modules: the modules take what the price says.
func modules(e engines.Engine, c Case) error {
	for _, d := range c.Designs {
		s, err := e.Machine(c.Net, d)
		if err != nil {
			return err
		}
		price, err := e.Price(c.Net, d, c.Part)
		if err != nil {
			return err
		}
		var sum hwmodel.Resources
		for _, m := range s.Modules(c.Part) {
			sum = sum.Add(m.Resources)
		}
		if _, most := price.Use.Largest(); sum != price.Resources || price.Fits != (most <= 1) ||
			price.Fits != (len(price.Short) == 0) {
			return fmt.Errorf("%+v: modules take %+v, the price is %+v, fits %t, short of %v",
				d.Engine, sum, price.Resources, price.Fits, price.Short)
		}
	}
	return nil
}

// roofline: twice the network's products, and the bytes of the price.
func roofline(e engines.Engine, c Case) error {
	for _, d := range c.Designs {
		price, err := e.Price(c.Net, d, c.Part)
		if err != nil {
			return err
		}
		rows, total, err := e.Roofline(c.Net, d, c.Part, hwmodel.TrafficEngine, 1)
		if err != nil {
			return err
		}
		var flops int64
		for _, r := range rows {
			flops += r.FLOPs
		}
		if flops != total.FLOPs || flops != 2*price.MACs || total.Bytes != price.BytesRead+price.BytesWritten ||
			total.IdealCycles > price.Cycles {
			return fmt.Errorf("%+v: %d operations in rows and %d in all, %d bytes, %d cycles at least; "+
				"the price has %d products, %d and %d bytes, %d cycles",
				d.Engine, flops, total.FLOPs, total.Bytes, total.IdealCycles, price.MACs, price.BytesRead,
				price.BytesWritten, price.Cycles)
		}
	}
	return nil
}

// factors: what the searches price apart, resources by widths and time by schedule, is the price.
func factors(e engines.Engine, c Case) error {
	for _, d := range c.Designs {
		price, err := e.Price(c.Net, d, c.Part)
		if err != nil {
			return err
		}
		w := e.NumericsWidths(c.Net, d.Numerics)
		joined := e.UnitWidths(d.Numerics)
		for i, l := range c.Net.Layers {
			joined = joined.Join(e.LayerWidths(l, d.Numerics.Layers[i]))
		}
		if joined != w {
			return fmt.Errorf("%+v has the widths %+v, layer by layer %+v", d.Numerics, w, joined)
		}
		z := e.NewSizer(c.Net, c.Part, []hwmodel.Widths{e.Size(w)})
		z.Engine(d.Engine)
		if got := z.Resources(0); got != price.Resources {
			return fmt.Errorf("%+v takes %+v, by its widths %+v", d.Engine, price.Resources, got)
		}
		if e.Schedule(e.Schedule(d.Engine)) != e.Schedule(d.Engine) {
			return fmt.Errorf("%+v: the schedule of its schedule is another", d.Engine)
		}
		if !e.Walkable(d.Engine, d.ClockMHz, c.Part) {
			continue
		}
		k := e.NewWalk(c.Net, e.Schedule(d.Engine), w)
		clocks := k.Start(hwmodel.StoredOf(d.Numerics.Layers[0]))
		for i, l := range c.Net.Layers {
			if i > 0 && l.Weights {
				clocks = k.Advance(clocks, hwmodel.KindOf(l), hwmodel.StoredOf(d.Numerics.Layers[i]))
			}
		}
		if clocks[0] != price.Cycles {
			return fmt.Errorf("%+v takes %d cycles, layer by layer %d", d.Engine, price.Cycles, clocks[0])
		}
	}
	return nil
}

// plan: the files of a design are the same twice, have their design's hash and read back as it, and the manifest's
// cycles are those of an ideal memory.
func plan(e engines.Engine, c Case) error {
	w := checkpoint.Seeded(c.Net.Model, 3)
	stats, err := quant.Calibrate(c.Net.Model, w, quant.Synthetic(c.Net.Model, 16, 1))
	if err != nil {
		return err
	}
	for _, d := range c.Designs[:min(2, len(c.Designs))] {
		net, err := quant.Quantize(c.Net.Model, d.Numerics, w, stats)
		if err != nil {
			return err
		}
		var twice [2][]emit.File
		for i := range twice {
			p, err := e.Plan(d, net, c.Part)
			if err != nil {
				return err
			}
			s, err := e.Machine(c.Net, d)
			if err != nil {
				return err
			}
			ends := s.Timeline(hwmodel.IdealMemory, 1)[0]
			for k, op := range p.Manifest(1).Ops {
				if op.Cycles != ends[k] {
					return fmt.Errorf("op %s takes %d cycles in the manifest, %d in the timeline", op.Name, op.Cycles, ends[k])
				}
			}
			if twice[i], err = p.Files(1); err != nil {
				return err
			}
		}
		if !reflect.DeepEqual(twice[0], twice[1]) {
			return errors.New("the files of one design differ from time to time")
		}
		if err := readsBack(twice[0], d, c); err != nil {
			return err
		}
	}
	return nil
}

func readsBack(files []emit.File, d configs.Design, c Case) error {
	known := map[string]bool{}
	for _, f := range files {
		if known[f.Path] {
			return fmt.Errorf("%s is there twice", f.Path)
		}
		known[f.Path] = true
		if f.Path != "design.yaml" {
			continue
		}
		got, err := configs.DecodeDesign(f.Path, f.Data, c.Net.Model, &c.Part)
		if err != nil {
			return err
		}
		if !bytes.Equal(configs.MarshalDesign(got), configs.MarshalDesign(d)) {
			return errors.New("design.yaml reads back as another design")
		}
	}
	for _, name := range []string{"design.yaml", emit.ManifestName} {
		if !known[name] {
			return fmt.Errorf("there is no %s", name)
		}
	}
	return nil
}
