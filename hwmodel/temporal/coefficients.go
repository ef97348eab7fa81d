package temporal

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"

	"vitdse/configs"
	"vitdse/hwmodel"
)

// coefficients are the values of all terms, in their order.
type coefficients [numTerms]float64

// builtInCoefficients are the values that come with the tool, by family.
var builtInCoefficients = sync.OnceValue(func() map[configs.Fabric]*coefficients {
	all := map[configs.Fabric]*coefficients{}
	for _, family := range []configs.Fabric{configs.XC7, configs.XCUP, configs.ECP5} {
		c, err := hwmodel.BuiltInCoefficients(family)
		if err == nil {
			all[family], err = ordered(c)
		}
		if err != nil {
			panic(err) // the files are embedded, and tested
		}
	}
	return all
})

// WithCoefficients is the part, priced with the coefficients of a file instead of those
// that come with the tool. They must be of the part's family, one for every term.
func (Engine) WithCoefficients(p configs.Part, c configs.Coefficients) (configs.Part, error) {
	if c.Family != p.Family {
		return p, fmt.Errorf("coefficients are of family %s; part %s is of %s", c.Family, p.Name, p.Family)
	}
	v, err := ordered(c)
	if err == nil {
		p.Coefficients = v[:]
	}
	return p, err
}

// ordered puts the values in the order of the terms.
func ordered(c configs.Coefficients) (*coefficients, error) {
	var v coefficients
	var missing, unknown []string
	for t, about := range terms {
		x, ok := c.LUT[about.name]
		if !ok {
			missing = append(missing, about.name)
		}
		v[t] = x
	}
	for name := range c.LUT {
		if termOf(name) < 0 {
			unknown = append(unknown, name)
		}
	}
	if len(missing)+len(unknown) == 0 {
		return &v, nil
	}
	slices.Sort(unknown)
	return nil, fmt.Errorf("coefficients of family %s are of another version of the model: "+
		"missing terms [%s], unknown terms [%s]; make them anew with vitdse calibrate",
		c.Family, strings.Join(missing, " "), strings.Join(unknown, " "))
}

func termOf(name string) term {
	return term(slices.IndexFunc(terms[:], func(about struct{ name, unit string }) bool { return about.name == name }))
}

// luts is a term's share of a LUT count.
func (f *fabric) luts(t term, amount float64) float64 {
	if f.used != nil {
		f.used[t] += amount
	}
	return f.fitted[t] * amount
}

// whole is a count made of fitted shares.
func whole(x float64) int { return max(0, int(math.Round(x))) }

// Explain takes the LUTs of every module that has fitted terms apart.
func (s *Shape) Explain(part configs.Part) []hwmodel.Fitted {
	f := newFabric(part)
	f.used = new(coefficients)
	l := ledger{list: make([]hwmodel.Module, 0, 32)}
	s.charge(&l, f)
	var out []hwmodel.Fitted
	for _, m := range l.list {
		fit := hwmodel.Fitted{Module: m.Name, LUT: m.LUT, Structure: float64(m.LUT)}
		for t, about := range terms {
			if module, _, _ := strings.Cut(about.name, "."); module == m.Name {
				fit.Terms = append(fit.Terms, hwmodel.FittedTerm{Name: about.name, Unit: about.unit,
					Amount: f.used[t], Coefficient: f.fitted[t]})
				fit.Structure -= f.used[t] * f.fitted[t]
			}
		}
		if len(fit.Terms) > 0 {
			out = append(out, fit)
		}
	}
	return out
}
