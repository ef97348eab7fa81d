package dse

import (
	"errors"
	"fmt"
	"strings"
)

// ErrEmpty is what errors.Is finds in an *EmptyError.
var ErrEmpty = errors.New("no design point meets the constraints")

// EmptyError says, for every part, what stands between the space and a design.
type EmptyError struct {
	Space string
	Parts []EmptyPart
}

// EmptyPart is why one part has no feasible point.
type EmptyPart struct {
	Part     string
	Reason   Reason
	Limits   string   // the accuracy limit in words
	LimitDB  float64  // least predicted ratio the limits allow
	BestDB   float64  // highest predicted ratio of the space, fitting or not
	FitDB    float64  // highest of the points that fit; 0 if none does
	Fit      int64    // points that fit
	Legal    int64    // points
	Common   string   // the resource most points are shortest of; "" if all fit
	CommonOf int64    // how many points that is
	Nearest  *Nearest // the accurate enough point that fails to fit by least; nil if none is accurate enough
}

// Reason is the kind of an EmptyPart.
type Reason int

// Why a part has no feasible point.
const (
	NothingLegal  Reason = iota // the part rules out every engine of the space
	TooAccurate                 // no numerics of the space reach the accuracy asked for
	NothingFits                 // the budget rules out every point
	NoneFitsAndIs               // some points fit, others are accurate enough, none is both
)

func (e *EmptyError) Unwrap() error { return ErrEmpty }

func (e *EmptyError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "space %s: %v", e.Space, ErrEmpty)
	for _, p := range e.Parts {
		fmt.Fprintf(&b, "\n%s: %s", p.Part, p)
	}
	return b.String()
}

func (p EmptyPart) String() string {
	switch p.Reason {
	case NothingLegal:
		return "no engine of the space is legal on this part"
	case TooAccurate:
		return fmt.Sprintf("the accuracy limit (%s) asks for %.2f dB; the best the space can reach is %.2f dB; lower the limit or add wider bits",
			p.Limits, p.LimitDB, p.BestDB)
	case NoneFitsAndIs:
		return fmt.Sprintf("%d of %d points fit, and of those the best reaches %.2f dB where the accuracy limit (%s) asks for %.2f dB; %s",
			p.Fit, p.Legal, p.FitDB, p.Limits, p.LimitDB, p.nearestText())
	}
	return fmt.Sprintf("none of %d points fits; most (%d) are shortest of %s; %s", p.Legal, p.CommonOf, p.Common, p.nearestText())
}

func (p EmptyPart) nearestText() string {
	n := p.Nearest
	return fmt.Sprintf("the nearest point, %s, needs %d %s where %d may be used: %d too many",
		n.Name, n.Need, n.Resource, n.Have, n.Need-n.Have)
}

// Empty explains a front without points: nil if it has some.
func (f *Front) Empty() error {
	if len(f.Points) > 0 {
		return nil
	}
	e := &EmptyError{Space: f.Space.Name}
	for _, p := range f.Parts {
		e.Parts = append(e.Parts, f.Explain(p))
	}
	return e
}

// Explain says why a part has no point on the predicted front; only for one that has none.
func (f *Front) Explain(p PartSummary) EmptyPart {
	e := EmptyPart{Part: p.Part.Name, Limits: f.Limits.words(f.BestSQNRDB), LimitDB: f.Limits.sqnr(f.BestSQNRDB),
		BestDB: f.BestSQNRDB, Fit: p.Fit, Legal: p.Legal, Nearest: p.Nearest}
	if p.Best != nil {
		e.FitDB = p.Best.SQNRDB
	}
	for _, name := range resourceNames {
		if n := p.Short[name]; n > e.CommonOf {
			e.Common, e.CommonOf = name, n
		}
	}
	switch {
	case p.Legal == 0:
		e.Reason = NothingLegal
	case e.BestDB < e.LimitDB:
		e.Reason = TooAccurate
	case p.Fit > 0:
		e.Reason = NoneFitsAndIs
	default:
		e.Reason = NothingFits
	}
	return e
}
