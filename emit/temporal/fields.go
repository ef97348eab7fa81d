package temporal

import (
	"fmt"
	"slices"
	"strings"

	"vitdse/hwmodel/temporal"
)

// Field is one field of a program descriptor. Fields of matmuls, LayerNorms and the pool share the same bits: a step
// is one of them.
type Field struct {
	Name   string
	Width  int // bits
	Signed bool
	Unit   string // of the value
	Note   string
	Offset int
}

// Comment is what stands behind the field's wire: its unit and its meaning.
func (f Field) Comment() string { return "[" + f.Unit + "] " + f.Note }

// fieldGroup is fields that a kind of step has. Of what is counted the engine needs the last number, one less than
// there are: those end in _1.
type fieldGroup struct {
	steps  string // that have them
	fields []Field
}

func bit(name, note string) Field { return Field{Name: name, Width: 1, Unit: "0 or 1", Note: note} }

func number(name string, width int, unit, note string) Field {
	return Field{Name: name, Width: width, Unit: unit, Note: note}
}

func signed(name string, width int, unit, note string) Field {
	return Field{Name: name, Width: width, Signed: true, Unit: unit, Note: note}
}

// fieldGroups lists the descriptor's fields, once for the program, the RTL's wires and the table in docs/ENGINE.md: the
// common ones, then those that share their bits.
var fieldGroups = [...]fieldGroup{
	{"all", []Field{
		number("op", 12, "op", "number of the op, for verification"),
		number("opcode", 3, "code", "unit of the step"),
		bit("last", "of the program"),
		bit("need_image", "starts when the image is there"),
		bit("need_pos", "starts when the position embedding is there"),
		bit("need_norm", "starts when gamma and beta are there"),
		bit("need_gelu", "starts when the GELU table is there"),
		bit("free_pos", "with its end the residual stream is free for the next image"),
		bit("loop", "back to the step before, as often as the loop goes on"),
		number("loops_1", 16, "passes", "of the loop, less one"),
		number("rowstep", 16, "words", "that a pass moves the row offset on"),
		number("mt_1", 16, "row tiles", "of the op, less one"),
		number("bits", 5, "bits", "of a result before it is stored"),
	}},
	{"matmul", []Field{
		number("nt_1", 16, "tile columns", "of the op, less one"),
		number("kt_1", 16, "beats", "of a tile, less one"),
		number("period_full_1", 16, "cycles", "of a full tile column's slot, less one"),
		number("period_last_1", 16, "cycles", "of the last tile column's slot, less one"),
		number("period_end_1", 16, "cycles", "of the last tile's slot, less one"),
		bit("move_a", "the row offset moves operand a"),
		number("wait", 2, "code", "what the start waits for"),
		bit("chained", "operand a is still being made, row tile by row tile"),
		number("a_from", 2, "code", "source of operand a"),
		number("b_from", 2, "code", "source of operand b"),
		number("a_base", 16, "words", "address of operand a"),
		number("a_stride", 16, "words", "from a row tile of operand a to the next one"),
		number("b_base", 16, "words", "address of operand b"),
		number("b_nstep", 16, "words", "from a tile column of operand b to the next one"),
		number("b_kstep", 16, "words", "from a beat of operand b to the next one"),
		number("groups_full_1", 16, "groups", "of columns of a full tile column, less one"),
		number("groups_last_1", 16, "groups", "of columns of the last tile column, less one"),
		number("count_last", 8, "columns", "of the last group"),
		signed("place", 16, "groups", "place of the first: -1 for each that belongs to another head"),
		number("to", 3, "code", "destination"),
		bit("per_lane", "a multiplier for each token, out of the softmax, and no bias"),
		bit("gelu", "through the GELU table"),
		bit("mask", "tokens in front of the patches have no branch added"),
		number("base", 16, "words", "address of the result"),
		number("stride", 16, "words", "from a pass to the next one"),
		number("nstep", 16, "words", "from a tile column's result to the next one's"),
		number("tile_step", 16, "words", "from a row tile's result to the next one's"),
		number("shift", 6, "bits", "of the requantization"),
		signed("zero", 16, "codes", "zero point of the result"),
		number("sm_mul", 16, "1", "multiplier of the softmax that follows"),
		number("sm_shift", 6, "bits", "its shift"),
		number("sm_ch", 28, "1", "what is divided by a row's sum"),
	}},
	{"LayerNorm", []Field{
		number("eps", 40, "1", "epsilon, in the sums' units"),
		number("ln_k", 6, "bits", "first shift, less 10"),
		signed("ln_k17", 6, "bits", "first shift, less 17"),
		number("ln_sg", 6, "bits", "second shift"),
		number("norm_to", 2, "code", "destination, where LayerNorms differ in it"),
	}},
	{"pool", []Field{
		number("pool_mul", 16, "1", "multiplier of the mean"),
		signed("pool_zero", 16, "codes", "zero point of the result"),
		signed("pool_offset", 32, "codes", "zero points of what is pooled"),
	}},
}

// tokenFields are what designs whose tokens find their own scales have in each group beside these.
var tokenFields = [2][]Field{1: {
	number("code_bits", 4, "bits", "of what the array takes of a fine code; 0: as it is"),
}}

// windowFields are what networks with attention in windows have in each group beside these; the last ones moves of rows
// have as well.
var windowFields = [3][]Field{
	{bit("need_bias", "starts when a head's biases of scores are there")},
	{
		number("window_tiles_1", 8, "row tiles", "of a window, less one"),
		number("window", 16, "words", "from a window's operand b to the next one's"),
		number("window_at", 8, "row tiles", "of the window in front of a loop's first scores"),
		bit("fresh", "the residual stream begins anew"),
		number("across_1", 8, "windows", "of a row of the grid, less one"),
		number("down_1", 8, "windows", "of a column of the grid, less one"),
	},
	{
		number("widen", 3, "log2", "channels of a row over the first stage's"),
		number("res_from", 16, "words", "address of the rows in the residual stream"),
		number("res_to", 16, "words", "address to which they are moved"),
		number("join_1", 2, "rows", "side by side in one that comes out, less one"),
		number("table", 20, "entries", "in front of the move's own in the table of moved rows"),
	},
}

// fieldNamed is a field that there is.
func fieldNamed(fields []Field, name string) Field {
	return fields[slices.IndexFunc(fields, func(f Field) bool { return f.Name == name })]
}

// descriptor is the layout of a descriptor: its fields with their offsets, and its width.
func (p *Plan) descriptor() (fields []Field, width int) {
	pool, pools := p.Shape.Pool()
	common := 0
	for g := range fieldGroups {
		at, group := 0, fieldGroups[g].fields
		if p.Shape.Windowed && g < len(windowFields) {
			group = slices.Concat(group, windowFields[g])
		}
		if g > 0 {
			at = common
		}
		if p.Shape.Dynamic && g < len(tokenFields) {
			group = slices.Concat(group, tokenFields[g])
		}
		for _, f := range group {
			switch {
			case f.Name == "norm_to" && !p.normsDiffer(), strings.HasPrefix(f.Name, "pool_") && (!pools || pool.Op.Max):
				continue
			}
			f.Offset = at
			at += f.Width
			fields = append(fields, f)
		}
		if g == 0 {
			common = at
		}
		width = max(width, at)
	}
	return fields, width
}

// normsDiffer says whether there are LayerNorms whose results are not codes for X.
func (p *Plan) normsDiffer() bool {
	return slices.ContainsFunc(p.Steps, func(st temporal.Step) bool { return st.NormTo != temporal.NormToX })
}

// DescriptorDoc is the descriptor's fields as the table of docs/ENGINE.md.
func DescriptorDoc() string {
	var b strings.Builder
	b.WriteString("| step | field | bits | unit | meaning |\n|---|---|---:|---|---|\n")
	row := func(steps string, f Field) {
		width := fmt.Sprint(f.Width)
		if f.Signed {
			width += ", signed"
		}
		fmt.Fprintf(&b, "| %s | `%s` | %s | %s | %s |\n", steps, f.Name, width, f.Unit, f.Note)
	}
	for g, group := range fieldGroups {
		for _, f := range group.fields {
			row(group.steps, f)
		}
		if g < len(windowFields) {
			for _, f := range windowFields[g] {
				row(group.steps+", windows", f)
			}
		}
		if g < len(tokenFields) {
			for _, f := range tokenFields[g] {
				row(group.steps+", dynamic scales", f)
			}
		}
	}
	return b.String()
}
