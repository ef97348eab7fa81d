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
		"quantizer.token_scales is dynamic": func(n *Numerics) { n.Quantizer.TokenScales = DynamicScales },
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
