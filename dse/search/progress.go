package search

import (
	"vitdse/dse/front"
	"vitdse/dse/jobs"
)

// Progress is how far a sweep is. Counts are of legal points, over all parts; those of an
// exact search are of engines.
type Progress struct {
	jobs.Pace
	Exact    bool    // of an exact search
	Fit      int64   // of Done, the points that fit their part
	Feasible int64   // of those, the points accurate enough
	Front    int     // points on the fronts so far
	Priced   int64   // cycle and resource counts computed
	Points   float64 // covered by an exact search
	Labels   int64   // partial choices it made

	// SoFar makes the front of what is done, with its counts and Partial set while some is not. It may
	// be called while the callback that got the progress has not returned.
	SoFar func() (*front.Front, error)
}
