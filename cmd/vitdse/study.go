package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/spf13/cobra"

	"vitdse/cmd/vitdse/estimates"
	"vitdse/cmd/vitdse/number"
	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/dse/jobs"
	"vitdse/emit"
	"vitdse/emit/synth"
	"vitdse/golden/checkpoint"
	"vitdse/golden/quant"
)

func newStudy(a *app) *cobra.Command {
	var designs, luts int
	var clock clockStudy
	var parts []string
	var file, table string
	var machines arrayFlags
	cmd := &cobra.Command{
		Use:   "study RUN.yaml",
		Short: "Synthesize many designs with Yosys and hold the resource model against them",
		Long: `Draws designs by a fixed rule, spread over bits, array shapes, granularities, buffers and
buses, half of them of the run's network and half of networks that are drawn too, emits
each, maps it with Yosys, and appends what every module took to a file of one design a
line. Every second design is marked as held out: vitdse calibrate does not fit to it. A study
that is interrupted goes on where it stopped.

A study of the clock leaves other things out and holds every third design of a part out. With
--seeds each design is placed and routed on an ECP5 part with the first seed, every sixth with all
of them, and no module is counted. With --control the modules of the lanes are black boxes: what is
left is mapped and timed on 7-series and UltraScale+ parts in a third of the time.

The table compares the resource model, as it is, with all designs of the file.`,
		Example: "  vitdse study configs/digits/run.yaml --parts xc7z020,xck26,lfe5u-85f --designs 60 --file study.jsonl",
		Args:    cobra.ExactArgs(1),
	}
	addFlags(cmd.Flags(), inputKeys, []string{"cache"})
	cmd.Flags().IntVar(&designs, "designs", 60, "`number` of designs")
	cmd.Flags().IntVar(&luts, "most-luts", 0, "leave out draws that take more `LUTs` by the model, "+
		"so that synthesis ends sooner; 0 leaves out none")
	cmd.Flags().IntSliceVar(&clock.seeds, "seeds", nil, "place and route with these `seeds` (ECP5)")
	cmd.Flags().BoolVar(&clock.control, "control", false, "map the engines' control alone (7-series, UltraScale+)")
	cmd.MarkFlagsMutuallyExclusive("seeds", "control")
	cmd.Flags().StringSliceVar(&parts, "parts", []string{"xc7z020", "xczu9eg", "lfe5u-85f"},
		"`names` of the parts that the designs take turns on")
	cmd.Flags().StringVar(&file, "file", "study.jsonl", "`file` of the designs synthesized so far")
	cmd.Flags().StringVar(&table, "table", "", "`file` to write the table to, as Markdown")
	machines.add(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := machines.check(); err != nil {
			return err
		}
		run, err := loadRun(cmd, args[0])
		if err != nil {
			return err
		}
		n, err := a.forEngine(cmd.Context(), run, a.loadNetwork)
		if err != nil {
			return err
		}
		list, err := loadParts(parts)
		if err != nil {
			return err
		}
		if luts < 0 {
			return fmt.Errorf("--most-luts is %d; expected 0 or more", luts)
		}
		if err := clock.check(list); err != nil {
			return err
		}
		s := &study{a: a, n: n, parts: list, luts: luts, clock: clock, cache: a.cacheOf(run), file: file, machines: machines}
		if err := s.synthesize(cmd.Context(), designs); err != nil {
			return err
		}
		text, err := estimates.Study(a.Output, engine, file)
		if err != nil || table == "" {
			return err
		}
		return configs.WriteFile(table, []byte(text))
	}
	return cmd
}

// study is the designs of a study and what synthesis said of them: the jobs are the numbers of the draws.
type study struct {
	a     *app
	n     *trained
	parts []configs.Part
	luts  int // most of a design, by the model; 0 for any
	clock clockStudy
	cache configs.Store
	file  string

	machines arrayFlags
	yosys    string // its version

	todo map[int]synth.Measured // by draw, without modules: what the file does not have
	turn map[int]int            // of a draw among those of its part
}

// draws bounds the numbers of draws, so that a journal is good for any number of designs.
const draws = 1 << 20

// synthesize adds to the file the designs that are not in it yet.
func (s *study) synthesize(ctx context.Context, designs int) error {
	if err := s.draw(designs); err != nil {
		return err
	}
	var err error
	if s.yosys, err = synth.YosysVersion(ctx); err != nil && len(s.todo) > 0 {
		return &exitError{exitTool, err}
	}
	inputs, err := configs.Key(emit.Version, engine.RTL(), s.n.model, s.n.weights.Digest(s.n.model), s.parts,
		s.clock.seeds, s.clock.control)
	if err != nil {
		return err
	}
	b := &batch[synth.Measured]{a: s.a, plan: jobs.Plan{Kind: "vitdse study", Inputs: inputs, Jobs: draws},
		path:  s.file + ".journal",
		title: "synthesis", unit: "designs", had: designs - len(s.todo), machines: s.machines, work: s.file + ".work",
		tools: []string{"yosys"},
		cost:  s.cost, one: s.one, name: func(m synth.Measured) string { return m.Design.Name }}
	err = b.run(ctx, slices.Sorted(maps.Keys(s.todo)))
	if errors.Is(err, jobs.ErrPart) {
		return err
	}
	return errors.Join(mapped(ctx, err), s.gather(b))
}

// cost is about how many seconds a design takes to synthesize: with two thirds of a minute for all else, one for each
// product a cycle of the array.
func (s *study) cost(n int) float64 {
	if s.clock.routes() {
		return 300
	}
	return 40 + float64(s.todo[n].Design.Engine.MACs())
}

// draw draws the designs and leaves out those that are in the file.
func (s *study) draw(designs int) error {
	have, err := synth.Study(s.file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	known := map[string]bool{}
	for _, m := range have {
		known[configs.Hash(m.Design)] = true
	}
	s.todo, s.turn = map[int]synth.Measured{}, map[int]int{}
	turns := map[string]int{} // designs of a part so far
	for i, taken := 0, 0; taken < designs; i++ {
		m, d, heldOut, err := synth.Draw(engine, s.n.model, s.parts, i)
		if err != nil {
			return err
		}
		small, err := s.small(m, d, i)
		if err != nil {
			return err
		}
		if !small {
			continue
		}
		taken++
		s.turn[i] = turns[d.Part]
		turns[d.Part]++
		s.clock.rule(&d, s.turn[i], &heldOut)
		if !known[configs.Hash(d)] {
			s.todo[i] = synth.Measured{Tool: "Yosys", RTL: engine.RTL(), Model: m, Design: d, HeldOut: heldOut}
		}
	}
	return nil
}

// mostDraws is how many draws a study looks at for its designs.
const mostDraws = 10000

// small says whether a draw is of the study, by its LUTs.
func (s *study) small(m configs.Model, d configs.Design, draw int) (bool, error) {
	if s.luts == 0 {
		return true, nil
	}
	if draw == mostDraws {
		return false, fmt.Errorf("--most-luts %d: too few of %s take so few LUTs; give a larger number",
			s.luts, number.Plural(mostDraws, "draw"))
	}
	net, err := network.Compile(m)
	if err != nil {
		return false, err
	}
	e, err := engine.Price(net, d, s.parts[draw%len(s.parts)])
	return err == nil && e.Resources.LUT <= s.luts, err
}

// gather adds what was found to the file, in the order of the draws, and then deletes the journal.
func (s *study) gather(b *batch[synth.Measured]) error {
	var list []synth.Measured
	for _, n := range slices.Sorted(maps.Keys(b.found)) {
		list = append(list, b.found[n])
	}
	if len(list) > 0 {
		if err := synth.Extend(s.file, list); err != nil {
			return errors.Join(err, b.close())
		}
	}
	return b.forget()
}

// one synthesizes the design of a draw.
func (s *study) one(ctx context.Context, n int) (synth.Measured, error) {
	m, of := s.todo[n], s.n
	m.Version = s.yosys
	if !reflect.DeepEqual(m.Model, of.model) {
		of = &trained{model: m.Model, weights: checkpoint.Seeded(m.Model, 1), train: quant.Synthetic(m.Model, 2, 1)}
	}
	opt := synth.Options{Cache: s.cache}
	s.clock.options(&opt, s.turn[n])
	if err := synthesizeOne(ctx, of, &m, opt); err != nil {
		return m, fmt.Errorf("%s on %s: %w", m.Design.Name, m.Design.Part, err)
	}
	return m, nil
}

// synthesizeOne emits a design to a temporary folder and maps it.
func synthesizeOne(ctx context.Context, n *trained, m *synth.Measured, opt synth.Options) error {
	part, err := configs.LoadPart(m.Design.Part)
	if err != nil {
		return err
	}
	net, err := n.quantize(m.Design.Numerics, configs.Store{}, nil)
	if err != nil {
		return err
	}
	plan, err := engine.Plan(m.Design, net, part)
	if err != nil {
		return err
	}
	files, err := plan.Files(0)
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "vitdse-study-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	dir := filepath.Join(tmp, "design")
	if err := emit.WriteFolder(dir, files, false); err != nil {
		return err
	}
	opt.Timed = part
	rep, err := synth.Run(ctx, dir, opt, nil)
	if err != nil {
		return err
	}
	m.Modules, m.Static = synth.ByName(rep.Modules), synth.Statics(rep.Timing)
	m.Control, m.Routes = opt.Control, synth.Routeds(rep.Routes)
	return nil
}
