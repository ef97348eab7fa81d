// Package emit is what all engines share of turning a design point and its integer network into files: the folder, its
// manifest and hash, how templates are filled in, the registers, and what the vendors' tools are handed. What an engine
// emits is planned in a room of its own below this one.
//
// Nothing here or there runs the integer network: it is data. The hardware and the golden model are two readings of one
// contract, and meet in emit/verify.
package emit

import (
	"vitdse/configs/network"
	"vitdse/golden/intnet"
)

// Version is the tool's version, written into every emitted file.
const Version = "0.1.0"

// File is one emitted file, its path relative to the folder.
type File struct {
	Path string
	Data []byte
}

// Plan is everything that is emitted for a design point, before it is written.
type Plan interface {
	// Hash is the identity of the plan, 64 hex digits: HashOf its files.
	Hash() string
	// Network is the integer network that the design computes.
	Network() *intnet.Network
	// Files is everything of the folder but the vectors, and the manifest, which WriteFolder completes, among them. full
	// is the number of images with vectors of every op.
	Files(full int) ([]File, error)
	Manifest(full int) Manifest
	// HLSCheck says why the folder has no HLS C++, nil if it has.
	HLSCheck() error
	// Unpacked says whether the design asks for products that share a DSP of which not even two fit one, and the bits of
	// operands a and b.
	Unpacked() (a, b int, unpacked bool)

	// What verification lays expected values out by: the ops, the columns of one image op by op, those of an op in the
	// order in which the engine produces them, the row of an op's result that is in one of the engine's rows, how rows are
	// moved in front of ops (false where the network moves none), and an image as the engine reads it.
	Ops() []network.Op
	Columns() []Column
	RowOf(op, at int) int
	Moves() (map[int]Move, bool)
	ImageBytes(pixels []byte) ([]byte, error)
}

// Column is one column of an op's output as the engine produces it: Lanes rows from the engine's row Row
// on (see Plan.RowOf), at column Col, of one head.
type Column struct {
	Op, Head, Row, Col, Lanes int
}

// Move is how rows are moved: for each row that comes out, Join rows side by side, where they were, -1 for none.
type Move struct {
	From []int
	Join int
}
