package configs

// Fabric is the logic family of a part, and with it the synthesis flow and the
// primitives that the resource model counts.
type Fabric string

// The fabrics a part file may name, by Yosys' names where it has one.
const (
	XC7    Fabric = "xc7"    // 7-series and Zynq-7000: LUT6, DSP48E1, RAMB18
	XCUP   Fabric = "xcup"   // UltraScale+: LUT6, DSP48E2, RAMB18, on some parts URAM288
	Versal Fabric = "versal" // Versal's programmable logic: LUT6, DSP58, RAMB18, URAM288
	ECP5   Fabric = "ecp5"   // Lattice ECP5: LUT4, MULT18X18D, 18 Kb EBR
	ICE40  Fabric = "ice40"  // Lattice iCE40: LUT4, SB_MAC16 or none, 4 Kb blocks, no LUT RAM
	Gowin  Fabric = "gowin"  // Gowin GW2A: LUT4, 18 x 18 multipliers, 18 Kb BSRAM
)

// Fabrics lists them all.
var Fabrics = []Fabric{XC7, XCUP, Versal, ECP5, ICE40, Gowin}

// Basis is the fabric that the resource model of this one is taken from: itself where the
// model was held against synthesis, otherwise the nearest that was.
func (f Fabric) Basis() Fabric {
	switch f {
	case Versal:
		return XCUP
	case ICE40, Gowin:
		return ECP5
	}
	return f
}

// DSPKind is the hard multiplier of a part.
type DSPKind string

// The multipliers a part file may name.
const (
	DSP48E1 DSPKind = "dsp48e1"
	DSP48E2 DSPKind = "dsp48e2"
	DSP58   DSPKind = "dsp58"
	Mult18  DSPKind = "mult18"      // MULT18X18D of the ECP5
	GW2A18  DSPKind = "gw2a_mult18" // 18 x 18 multiplier of the GW2A
	MAC16   DSPKind = "sb_mac16"    // SB_MAC16 of the iCE40 UltraPlus
)

// Part is an FPGA: what there is of everything, and where each figure is from.
type Part struct {
	Name         string            `yaml:"name"`
	Title        string            `yaml:"title"`             // for people: family and usual boards
	Device       string            `yaml:"device"`            // ordering code that the synthesis scripts use
	Family       Fabric            `yaml:"family"`            // one of Fabrics
	LUTInputs    int               `yaml:"lut_inputs"`        // 4 or 6
	Budget       Budget            `yaml:"budget"`            // all there is on the part
	Reserve      Reserve           `yaml:"reserve,omitempty"` // what the platform's shell takes of it
	DSP          DSP               `yaml:"dsp"`               // one hard multiplier
	Memory       Memories          `yaml:"memory"`            // shapes of the memory primitives
	BandwidthGBs float64           `yaml:"bandwidth_gb_s"`    // peak off-chip, 10^9 bytes a second
	ClockMHz     float64           `yaml:"clock_mhz"`         // default assumption for a design, 1..1000
	IdleWatts    float64           `yaml:"idle_w,omitempty"`  // of processor, board and memory beside the fabric, idle
	Limits       Limits            `yaml:"usable"`            // share of the budget a design may plan with
	Sources      map[string]string `yaml:"sources"`           // where each figure is from, by its key

	// Coefficients of the resource model, in its order, where they are not those that come
	// with the tool; WithCoefficients of hwmodel.Engine sets them.
	Coefficients []float64 `yaml:"-"`
}

// Budget counts the resources of a part, or of a design.
type Budget struct {
	LUT    int `yaml:"lut"`
	FF     int `yaml:"ff"`
	DSP    int `yaml:"dsp"`    // hard multipliers of the part's kind
	BRAM18 int `yaml:"bram18"` // 18 Kb blocks: halves of a RAMB36, ECP5 EBRs; of the iCE40 4 Kb blocks
	URAM   int `yaml:"uram"`   // 288 Kb blocks
	LUTRAM int `yaml:"lutram"` // LUTs that may be used as RAM, a subset of LUT
}

// Reserve is what the shell of a platform takes, before any design.
type Reserve struct {
	LUT    int `yaml:"lut,omitempty"`
	FF     int `yaml:"ff,omitempty"`
	DSP    int `yaml:"dsp,omitempty"`
	BRAM18 int `yaml:"bram18,omitempty"`
	URAM   int `yaml:"uram,omitempty"`
}

// DSP is one hard multiplier: ABits x BBits, signed.
type DSP struct {
	Kind     DSPKind `yaml:"kind"`
	ABits    int     `yaml:"a_bits"`
	BBits    int     `yaml:"b_bits"`
	Int8MACs int     `yaml:"int8_macs"` // products of 8 x 8 bits that one can be made to give a cycle
	Int4MACs int     `yaml:"int4_macs"` // and of 4 x 4 bits
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

// Usable is the budget a design may plan with: its share of what the shell leaves, rounded
// down. Of the LUTs that can be memory the shell is taken to leave the same share as of all.
func (p Part) Usable() Budget {
	share := func(n, taken int, f float64) int { return int(float64(max(0, n-taken))*f + 1e-9) }
	b, r := p.Budget, p.Reserve
	memory := int(int64(b.LUTRAM) * int64(r.LUT) / int64(max(1, b.LUT)))
	return Budget{
		LUT:    share(b.LUT, r.LUT, p.Limits.LUT),
		FF:     share(b.FF, r.FF, p.Limits.FF),
		DSP:    share(b.DSP, r.DSP, p.Limits.DSP),
		BRAM18: share(b.BRAM18, r.BRAM18, p.Limits.BRAM),
		URAM:   share(b.URAM, r.URAM, p.Limits.URAM),
		LUTRAM: share(b.LUTRAM, memory, p.Limits.LUT),
	}
}
