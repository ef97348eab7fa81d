package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/spf13/cobra"

	"vitdse/configs"
	"vitdse/emit"
	"vitdse/emit/synth"
	"vitdse/hwmodel"
)

func newStudy(a *app) *cobra.Command {
	var designs int
	var parts []string
	var file, table string
	cmd := &cobra.Command{
		Use:   "study RUN.yaml",
		Short: "Synthesize many designs with Yosys and hold the resource model against them",
		Long: `Draws designs of a run's network by a fixed rule, spread over bits, array shapes,
granularities, buffers and buses, emits each, maps it with Yosys, and appends what every
module took to a file of one design a line. Every second design is marked as held out:
vitdse calibrate does not fit to it. A study that is interrupted goes on where it stopped.

The table compares the resource model, as it is, with all designs of the file.`,
		Example: "  vitdse study configs/digits/run.yaml --parts xc7z020,xck26,lfe5u-85f --designs 60 --file study.jsonl",
		Args:    cobra.ExactArgs(1),
	}
	addFlags(cmd.Flags(), inputKeys)
	cmd.Flags().IntVar(&designs, "designs", 60, "`number` of designs")
	cmd.Flags().StringSliceVar(&parts, "parts", []string{"xc7z020", "xczu9eg", "lfe5u-85f"}, "`names` of the parts that the designs take turns on")
	cmd.Flags().StringVar(&file, "file", "study.jsonl", "`file` of the designs synthesized so far")
	cmd.Flags().StringVar(&table, "table", "", "`file` to write the table to, as Markdown")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		run, err := loadRun(cmd, args[0])
		if err != nil {
			return err
		}
		n, err := loadForEngine(run)
		if err != nil {
			return err
		}
		list, err := loadParts(parts)
		if err != nil {
			return err
		}
		if err := a.synthesize(cmd.Context(), n, list, designs, file); err != nil {
			return err
		}
		return a.printStudy(file, table)
	}
	return cmd
}

// synthesize adds to the file the designs that are not in it yet.
func (a *app) synthesize(ctx context.Context, n *trained, parts []configs.Part, designs int, file string) error {
	have, err := synth.Study(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	known := map[string]bool{}
	for _, m := range have {
		known[configs.Hash(m.Design)] = true
	}
	var todo []synth.Measured
	for i := range designs {
		d, heldOut, err := synth.Draw(n.model, parts, i)
		if err != nil {
			return err
		}
		if !known[configs.Hash(d)] {
			todo = append(todo, synth.Measured{Tool: "Yosys", RTL: hwmodel.RTL, Model: n.model, Design: d, HeldOut: heldOut})
		}
	}
	st := &stages{a: a}
	defer st.drop()
	done := designs - len(todo)
	st.set("synthesis", "designs", int64(done), int64(designs), "")
	st.resumed(int64(done))
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	work := make(chan synth.Measured)
	var mu sync.Mutex
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for m := range work {
				err := a.synthesizeOne(ctx, n, &m)
				mu.Lock()
				if err == nil {
					err = synth.Append(file, m)
				}
				if err != nil {
					stop(fmt.Errorf("%s on %s: %w", m.Design.Name, m.Design.Part, err))
				} else {
					done++
					st.set("synthesis", "designs", int64(done), int64(designs), m.Design.Name)
				}
				mu.Unlock()
			}
		})
	}
	for _, m := range todo {
		select {
		case work <- m:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(work)
	workers.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	st.end()
	return nil
}

// synthesizeOne emits a design to a temporary folder and maps it.
func (a *app) synthesizeOne(ctx context.Context, n *trained, m *synth.Measured) error {
	part, err := configs.LoadPart(m.Design.Part)
	if err != nil {
		return err
	}
	net, err := n.quantize(m.Design.Numerics, configs.Store{}, nil)
	if err != nil {
		return err
	}
	plan, err := emit.NewPlan(m.Design, net, part)
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
	rep, err := synth.Run(ctx, dir, synth.Options{}, nil)
	if err != nil {
		return err
	}
	m.Modules = synth.ByName(rep.Modules)
	return nil
}
