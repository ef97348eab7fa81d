package quant_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
	"vitdse/golden/quant"
)

// BenchmarkDeiTTiny is calibration on 16 random images and quantization of a DeiT-Tiny with weights from a seed: at
// W8A8 from statistics that nobody asked yet, then at W4A4 from the same.
func BenchmarkDeiTTiny(b *testing.B) {
	m, err := configs.LoadModel("deit-tiny")
	if err != nil {
		b.Fatal(err)
	}
	w := checkpoint.Seeded(m, 1)
	images := &dataset.Images{N: 16, H: m.Image.Height, W: m.Image.Width, C: m.Image.Channels}
	images.Pixels = make([]uint8, images.N*m.Image.Pixels())
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range images.Pixels {
		images.Pixels[i] = uint8(rng.IntN(256))
	}
	var stats *quant.Stats
	b.Run("Calibrate", func(b *testing.B) {
		for b.Loop() {
			if stats, err = quant.Calibrate(m, w, images); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, bits := range []int{8, 4} {
		b.Run(fmt.Sprintf("QuantizeW%dA%d", bits, bits), func(b *testing.B) {
			for range b.N {
				if _, _, err := quant.Inspect(m, configs.Uniform(m, bits, bits), w, stats, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
