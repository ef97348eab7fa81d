package kernel

// Patches turns images into rows of pixel codes, one a patch. Inside a row the order is
// channel, pixel row, pixel column.
type Patches struct {
	side, channels int
	codes          [256]int8
	orders         [][64]uint8 // VNNI: where the bytes of each channel are in a patch's pixel row
}

// NewPatches takes the code of each pixel value and the side of a patch.
func NewPatches(codes [256]int8, side, channels int) *Patches {
	p := &Patches{side: side, channels: channels, codes: codes}
	if side*channels <= 64 {
		p.orders = make([][64]uint8, channels)
		for c := range p.orders {
			for j := range side {
				p.orders[c][j] = uint8(j*channels + c)
			}
		}
	}
	return p
}

// Gather writes the patches of an image of interleaved channels; its sides are multiples of
// the patch's.
func (p *Patches) Gather(dst []int8, image []uint8, height, width int) {
	plane, line := p.side*p.side, width*p.channels
	size := plane * p.channels // of a patch
	across := width / p.side
	_, _ = image[height*line-1], dst[height/p.side*across*size-1]
	for y := range height {
		row, first := image[y*line:][:line], dst[y/p.side*across*size+y%p.side*p.side:]
		if active == vnni && p.orders != nil {
			gatherRow(&first[0], &row[0], &p.codes, &p.orders[0], uintptr(across), uintptr(p.channels),
				uintptr(p.side), uintptr(plane))
			continue
		}
		for x := range across {
			from := row[x*p.side*p.channels:]
			for c := range p.channels {
				to := first[x*size+c*plane:][:p.side]
				for j := range to {
					to[j] = p.codes[from[j*p.channels+c]]
				}
			}
		}
	}
}
