package rooflines

import (
	"fmt"
	"strings"

	"vitdse/cmd/vitdse/number"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// opRow is one line of the op table; roof is nil for ops that are no matmul.
type opRow struct {
	name, short, kind, shape string // short without its block
	block                    int    // network.None outside
	times                    int
	weights                  bool // one operand is weights
	roof                     *hwmodel.OpRoofline
}

func (r opRow) cells() []string {
	times := ""
	if r.times > 1 {
		times = fmt.Sprint(r.times)
	}
	if r.roof == nil {
		return []string{r.name, r.kind, r.shape, times, "-", "-", "-", "-", "-", "-"}
	}
	f := r.roof
	return []string{r.name, r.kind, r.shape, times, number.Mega(f.FLOPs), number.Kilo(f.Bytes),
		fmt.Sprintf("%.1f", f.Intensity),
		fmt.Sprintf("%.1f", f.Attainable), f.Bound, number.Count(f.IdealCycles)}
}

// opRows puts the matmuls of a roofline, where q, k and v are one, among the other ops.
func opRows(net *network.Network, matmuls []hwmodel.OpRoofline) []opRow {
	byOp := map[int]*hwmodel.OpRoofline{}
	for i := range matmuls {
		byOp[matmuls[i].Op] = &matmuls[i]
	}
	var rows []opRow
	for _, op := range net.Ops {
		row := opRow{name: op.Name, kind: op.Kind.String(), shape: fmt.Sprintf("%dx%d", op.Rows, op.Cols), times: 1,
			block: op.Block, roof: byOp[op.Index]}
		switch {
		case row.roof != nil:
			row.name, row.kind, row.shape = row.roof.Name, row.roof.Kind, row.roof.Shape
			row.weights = op.Kind.HasWeights()
		case op.Kind.IsMatmul(): // k and v
			continue
		case op.Heads > 1:
			row.shape = fmt.Sprintf("%dx%s", op.Heads, row.shape)
		}
		row.short = row.name
		if op.Block != network.None {
			row.short = strings.TrimPrefix(row.name, net.Blocks[op.Block].Name+".")
		}
		rows = append(rows, row)
	}
	return rows
}

// fold makes one line of the same op of all blocks where they are alike.
func fold(rows []opRow) []opRow {
	var out []opRow
	at := map[string]int{}
	for _, r := range rows {
		if r.block == network.None {
			out = append(out, r)
			continue
		}
		i, seen := at[r.short]
		if !seen {
			at[r.short] = len(out)
			out = append(out, r)
			continue
		}
		if !alike(out[i], r) {
			return rows
		}
		out[i].name, out[i].times = fmt.Sprintf("blocks.0-%d.%s", r.block, r.short), out[i].times+1
	}
	return out
}

func alike(a, b opRow) bool {
	if (a.roof == nil) != (b.roof == nil) || a.shape != b.shape {
		return false
	}
	return a.roof == nil || a.roof.FLOPs == b.roof.FLOPs && a.roof.Bytes == b.roof.Bytes
}
