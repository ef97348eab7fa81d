package temporal

import (
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
)

// windowed is a Swin-Tiny on an engine whose row tiles its windows do not fill.
func windowed(t *testing.T) *Shape {
	t.Helper()
	m, err := configs.LoadModel("swin-tiny")
	if err != nil {
		t.Fatal(err)
	}
	_, d, _ := digits(t)
	d.Numerics = configs.Uniform(m, 8, 8)
	d.Engine.TM, d.Engine.TN, d.Engine.TK, d.Engine.VectorColumns = 4, 32, 8, 8
	s, err := NewShape(network.MustCompile(m), d)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The engine has every row of every op once.
func TestRowsAreAllThere(t *testing.T) {
	s := windowed(t)
	for _, op := range s.Net.Ops {
		seen := make([]bool, op.Rows)
		for at := range s.Layout(op).RowTiles() * s.TM {
			row := s.RowOf(op, at)
			if row < 0 {
				continue
			}
			if seen[row] {
				t.Fatalf("%s: row %d is there twice", op.Name, row)
			}
			seen[row] = true
		}
		for row, there := range seen {
			if !there {
				t.Fatalf("%s: row %d is nowhere", op.Name, row)
			}
		}
	}
}

// A chain of moves leaves each token's row where the layout of the op that reads it has it, and rows of a window are
// those that the network's own order of windows names.
func TestMovedRowsArrive(t *testing.T) {
	s := windowed(t)
	at := map[int]int{} // token by the engine's row, of the residual stream
	for token := range s.Tokens {
		at[token] = token
	}
	moves := s.Regroups()
	if len(moves) != 11 { // each block but the last two, whose grid is one window; a merging counts as its block's
		t.Fatalf("%d moves; expected 11", len(moves))
	}
	for _, op := range s.Net.Ops {
		r, moved := moves[op.Index]
		if moved && r.Join == 1 {
			to := map[int]int{}
			for row, from := range r.From {
				if from >= 0 {
					to[row] = at[from]
				}
			}
			at = to
		}
		if moved && r.Join == 4 { // the tokens of the next stage
			at = map[int]int{}
			for row := range len(r.From) / 4 {
				if token := s.RowOf(op, row); token >= 0 {
					at[row] = token
				}
			}
		}
		if op.Kind == network.OpLayerNorm {
			for row, token := range at {
				if got := s.RowOf(op, row); got != token {
					t.Fatalf("%s: row %d has token %d; expected %d", op.Name, row, got, token)
				}
			}
		}
		if op.Role == network.RoleQuery {
			for row, token := range at {
				if got := op.Gather[s.RowOf(op, row)]; got != token {
					t.Fatalf("%s: row %d has token %d; the network's order names %d", op.Name, row, token, got)
				}
			}
		}
	}
}

func TestStreamInWindows(t *testing.T) {
	s := windowed(t)
	beats := 0
	for _, g := range s.Segments()[1:] {
		beats += g.Beats(s.Design.Engine.BusBits)
	}
	if beats != s.StreamBeats {
		t.Errorf("segments of %d beats, a stream of %d", beats, s.StreamBeats)
	}
}
