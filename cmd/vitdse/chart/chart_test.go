package chart

import (
	"bytes"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

func roof() Roof {
	return Roof{Title: "a title", PeakGOPS: 400, BandwidthGBs: 19.2, Measured: 250, Ops: []RoofOp{
		{Name: "fc1", Intensity: 173, GOPS: 400}, {Name: "head", Intensity: 2, GOPS: 38.4},
		{Name: "stays", Intensity: math.Inf(1), GOPS: 400},
		{Name: "whole network", Intensity: 142, GOPS: 400, Total: true}}}
}

func front() Front {
	return Front{Title: "a front", X: Axis{"latency, ms", true}, Y: Axis{"largest share of the part, %", false},
		Colour: "SQNR, dB",
		Points: []FrontPoint{{X: 1, Y: 80, Colour: 40, Group: "a"}, {X: 3, Y: 40, Colour: 30, Group: "b", Picked: "picked"},
			{X: 9, Y: 12, Colour: 22, Group: "a"}}}
}

// The same figure gives the same bytes, names everything on it, and decodes.
func TestFigures(t *testing.T) {
	dir := t.TempDir()
	for name, words := range map[string][]string{
		"roof": {"a title", "arithmetic intensity, operations a byte", "GOP/s", "fc1: 173", "head: 2", "memory: 19.2 GB/s",
			"array: 400 GOP/s", "this engine: 250 GOP/s", "whole network: 142"},
		"front": {"a front", "latency, ms", "largest share of the part, %", "picked", "SQNR, dB 22"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, ext := range []string{".svg", ".png"} {
				var last []byte
				for range 2 {
					p, err := Roofline(roof())
					if name == "front" {
						p, err = FrontPlot(front())
					}
					if err != nil {
						t.Fatal(err)
					}
					path := filepath.Join(dir, name+ext)
					if err := Write(p, path); err != nil {
						t.Fatal(err)
					}
					data, err := os.ReadFile(path)
					if err != nil {
						t.Fatal(err)
					}
					if last != nil && !bytes.Equal(data, last) {
						t.Errorf("%s%s: two figures of the same data differ", name, ext)
					}
					last = data
				}
				if ext == ".png" {
					if _, err := png.Decode(bytes.NewReader(last)); err != nil {
						t.Errorf("%s.png: %v", name, err)
					}
					continue
				}
				for _, w := range words {
					if !strings.Contains(string(last), w) {
						t.Errorf("%s.svg does not say %q", name, w)
					}
				}
				if strings.Contains(string(last), "stays") {
					t.Errorf("%s.svg shows an op of infinite intensity", name)
				}
			}
		})
	}
}

func TestFileNames(t *testing.T) {
	if err := CheckName("x.pdf"); err == nil || !strings.Contains(err.Error(), ".svg or .png") {
		t.Errorf("error %v", err)
	}
	p, err := Roofline(roof())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := Write(p, filepath.Join(dir, "made", "x.svg")); err != nil {
		t.Error(err)
	}
	if err := Write(p, filepath.Join(dir, "made", "x.svg", "y.svg")); err == nil {
		t.Error("no error for a folder that is a file")
	}
}

// Ops whose marks would touch hang as one list, one line for each name, and their range.
func TestTouchingOps(t *testing.T) {
	marks := cluster([]RoofOp{{Name: "far", Intensity: 10}, {Name: "a", Intensity: 100}, {Name: "b", Intensity: 105},
		{Name: "a", Intensity: 95}, {Name: "stays", Intensity: math.Inf(1)}})
	var got [][]string
	for _, m := range marks {
		var names []string
		for _, op := range m.ops {
			names = append(names, op.String())
		}
		got = append(got, names)
	}
	if want := [][]string{{"b: 105", "a: 95 to 100"}, {"far: 10"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Every list of names starts below the last one, wherever the roof is, so that none lies on
// another and no line crosses a name.
func TestNamesHangClear(t *testing.T) {
	p := newPlot("", "", "")
	p.Y.Min, p.Y.Max = 1, 1000
	const row = 1.3
	for _, roofs := range [][]float64{{400, 400, 400}, {400, 260, 250}, {400, 400, 5}} {
		at := 300.0
		for i, gops := range roofs {
			op := opRange{RoofOp: RoofOp{Name: "x", Intensity: float64(100 - i), GOPS: gops}}
			low, err := roofMark{ops: []opRange{op, op}}.hang(p, at, row)
			if err != nil {
				t.Fatal(err)
			}
			if low > at/row*1.0001 || low > gops {
				t.Errorf("roofs %v: list %d may start at %g and has two lines, and ends at %g", roofs, i, at, low)
			}
			at = low / row
		}
	}
}
