// Package space reads a design space on a model and a part: its points one by one, which axes are numerics and which
// the engine's, how many combinations they have, and as a problem of black-box optimisation (dse/baseline).
package space

import (
	"vitdse/configs"
	"vitdse/hwmodel"
)

// On is a space on a model and a part. Its clocks are the engine's by its model, where the space leaves them to it
// and the part's family has one; else the part's, or what the space fixes, which are assumed. A part whose speed grade
// is not known is then an error.
func On(engine hwmodel.Clocked, s configs.Space, m configs.Model, p configs.Part) (*configs.Grid, error) {
	g, err := s.On(m, p)
	if err != nil || !g.ModelsClock() {
		return g, err
	}
	clock, err := hwmodel.NewClockModel(engine, p)
	if err != nil {
		return nil, err
	}
	if clock != nil {
		g.UseClock(func(e configs.Engine) float64 { return clock.Of(e).MHz })
	}
	return g, nil
}
