package configs

// Fabric is the logic family of a part, and with it the synthesis flow and the
// primitives that the resource model counts.
type Fabric string

// The fabrics a part file may name, by Yosys' names for them.
const (
	XC7  Fabric = "xc7"  // 7-series and Zynq-7000: LUT6, DSP48E1, RAMB18
	XCUP Fabric = "xcup" // UltraScale+: LUT6, DSP48E2, RAMB18, on some parts URAM288
	ECP5 Fabric = "ecp5" // Lattice ECP5: LUT4, MULT18X18D, 18 Kb EBR
)

// DSPKind is the hard multiplier of a part.
type DSPKind string

// The multipliers a part file may name.
const (
	DSP48E1 DSPKind = "dsp48e1"
	DSP48E2 DSPKind = "dsp48e2"
	Mult18  DSPKind = "mult18" // MULT18X18D of the ECP5
)

// Part is an FPGA: what there is of everything, and where each figure is from.
type Part struct {
	Name         string            `yaml:"name"`
	Title        string            `yaml:"title"`          // for people: family and usual boards
	Device       string            `yaml:"device"`         // ordering code that the synthesis scripts use
	Family       Fabric            `yaml:"family"`         // xc7 | xcup | ecp5
	LUTInputs    int               `yaml:"lut_inputs"`     // 4 or 6
	Budget       Budget            `yaml:"budget"`         // all there is on the part
	DSP          DSP               `yaml:"dsp"`            // one hard multiplier
	Memory       Memories          `yaml:"memory"`         // shapes of the memory primitives
	BandwidthGBs float64           `yaml:"bandwidth_gb_s"` // peak off-chip, 10^9 bytes a second
	ClockMHz     float64           `yaml:"clock_mhz"`      // default assumption for a design, 1..1000
	Limits       Limits            `yaml:"usable"`         // share of the budget a design may plan with
	Sources      map[string]string `yaml:"sources"`        // where each figure is from, by its key

	// Coefficients of the resource model, in its order, where they are not those that come
	// with the tool; hwmodel.WithCoefficients sets them.
	Coefficients []float64 `yaml:"-"`
}

// Budget counts the resources of a part, or of a design.
type Budget struct {
	LUT    int `yaml:"lut"`
	FF     int `yaml:"ff"`
	DSP    int `yaml:"dsp"`    // hard multipliers of the part's kind
	BRAM18 int `yaml:"bram18"` // 18 Kb blocks: halves of a RAMB36, or ECP5 EBRs
	URAM   int `yaml:"uram"`   // 288 Kb blocks
	LUTRAM int `yaml:"lutram"` // LUTs that may be used as RAM, a subset of LUT
}

// DSP is one hard multiplier: ABits x BBits, signed.
type DSP struct {
	Kind  DSPKind `yaml:"kind"`
	ABits int     `yaml:"a_bits"`
	BBits int     `yaml:"b_bits"`
}

// Memories gives the simple dual-port shapes of the part's memory primitives.
type Memories struct {
	Block []Geometry `yaml:"block"`           // of one 18 Kb block
	Ultra []Geometry `yaml:"ultra,omitempty"` // of one URAM; none if the part has none
	LUT   LUTCell    `yaml:"lut"`             // of one distributed RAM primitive
}

// LUTCell is one distributed RAM primitive: Depth words of Width bits in LUTs LUTs,
// its write port included.
type LUTCell struct {
	Name  string `yaml:"name"`
	Depth int    `yaml:"depth"`
	Width int    `yaml:"width"`
	LUTs  int    `yaml:"luts"`
}

// Limits are the shares, above 0 and up to 1, of a budget that a design may plan
// with; what is left is for routing and for the rest of the system.
type Limits struct {
	LUT  float64 `yaml:"lut"` // of the LUTs used as RAM too
	FF   float64 `yaml:"ff"`
	DSP  float64 `yaml:"dsp"`
	BRAM float64 `yaml:"bram"`
	URAM float64 `yaml:"uram"`
}

// Usable is the budget a design may plan with, rounded down.
func (p Part) Usable() Budget {
	share := func(n int, f float64) int { return int(float64(n)*f + 1e-9) }
	return Budget{
		LUT:    share(p.Budget.LUT, p.Limits.LUT),
		FF:     share(p.Budget.FF, p.Limits.FF),
		DSP:    share(p.Budget.DSP, p.Limits.DSP),
		BRAM18: share(p.Budget.BRAM18, p.Limits.BRAM),
		URAM:   share(p.Budget.URAM, p.Limits.URAM),
		LUTRAM: share(p.Budget.LUTRAM, p.Limits.LUT),
	}
}
