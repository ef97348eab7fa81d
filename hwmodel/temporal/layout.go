package temporal

import (
	"slices"

	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// Layout is how the engine holds the rows of an op in row tiles. Rows that attend to each other follow one another, a
// window of them from a row tile's first lane on: of a ViT there is one window, of Swin's blocks many. A window's last
// row tile may end in rows of nothing.
type Layout struct {
	Windows, Across int // windows; those side by side in the grid
	Rows, Tiles     int // of a window

	// Order is the token of each row of the windows, of all of them; nil where tokens lie in their own order. Between
	// two orders the rows of the residual stream are moved, see StepRegroup.
	Order []int
}

// RowTiles is those of all windows.
func (l Layout) RowTiles() int { return l.Windows * l.Tiles }

// sameOrder says whether rows lie alike.
func (l Layout) sameOrder(o Layout) bool {
	return l.Windows == o.Windows && l.Rows == o.Rows && slices.Equal(l.Order, o.Order)
}

// places is where the engine has each token: the row, counted over all row tiles.
func (l Layout) places(tm int) []int {
	at := make([]int, l.Windows*l.Rows)
	for i := range at {
		token := i
		if l.Order != nil {
			token = l.Order[i]
		}
		at[token] = i/l.Rows*l.Tiles*tm + i%l.Rows
	}
	return at
}

// plain is the layout of rows in their own order.
func (s *Shape) plain(rows int) Layout {
	return Layout{Windows: 1, Across: 1, Rows: rows, Tiles: hwmodel.CeilDiv(rows, s.TM)}
}

// Layout is that of an op's rows.
func (s *Shape) Layout(op network.Op) Layout {
	if !s.Windowed || op.Block == network.None {
		return s.plain(op.Rows)
	}
	return s.layouts[op.Block]
}

// layoutsOf are the layouts of the blocks of a network whose attention is in windows, but for Tiles, which depend on
// the engine.
func layoutsOf(net *network.Network) []Layout {
	list := make([]Layout, len(net.Blocks))
	for i := range net.Ops {
		op := &net.Ops[i]
		if op.Role != network.RoleQuery {
			continue
		}
		b := &net.Blocks[op.Block]
		l := Layout{Windows: b.WindowRows() / b.WindowTokens(), Across: b.W / b.Window, Rows: b.WindowTokens()}
		if !slices.IsSorted(op.Gather) {
			l.Order = op.Gather
		}
		list[op.Block] = l
	}
	return list
}

// inWindows says whether the rows of an op's result are counted in the order of the windows, not of the tokens.
func inWindows(role network.Role) bool {
	switch role {
	case network.RoleQuery, network.RoleKey, network.RoleValue, network.RoleScores, network.RoleSoftmax,
		network.RoleContext:
		return true
	}
	return false
}

// RowOf is the row of an op's result that the engine has in one of its rows, -1 for a row of nothing.
func (s *Shape) RowOf(op network.Op, at int) int {
	l := s.Layout(op)
	window, row := at/(l.Tiles*s.TM), at%(l.Tiles*s.TM)
	if row >= l.Rows || window >= l.Windows {
		return -1
	}
	row += window * l.Rows
	if l.Order != nil && !inWindows(op.Role) {
		return l.Order[row]
	}
	return row
}

// Regroup is how rows of the residual stream are moved: for each row that comes out, Join rows side by side, where they
// were, -1 for zeros. The rows that come out fill whole row tiles.
type Regroup struct {
	From []int
	Join int
}

// gather is the move whose result's tokens are each made of join tokens, or Padding, side by side; nil for themselves.
func (s *Shape) gather(from, to Layout, tokens []int, join int) Regroup {
	r := Regroup{From: make([]int, to.RowTiles()*s.TM*join), Join: join}
	for i := range r.From {
		r.From[i] = -1
	}
	source := from.places(s.TM)
	for token, row := range to.places(s.TM) {
		for j := range join {
			of := token
			if tokens != nil {
				of = tokens[token*join+j]
			}
			if of != network.Padding {
				r.From[row*join+j] = source[of]
			}
		}
	}
	return r
}
