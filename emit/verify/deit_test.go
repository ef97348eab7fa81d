package verify

import (
	"context"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"vitdse/configs"
	"vitdse/emit"
	plans "vitdse/emit/temporal"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
	"vitdse/golden/intnet"
	"vitdse/golden/quant"
)

// TestDeiTTiny runs the first two blocks of DeiT-Tiny at full width, 197 tokens of a
// 224x224 image: the same templates as the digits, with other parameters.
func TestDeiTTiny(t *testing.T) {
	if testing.Short() {
		t.Skip("builds an array of 1,024 MACs a cycle; run without -short")
	}
	dir := emitDeiT(t, 2)
	rep := mustVerify(t, dir, Options{Images: 1, Full: 1, Latency: 1})
	checkCycles(t, rep)
	if err := agree(rep, mustVerifyHLS(t, dir), nil, nil); err != nil {
		t.Error(err)
	}
	t.Logf("%d elements, %d cycles, %.2f Mcycles/s", rep.Elements(), rep.MeasuredCycles, rep.CyclesPerSecond/1e6)
}

// BenchmarkDeiTTiny runs all of DeiT-Tiny, W8A8 on 1,024 MACs a cycle, RTL and HLS C++ with
// every op compared:
//
//	go test ./emit/verify -run '^$' -bench DeiTTiny -benchtime 1x
func BenchmarkDeiTTiny(b *testing.B) {
	dir := emitDeiT(b, 12)
	for b.Loop() {
		reports, err := RunTarget(context.Background(), dir, configs.TargetAll, Options{Images: 1, Full: 1, Latency: 1}, nil)
		if err != nil {
			b.Fatal(err)
		}
		rtl, hls := reports[0], reports[1]
		if !rtl.OK || !hls.OK || rtl.PredictedCycles != rtl.MeasuredCycles {
			b.Fatalf("RTL equal %t, HLS equal %t, %d cycles predicted, %d measured",
				rtl.OK, hls.OK, rtl.PredictedCycles, rtl.MeasuredCycles)
		}
		b.ReportMetric(float64(rtl.Elements()), "elements")
		b.ReportMetric(float64(rtl.MeasuredCycles), "cycles")
		b.ReportMetric(rtl.SimSeconds, "rtl-s/image")
		b.ReportMetric(hls.SimSeconds, "hls-s/image")
	}
}

// emitDeiT writes the folder of DeiT-Tiny, or of its first blocks, with seeded weights and
// one image.
func emitDeiT(t testing.TB, depth int) string {
	t.Helper()
	m, err := configs.LoadModel("deit-tiny")
	if err != nil {
		t.Fatal(err)
	}
	m.Depth = depth
	eng := engine(8, 32, 4)
	eng.BusBits, eng.VectorColumns = 128, 4
	d := configs.Design{Name: "deit", Model: m.Name, Part: "xczu9eg", ClockMHz: 300,
		Numerics: configs.Uniform(m, 8, 8), Engine: eng}
	dir, err := writeSeeded(t, m, d, 1)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// writeSeeded writes the folder of a design with seeded weights and random images, all of
// them compared op by op.
func writeSeeded(t testing.TB, m configs.Model, d configs.Design, images int) (string, error) {
	return writeChanged(t, m, d, images, func(*intnet.Network) {})
}

// writeChanged writes it with some of its integers changed.
func writeChanged(t testing.TB, m configs.Model, d configs.Design, images int,
	change func(*intnet.Network)) (string, error) {
	rng := rand.New(rand.NewPCG(7, 0))
	img := &dataset.Images{N: images, H: m.Image.Height, W: m.Image.Width, C: m.Image.Channels}
	for range images * m.Image.Pixels() {
		img.Pixels = append(img.Pixels, uint8(rng.UintN(256)))
	}
	weights := checkpoint.Seeded(m, 1)
	stats, err := quant.Calibrate(m, weights, img.Slice(0, min(images, 2)))
	if err != nil {
		return "", err
	}
	net, err := quant.Quantize(m, d.Numerics, weights, stats)
	if err != nil {
		return "", err
	}
	change(net)
	part, err := configs.LoadPart(d.Part)
	if err != nil {
		return "", err
	}
	plan, err := plans.NewPlan(d, net, part)
	if err != nil {
		return "", err
	}
	return writePlan(t, plan, img, images, images)
}

// writePlan writes the folder of a plan with vectors of the first images, the first full of them op by op.
func writePlan(t testing.TB, plan emit.Plan, from *dataset.Images, images, full int) (string, error) {
	files, err := plan.Files(full)
	if err != nil {
		return "", err
	}
	var pixels [][]byte
	for i := range images {
		pixels = append(pixels, from.At(i))
	}
	vectors, err := Vectors(plan, pixels, full, nil)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(t.TempDir(), "design")
	return dir, emit.WriteFolder(dir, append(files, vectors...), false)
}
