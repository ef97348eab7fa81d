package checkpoint

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"vitdse/configs"
	"vitdse/configs/network"
)

// fact is something about a network that its tensors do not show, or that has to agree with them.
type fact struct {
	key   string // of the model
	value any    // int, float64, string or bool, as the model has it
	from  string // where it stands, e.g. "config.json: hidden_act"
}

// Complete returns the model with what the checkpoint says of it and the model leaves open: the tokens
// in front of the patches and the norms, from the tensors; activation and pooling, from config.json
// beside the weights or from the nodes of an ONNX graph. What contradicts the model is an error, and
// so is a variant that is not carried.
func (c *Checkpoint) Complete(m configs.Model) (configs.Model, error) {
	facts, err := c.facts()
	if err != nil {
		return m, fmt.Errorf("checkpoint %s: %w", c.path, err)
	}
	says := func(key string) bool { return slices.ContainsFunc(facts, func(f fact) bool { return f.key == key }) }
	if err := c.fromTensors(&m, says("pool"), says("rope") || m.Rope != ""); err != nil {
		return m, err
	}
	var bad []string
	for _, f := range facts {
		if was := settle(&m, f); was != "" {
			bad = append(bad, fmt.Sprintf("%s is %s in the model, %v by %s", f.key, was, f.value, f.from))
		}
	}
	if bad != nil {
		return m, fmt.Errorf("checkpoint %s: contradicts model %s: %s", c.path, m.Name, strings.Join(bad, "; "))
	}
	if m.Gated && m.Activation == "" && !says("activation") {
		return m, fmt.Errorf("checkpoint %s: has a gated MLP, and nothing beside it says its activation; "+
			"expected activation: silu (SwiGLU), or gelu, in model %s", c.path, m.Name)
	}
	if m.FCNorm && !m.Pools() {
		return m, fmt.Errorf("checkpoint %s: has a norm behind a pooling (fc_norm), and nothing beside it says which; "+
			"expected pool: avg or pool: max in model %s", c.path, m.Name)
	}
	if m.NoClassToken && !m.Pools() && m.Pool != configs.PoolMap {
		return m, fmt.Errorf("checkpoint %s: has no class token, and nothing beside it says how the tokens are pooled; "+
			"expected pool: avg or pool: max in model %s", c.path, m.Name)
	}
	if err := m.Validate(); err != nil {
		return m, fmt.Errorf("checkpoint %s: model %s: %w", c.path, m.Name, err)
	}
	return m, nil
}

// fromTensors sets the keys that the tensors decide, where the model leaves them open; the pooling may be said already:
// a classifier beside the tensors of attention pooling does not use them. With rotary embeddings or relative positions
// there may be no others.
func (c *Checkpoint) fromTensors(m *configs.Model, pooling, turned bool) error {
	net, err := network.Compile(*m)
	if err != nil {
		return err
	}
	if windows(net) || net.Classifiers > 1 { // they have no such keys
		return nil
	}
	l, err := c.detect(net, empty(net).slots(net))
	if err != nil {
		return err
	}
	if l.hits < (l.of+3)/4 {
		return nil // another network: ViT says so
	}
	m.NoClassToken = m.NoClassToken || !l.there("cls_token") && l.there("pos_embed")
	m.RelativePositions = m.RelativePositions || l.there("blocks.0.attn.relative_position_bias_table")
	m.NoPosEmbed = m.NoPosEmbed || (turned || m.RelativePositions) && !l.there("pos_embed")
	m.FCNorm = m.FCNorm || l.there("fc_norm.weight")
	m.PreNorm = m.PreNorm || l.there("norm_pre.weight")
	if rows, inner := l.mlp(net); rows > 0 && rows == 2*inner {
		m.Gated = true
	}
	if m.Pool == "" && !pooling && l.there("attn_pool.latent") {
		m.Pool = configs.PoolMap
	}
	m.MLPNorm = m.MLPNorm || m.Gated && l.there("blocks.0.mlp.norm.weight")
	m.QKNorm = m.QKNorm || l.there("blocks.0.attn.q_norm.weight")
	m.Features = m.Features || m.Classes == m.Dim && !l.there("head.weight") && !l.anyHead()
	if m.Registers == 0 {
		m.Registers = l.registers(net)
	}
	return nil
}

// settle takes a fact into the model, or returns what the model says against it.
func settle(m *configs.Model, f fact) string {
	whole := func(have int) string {
		if v, ok := f.value.(int); ok && v != have {
			return fmt.Sprint(have)
		}
		return ""
	}
	switch f.key {
	case "activation":
		want := configs.Activation(f.value.(string))
		switch {
		case m.Activation == "" && want != configs.GELU: // the default stays unwritten
			m.Activation = want
		case m.ActivationOf() != want:
			return string(m.ActivationOf())
		}
	case "pool":
		want := configs.Pool(f.value.(string))
		switch {
		case m.Pool == "" && want != configs.PoolToken:
			m.Pool = want
		case m.Pool != want && !(m.Pool == "" && want == configs.PoolToken):
			return string(m.Pool)
		}
	case "layer_norm_eps":
		if v := f.value.(float64); math.Abs(v-m.LayerNormEps) > 1e-3*v {
			return fmt.Sprint(m.LayerNormEps)
		}
	case "heads":
		return whole(m.Heads)
	case "mean":
		return differs(f.value.([]float64), m.Mean)
	case "std":
		return differs(f.value.([]float64), m.Std)
	case "fc_norm":
		if m.FCNorm != f.value.(bool) {
			return fmt.Sprint(m.FCNorm)
		}
	case "pre_norm":
		if m.PreNorm != f.value.(bool) {
			return fmt.Sprint(m.PreNorm)
		}
	case "rope":
		return settleTurns(m, f.value.(turns))
	case "gated":
		if m.Gated != f.value.(bool) {
			return fmt.Sprint(m.Gated)
		}
	case "mlp_norm":
		if m.MLPNorm != f.value.(bool) {
			return fmt.Sprint(m.MLPNorm)
		}
	case "relative_positions":
		if m.RelativePositions != f.value.(bool) {
			return fmt.Sprint(m.RelativePositions)
		}
	case "qk_norm":
		if m.QKNorm != f.value.(bool) {
			return fmt.Sprint(m.QKNorm)
		}
	case "no_class_token":
		if m.NoClassToken != f.value.(bool) {
			return fmt.Sprint(m.NoClassToken)
		}
	case "registers":
		return whole(m.Registers)
	case "mlp_ratio":
		// libraries round that of a gated MLP in their own ways
		if v := f.value.(float64); !m.Gated && int(v*float64(m.Dim)) != m.Hidden() {
			return fmt.Sprint(m.MLPRatio)
		}
	case "tokens left out of the pooling":
		return whole(m.PrefixTokens())
	case "dim":
		return whole(m.Dim)
	case "depth":
		return whole(m.Depth)
	case "patch":
		return whole(m.Patch)
	case "classes":
		if !m.Features {
			return whole(m.Classes)
		}
	case "image.height":
		return whole(m.Image.Height)
	case "image.width":
		return whole(m.Image.Width)
	case "image.channels":
		return whole(m.Image.Channels)
	case "hidden":
		if !m.Gated {
			return whole(m.Hidden())
		}
	case "window":
		return whole(m.Window)
	case "depths":
		if want, have := fmt.Sprint(f.value), fmt.Sprint(m.Depths); want != have {
			return have
		}
	case "stage_heads":
		if want, have := fmt.Sprint(f.value), fmt.Sprint(m.StageHeads); want != have {
			return have
		}
	}
	return ""
}

// differs says what the model has where it is not what was found; one value stands for all channels.
func differs(found, have []float64) string {
	for i, v := range have {
		if d := v - found[i%len(found)]; math.Abs(d) > 1e-3 {
			return fmt.Sprint(have)
		}
	}
	return ""
}
