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
			case l.Name == configs.LayerPatchEmbed || l.Name == configs.LayerHead:
				want = configs.PerChannel
			}
			if l.Granularity != want {
				t.Errorf("%s: layer %s has granularity %q; expected %q", name, l.Name, l.Granularity, want)
			}
		}
	}
}

func TestCutBlock(t *testing.T) {
	for _, c := range []struct {
		name, block, rest string
		in                bool
	}{
		{"blocks.3.attn.q", "3", "attn.q", true},
		{"layers.1.blocks.0.mlp.fc1", "0", "mlp.fc1", true},
		{"layers.1.downsample.norm", "", "", false},
		{"patch_embed.norm", "", "", false},
		{"head", "", "", false},
	} {
		if block, rest, in := cutBlock(c.name); block != c.block || rest != c.rest || in != c.in {
			t.Errorf("%s is cut into %q, %q, %t; expected %q, %q, %t", c.name, block, rest, in, c.block, c.rest, c.in)
		}
	}
}
