package network

import "slices"

// Stage is one residual stream: H x W tokens of Dim channels. A ViT has one, of 1 x Tokens.
type Stage struct {
	Index, Depth int
	H, W         int
	Dim, Heads   int
}

// Tokens is the number of tokens of the stage's grid.
func (s Stage) Tokens() int { return s.H * s.W }

// Block is the geometry of one transformer block. The attention of a ViT is one window of all tokens.
type Block struct {
	Index int    // among all blocks
	Name  string // timm's module path, e.g. "blocks.0" or "layers.1.blocks.0"
	Stage int    // 0 for a ViT
	First bool   // first block of its stage
	H, W  int    // grid of tokens; for a ViT 1 x Tokens
	Dim   int
	Heads int

	Hidden int  // width of the MLP
	QKNorm bool // q and k of each head pass a LayerNorm

	// Keys is the number of rows that attention pooling reads, 0 for any other block. Its only query is learned, its
	// residual stream is a new one of one row, and where others have norm1 it has the network's last norm.
	Keys int

	Turned  bool // q and k turn with the place of their patch
	Gated   bool // the MLP multiplies its activations with a second layer's results
	MLPNorm bool // a LayerNorm follows this product

	Window int // side of a window; 0 for a ViT
	// Relative says whether scores get a bias for each pair of rows that attend to each other, by their relative position.
	Relative       bool
	Rows, Cols     int // with Relative and without windows: of patches, behind the class token
	ShiftY, ShiftX int // cyclic shift of the grid, towards the origin
}

// HeadDim is the number of channels of one head.
func (s Block) HeadDim() int { return s.Dim / s.Heads }

// Merges says whether a patch merging precedes the block.
func (s Block) Merges() bool { return s.First && s.Stage > 0 && s.Keys == 0 }

// Tokens is the number of tokens, padding not counted.
func (s Block) Tokens() int { return s.H * s.W }

// padded is the grid with its sides rounded up to whole windows.
func (s Block) padded() (h, w int) {
	return (s.H + s.Window - 1) / s.Window * s.Window, (s.W + s.Window - 1) / s.Window * s.Window
}

// WindowTokens is the number of tokens that attend to each other, of attention pooling that of the keys.
func (s Block) WindowTokens() int {
	if s.Keys > 0 {
		return s.Keys
	}
	if s.Window == 0 {
		return s.Tokens()
	}
	return s.Window * s.Window
}

// WindowRows is the number of rows of all windows, padding included.
func (s Block) WindowRows() int {
	if s.Window == 0 {
		return s.Tokens()
	}
	h, w := s.padded()
	return h * w
}

// WindowOrder lists, for each row of the windows, the token (in raster order) that is
// there, or -1 for padding: the grid is padded at its bottom and right side, shifted
// cyclically, and cut into windows, row by row.
func (s Block) WindowOrder() []int {
	order := make([]int, 0, s.WindowRows())
	s.eachRow(func(y, x int) {
		h, w := s.padded()
		y, x = (y+s.ShiftY)%h, (x+s.ShiftX)%w
		at := -1
		if y < s.H && x < s.W {
			at = y*s.W + x
		}
		order = append(order, at)
	})
	return order
}

// rowOrder is how the rows of a block's attention lie: in so many windows, and which token is in each row, nil where
// tokens are in their own order.
type rowOrder struct {
	windows int
	tokens  []int
}

// order is that of a block; outside the blocks tokens are in their own order.
func (n *Network) order(block int) rowOrder {
	if block == None || n.Blocks[block].Window == 0 {
		return rowOrder{windows: 1}
	}
	b := &n.Blocks[block]
	o := rowOrder{windows: b.WindowRows() / b.WindowTokens(), tokens: b.WindowOrder()}
	if slices.IsSorted(o.tokens) {
		o.tokens = nil
	}
	return o
}

func (o rowOrder) same(p rowOrder) bool {
	return o.windows == p.windows && slices.Equal(o.tokens, p.tokens)
}

// WindowRegions names, for each row of the windows, the region of the grid it came from.
// Rows of one window attend to each other only within a region: the cyclic shift brings
// together tokens that are not neighbours. All are 0 where nothing is shifted.
func (s Block) WindowRegions() []uint8 {
	h, w := s.padded()
	part := func(at, size, shift int) uint8 {
		switch {
		case shift == 0 || at < size-s.Window:
			return 0
		case at < size-shift:
			return 1
		}
		return 2
	}
	regions := make([]uint8, 0, s.WindowRows())
	s.eachRow(func(y, x int) {
		regions = append(regions, 3*part(y, h, s.ShiftY)+part(x, w, s.ShiftX))
	})
	return regions
}

// eachRow visits the cells of the shifted grid window by window.
func (s Block) eachRow(visit func(y, x int)) {
	h, w := s.padded()
	for top := 0; top < h; top += s.Window {
		for left := 0; left < w; left += s.Window {
			for i := range s.Window * s.Window {
				visit(top+i/s.Window, left+i%s.Window)
			}
		}
	}
}

// plane is the grid of the rows that attend to each other, and how many of them are in front of it.
func (s Block) plane() (h, w, front int) {
	if s.Window > 0 {
		return s.Window, s.Window, 0
	}
	return s.Rows, s.Cols, s.Tokens() - s.Rows*s.Cols
}

// RelativePositions is the number of rows of the table of relative position biases: (2h-1)(2w-1) for h x w tokens that
// attend to each other. With a class token in front of them there are three more: from it to another, from another to
// it, and to itself (Bao et al., BEiT, arXiv:2106.08254).
func (s Block) RelativePositions() int {
	h, w, front := s.plane()
	n := (2*h - 1) * (2*w - 1)
	if front > 0 {
		n += 3
	}
	return n
}

// RelativePosition is the row of that table for the pair of rows i and j.
func (s Block) RelativePosition(i, j int) int {
	h, w, front := s.plane()
	first := (2*h - 1) * (2*w - 1)
	switch {
	case i < front && j < front:
		return first + 2
	case j < front:
		return first + 1
	case i < front:
		return first
	}
	i, j = i-front, j-front
	dy, dx := i/w-j/w+h-1, i%w-j%w+w-1
	return dy*(2*w-1) + dx
}
