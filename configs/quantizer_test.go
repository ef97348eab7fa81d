package configs

import (
	"strings"
	"testing"

	"vitdse/configs/network"
)

// What only the golden model runs is refused for the engine, with the key.
func TestNumericsOnEngine(t *testing.T) {
	m, err := LoadModel("deit-tiny")
	if err != nil {
		t.Fatal(err)
	}
	net, err := network.Compile(m)
	if err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(n *Numerics){
		"":                                  func(*Numerics) {},
		"layer patch_embed: granularity is": func(n *Numerics) { n.Layers[0].Granularity = PerGroup },
	} {
		t.Run(want, func(t *testing.T) {
			n := Uniform(m, 8, 8)
			n.Layers[1].Granularity, n.Quantizer.CodeRange = PerGroup, FullRange
			change(&n)
			if err := n.OnEngine(net); (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
				t.Errorf("error is %v; expected %q", err, want)
			}
		})
	}
}

// Scales of each token's own are refused for networks that have more than a plain ViT, in a space with the key.
func TestTokenScalesOnNetworks(t *testing.T) {
	part, err := LoadPart("xck26")
	if err != nil {
		t.Fatal(err)
	}
	swin, err := LoadModel("swin-tiny")
	if err != nil {
		t.Fatal(err)
	}
	vit := tinyModel()
	for want, m := range map[string]Model{
		"":                              vit,
		"a pool of tokens":              with(vit, func(m *Model) { m.Pool = PoolAvg }),
		"a norm in front of the blocks": with(vit, func(m *Model) { m.PreNorm = true }),
		"windows (Swin)":                swin,
		"SwiGLU (a gated MLP)":          with(vit, func(m *Model) { m.Gated = true }),
	} {
		t.Run(want, func(t *testing.T) {
			net, err := network.Compile(m)
			if err != nil {
				t.Fatal(err)
			}
			n := Uniform(m, 8, 8)
			if err := n.Quantizer.Runs(net); err != nil {
				t.Errorf("static scales: %v", err)
			}
			n.Quantizer.TokenScales = DynamicScales
			const refused = "quantizer.token_scales is dynamic; expected static for a network with "
			err = n.OnEngine(net)
			if (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), refused+want) {
				t.Errorf("error is %v; expected it to name %q", err, want)
			}
			if m.Name != vit.Name || m.Gated { // the space's arrays are for that network, and no engine runs a gate
				return
			}
			s := testSpace(t)
			s.Quantizer = []Quantizer{{}, {TokenScales: DynamicScales}}
			_, err = s.On(m, part)
			if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), "quantizer[1]: ") {
				t.Errorf("space: error is %v; expected it to name quantizer[1] and %q", err, want)
			}
		})
	}
}

func with(m Model, change func(*Model)) Model {
	change(&m)
	return m
}
