package synth

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"vitdse/emit/timing"
	"vitdse/hwmodel"
)

// Module is one module of the mapped design, all its variants and instances together.
type Module struct {
	Name      string
	Instances int
	Cells     map[string]int // primitives by type, those of modules inside not counted

	Counted hwmodel.Resources // where a report gives sums and no cells
}

// Resources counts the module's cells in the units of the resource model.
func (m Module) Resources() hwmodel.Resources { return m.Counted.Add(resources(m.Cells)) }

// lutCost is the number of LUTs a primitive takes up; memoryCost those of them that are memory.
// A carry of the iCE40 is in the logic cell of a LUT that is counted; Gowin's ALU is a LUT with
// its carry.
var lutCost = map[string]int{
	"LUT1": 1, "LUT2": 1, "LUT3": 1, "LUT4": 1, "LUT5": 1, "LUT6": 1, "INV": 1, "CCU2C": 2, "ALU": 1, "SB_LUT4": 1,
}

var memoryCost = map[string]int{
	"RAM32M": 4, "RAM64M": 4, "RAM32M16": 8, "RAM64M8": 8, "SRL16E": 1, "SRLC16E": 1, "SRLC32E": 1,
	"RAM32X1D": 2, "RAM64X1D": 2, "RAM128X1D": 4, "TRELLIS_DPR16X4": 6,
	"RAM16SDP4": 6, "RAM16SDP2": 6, "RAM16SDP1": 6,
}

var flipFlops = []string{"FDRE", "FDSE", "FDCE", "FDPE", "TRELLIS_FF"}

// flipFlop says whether the cell is one flip-flop; of the iCE40 and of Gowin parts there is a
// type for every kind of enable and reset.
func flipFlop(name string) bool {
	return slices.Contains(flipFlops, name) || strings.HasPrefix(name, "SB_DFF") || strings.HasPrefix(name, "DFF")
}

// gowinBlocks are the BSRAMs' names by their port modes.
var gowinBlocks = []string{"SP", "SPX9", "SDP", "SDPX9", "SDPB", "SDPX9B", "DP", "DPX9", "DPB", "DPX9B",
	"pROM", "pROMX9"}

func resources(cells map[string]int) hwmodel.Resources {
	var r hwmodel.Resources
	for name, n := range cells {
		r.LUT += n * (lutCost[name] + memoryCost[name])
		r.LUTRAM += n * memoryCost[name]
		switch {
		case flipFlop(name):
			r.FF += n
		case strings.HasPrefix(name, "DSP48"), name == "MULT18X18D", name == "SB_MAC16":
			r.DSP += n
		case strings.HasPrefix(name, "RAMB36"):
			r.BRAM18 += 2 * n
		case strings.HasPrefix(name, "RAMB18"), name == "DP16KD", name == "PDPW16KD", strings.HasPrefix(name, "SB_RAM40_4K"),
			slices.Contains(gowinBlocks, name):
			r.BRAM18 += n
		case strings.HasPrefix(name, "URAM288"):
			r.URAM += n
		}
	}
	return r
}

// yosysModule is what `stat -json` says of one module: its cells, modules inside among them.
type yosysModule struct {
	Cells map[string]int `json:"num_cells_by_type"`
}

// ParseStat reads Yosys' `stat -json` of a mapped hierarchy and adds up the instances of
// every module below top, in the order of their names. Only the part under "modules" is
// read: version 0.23 writes lines that are not JSON behind it.
func ParseStat(data []byte, top string) ([]Module, error) {
	list, err := statModules(data)
	if err != nil {
		return nil, err
	}
	found := map[string]*Module{}
	var count func(name string, times, depth int) error
	count = func(name string, times, depth int) error {
		if depth > len(list) {
			return fmt.Errorf("yosys statistics: module %s contains itself", timing.PlainName(name))
		}
		m := found[timing.PlainName(name)]
		if m == nil {
			m = &Module{Name: timing.PlainName(name), Cells: map[string]int{}}
			found[m.Name] = m
		}
		m.Instances += times
		inside := map[string]int{}
		for cell, n := range list[name].Cells {
			switch key := moduleKey(list, cell); {
			case key != "":
				inside[key] = n
			case !strings.HasPrefix(cell, "$"): // $scopeinfo and such are no hardware
				m.Cells[cell] += times * n
			}
		}
		for key, n := range inside {
			if err := count(key, times*n, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	key := ""
	for name := range list {
		if timing.PlainName(name) == top {
			key = name
		}
	}
	if key == "" {
		return nil, fmt.Errorf("yosys statistics: there is no module %s", top)
	}
	if err := count(key, 1, 0); err != nil {
		return nil, err
	}
	out := make([]Module, 0, len(found))
	for _, m := range found {
		out = append(out, *m)
	}
	slices.SortFunc(out, func(a, b Module) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

func statModules(data []byte) (map[string]yosysModule, error) {
	at := bytes.Index(data, []byte(`"modules":`))
	if at < 0 {
		return nil, fmt.Errorf("yosys statistics: no \"modules\" in %d bytes; expected the output of stat -json", len(data))
	}
	var list map[string]yosysModule
	dec := json.NewDecoder(bytes.NewReader(data[at+len(`"modules":`):]))
	if err := dec.Decode(&list); err != nil {
		return nil, fmt.Errorf("yosys statistics: %w", err)
	}
	return list, nil
}

// moduleKey is the name under which a cell type is listed as a module, or "".
func moduleKey(list map[string]yosysModule, cell string) string {
	for _, name := range []string{cell, `\` + cell} {
		if _, ok := list[name]; ok {
			return name
		}
	}
	return ""
}

// Total adds up the resources of modules.
func Total(modules []Module) hwmodel.Resources {
	var r hwmodel.Resources
	for _, m := range modules {
		r = r.Add(m.Resources())
	}
	return r
}
