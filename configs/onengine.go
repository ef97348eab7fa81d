package configs

import (
	"fmt"

	"vitdse/configs/network"
)

// OnEngine says why the emitted engine does not run a network, nil if it does.
func OnEngine(net *network.Network) error {
	for i := range net.Blocks {
		b := &net.Blocks[i]
		if b.Window > 0 && (b.H%b.Window > 0 || b.W%b.Window > 0) {
			return fmt.Errorf("model %s: the engine does not run stage %d: its grid of %dx%d tokens is no whole number of "+
				"windows of %dx%d, "+
				"and the engine lacks the padding; the golden model runs it, a model whose grids are whole windows can be emitted",
				net.Model.Name, b.Stage, b.H, b.W, b.Window, b.Window)
		}
	}
	if what := GoldenOnly(net); what != "" {
		return fmt.Errorf("model %s: the engine does not run %s; the golden model runs it: vitdse quantize, "+
			"eval and export take the model", net.Model.Name, what)
	}
	return nil
}

// GoldenOnly names what a network has that the golden model runs and no engine does, "" if there is nothing.
func GoldenOnly(net *network.Network) string {
	for _, op := range net.Ops {
		switch op.Kind {
		case network.OpHeadNorm:
			return "q/k norm (a norm on queries and keys)"
		case network.OpRotate:
			return "rotary position embeddings (RoPE)"
		case network.OpScores:
			if op.Relative && net.Blocks[op.Block].Window == 0 {
				return "relative position bias without windows (BEiT)"
			}
		case network.OpProbe:
			return "attention pooling (SigLIP)"
		case network.OpLinearGate:
			return "SwiGLU (a gated MLP)"
		}
	}
	return ""
}
