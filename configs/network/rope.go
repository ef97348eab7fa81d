package network

import "math"

// Rope says how the q and k of a patch are turned by its place: rotary position embeddings in two dimensions.
type Rope string

// The places of patches.
const (
	// row and column, counted from 0, times rope_reference over the grid's own size (EVA-02, arXiv:2303.11331)
	RopeGrid    Rope = "grid"
	RopeCentred Rope = "centred" // 2 pi times the middle of the patch in -1..1 of the image (DINOv3, arXiv:2508.10104)
)

// checkRope checks the keys of rotary embeddings.
func (m Model) checkRope(f *faults) {
	switch m.Rope {
	case "":
		if m.RopeTheta != 0 || m.RopeReference != nil || m.RopeHalf {
			f.add("rope", "is missing beside rope_theta, rope_reference or rope_half; expected grid or centred")
		}
		return
	case RopeGrid, RopeCentred:
	default:
		f.add("rope", "is %q; expected grid or centred", m.Rope)
	}
	if !(m.RopeTheta > 1 && m.RopeTheta <= 1e9) {
		f.add("rope_theta", "must be above 1, and at most 1e9, is %g", m.RopeTheta)
	}
	if n := len(m.RopeReference); n != 0 && (n != 2 || m.RopeReference[0] < 1 || m.RopeReference[1] < 1 ||
		m.Rope == RopeCentred) {
		f.add("rope_reference", "is %v; expected rows and columns of the grid that the network was trained with, "+
			"and rope: grid", m.RopeReference)
	}
	if m.Heads > 0 && m.Dim/m.Heads%4 != 0 {
		f.add("rope", "turns pairs of channels along two sides; expected heads of a multiple of 4 channels, not %d",
			m.Dim/m.Heads)
	}
	if m.QKNorm {
		f.add("qk_norm", "is not carried together with rope")
	}
}

// Turn is the angle, in radians, of the j-th pair of channels of a head, of dim/2 pairs, for a patch in raster order:
// the first half of the pairs turn with the row, the others with the column, each by the place times
// theta^(-i/(dim/4)).
func (m Model) Turn(patch, j, dim int) float64 {
	rows, cols := m.Image.Height/m.Patch, m.Image.Width/m.Patch
	at, size, reference := patch/cols, rows, 0
	if len(m.RopeReference) == 2 {
		reference = m.RopeReference[0]
	}
	if j >= dim/4 {
		if at, size = patch%cols, cols; reference > 0 {
			reference = m.RopeReference[1]
		}
	}
	place := float64(at)
	switch {
	case m.Rope == RopeCentred:
		place = 2 * math.Pi * (2*(float64(at)+0.5)/float64(size) - 1)
	case reference > 0:
		place *= float64(reference) / float64(size)
	}
	return place * math.Pow(m.RopeTheta, -float64(j%(dim/4))/float64(dim/4))
}

// TurnedPair is the two channels of a head that its j-th turn mixes.
func (m Model) TurnedPair(j, dim int) (a, b int) {
	if m.RopeHalf {
		return j, j + dim/2
	}
	return 2 * j, 2*j + 1
}
