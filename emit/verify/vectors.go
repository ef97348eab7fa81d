// Package verify holds an emitted folder against the golden model: it writes the expected
// vectors, builds and runs the simulation, and compares every element of every op. Anything
// that was not compared is a failure.
package verify

import (
	"encoding/binary"
	"fmt"

	"vitdse/emit"
	"vitdse/golden/exec"
)

// magic opens every vector file; the design's hash follows, 64 hex digits.
const magic = "VITDSE01"

// headerBytes is the length of magic and hash.
const headerBytes = len(magic) + 64

// Vectors runs the golden model and lays out what the simulation is fed and compared with:
// the images, the logits of all of them, and every op of the first full ones in the order in
// which the engine produces its columns. progress may be nil.
func Vectors(p emit.Plan, images [][]byte, full int, progress func(done, total int)) ([]emit.File, error) {
	if full < 1 || full > len(images) {
		return nil, fmt.Errorf("vectors of %d images op by op; expected 1 to %d", full, len(images))
	}
	run, err := exec.New(p.Network())
	if err != nil {
		return nil, err
	}
	header := []byte(magic + p.Hash())
	pixels, logits, expected, trace := clone(header), clone(header), clone(header), clone(header)
	columns := p.Columns()
	for _, c := range columns {
		for _, v := range []int{c.Op, c.Head, c.Row, c.Col, c.Lanes} {
			trace = binary.LittleEndian.AppendUint32(trace, uint32(v))
		}
	}
	for i, img := range images {
		raw, err := p.ImageBytes(img)
		if err != nil {
			return nil, fmt.Errorf("image %d: %w", i, err)
		}
		pixels = append(pixels, raw...)
		var tr *exec.Trace
		if i < full {
			tr = &exec.Trace{}
		}
		out, err := run.Run(img, tr)
		if err != nil {
			return nil, fmt.Errorf("image %d: %w", i, err)
		}
		logits = appendInts(logits, out)
		if tr != nil {
			if expected, err = appendColumns(expected, p, columns, tr); err != nil {
				return nil, fmt.Errorf("image %d: %w", i, err)
			}
		}
		if progress != nil {
			progress(i+1, len(images))
		}
	}
	files := []emit.File{
		{Path: "vectors/images.bin", Data: pixels}, {Path: "vectors/logits.bin", Data: logits},
		{Path: "vectors/trace.bin", Data: trace}, {Path: "vectors/expected.bin", Data: expected},
	}
	if moved := movedRows(clone(header), p); moved != nil {
		files = append(files, emit.File{Path: "vectors/moves.bin", Data: moved})
	}
	return files, nil
}

// movedRows lists where the rows that an op reads were, for those in front of which rows are moved: op, rows side by
// side, rows, and the row each was, -1 for none; nil where the network moves none. Rows are
// the engine's.
func movedRows(b []byte, p emit.Plan) []byte {
	moves, ok := p.Moves()
	if !ok {
		return nil
	}
	for op := range p.Ops() {
		r, moved := moves[op]
		if !moved {
			continue
		}
		b = appendInts(b, []int32{int32(op), int32(r.Join), int32(len(r.From) / r.Join)})
		for _, from := range r.From {
			b = appendInts(b, []int32{int32(from)})
		}
	}
	return b
}

func clone(b []byte) []byte { return append([]byte(nil), b...) }

func appendInts(b []byte, vs []int32) []byte {
	for _, v := range vs {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	return b
}

// appendColumns lays one image's trace out column by column and makes sure that the columns
// cover every element of every op.
func appendColumns(b []byte, p emit.Plan, columns []emit.Column, tr *exec.Trace) ([]byte, error) {
	ops := p.Ops()
	covered := make([]int, len(ops))
	for i, op := range ops {
		if len(tr.Ops[i]) != op.Elements() {
			return nil, fmt.Errorf("op %s: the golden model has %d elements; its shape has %d",
				op.Name, len(tr.Ops[i]), op.Elements())
		}
	}
	for _, c := range columns {
		op := ops[c.Op]
		for r := range c.Lanes {
			v := tr.Ops[c.Op][(c.Head*op.Rows+p.RowOf(c.Op, c.Row+r))*op.Cols+c.Col]
			b = binary.LittleEndian.AppendUint32(b, uint32(v))
		}
		covered[c.Op] += c.Lanes
	}
	for i, op := range ops {
		if covered[i] != op.Elements() {
			return nil, fmt.Errorf("op %s: the schedule produces %d of its %d elements", op.Name, covered[i], op.Elements())
		}
	}
	return b, nil
}
