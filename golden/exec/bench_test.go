package exec_test

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"vitdse/configs"
	"vitdse/golden/checkpoint"
	"vitdse/golden/exec"
	"vitdse/golden/internal/kernel"
	"vitdse/golden/intnet"
	"vitdse/golden/quant"
)

// deitTiny is a DeiT-Tiny with weights from a seed, W8A8.
func deitTiny(b *testing.B) *intnet.Network {
	m, err := configs.LoadModel("deit-tiny")
	if err != nil {
		b.Fatal(err)
	}
	w := checkpoint.Seeded(m, 1)
	stats, err := quant.Calibrate(m, w, randomImages(rand.New(rand.NewPCG(1, 2)), m, 2))
	if err != nil {
		b.Fatal(err)
	}
	n := configs.Uniform(m, 8, 8)
	n.Quantizer.Rounding = configs.Nearest
	net, err := quant.Quantize(m, n, w, stats)
	if err != nil {
		b.Fatal(err)
	}
	return net
}

// BenchmarkDeiTTiny is a whole image on one core, from pixels to logits, in CPU time.
// GODEBUG=cpu.avx512f=off and cpu.avx2=off choose a slower tier.
func BenchmarkDeiTTiny(b *testing.B) {
	net := deitTiny(b)
	r, err := exec.New(net)
	if err != nil {
		b.Fatal(err)
	}
	image := randomImages(rand.New(rand.NewPCG(3, 4)), net.Model, 1).At(0)
	b.Run(kernel.Vectors(), func(b *testing.B) {
		runtime.LockOSThread() // cpuTime is this thread's
		defer runtime.UnlockOSThread()
		b.ReportAllocs()
		var times []float64 // ms
		for b.Loop() {
			start := cpuTime()
			if _, err := r.Run(image, nil); err != nil {
				b.Fatal(err)
			}
			times = append(times, (cpuTime()-start).Seconds()*1e3)
		}
		slices.Sort(times)
		b.ReportMetric(times[0], "best-ms")
		b.ReportMetric(times[len(times)/2], "median-ms")
	})
}
