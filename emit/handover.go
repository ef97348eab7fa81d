package emit

import (
	"fmt"
	"io/fs"
	"math"
	"path"
	"regexp"
	"strings"

	"vitdse/configs"
	"vitdse/templates"
)

// Handover is what the vendor scripts, the drivers and the register documents show.
type Handover struct {
	Registers    []Register
	RegisterSpan int // bytes
	AddressBits  int
	Layout       *Layout // nil in docs/REGISTERS.md, which is for any design

	Device   string // ordering code
	ClockMHz string
	PeriodNS string
	Trellis  Trellis
}

// NewHandover is that of a design on its part.
func NewHandover(d configs.Design, part configs.Part, layout Layout) Handover {
	h := registerView()
	h.Layout = &layout
	h.Device = part.Device
	h.ClockMHz, h.PeriodNS = Decimal(d.ClockMHz), Decimal(1000/d.ClockMHz)
	h.Trellis, _ = ParseTrellis(part.Device)
	return h
}

func registerView() Handover {
	return Handover{Registers: Registers(), RegisterSpan: 1 << RegisterAddressBits, AddressBits: AddressBits}
}

// Decimal writes a number with at most three digits behind the point.
func Decimal(v float64) string {
	s := fmt.Sprintf("%.3f", math.Round(v*1000)/1000)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// Trellis is an ECP5 as nextpnr-ecp5 and ecppack name it.
type Trellis struct {
	Option  string // of nextpnr-ecp5, such as --85k
	Package string // such as CABGA381
	Speed   string // speed grade 6, 7 or 8
}

// An ECP5's ordering code: die, speed grade, package, balls, temperature.
var latticeCode = regexp.MustCompile(`^LFE5(U|UM|UM5G)-(12|25|45|85)F-([678])(BG|MG)(\d+)[CI]$`)

// ParseTrellis reads an ECP5's ordering code; false if it is none.
func ParseTrellis(device string) (Trellis, bool) {
	m := latticeCode.FindStringSubmatch(device)
	if m == nil {
		return Trellis{}, false
	}
	prefix := map[string]string{"U": "", "UM": "um-", "UM5G": "um5g-"}[m[1]]
	balls := map[string]string{"BG": "CABGA", "MG": "CSFBGA"}[m[4]]
	return Trellis{Option: "--" + prefix + m[2] + "k", Package: balls + m[5], Speed: m[3]}, true
}

// familyFiles are the scripts that only some fabrics have.
var familyFiles = map[string][]configs.Fabric{
	"syn/vivado.tcl":      {configs.XC7, configs.XCUP, configs.Versal},
	"syn/vitis_hls.tcl":   {configs.XC7, configs.XCUP, configs.Versal},
	"syn/constraints.xdc": {configs.XC7, configs.XCUP, configs.Versal},
	"syn/ecp5.ys":         {configs.ECP5},
	"syn/ecp5.lpf":        {configs.ECP5},
	"syn/ecp5_shell.sv":   {configs.ECP5},
}

// Emitted says whether a template is for a part of the fabric.
func Emitted(name string, family configs.Fabric) bool {
	only, some := familyFiles[path.Clean(name)]
	if !some {
		return true
	}
	for _, f := range only {
		if f == family {
			return true
		}
	}
	return false
}

// RegistersDoc is docs/REGISTERS.md: the register map and the memory layout of any design.
func RegistersDoc() ([]byte, error) {
	text, err := fs.ReadFile(templates.FS, registersTemplate)
	if err != nil {
		return nil, err
	}
	return Render(registersTemplate, string(text), registerView(), nil)
}

const registersTemplate = "driver/REGISTERS.md"
