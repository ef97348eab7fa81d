package dse

import "time"

// Progress is how far a sweep is. Counts are of legal points, over all parts; those of an
// exact search are of engines.
type Progress struct {
	Done, Total  int64
	Resumed      int64   // of Done, read from the journal
	Fit          int64   // of Done, the points that fit their part
	Feasible     int64   // of those, the points accurate enough
	Front        int     // points on the fronts so far
	Priced       int64   // cycle and resource counts computed
	Points       float64 // covered by an exact search
	Labels       int64   // partial choices it made
	Elapsed      time.Duration
	PointsPerSec float64       // covered, without the resumed
	ETA          time.Duration // until Done is Total, at that speed

	// SoFar makes the front of what is done, with its counts and Partial set while some is not. It may
	// be called while the callback that got the progress has not returned.
	SoFar func() (*Front, error)
}

// clock fills the times of a progress.
func (p *Progress) clock(elapsed time.Duration) {
	p.Elapsed = elapsed
	if s := elapsed.Seconds(); s > 0 {
		p.PointsPerSec = float64(p.Done-p.Resumed) / s
	}
	if p.PointsPerSec > 0 {
		p.ETA = time.Duration(float64(p.Total-p.Done) / p.PointsPerSec * float64(time.Second))
	}
}
