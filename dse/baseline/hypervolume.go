package baseline

import (
	"cmp"
	"slices"
)

// Hypervolume is the volume that the points dominate within the box below ref, by slicing
// along the last cost (Zitzler's HSO): exact, fast enough for some hundred points of up to
// four costs. Points that are not below ref in every cost count for nothing.
func Hypervolume(points [][]float64, ref []float64) float64 {
	var in [][]float64
	for _, p := range points {
		below := true
		for i := range ref {
			below = below && p[i] < ref[i]
		}
		if below {
			in = append(in, p)
		}
	}
	return volume(in, ref, len(ref))
}

// volume is that of the first d costs.
func volume(points [][]float64, ref []float64, d int) float64 {
	if len(points) == 0 {
		return 0
	}
	if d == 1 {
		least := points[0][0]
		for _, p := range points {
			least = min(least, p[0])
		}
		return ref[0] - least
	}
	sorted := slices.Clone(points)
	slices.SortFunc(sorted, func(a, b []float64) int { return cmp.Compare(a[d-1], b[d-1]) })
	if d == 2 {
		return area(sorted, ref)
	}
	sum := 0.0
	var slice [][]float64 // the points at or below the slab, without those dominated in it
	for i, p := range sorted {
		slice = addTo(slice, p, d-1)
		top := ref[d-1]
		if i+1 < len(sorted) {
			top = sorted[i+1][d-1]
		}
		if top > p[d-1] {
			sum += (top - p[d-1]) * volume(slice, ref, d-1)
		}
	}
	return sum
}

// area is the volume in two dimensions, of points sorted by the second.
func area(sorted [][]float64, ref []float64) float64 {
	sum, reach := 0.0, ref[0]
	for _, p := range sorted {
		if p[0] < reach {
			sum += (reach - p[0]) * (ref[1] - p[1])
			reach = p[0]
		}
	}
	return sum
}

// addTo adds a point to those of which none dominates another in the first d costs.
func addTo(front [][]float64, p []float64, d int) [][]float64 {
	for _, q := range front {
		if weaklyDominates(q[:d], p[:d]) {
			return front
		}
	}
	var kept [][]float64
	for _, q := range front {
		if !weaklyDominates(p[:d], q[:d]) {
			kept = append(kept, q)
		}
	}
	return append(kept, p)
}
