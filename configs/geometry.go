package configs

import (
	"fmt"
	"strings"
)

// Geometry is a memory shape, written "512x36": 512 words of 36 bits.
type Geometry struct {
	Depth, Width int
}

// Bits is the capacity of the shape.
func (g Geometry) Bits() int { return g.Depth * g.Width }

func (g Geometry) String() string { return fmt.Sprintf("%dx%d", g.Depth, g.Width) }

func (Geometry) expected() string { return "depth x width such as 512x36" }

// MarshalText writes the shape as String does.
func (g Geometry) MarshalText() ([]byte, error) { return []byte(g.String()), nil }

// UnmarshalText reads what String writes.
func (g *Geometry) UnmarshalText(text []byte) error {
	depth, width, _ := strings.Cut(string(text), "x")
	d, okD := parseInt(depth)
	w, okW := parseInt(width)
	if !okD || !okW || d < 1 || w < 1 || d > 1<<24 || w > 1<<12 {
		return fmt.Errorf("%s is no memory shape; expected %s", quoted(string(text)), g.expected())
	}
	g.Depth, g.Width = int(d), int(w)
	return nil
}
