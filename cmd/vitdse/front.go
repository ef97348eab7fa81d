package main

import (
	"fmt"
	"path/filepath"
	"strconv"

	"vitdse/cmd/vitdse/fronts"
	"vitdse/configs"
	"vitdse/dse"
)

// choose gives a point of the front: by its number or name, or by the run's policy.
func (a *app) choose(f *dse.Front, run configs.Run, id string) (dse.Point, error) {
	if id == "" {
		p, why, err := f.Pick(run.Pick, dse.Query{Parts: run.PickParts(), Limits: dse.LimitsOf(run)})
		if err == nil {
			fronts.Picked(a.Output, p, why)
		}
		return p, err
	}
	if n, err := strconv.Atoi(id); err == nil {
		if n < 1 || n > len(f.Points) {
			return dse.Point{}, fmt.Errorf("--point is %d; the front has points 1 to %d", n, len(f.Points))
		}
		return f.Points[n-1], nil
	}
	for _, p := range f.Points {
		if p.Name == id {
			return p, nil
		}
	}
	return dse.Point{}, fmt.Errorf("--point is %q; the front has no point of this name, see vitdse pareto", id)
}

// drawFront draws a run's front beside it, the picked point ringed.
func (a *app) drawFront(run configs.Run, f *dse.Front, picked dse.Point) error {
	points, cut, err := f.Select(dse.Query{Parts: run.Parts})
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
func (a *app) showSpread(run configs.Run, f *dse.Front, picked *dse.Point) error {
	return fronts.Spread(a.Output, f, run.Parts, filepath.Join(sweepDir(run), dse.FrontCSV), picked)
}
