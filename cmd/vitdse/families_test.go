package main

import (
	"testing"

	"vitdse/configs"
)

// --granularity group reaches every layer of the blocks, of a Swin's stages too, and its
// patch mergings; image and classifier keep a scale a channel.
func TestGroupsReachEveryFamily(t *testing.T) {
	for _, name := range []string{"deit-tiny", "deit-tiny-distilled", "swin-tiny"} {
		m, err := configs.LoadModel(name)
		if err != nil {
			t.Fatal(err)
		}
		f := numericsFlags{bits: "w4a8", granularity: "group", group: 32, images: 8, fold: 1}
		n, err := f.numerics(m)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range n.Layers {
			want := configs.PerGroup
			switch {
			case l.Weights == 0:
				want = ""
			case l.Name == "patch_embed" || l.Name == "head":
				want = configs.PerChannel
			}
			if l.Granularity != want {
				t.Errorf("%s: layer %s has granularity %q; expected %q", name, l.Name, l.Granularity, want)
			}
		}
	}
}
