// Package certificate accounts for every point of a space after an exact search: on the front, or why not.
package certificate

import (
	"encoding/json"
	"fmt"
	"math/big"

	"vitdse/hwmodel"
)

// Reason is why points need not be looked at any further.
type Reason int

// The reasons, in the order in which they are looked for. The first ones are that the budget
// of a resource is exceeded, in the order of hwmodel.ResourceNames.
const (
	OverBudget Reason = 0
	OverLimit  Reason = Reason(len(hwmodel.ResourceNames)) + iota - 1
	Inaccurate
	Twin
	TooSlow
	Wider
	Bounded
	Settled
	Reasons
)

var reasonWords = [Reasons]string{
	OverLimit:  "takes more of a resource than a limit allows",
	Inaccurate: "less accurate than a limit allows, at best",
	Twin:       "another engine with the same schedule takes no more and is clocked no slower",
	TooSlow:    "slower, or reads more, than a limit allows, at best",
	Wider:      "the same engine carries wider numerics, of which these are some, with no more resources",
	Bounded:    "a point of the front beats the best that they could be",
	Settled:    "solved by label setting over the layers",
}

func (r Reason) String() string {
	if r < OverLimit {
		return "more " + hwmodel.ResourceNames[r] + " than the part's budget allows"
	}
	return reasonWords[r]
}

// Counts counts points by what became of them.
type Counts [Reasons]*big.Int

func NewCounts() Counts {
	var b Counts
	for i := range b {
		b[i] = new(big.Int)
	}
	return b
}

func (b *Counts) Add(o *Counts) {
	for i := range b {
		b[i].Add(b[i], o[i])
	}
}

// Certificate says of every point of one part's space why it is on the front, or need not
// be: the entries of Fate add up to Points.
type Certificate struct {
	Points   *big.Int  `json:"points"`   // of the space on the part
	Numerics *big.Int  `json:"numerics"` // choices of bits, granularity and units
	Engines  int64     `json:"engines"`  // legal or not
	Legal    int64     `json:"legal"`    // engines
	Fate     []Account `json:"fate"`
	Gap      float64   `json:"gap"` // 0: no point of the space beats one of the front
}

// Account is points that share a fate.
type Account struct {
	Points *big.Int `json:"points"`
	Why    string   `json:"why"`
}

// Limits says whether the account is of points that a limit rules out.
func (a Account) Limits() bool {
	for r := range Reasons {
		if r.String() == a.Why {
			return r <= Inaccurate || r == TooSlow
		}
	}
	return false
}

// Check holds the accounts against the number of points.
func (c *Certificate) Check() error {
	sum := new(big.Int)
	for _, a := range c.Fate {
		if a.Points.Sign() < 0 {
			return fmt.Errorf("the certificate has %s points %s", a.Points, a.Why)
		}
		sum.Add(sum, a.Points)
	}
	if sum.Cmp(c.Points) != 0 {
		return fmt.Errorf("the accounts of the certificate add up to %s points, the space has %s", sum, c.Points)
	}
	return nil
}

// MarshalJSON writes the numbers as texts, which readers of JSON keep exactly.
func (a Account) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Points string `json:"points"`
		Why    string `json:"why"`
	}{a.Points.String(), a.Why})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (a *Account) UnmarshalJSON(text []byte) error {
	var v struct{ Points, Why string }
	if err := json.Unmarshal(text, &v); err != nil {
		return err
	}
	a.Why, a.Points = v.Why, new(big.Int)
	if _, ok := a.Points.SetString(v.Points, 10); !ok {
		return fmt.Errorf("a certificate has %q points; expected a number", v.Points)
	}
	return nil
}
