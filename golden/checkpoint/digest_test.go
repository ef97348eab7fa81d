package checkpoint

import (
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
)

// Weights that differ in any one number differ in their digest.
func TestDigestCoversEveryTensor(t *testing.T) {
	vit := configs.Model{Name: "vit", Family: configs.ViT,
		Image: configs.ImageShape{Height: 12, Width: 9, Channels: 3}, Patch: 3,
		Dim: 24, Depth: 2, Heads: 3, MLPRatio: 2, Classes: 7, LayerNormEps: 1e-6, Mean: []float64{0.5, 0.4, 0.3},
		Std: []float64{0.5, 0.6, 0.7}}
	distilled := vit
	distilled.Name, distilled.Family = "distilled", configs.DeiTDistilled
	swin := vit
	swin.Name, swin.Family, swin.Depth, swin.Heads, swin.Dim, swin.Patch = "swin", configs.Swin, 0, 0, 8, 2
	swin.Image, swin.Depths, swin.StageHeads, swin.Window = configs.ImageShape{Height: 20, Width: 28, Channels: 3},
		[]int{2, 2}, []int{1, 2}, 4
	for _, m := range []configs.Model{vit, distilled, swin} {
		name := m.Name
		w := new(Weights)
		w.Fill(m, func(_ string, shape []int) []float32 {
			n := 1
			for _, d := range shape {
				n *= d
			}
			return make([]float32, n)
		})
		seen := map[string]string{w.Digest(m): "as they are"}
		for _, s := range w.slots(network.MustCompile(m)) {
			at := &(*s.dst)[len(*s.dst)/2]
			before := *at
			*at += 0.125
			sum := w.Digest(m)
			if other := seen[sum]; other != "" {
				t.Errorf("%s: weights that differ in %s have the digest of %s", name, s.name, other)
			}
			seen[sum] = s.name
			*at = before
		}
		if seen[w.Digest(m)] != "as they are" {
			t.Errorf("%s: the digest is not a function", name)
		}
	}
}
