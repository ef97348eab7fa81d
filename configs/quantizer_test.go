package configs

import (
	"strings"
	"testing"
)

// What only the golden model runs is refused for the engine, with the key.
func TestNumericsOnEngine(t *testing.T) {
	for want, change := range map[string]func(n *Numerics){
		"":                                  func(*Numerics) {},
		"quantizer.token_scales is dynamic": func(n *Numerics) { n.Quantizer.TokenScales = DynamicScales },
		"quantizer.code_range is full":      func(n *Numerics) { n.Quantizer.CodeRange = FullRange },
		"layer patch_embed: granularity is": func(n *Numerics) { n.Layers[0].Granularity = PerGroup },
	} {
		n := Numerics{Layers: []LayerBits{{Name: LayerPatchEmbed, Granularity: PerChannel}, {Name: "b", Granularity: PerGroup}}}
		change(&n)
		if err := n.OnEngine(); (err == nil) != (want == "") || err != nil && !strings.HasPrefix(err.Error(), want) {
			t.Errorf("error is %v; expected %q", err, want)
		}
	}
}
