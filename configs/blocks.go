package configs

import "fmt"

// maxStages bounds the patch mergings of a Swin; the published ones have three.
const maxStages = 8

// Stage is the geometry of one stage of a Swin: a grid of H x W tokens of Dim channels.
type Stage struct {
	Index, Depth int
	H, W         int
	Dim, Heads   int
}

// Tokens is the number of tokens of the stage's grid.
func (s Stage) Tokens() int { return s.H * s.W }

// Stage is the geometry of a Swin's stage i: every patch merging halves the sides of the
// grid, rounding up, and doubles the channels.
func (m Model) Stage(i int) Stage {
	s := Stage{Index: i, Depth: m.Depths[i], Dim: m.Dim << i, Heads: m.StageHeads[i],
		H: m.Image.Height / m.Patch, W: m.Image.Width / m.Patch}
	for range i {
		s.H, s.W = (s.H+1)/2, (s.W+1)/2
	}
	return s
}

// BlockCount is the number of transformer blocks, of a Swin those of all stages.
func (m Model) BlockCount() int {
	n := m.Depth
	for _, d := range m.Depths {
		n += d
	}
	return n
}

// BlockShape is the geometry of one transformer block. The attention of a ViT is one
// window of all tokens.
type BlockShape struct {
	Index int    // among all blocks
	Name  string // timm's module path, e.g. "blocks.0" or "layers.1.blocks.0"
	Stage int    // 0 for a ViT
	First bool   // first block of its stage
	H, W  int    // grid of tokens; for a ViT 1 x Tokens
	Dim   int
	Heads int

	Window         int // side of a window; 0 for a ViT
	ShiftY, ShiftX int // cyclic shift of the grid, towards the origin
}

// BlockShape is the geometry of block b of all blocks.
func (m Model) BlockShape(b int) BlockShape {
	if m.Family != Swin {
		return BlockShape{Index: b, Name: fmt.Sprintf("blocks.%d", b), First: b == 0, H: 1, W: m.Tokens(), Dim: m.Dim, Heads: m.Heads}
	}
	stage, local := 0, b
	for local >= m.Depths[stage] {
		local -= m.Depths[stage]
		stage++
	}
	s := m.Stage(stage)
	shape := BlockShape{Index: b, Name: fmt.Sprintf("layers.%d.blocks.%d", stage, local), Stage: stage, First: local == 0,
		H: s.H, W: s.W, Dim: s.Dim, Heads: s.Heads, Window: m.Window}
	if local%2 == 1 { // every second block; a side of one window has nothing to shift
		if s.H > m.Window {
			shape.ShiftY = m.Window / 2
		}
		if s.W > m.Window {
			shape.ShiftX = m.Window / 2
		}
	}
	return shape
}

// Merges says whether a patch merging precedes the block.
func (s BlockShape) Merges() bool { return s.First && s.Stage > 0 }

// MergeName is timm's module path of the patch merging in front of the block.
func (s BlockShape) MergeName() string { return fmt.Sprintf("layers.%d.downsample", s.Stage) }

// Tokens is the number of tokens, padding not counted.
func (s BlockShape) Tokens() int { return s.H * s.W }

// padded is the grid with its sides rounded up to whole windows.
func (s BlockShape) padded() (h, w int) {
	return (s.H + s.Window - 1) / s.Window * s.Window, (s.W + s.Window - 1) / s.Window * s.Window
}

// WindowTokens is the number of tokens that attend to each other.
func (s BlockShape) WindowTokens() int {
	if s.Window == 0 {
		return s.Tokens()
	}
	return s.Window * s.Window
}

// WindowRows is the number of rows of all windows, padding included.
func (s BlockShape) WindowRows() int {
	if s.Window == 0 {
		return s.Tokens()
	}
	h, w := s.padded()
	return h * w
}

// WindowOrder lists, for each row of the windows, the token (in raster order) that is
// there, or -1 for padding: the grid is padded at its bottom and right side, shifted
// cyclically, and cut into windows, row by row.
func (s BlockShape) WindowOrder() []int {
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

// WindowRegions names, for each row of the windows, the region of the grid it came from.
// Rows of one window attend to each other only within a region: the cyclic shift brings
// together tokens that are not neighbours. All are 0 where nothing is shifted.
func (s BlockShape) WindowRegions() []uint8 {
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
func (s BlockShape) eachRow(visit func(y, x int)) {
	h, w := s.padded()
	for top := 0; top < h; top += s.Window {
		for left := 0; left < w; left += s.Window {
			for i := range s.Window * s.Window {
				visit(top+i/s.Window, left+i%s.Window)
			}
		}
	}
}

// RelativePosition is the row of the table of relative position biases, (2*Window-1)^2
// rows, for the pair of tokens i and j of a window.
func (s BlockShape) RelativePosition(i, j int) int {
	w := s.Window
	dy, dx := i/w-j/w+w-1, i%w-j%w+w-1
	return dy*(2*w-1) + dx
}

// MergeOrder lists, for each token of the block's grid and each of the four tokens that
// its patch merging joins, the token of the previous stage's grid (prevH x prevW), or -1
// for padding. The four are in the order (0,0), (1,0), (0,1), (1,1) of row and column.
func (s BlockShape) MergeOrder(prevH, prevW int) []int {
	order := make([]int, 0, 4*s.Tokens())
	for y := range s.H {
		for x := range s.W {
			for _, d := range [4][2]int{{0, 0}, {1, 0}, {0, 1}, {1, 1}} {
				at := -1
				if py, px := 2*y+d[0], 2*x+d[1]; py < prevH && px < prevW {
					at = py*prevW + px
				}
				order = append(order, at)
			}
		}
	}
	return order
}

// LayerBlock is the block whose result a quantization layer changes first: -1 for the
// patch embedding, BlockCount for the head and unknown layers.
func (m Model) LayerBlock(layer string) int {
	if layer == LayerPatchEmbed {
		return -1
	}
	for b := range m.BlockCount() {
		s := m.BlockShape(b)
		if s.Merges() && layer == s.MergeName()+".reduction" || len(layer) > len(s.Name) && layer[:len(s.Name)+1] == s.Name+"." {
			return b
		}
	}
	return m.BlockCount()
}
