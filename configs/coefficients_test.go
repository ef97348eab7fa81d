package configs

import (
	"os"
	"path/filepath"
	"testing"
)

func TestCoefficientsFile(t *testing.T) {
	c := Coefficients{Schema: CoefficientsSchema, Family: XC7, Tool: "Yosys", Reports: 3, Source: "a test",
		LUT: map[string]float64{"b.x": 1.25, "a.y": -3}}
	path := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(path, MarshalCoefficients(c), 0o644); err != nil {
		t.Fatal(err)
	}
	got, err := LoadCoefficients(path)
	if err != nil || got.LUT["b.x"] != 1.25 || got.LUT["a.y"] != -3 || got.Family != XC7 || got.Reports != 3 {
		t.Errorf("%+v, %v", got, err)
	}
	_, err = Decode[Coefficients]("c.yaml", []byte("schema: other\nfamily: xc8\ntool: ''\nreports: 0\nsource: x\nlut:\n"+
		"  a: 1\n"))
	wantError(t, err, `c.yaml:1: schema: is "other"; expected one of vitdse-coefficients-1
c.yaml:2: family: is "xc8"; expected one of xc7, xcup, versal, ecp5, ice40, gowin
c.yaml:3: tool: is empty; expected where the numbers are from
c.yaml:4: reports: is 0; expected the number of reports the numbers were fitted to`)
	_, err = Decode[Coefficients]("c.yaml", []byte("schema: vitdse-coefficients-1\nfamily: xc7\ntool: y\nreports: 1\n"+
		"source: x\nlut:\n  a: .nan\n"))
	wantError(t, err, "c.yaml:7: lut.a: is .nan; expected a number")
}
