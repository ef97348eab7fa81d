package configs

import (
	"fmt"
	"strings"
)

// Published is an accelerator of the literature: what its authors report, to hold the
// model's prediction for an array of the same size, bits and clock against.
type Published struct {
	Name     string  `yaml:"name"`
	Title    string  `yaml:"title"` // authors or name, and venue
	Source   string  `yaml:"source"`
	Model    string  `yaml:"model"` // a built-in model of the same shape
	Part     string  `yaml:"part"`
	ClockMHz float64 `yaml:"clock_mhz"`
	Weights  int     `yaml:"weights"` // bits of the matmuls
	Acts     int     `yaml:"activations"`
	MACs     int     `yaml:"array_macs"`      // multiply-accumulates of the array in a cycle
	MACsFrom string  `yaml:"array_from"`      // where that number is from: as published, or derived and how
	FPS      float64 `yaml:"fps,omitempty"`   // images a second
	GOPS     float64 `yaml:"gops,omitempty"`  // 10^9 operations a second, two a MAC
	Watts    float64 `yaml:"watts,omitempty"` // as reported: of board, rails or a tool's estimate
	LUT      int     `yaml:"lut,omitempty"`
	FF       int     `yaml:"ff,omitempty"`
	DSP      int     `yaml:"dsp,omitempty"`
	BRAM18   int     `yaml:"bram18,omitempty"`
	URAM     int     `yaml:"uram,omitempty"`
	Read     string  `yaml:"read"`    // paper: read there; quoted: from another paper's table
	Differs  string  `yaml:"differs"` // what the design does that an emitted one does not
}

// Validate says everything that is wrong with the entry, each with its key.
func (p Published) Validate() error {
	var f faults
	validName(&f, "name", p.Name)
	for _, s := range []struct{ key, value string }{{"title", p.Title}, {"source", p.Source}, {"model", p.Model},
		{"part", p.Part}, {"array_from", p.MACsFrom}, {"differs", p.Differs}} {
		if strings.TrimSpace(s.value) == "" {
			f.add(s.key, "is empty; expected a text")
		}
	}
	checkClock(&f, "clock_mhz", p.ClockMHz)
	f.within("weights", p.Weights, 2, 8)
	f.within("activations", p.Acts, 2, 8)
	f.within("array_macs", p.MACs, 1, 1<<20)
	oneOf(&f, "read", p.Read, "paper", "quoted")
	if !(p.FPS > 0) && !(p.GOPS > 0) {
		f.add("fps", "is missing, and so is gops; expected at least one of them")
	}
	return f.join()
}

// PublishedDesigns reads all built-in entries, in the order of their names.
func PublishedDesigns() ([]Published, error) {
	var list []Published
	for _, name := range shelf("published") {
		p, err := fromLibrary[Published]("published", name)
		if err != nil {
			return nil, err
		}
		if p.Name != name {
			return nil, fmt.Errorf("built-in published/%s.yaml: name is %q", name, p.Name)
		}
		list = append(list, p)
	}
	return list, nil
}
