package synth

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"

	"vitdse/configs"
	"vitdse/emit"
	"vitdse/emit/engines"
	"vitdse/emit/timing"
	"vitdse/hwmodel"
)

// Measured is a design that was synthesized, and what every module took.
type Measured struct {
	Tool    string                       `json:"tool"`
	Version string                       `json:"tool_version,omitempty"` // what the tool says of itself
	RTL     int                          `json:"rtl,omitempty"`          // the engine's when it was synthesized
	Model   configs.Model                `json:"model"`
	Design  configs.Design               `json:"design"`
	HeldOut bool                         `json:"held_out"` // not to be fitted to
	Modules map[string]hwmodel.Resources `json:"modules,omitempty"`
	Static  []Static                     `json:"static,omitempty"`  // of the same netlist, where the family has delays
	Control bool                         `json:"control,omitempty"` // all but the engine's lanes was mapped
	Routes  []Routed                     `json:"routes,omitempty"`  // of the whole engine, flat
}

// Routed is what place and route of a design with one seed says.
type Routed struct {
	Router   string  `json:"router"` // and its version
	Seed     int     `json:"seed"`
	MHz      float64 `json:"mhz"`
	AskedMHz float64 `json:"asked_mhz"`
	LogicNS  float64 `json:"logic_ns"` // of the critical path
	WiresNS  float64 `json:"wires_ns"`
	From     string  `json:"from"` // its cells
	To       string  `json:"to"`
	Cells    int     `json:"cells"` // logic cells
}

// Routeds are those of a report; nil where there is none.
func Routeds(routes []Route) []Routed {
	var list []Routed
	for _, r := range routes {
		logic, wires := r.Split()
		of := Routed{Router: r.Router, Seed: r.Seed, MHz: thousandth(r.MHz), AskedMHz: r.AskedMHz, LogicNS: thousandth(logic),
			WiresNS: thousandth(wires), Cells: r.Cells()}
		if n := len(r.Path); n > 0 {
			of.From, of.To = r.Path[0].Cell, r.Path[n-1].Cell
		}
		list = append(list, of)
	}
	return list
}

func thousandth(x float64) float64 { return math.Round(x*1000) / 1000 }

// Static is what static timing of a netlist says with one model of the wires.
type Static struct {
	Wires string             `json:"wires"` // kind, middle, harsh
	MHz   float64            `json:"mhz"`
	Ends  map[string]float64 `json:"ends"` // the longest path, in ns, that ends in a module
}

// Statics are those of a report; nil where there is none.
func Statics(r *timing.Report) []Static {
	if r == nil {
		return nil
	}
	var list []Static
	for _, m := range r.Models {
		s := Static{Wires: m.Name, MHz: m.MHz(), Ends: m.Ends}
		for name := range s.Ends {
			s.Ends[name] = thousandth(s.Ends[name])
		}
		list = append(list, s)
	}
	return list
}

// Where an emitted folder keeps its reports, the most telling first.
var reportFiles = []string{
	"syn/vivado/utilization_hierarchical_impl.rpt",
	"syn/vivado/utilization_hierarchical_synth.rpt",
	"syn/yosys_stat.json",
}

// Collect reads what synthesis said: of an emitted folder the report that is there; of a
// report file inside an emitted folder that report; of a file of vitdse study (.jsonl) all of
// its designs.
func Collect(path string) ([]Measured, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	switch {
	case info.IsDir():
		for _, name := range reportFiles {
			file := filepath.Join(path, name)
			if _, err := os.Stat(file); err == nil {
				return one(path, file)
			}
		}
		return nil, fmt.Errorf("%s holds no report (%s); run vitdse synth %s, or its syn/vivado.tcl",
			path, strings.Join(reportFiles, ", "), path)
	case strings.HasSuffix(path, ".jsonl"):
		return Study(path)
	}
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, emit.ManifestName)); err == nil {
			return one(dir, path)
		}
		if dir == filepath.Dir(dir) {
			return nil, fmt.Errorf("%s is in no emitted folder: no %s beside or above it; give the folder, "+
				"or leave the report in its syn/", path, emit.ManifestName)
		}
	}
}

// one reads the report of an emitted folder.
func one(dir, file string) ([]Measured, error) {
	man, err := emit.LoadManifest(dir)
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	parse, tool := ParseVivado, "Vivado"
	if bytes.Contains(data, []byte(`"modules":`)) {
		parse, tool = ParseStat, "Yosys"
	}
	modules, err := parse(data, top)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return []Measured{{Tool: tool, Model: man.Model, Design: man.Design, Modules: ByName(modules)}}, nil
}

// ByName is the modules' resources by the names under which the resource model counts them.
func ByName(modules []Module) map[string]hwmodel.Resources {
	m := map[string]hwmodel.Resources{}
	for _, x := range modules {
		name := engines.Default().CountedAs(x.Name)
		m[name] = m[name].Add(x.Resources())
	}
	return m
}

// Study reads a file of designs, one in a line. A last line that was not finished is left out. Counts of
// an engine that is no more are an error.
func Study(path string) ([]Measured, error) {
	f, _, err := configs.OpenRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var list []Measured
	scan := bufio.NewScanner(f)
	scan.Buffer(make([]byte, 64<<10), 4<<20)
	var bad error
	today := engines.Default().RTL()
	for n := 1; scan.Scan(); n++ {
		if bad != nil {
			return nil, bad
		}
		var m Measured
		if err := json.Unmarshal(scan.Bytes(), &m); err != nil {
			bad = fmt.Errorf("%s:%d: not a design of a study: %w", path, n, err)
			continue
		}
		if m.RTL != today {
			return nil, fmt.Errorf("%s:%d: is of an engine that is no more (rtl %d, today %d); "+
				"synthesize the designs anew with vitdse study and another --file",
				path, n, m.RTL, today)
		}
		list = append(list, m)
	}
	return list, scan.Err()
}

// Extend adds designs to the end of a study, all or none. What is left of a line that was not finished is cut off.
func Extend(path string, list []Measured) error {
	data, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	data = data[:bytes.LastIndexByte(data, '\n')+1]
	for _, m := range list {
		line, err := json.Marshal(m)
		if err != nil {
			return err
		}
		data = append(append(data, line...), '\n')
	}
	return configs.WriteFile(path, data)
}
