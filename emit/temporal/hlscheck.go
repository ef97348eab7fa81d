package temporal

import (
	"errors"
	"fmt"
)

// Limits of the HLS tool. The first three are errors that end its synthesis, as its users report
// them; they are not in its manual.
const (
	// XFORM 203-103: elements of an array that is partitioned completely. The threshold is 1024
	// by default and was raised with config_array_partition, up to 4096 in what users found to
	// pass (hls4ml issue 1157).
	maxPartition = 4096
	// XFORM 203-504: copies of the body of a fully unrolled loop nest (hls4ml issue 904).
	maxUnroll = 4096
	// XFORM 203-133: bits of a word of a reshaped array (hls4ml issue 506).
	maxReshape = 65536
	// Bits of an ap_uint: UG1399, "C++ Arbitrary Precision Integer Types", AP_INT_MAX_W.
	maxWord = 4096
)

// HLSCheck holds the factors of the HLS pragmas, which follow from the design point, against the
// limits of the tool. The error names each factor, its value and the limit.
func (p *Plan) HLSCheck() error {
	s := p.Shape
	var errs []error
	check := func(what, formula string, value, limit int, kind string) {
		if value > limit {
			errs = append(errs, fmt.Errorf("HLS: %s needs %s = %d; the tool's limit is %d %s",
				what, formula, value, limit, kind))
		}
	}
	elements, bits := "elements of a completely partitioned array", "bits of a reshaped memory word"
	check("the accumulators of the array", "tm*tn", s.TM*s.TN, maxPartition, elements)
	check("operand a of the array", "tk*tm", s.TK*s.TM, maxPartition, elements)
	check("operand b of the array", "tk*tn", s.TK*s.TN, maxPartition, elements)
	check("the unrolled array", "tm*tn*tk", s.TM*s.TN*s.TK, maxUnroll, "copies of an unrolled loop body")
	check("the activation buffer", "tk*tm*activation bits", s.TK*s.TM*s.ActBits, maxReshape, bits)
	check("the weight buffer", "tk*tn*weight bits", s.TK*s.TN*s.WBits, maxReshape, bits)
	check("the score buffer", "tm*score bits", s.TM*s.ScoreBits, maxReshape, bits)
	check("the stream loader", "the widest word, in whole beats,", s.AsmBeats*s.Design.Engine.BusBits, maxWord,
		"bits of an ap_uint")
	return errors.Join(errs...)
}
