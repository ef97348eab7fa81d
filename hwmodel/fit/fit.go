// Package fit refits the coefficients of the resource model to synthesis results.
package fit

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/gonum/optimize"

	"vitdse/configs"
	"vitdse/hwmodel"
)

// Sample is one design: what the model says of its modules, and what synthesis made of them.
type Sample struct {
	Design   string
	HeldOut  bool                         // not fitted to, only reported on
	Model    []hwmodel.Fitted             // of hwmodel.Machine's Explain
	Measured map[string]hwmodel.Resources // by module
}

// Residual is what is left of a module's error over a set of designs.
type Residual struct {
	Module      string
	Designs     int
	Mean, Worst float64 // of |estimate/synthesis - 1|
	MeanAbs     float64 // LUTs
}

const (
	// knee is the relative error from which on a design counts by its error and no longer by
	// its square, so that one that synthesis treats in its own way does not bend the fit.
	knee = 0.03
)

// pull keeps a coefficient where it was unless the designs say otherwise: the square of a
// coefficient's relative change counts this much of a square of a relative error. A handful of
// designs would bend several coefficients to their own accidents; of thirty it is nothing.
func pull(designs int) float64 { return 0.064 / math.Pow(float64(designs), 3) }

// Refit finds the coefficients with the least residuals over the samples that are not held
// out, starting from those given. Terms of modules that no sample has stay as they are.
func Refit(start configs.Coefficients, samples []Sample) (configs.Coefficients, error) {
	fitted := start
	fitted.LUT = map[string]float64{}
	for name, v := range start.LUT {
		fitted.LUT[name] = v
	}
	fitted.Reports = 0
	for _, s := range samples {
		if !s.HeldOut {
			fitted.Reports++
		}
	}
	if fitted.Reports == 0 {
		return start, errors.New("no design to fit to: all are held out")
	}
	for _, module := range Modules(samples) {
		if err := refitModule(module, fitted.LUT, samples); err != nil {
			return start, fmt.Errorf("module %s: %w", module, err)
		}
	}
	return fitted, nil
}

// Modules lists the modules with fitted terms that synthesis has counted, sorted.
func Modules(samples []Sample) []string {
	var names []string
	for _, s := range samples {
		for _, m := range s.Model {
			if _, ok := s.Measured[m.Module]; ok && !slices.Contains(names, m.Module) {
				names = append(names, m.Module)
			}
		}
	}
	slices.Sort(names)
	return names
}

// row is one design of one module: its LUTs are structure + amounts . coefficients.
type row struct {
	structure, measured float64
	amounts             []float64
}

func refitModule(module string, coefficients map[string]float64, samples []Sample) error {
	var names []string
	var rows []row
	for _, s := range samples {
		if s.HeldOut {
			continue
		}
		m, y, ok := s.module(module)
		if !ok {
			continue
		}
		r := row{structure: m.Structure, measured: math.Max(1, y)}
		names = names[:0]
		for _, t := range m.Terms {
			names = append(names, t.Name)
			r.amounts = append(r.amounts, t.Amount)
		}
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		return nil
	}
	x0, scale := make([]float64, len(names)), make([]float64, len(names))
	for i, name := range names {
		x0[i] = coefficients[name]
		scale[i] = math.Max(1, math.Abs(x0[i]))
	}
	x, err := minimize(rows, x0, scale, pull(len(rows)))
	if err != nil {
		return err
	}
	for i, name := range names {
		coefficients[name] = short(x[i])
	}
	return nil
}

// short rounds to five digits, which is more than the reports are worth.
func short(x float64) float64 {
	v, err := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 5, 64), 64)
	if err != nil {
		return x
	}
	return v
}

// minimize finds the coefficients by BFGS from x0, in units of scale, to which pull draws them.
func minimize(rows []row, x0, scale []float64, pull float64) ([]float64, error) {
	value := func(u []float64) float64 {
		sum := 0.0
		for _, r := range rows {
			e := r.error(x0, scale, u)
			sum += knee * knee * (math.Sqrt(1+e*e/(knee*knee)) - 1) // pseudo-Huber
		}
		for _, v := range u {
			sum += pull * v * v
		}
		return sum
	}
	gradient := func(g, u []float64) {
		for i := range g {
			g[i] = 2 * pull * u[i]
		}
		for _, r := range rows {
			e := r.error(x0, scale, u)
			d := e / math.Sqrt(1+e*e/(knee*knee))
			for i := range g {
				g[i] += d * r.amounts[i] * scale[i] / r.measured
			}
		}
	}
	res, err := optimize.Minimize(optimize.Problem{Func: value, Grad: gradient}, make([]float64, len(x0)),
		&optimize.Settings{GradientThreshold: 1e-9, MajorIterations: 2000}, &optimize.BFGS{})
	if err != nil && (res == nil || res.Status != optimize.Failure) {
		return nil, err
	}
	x := make([]float64, len(x0)) // a line search that can go no further has arrived
	for i := range x {
		x[i] = x0[i] + scale[i]*res.X[i]
	}
	return x, nil
}

// error is the relative error of a design with coefficients x0 + scale*u.
func (r row) error(x0, scale, u []float64) float64 {
	lut := r.structure
	for i, a := range r.amounts {
		lut += a * (x0[i] + scale[i]*u[i])
	}
	return lut/r.measured - 1
}

// module is a module of a sample and its LUTs in synthesis.
func (s Sample) module(name string) (hwmodel.Fitted, float64, bool) {
	y, ok := s.Measured[name]
	i := slices.IndexFunc(s.Model, func(m hwmodel.Fitted) bool { return m.Module == name })
	if !ok || i < 0 {
		return hwmodel.Fitted{}, 0, false
	}
	return s.Model[i], float64(y.LUT), true
}

// Residuals says how far the coefficients are off in every module, over the samples that
// are held out or over those that are not.
func Residuals(c configs.Coefficients, samples []Sample, heldOut bool) []Residual {
	var out []Residual
	for _, module := range Modules(samples) {
		r := Residual{Module: module}
		for _, s := range samples {
			m, y, ok := s.module(module)
			if !ok || s.HeldOut != heldOut {
				continue
			}
			lut := m.Structure
			for _, t := range m.Terms {
				lut += t.Amount * c.LUT[t.Name]
			}
			e := math.Abs(lut/math.Max(1, y) - 1)
			r.Designs++
			r.Mean += e
			r.Worst = math.Max(r.Worst, e)
			r.MeanAbs += math.Abs(lut - y)
		}
		if r.Designs > 0 {
			r.Mean /= float64(r.Designs)
			r.MeanAbs /= float64(r.Designs)
			out = append(out, r)
		}
	}
	return out
}

// sumOf is the fewest modules of a design whose sum says something of the engine's.
const sumOf = 10

// Sums says how far the sums of designs are off, over their modules that have terms and were counted: of the designs
// with sumOf such modules or more that are held out, or of those that are not.
func Sums(c configs.Coefficients, samples []Sample, heldOut bool) Residual {
	r := Residual{Module: "sum of a design"}
	for _, s := range samples {
		lut, counted, n := 0.0, 0.0, 0
		for _, m := range s.Model {
			y, ok := s.Measured[m.Module]
			if !ok {
				continue
			}
			n, lut, counted = n+1, lut+m.Structure, counted+float64(y.LUT)
			for _, t := range m.Terms {
				lut += t.Amount * c.LUT[t.Name]
			}
		}
		if n < sumOf || s.HeldOut != heldOut {
			continue
		}
		e := math.Abs(lut/math.Max(1, counted) - 1)
		r.Designs++
		r.Mean += (e - r.Mean) / float64(r.Designs)
		r.Worst = math.Max(r.Worst, e)
		r.MeanAbs += (math.Abs(lut-counted) - r.MeanAbs) / float64(r.Designs)
	}
	return r
}
