package emit

import (
	"fmt"
	"strings"
)

// Access says who may do what with a register.
type Access string

// Accesses of a register.
const (
	ReadOnly  Access = "r"
	WriteOnly Access = "w"  // reads as 0
	ReadWrite Access = "rw" // reads as it was written
)

// Register is one 32-bit control register. The table in Registers is the only place where
// it is described: RTL, C header, Python driver, IP package and docs/REGISTERS.md show it.
type Register struct {
	Name    string // upper case; a two-word register has the suffix _LO or _HI
	Offset  int    // bytes
	Access  Access
	Reset   string // value after reset: a number, or "-" if undefined, or "design"
	Fields  []RegisterField
	Meaning string
}

// RegisterField is a field of one bit or more.
type RegisterField struct {
	Name     string
	Bit      int // the lowest
	Width    int
	Clearing bool // a write of 1 acts once; the bit does not stay
	Meaning  string
}

// Registers lists the control registers in the order of their offsets. Offsets without one
// read as 0 and take no writes.
func Registers() []Register {
	bit := func(name string, at int, meaning string) RegisterField {
		return RegisterField{Name: name, Bit: at, Width: 1, Meaning: meaning}
	}
	pulse := func(name string, at int, meaning string) RegisterField {
		return RegisterField{Name: name, Bit: at, Width: 1, Clearing: true, Meaning: meaning}
	}
	return []Register{
		{"CONTROL", 0x00, WriteOnly, "0", []RegisterField{
			pulse("START", 0, "start a run; ignored while BUSY"),
			pulse("RESET", 1, "stop the run: BUSY stays until the memory has answered what was asked for"),
		}, "commands"},
		{"STATUS", 0x04, ReadOnly, "0", []RegisterField{
			bit("BUSY", 0, "a run is under way, or a RESET"),
			bit("DONE", 1, "a run has ended by itself; cleared by START and RESET"),
			bit("READ_ERROR", 2, "a read was answered with an error; cleared by START"),
			bit("WRITE_ERROR", 3, "a write was answered with an error; cleared by START"),
		}, "state of the run"},
		{"IMAGES", 0x08, ReadWrite, "1", nil,
			"images to run, at least 1, one after the other in memory; each is read while the one before it is computed"},
		{"IMAGE_ADDR_LO", 0x10, ReadWrite, "-", nil, "address of the first image, low word"},
		{"IMAGE_ADDR_HI", 0x14, ReadWrite, "-", nil, "high word"},
		{"STREAM_ADDR_LO", 0x18, ReadWrite, "-", nil, "address of the weight stream, low word"},
		{"STREAM_ADDR_HI", 0x1c, ReadWrite, "-", nil, "high word"},
		{"RESULT_ADDR_LO", 0x20, ReadWrite, "-", nil, "address of the first result, low word"},
		{"RESULT_ADDR_HI", 0x24, ReadWrite, "-", nil, "high word"},
		{"CYCLES_LO", 0x28, ReadOnly, "-", nil, "clock cycles of the run, low word"},
		{"CYCLES_HI", 0x2c, ReadOnly, "-", nil, "high word"},
		{"IMAGES_DONE", 0x30, ReadOnly, "-", nil, "images finished in this run"},
		{"STALLS", 0x34, ReadOnly, "-", nil, "cycles of the run in which the array waited for weights"},
		{"HASH_HI", 0x38, ReadOnly, "design", nil, "the design's hash, digits 1 to 8"},
		{"HASH_LO", 0x3c, ReadOnly, "design", nil, "the design's hash, digits 9 to 16"},
	}
}

// Index is the register's number, as the RTL selects it.
func (r Register) Index() int { return r.Offset / 4 }

// Mask is the field's bits in place.
func (f RegisterField) Mask() uint32 { return (1<<f.Width - 1) << f.Bit }

// Bits is how documents name the field's place: 3 or 7:4.
func (f RegisterField) Bits() string {
	if f.Width == 1 {
		return fmt.Sprint(f.Bit)
	}
	return fmt.Sprintf("%d:%d", f.Bit+f.Width-1, f.Bit)
}

// Summary is the register in a line of a comment: its meaning and its fields.
func (r Register) Summary() string {
	if len(r.Fields) == 0 {
		return r.Meaning
	}
	var list []string
	for _, f := range r.Fields {
		list = append(list, f.Bits()+" "+f.Name)
	}
	return r.Meaning + ": bit " + strings.Join(list, ", ")
}

// AddressBits is the width of the addresses that the accelerator puts on its AXI4 master.
const AddressBits = 40

// RegisterAddressBits is the width of the addresses of its AXI4-Lite slave.
const RegisterAddressBits = 6

// Layout is the accelerator's three blocks of memory, in bytes. Each starts at a multiple of
// Align; what it holds is in docs/REGISTERS.md.
type Layout struct {
	Align        int // of every block: a word of the bus
	ImagePixels  int // of an image: rows x columns x channels, a byte each
	ImageStride  int // from an image to the next
	StreamBytes  int // of mem/stream.bin
	StreamCRC32  uint32
	Classes      int
	ResultStride int // from a result to the next: Classes words of 32 bits, and padding
}
