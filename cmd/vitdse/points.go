package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"vitdse/configs"
	"vitdse/dse/accuracy"
	"vitdse/dse/front"
	"vitdse/dse/jobs"
	"vitdse/dse/pick"
	"vitdse/emit"
	"vitdse/emit/verify"
)

// pointsFlags name points of a run's front, and where they are worked on.
type pointsFlags struct {
	points   string
	machines arrayFlags
}

func (f *pointsFlags) add(cmd *cobra.Command, does string) {
	cmd.Flags().StringVar(&f.points, "points", "", "of a run file, "+does+
		" `these` of its front: front (as measured, where it was), all (as predicted), or numbers as 1,4-9")
	f.machines.add(cmd.Flags())
}

// check refuses what is not of a front.
func (f *pointsFlags) check(arg string) error {
	switch {
	case f.points != "" && !isYAML(arg):
		return fmt.Errorf("--points is of a run file; %s is a folder", arg)
	case f.points == "" && f.machines.engine != "":
		return fmt.Errorf("--engine is for many designs: give a run file and --points front")
	}
	return f.machines.check()
}

// frontPoints are points of a finished sweep to be worked on, each a job that has the number of its place on the front.
type frontPoints struct {
	run   configs.Run
	n     *trained
	front *front.Front
	list  []int
	plan  jobs.Plan
	cache configs.Store
}

// pointsOf reads the front of a run and the points that are named; other is what else their results depend on.
func (a *app) pointsOf(ctx context.Context, run configs.Run, kind, named string, other ...any) (*frontPoints, error) {
	n, err := a.forEngine(ctx, run, a.loadAny)
	if err != nil {
		return nil, err
	}
	front, err := a.loadFront(ctx, sweepDir(run))
	if err != nil {
		return nil, err
	}
	p := &frontPoints{run: run, n: n, front: front, cache: a.cacheOf(run)}
	if p.list, err = numbersOf(front, run, named); err != nil {
		return nil, err
	}
	build, err := buildID()
	if err != nil {
		return nil, err
	}
	weights := ""
	if n.weights != nil {
		weights = n.weights.Digest(n.model)
	}
	var names []string
	for _, x := range front.Points {
		names = append(names, x.Part+" "+x.Name)
	}
	inputs, err := configs.Key(build, engine.RTL(), front.Inputs, names, weights, other)
	p.plan = jobs.Plan{Kind: kind, Inputs: inputs, Jobs: len(front.Points)}
	return p, err
}

// numbersOf are the places on the front of the points that are named, ascending.
func numbersOf(f *front.Front, run configs.Run, named string) ([]int, error) {
	var list []int
	switch named {
	case "front", "all":
		q := pick.Query{Parts: run.Parts}
		if named == "all" {
			q.Cut = accuracy.CutPredicted
		}
		points, _, err := pick.Select(f, q)
		if err != nil {
			return nil, err
		}
		type id struct{ part, name string }
		place := map[id]int{}
		for i, p := range slices.Backward(f.Points) {
			place[id{p.Part, p.Name}] = i
		}
		for _, p := range points {
			list = append(list, place[id{p.Part, p.Name}])
		}
	default:
		for _, word := range strings.Split(named, ",") {
			from, to, span := strings.Cut(strings.TrimSpace(word), "-")
			if !span {
				to = from
			}
			low, err1 := strconv.Atoi(from)
			high, err2 := strconv.Atoi(to)
			if err1 != nil || err2 != nil || low < 1 || high < low || high > len(f.Points) {
				return nil, fmt.Errorf("--points has %q; expected front, all, or numbers of 1 to %d as 1,4-9", word, len(f.Points))
			}
			for i := low; i <= high; i++ {
				list = append(list, i-1)
			}
		}
	}
	slices.Sort(list)
	list = slices.Compact(list)
	if len(list) == 0 {
		return nil, fmt.Errorf("--points %s: the front has no such point", named)
	}
	return list, nil
}

// emitted writes the folder of a point to a temporary place, with the vectors of so many images, and hands it to do.
func (p *frontPoints) emitted(ctx context.Context, job int, v *configs.Verify,
	do func(dir string, part configs.Part) error) error {
	point := p.front.Points[job]
	d, err := p.front.Design(engine, point)
	if err != nil {
		return err
	}
	on, err := p.front.Summary(point.Part)
	if err != nil {
		return err
	}
	net, err := p.n.quantize(d.Numerics, p.cache, nil)
	if err != nil {
		return err
	}
	plan, err := engine.Plan(d, net, on.Part)
	if err != nil {
		return err
	}
	full, images := 0, 0
	if v != nil {
		images = min(max(v.Logits.Of(p.n.test.N), v.Images), p.n.test.N)
		full = min(v.Images, images)
	}
	files, err := plan.Files(full)
	if err != nil {
		return err
	}
	if v != nil {
		var pixels [][]byte
		for i := range images {
			pixels = append(pixels, p.n.test.At(i))
		}
		vectors, err := verify.Vectors(plan, pixels, full, func(int, int) {})
		if err != nil {
			return err
		}
		files = append(files, vectors...)
	}
	tmp, err := os.MkdirTemp("", "vitdse-point-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	dir := filepath.Join(tmp, "design")
	if err := emit.WriteFolder(dir, files, false); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return do(dir, on.Part)
}

// pointName says which point a job is of.
func (p *frontPoints) name(job int) string {
	return fmt.Sprintf("point %d, %s on %s", job+1, p.front.Points[job].Name, p.front.Points[job].Part)
}
