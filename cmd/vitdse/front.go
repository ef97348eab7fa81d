package main

import (
	"fmt"
	"path/filepath"
	"strconv"

	"vitdse/cmd/vitdse/fronts"
	"vitdse/configs"
	"vitdse/dse/front"
	"vitdse/dse/limits"
	"vitdse/dse/pick"
)

// choose gives a point of the front: by its number or name, or by the run's policy.
func (a *app) choose(f *front.Front, run configs.Run, id string) (front.Point, error) {
	if id == "" {
		p, why, err := pick.Pick(f, run.Pick, pick.Query{Parts: run.PickParts(), Limits: limits.Of(run)})
		if err == nil {
			fronts.Picked(a.Output, p, why)
		}
		return p, err
	}
	if n, err := strconv.Atoi(id); err == nil {
		if n < 1 || n > len(f.Points) {
			return front.Point{}, fmt.Errorf("--point is %d; the front has points 1 to %d", n, len(f.Points))
		}
		return f.Points[n-1], nil
	}
	for _, p := range f.Points {
		if p.Name == id {
			return p, nil
		}
	}
	return front.Point{}, fmt.Errorf("--point is %q; the front has no point of this name, see vitdse pareto", id)
}

// drawFront draws a run's front beside it, the picked point ringed.
func (a *app) drawFront(run configs.Run, f *front.Front, picked front.Point) error {
	points, cut, err := pick.Select(f, pick.Query{Parts: run.Parts})
	if err != nil {
		return err
	}
	file := filepath.Join(sweepDir(run), "front.svg")
	if err := fronts.Plot(f, points, cut, picked.Name, file, "latency", "use"); err != nil {
		return err
	}
	a.Printf("plot of the front: %s\n", file)
	return nil
}

// showSpread shows points that are spread over the front of a run.
func (a *app) showSpread(run configs.Run, f *front.Front, picked *front.Point) error {
	return fronts.Spread(a.Output, f, run.Parts, filepath.Join(sweepDir(run), front.CSVFile), picked)
}
