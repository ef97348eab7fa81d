package configs

import (
	"fmt"
	"slices"

	"vitdse/configs/network"
)

// OnEngine says why the emitted engine does not run a network, nil if it does.
func OnEngine(net *network.Network) error {
	for i := range net.Blocks {
		b := &net.Blocks[i]
		if b.Window > 0 && slices.Contains(b.WindowOrder(), network.Padding) {
			return fmt.Errorf("model %s: the engine does not run stage %d: its grid of %dx%d tokens is no whole number of windows of %dx%d, "+
				"and the engine lacks the padding; the golden model runs it, a model whose grids are whole windows can be emitted",
				net.Model.Name, b.Stage, b.H, b.W, b.Window, b.Window)
		}
	}
	return nil
}

// InSearch says why a search over designs does not take a network, nil if it does: the engine must run it, and its blocks
// must all cost the same at the same bits.
func InSearch(net *network.Network) error {
	if err := OnEngine(net); err != nil {
		return err
	}
	if len(net.Stages) > 1 || net.Blocks[0].Window > 0 {
		return fmt.Errorf("model %s: the search does not price blocks in windows or stages of several widths; "+
			"a single design of it can be emitted and verified", net.Model.Name)
	}
	return nil
}
