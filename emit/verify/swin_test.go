package verify

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	plans "vitdse/emit/temporal"
	"vitdse/golden/checkpoint"
	"vitdse/golden/quant"
	"vitdse/hwmodel"
	"vitdse/hwmodel/temporal"
)

// emitRandom writes the folder of a network with random weights.
func emitRandom(t testing.TB, m configs.Model, d configs.Design, images, full int) string {
	t.Helper()
	part, err := configs.LoadPart(d.Part)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Validate(m, part); err != nil {
		t.Fatal(err)
	}
	w := drawWeights(m, 7)
	data := quant.Synthetic(m, max(images, 4), 3)
	stats, err := quant.Calibrate(m, w, data)
	if err != nil {
		t.Fatal(err)
	}
	net, err := quant.Quantize(m, d.Numerics, w, stats)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := plans.NewPlan(d, net, part)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := writePlan(t, plan, data, images, full)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// drawWeights draws every tensor of a model: matmuls that keep the variance of their input, norms around 1, biases and
// relative positions that matter.
func drawWeights(m configs.Model, seed uint64) *checkpoint.Weights {
	rng := rand.New(rand.NewPCG(seed, 1))
	w := &checkpoint.Weights{}
	w.Fill(m, func(name string, shape []int) []float32 {
		n := 1
		for _, d := range shape {
			n *= d
		}
		mean, sigma := 0.0, 0.2
		switch {
		case strings.Contains(name, "relative_position"):
			sigma = 1
		case len(shape) > 1:
			sigma = 1 / math.Sqrt(float64(n/shape[0]))
		case strings.Contains(name, "norm") && strings.HasSuffix(name, "weight"):
			mean = 1
		}
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(mean + sigma*rng.NormFloat64())
		}
		return v
	})
	return w
}

// randomSwin is a small Swin of any shape that the engine runs: its grids are whole windows.
func randomSwin(rng *rand.Rand) configs.Model {
	pick := func(of ...int) int { return of[rng.IntN(len(of))] }
	m := configs.Model{Name: "random", Family: configs.Swin, Patch: pick(1, 2, 3, 4), Window: pick(1, 2, 3, 4),
		MLPRatio: float64(pick(1, 2, 3, 4)),
		Classes:  1 + rng.IntN(12), LayerNormEps: 1e-5}
	stages, heads := pick(1, 2, 2, 3), pick(1, 2, 3)
	m.Dim = heads * pick(4, 8, 16)
	side := func() int { return m.Patch * m.Window * (1 + rng.IntN(4/stages+1)) << (stages - 1) }
	m.Image = configs.ImageShape{Height: side(), Width: side(), Channels: pick(1, 2, 3)}
	for range m.Image.Channels {
		m.Mean, m.Std = append(m.Mean, 0.5), append(m.Std, 0.5)
	}
	for range stages {
		m.Depths, m.StageHeads = append(m.Depths, pick(1, 2, 2)), append(m.StageHeads, heads)
		heads *= pick(1, 2)
	}
	return m
}

// swinPair is a design and a Swin that go together, by number.
func swinPair(t testing.TB, number uint64) (configs.Model, configs.Design) {
	t.Helper()
	part, err := configs.LoadPart("xczu9eg")
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(number, 2027))
	for range 10000 {
		m := randomSwin(rng)
		if m.Validate() != nil || m.Tokens() > 600 {
			continue
		}
		d := configs.Design{Name: "random", Model: m.Name, Part: part.Name, ClockMHz: 200,
			Numerics: randomNumerics(rng, m), Engine: randomEngine(rng)}
		d.Engine.AccumulatorBits = 36
		if d.Validate(m, part) == nil {
			return m, d
		}
	}
	t.Fatalf("pair %d: none of 10000 draws is legal", number)
	return configs.Model{}, configs.Design{}
}

// TestSwinPairs draws pairs of a design and a Swin: every op equal in HLS and RTL, with an ideal memory every op's
// cycles as predicted, with a slow one the run's within a percent.
func TestSwinPairs(t *testing.T) {
	quickBuild(t)
	for n := range max(1, *pairs/3) { // one in CI
		number := uint64(*first + 1 + n)
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			m, d := swinPair(t, number)
			e := d.Engine
			rng := rand.New(rand.NewPCG(number, 8))
			latency, stall := 16+rng.IntN(185), 0.3*rng.Float64()
			shape, err := temporal.NewShape(network.MustCompile(m), d)
			if err != nil {
				t.Fatal(err)
			}
			images := max(2, 1+int(slowRun/shape.Cycles(hwmodel.MemoryTiming{Latency: latency, Stall: stall})))
			dir := emitRandom(t, m, d, images, 1)
			lint(t, dir)
			hls, err := RunHLS(context.Background(), dir, Options{Images: 2, Full: -1}, nil)
			if err != nil {
				t.Fatal(err)
			}
			checkReport(t, "HLS", hls)
			cycles, _, off, err := runMemories(dir, latency, stall, number)
			t.Logf("image %dx%d, patches of %d, %d channels, windows of %d, depths %v, heads %v; %dx%dx%dv%d, bus %d; "+
				"latency %d, stalls %.0f %%: "+
				"%d cycles as predicted, slow memory %+.2f %% of %d images",
				m.Image.Height, m.Image.Width, m.Patch, m.Dim, m.Window, m.Depths,
				m.StageHeads, e.TM, e.TN, e.TK, e.Columns(), e.BusBits, latency, 100*stall, cycles, off, images)
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// TestBiasBanksBoundProjection has the loader wait for a bank of biases until late in attention, and the projection for
// its weights behind the last head's biases: that it comes when it is predicted says when a bank is given back.
func TestBiasBanksBoundProjection(t *testing.T) {
	quickBuild(t)
	m := configs.Model{Name: "narrow-bus", Family: configs.Swin, Patch: 1, Window: 3, MLPRatio: 1, Classes: 3, Dim: 128,
		LayerNormEps: 1e-5, Image: configs.ImageShape{Height: 3, Width: 3, Channels: 1}, Mean: []float64{0.5},
		Std: []float64{0.5}, Depths: []int{1}, StageHeads: []int{8}}
	e := engine(2, 16, 4)
	e.BusBits, e.VectorColumns = 32, 2
	dir := emitRandom(t, m, configs.Design{Name: "narrow-bus", Model: m.Name, Part: "xczu9eg", ClockMHz: 300,
		Numerics: configs.Uniform(m, 4, 8), Engine: e}, 1, 1)
	runExactly(t, dir)
}

// runExactly simulates a folder's first image with an ideal memory: every element equal, every op's cycles as predicted.
func runExactly(t *testing.T, dir string) {
	t.Helper()
	rep, err := Run(context.Background(), dir, Options{Images: 1, Full: 1, Latency: 1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	checkReport(t, "RTL", rep)
	for _, o := range rep.Ops {
		if o.Predicted != o.Measured {
			t.Errorf("op %s: %d cycles predicted, %d measured", o.Name, o.Predicted, o.Measured)
		}
	}
}

func checkReport(t *testing.T, target string, rep *Report) {
	t.Helper()
	for _, m := range rep.Mismatches {
		t.Errorf("%s: %v", target, m)
	}
	for _, o := range rep.Ops {
		if o.Compared != o.Elements || o.Mismatches > 0 {
			t.Errorf("%s: op %s: %d of %d compared, %d wrong", target, o.Name, o.Compared, o.Elements, o.Mismatches)
		}
	}
	if !rep.OK {
		t.Errorf("%s: verification failed", target)
	}
}

// BenchmarkSwinTiny runs all of Swin-Tiny, W8A8 on 1,024 MACs a cycle, RTL and HLS C++ with every op compared:
//
//	go test ./emit/verify -run '^$' -bench SwinTiny -benchtime 1x -timeout 2h
func BenchmarkSwinTiny(b *testing.B) {
	m, err := configs.LoadModel("swin-tiny")
	if err != nil {
		b.Fatal(err)
	}
	eng := engine(4, 16, 16).WithPatchTokens(2)
	eng.BusBits, eng.VectorColumns, eng.WeightBuffers = 512, 16, 4
	d := configs.Design{Name: "swin", Model: m.Name, Part: "xczu9eg", ClockMHz: 300,
		Numerics: configs.Uniform(m, 8, 8), Engine: eng}
	dir := emitRandom(b, m, d, 1, 1)
	for b.Loop() {
		reports, err := RunTarget(context.Background(), dir, configs.TargetAll, Options{Images: 1, Full: 1, Latency: 1}, nil)
		if err != nil {
			b.Fatal(err)
		}
		rtl, hls := reports[0], reports[1]
		for _, rep := range reports {
			for _, x := range rep.Mismatches {
				b.Error(x)
			}
		}
		for _, o := range rtl.Ops {
			if o.Predicted != o.Measured {
				b.Errorf("op %s: %d cycles predicted, %d measured", o.Name, o.Predicted, o.Measured)
			}
		}
		if !rtl.OK || !hls.OK || rtl.PredictedCycles != rtl.MeasuredCycles {
			b.Fatalf("RTL equal %t, HLS equal %t, %d cycles predicted, %d measured",
				rtl.OK, hls.OK, rtl.PredictedCycles, rtl.MeasuredCycles)
		}
		b.ReportMetric(float64(rtl.Elements()), "elements")
		b.ReportMetric(float64(rtl.MeasuredCycles), "cycles")
		b.ReportMetric(rtl.Utilisation(), "use")
		b.ReportMetric(rtl.SimSeconds, "rtl-s/image")
		b.ReportMetric(hls.SimSeconds, "hls-s/image")
	}
}
