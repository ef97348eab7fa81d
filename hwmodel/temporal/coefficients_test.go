package temporal

import (
	"math"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// The parts of an estimate add up to it, and every term is used by some design.
func TestExplainAddsUp(t *testing.T) {
	m, d, part := digits(t)
	s, err := NewShape(network.MustCompile(m), d)
	if err != nil {
		t.Fatal(err)
	}
	for _, fit := range s.Explain(part) {
		sum := fit.Structure
		for _, x := range fit.Terms {
			if !strings.HasPrefix(x.Name, fit.Module+".") {
				t.Errorf("%s has the term %s", fit.Module, x.Name)
			}
			sum += x.Amount * x.Coefficient
		}
		if math.Abs(sum-float64(fit.LUT)) > 1e-6 {
			t.Errorf("%s: %d LUTs, the terms add up to %g", fit.Module, fit.LUT, sum)
		}
	}
	modules := map[string]bool{}
	for _, x := range s.Modules(part) {
		modules[x.Name] = true
	}
	for _, about := range terms {
		if module, _, ok := strings.Cut(about.name, "."); !ok || !modules[module] || about.unit == "" {
			t.Errorf("term %q (%q) is of no module", about.name, about.unit)
		}
	}
}

func TestWithCoefficients(t *testing.T) {
	m, d, part := digits(t)
	c, err := hwmodel.BuiltInCoefficients(part.Family)
	if err != nil {
		t.Fatal(err)
	}
	same, err := Engine{}.WithCoefficients(part, c)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewShape(network.MustCompile(m), d)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.Resources(same), s.Resources(part); got != want {
		t.Errorf("%+v with the built-in coefficients given, %+v without", got, want)
	}
	c.LUT["vit_softmax.lane"] += 10
	more, err := Engine{}.WithCoefficients(part, c)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.Resources(more).LUT, s.Resources(part).LUT+10*s.TM; got != want {
		t.Errorf("%d LUTs with 10 more a lane, expected %d", got, want)
	}
	delete(c.LUT, "vit_softmax.lane")
	c.LUT["vit_softmax.lnae"] = 1
	if _, err := (Engine{}).WithCoefficients(part, c); err == nil ||
		!strings.Contains(err.Error(), "missing terms [vit_softmax.lane], unknown terms [vit_softmax.lnae]") {
		t.Errorf("error %v", err)
	}
	c.Family = configs.ECP5
	if _, err := (Engine{}).WithCoefficients(part, c); err == nil ||
		!strings.Contains(err.Error(), "coefficients are of family ecp5; part xc7z020 is of xc7") {
		t.Errorf("error %v", err)
	}
}
