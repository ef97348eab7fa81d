// Package empty says why a front has no points: what stands between the space and a design, and which limit, loosened
// alone, lets one through.
package empty

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"

	"vitdse/dse/front"
	"vitdse/dse/limits"
	"vitdse/dse/metric"
	"vitdse/hwmodel"
)

// ErrEmpty is what errors.Is finds in an *Error.
var ErrEmpty = errors.New("no design point meets the constraints")

// Error says, for every part, what stands between the space and a design.
type Error struct {
	Space string
	Parts []Part
}

// Part is why one part has no feasible point.
type Part struct {
	Part     string
	Reason   Reason
	Limits   string         // the accuracy limit in words
	LimitDB  float64        // least predicted ratio the limits allow
	BestDB   float64        // highest predicted ratio of the space, fitting or not
	FitDB    float64        // highest of the points that fit; 0 if none does
	Fit      int64          // points that fit
	Legal    int64          // points
	Common   string         // the resource most points are shortest of; "" if all fit
	CommonOf int64          // how many points that is
	Nearest  *front.Nearest // the accurate enough point that fails to fit by least; nil if none is accurate enough

	Relax []string // of an exact search: limits that, loosened alone, let a point through
}

// Reason is the kind of a Part.
type Reason int

// Why a part has no feasible point.
const (
	NothingLegal  Reason = iota // the part rules out every engine of the space
	TooAccurate                 // no numerics of the space reach the accuracy asked for
	NothingFits                 // the budget rules out every point
	NoneFitsAndIs               // some points fit, others are accurate enough, none is both
	TooStrict                   // the limits together rule out every point
)

func (e *Error) Unwrap() error { return ErrEmpty }

func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "space %s: %v", e.Space, ErrEmpty)
	for _, p := range e.Parts {
		fmt.Fprintf(&b, "\n%s: %s", p.Part, p)
	}
	return b.String()
}

func (p Part) String() string {
	switch p.Reason {
	case TooStrict:
		return fmt.Sprintf("the limits rule out every point, most because of this: %s; "+
			"what alone would let a point through: %s", p.Common, strings.Join(p.Relax, "; "))
	case NothingLegal:
		return "no engine of the space is legal on this part"
	case TooAccurate:
		return fmt.Sprintf("the accuracy limit (%s) asks for %.2f dB; the best the space can reach is %.2f dB; "+
			"lower the limit or add wider bits",
			p.Limits, p.LimitDB, p.BestDB)
	case NoneFitsAndIs:
		return fmt.Sprintf("%d of %d points fit, and of those the best reaches %.2f dB where the accuracy limit (%s) asks "+
			"for %.2f dB; %s",
			p.Fit, p.Legal, p.FitDB, p.Limits, p.LimitDB, p.nearestText())
	}
	return fmt.Sprintf("none of %d points fits; most (%d) are shortest of %s; %s; vitdse fit says which engines do: "+
		"give a space that has them (by array, memories, bits), or a larger part",
		p.Legal, p.CommonOf, p.Common, p.nearestText())
}

func (p Part) nearestText() string {
	n := p.Nearest
	return fmt.Sprintf("the nearest point, %s, needs %d %s where %d may be used: %d too many",
		n.Name, n.Need, n.Resource, n.Have, n.Need-n.Have)
}

// Check explains a front without points: nil if it has some.
func Check(f *front.Front) error {
	if len(f.Points) > 0 {
		return nil
	}
	e := &Error{Space: f.Space.Name}
	for _, p := range f.Parts {
		e.Parts = append(e.Parts, Explain(f, p))
	}
	return e
}

// Explain says why a part has no point on the predicted front; only for one that has none.
func Explain(f *front.Front, p front.PartSummary) Part {
	e := Part{Part: p.Part.Name, Limits: f.Limits.Words(f.BestSQNRDB), LimitDB: f.Limits.Sqnr(f.BestSQNRDB),
		BestDB: f.BestSQNRDB, Fit: p.Fit, Legal: p.Legal, Nearest: p.Nearest}
	if p.Best != nil {
		e.FitDB = p.Best.SQNRDB
	}
	if p.Certificate != nil {
		return explainExact(f, p, e)
	}
	for _, name := range hwmodel.ResourceNames {
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

// explainExact says it of an exact search, which does not count points by what they lack but
// knows those that come nearest to the limits.
func explainExact(f *front.Front, p front.PartSummary, e Part) Part {
	e.Relax = nil
	if n := p.Nearest; n != nil && n.Alone {
		e.Relax = append(e.Relax, fmt.Sprintf("a budget of %d %s where %d may be used (%s)",
			n.Need, n.Resource, n.Have, n.Name))
	}
	if o := p.Over; o != nil && o.Alone {
		e.Relax = append(e.Relax, fmt.Sprintf("%s instead of %g (%s)",
			loosened(o.Bound.Metric, o.Value), o.Bound.Value, o.Name))
	}
	if p.Fastest != nil && p.Fastest.Alone {
		var words []string
		for _, b := range f.Limits.Bounds {
			if x, err := b.Metric.Info(); err == nil && b.Metric.Timed() &&
				p.Fastest.Seconds > b.Ceiling(0) {
				words = append(words, fmt.Sprintf("%s instead of %g", loosened(b.Metric, x.Show(p.Fastest.Seconds, 0)), b.Value))
			}
		}
		e.Relax = append(e.Relax, fmt.Sprintf("%s (%s)", strings.Join(words, " and "), p.Fastest.Name))
	}
	if p.Best != nil && p.Best.Alone {
		e.Relax = append(e.Relax, fmt.Sprintf("an accuracy of %.2f dB where the limit (%s) asks for %.2f dB",
			p.Best.SQNRDB, e.Limits, e.LimitDB))
	}
	e.Reason = TooStrict
	switch {
	case p.Certificate.Legal == 0:
		e.Reason = NothingLegal
	case e.BestDB < e.LimitDB:
		e.Reason = TooAccurate
	case len(e.Relax) == 0:
		e.Relax = []string{"nothing that was found; loosen several limits"}
	}
	most := new(big.Int)
	for _, a := range p.Certificate.Fate {
		if a.Limits() && a.Points.Cmp(most) > 0 {
			e.Common, most = a.Why, a.Points
		}
	}
	return e
}

// loosened is a bound that a value meets, of three digits or as many as a whole number has.
func loosened(m metric.Metric, v float64) limits.Bound {
	unit := math.Pow(10, min(0, math.Floor(math.Log10(v))-2))
	if x, err := m.Info(); err == nil && x.Higher {
		return limits.Bound{Metric: m, Value: math.Floor(v/unit) * unit}
	}
	return limits.Bound{Metric: m, Value: math.Round(math.Ceil(v/unit)*unit*1e12) / 1e12}
}
