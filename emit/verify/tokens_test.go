package verify

import (
	"context"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/golden/exec"
	"vitdse/golden/intnet"
	"vitdse/hwmodel"
	"vitdse/hwmodel/temporal"
)

// TestTokenScales runs networks whose tokens find their own scales, RTL and HLS: every element of every op, and the
// cycles of every op as predicted.
func TestTokenScales(t *testing.T) {
	simulates(t)
	quickBuild(t)
	for _, c := range []struct {
		name       string
		model      func(m *configs.Model)
		numerics   func(n *configs.Numerics)
		tm, tn, tk int
		columns    int
	}{
		{"tiny", func(*configs.Model) {}, func(*configs.Numerics) {}, 2, 2, 1, 1},
		{"two heads, bits of every layer", func(m *configs.Model) {
			m.Family, m.Depth, m.Dim, m.Registers = configs.DeiTDistilled, 2, 32, 0
			m.Image.Height, m.Image.Width = 6, 10
		}, func(n *configs.Numerics) {
			for i := range n.Layers {
				n.Layers[i].Activations = 2 + (3*i+1)%7
				if n.Layers[i].Weights > 0 {
					n.Layers[i].Weights = 2 + (5*i)%7
				}
			}
		}, 4, 8, 4, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := tinyModel()
			c.model(&m)
			e := engine(c.tm, c.tn, c.tk)
			e.VectorColumns = c.columns
			n := configs.Uniform(m, 4, 4)
			n.Quantizer.TokenScales = configs.DynamicScales
			c.numerics(&n)
			d := configs.Design{Name: "tokens", Model: m.Name, Part: "xczu9eg", ClockMHz: 200, Numerics: n, Engine: e}
			dir, err := writeSeeded(t, m, d, 2)
			if err != nil {
				t.Fatal(err)
			}
			rep := mustVerify(t, dir, Options{Images: -1, Full: -1, Latency: 1})
			checkCycles(t, rep)
			if err := agree(rep, mustVerifyHLS(t, dir), nil, nil); err != nil {
				t.Error(err)
			}
			lint(t, dir)
		})
	}
}

// TestTokenExtremes runs rows of fine codes that calibration sees to it that no network has: saturated at both ends, of
// nothing but zeros and ones, and whose largest is a power of two, negative or positive, or one less.
func TestTokenExtremes(t *testing.T) {
	simulates(t)
	quickBuild(t)
	m := tinyModel()
	m.Depth, m.Dim, m.Image.Height, m.Image.Width = 2, 16, 8, 8
	n := configs.Uniform(m, 6, 5)
	n.Quantizer.TokenScales = configs.DynamicScales
	for i := range n.Layers {
		if n.Layers[i].Activations = 2 + i%7; n.Layers[i].Name == "blocks.1.mlp.fc2" {
			n.Layers[i].Activations = 8
		}
	}
	e := engine(2, 4, 2)
	e.VectorColumns = 2
	d := configs.Design{Name: "extremes", Model: m.Name, Part: "xczu9eg", ClockMHz: 200, Numerics: n, Engine: e}
	lengths, largest, fits := map[int]bool{}, map[int32]bool{}, false
	dir, err := writeChanged(t, m, d, 3, func(net *intnet.Network) {
		rng := rand.New(rand.NewPCG(1, 2))
		for i := range net.Blocks {
			b := &net.Blocks[i]
			for j, h := 0, len(b.GELU.Fine)/2; j < len(b.GELU.Fine); j++ {
				power := int32(1) << min(15, bits.Len(uint(max(j-h, h-j)))*(2-i)+rng.IntN(2))
				b.GELU.Fine[j] = int16([...]int32{-power, power - 1, 1 - power, min(power, math.MaxInt16)}[rng.IntN(4)])
			}
			for c := range b.Norm1.G { // one block's saturate, the other's are hardly more than zeros
				if i == 0 {
					b.Norm1.G[c], b.Norm2.B[c] = math.MaxInt16-int16(c), b.Norm2.B[c]<<8
				} else {
					b.Norm1.G[c], b.Norm1.B[c] = b.Norm1.G[c]>>12, 1<<(b.Norm1.SG-1)
					b.Norm2.G[c], b.Norm2.B[c] = b.Norm2.G[c]>>6, b.Norm2.B[c]>>6
				}
			}
		}
		run, err := exec.New(net)
		if err != nil {
			t.Fatal(err)
		}
		var trace exec.Trace
		if _, err := run.Run(make([]byte, m.Image.Pixels()), &trace); err != nil {
			t.Fatal(err)
		}
		for _, op := range network.MustCompile(m).Ops {
			if op.Kind != network.OpLayerNorm && op.Kind != network.OpLinearGELU {
				continue
			}
			for row := range op.Rows {
				top := int32(0)
				for _, v := range trace.Ops[op.Index][row*op.Cols:][:op.Cols] {
					top, largest[v] = max(top, v, -v), true
				}
				lengths[bits.Len32(uint32(top))] = true
				if op.Kind == network.OpLinearGELU { // its power of two is 1
					fits = fits || bits.Len32(uint32(top)) == net.Blocks[op.Block].FC2.ActBits
				}
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(lengths) < 6 || !lengths[16] || !fits || !largest[math.MinInt16] || !largest[math.MaxInt16] {
		t.Errorf("rows of lengths %v, one that is a bit too long %v, least code %v, largest %v", lengths, fits,
			largest[math.MinInt16], largest[math.MaxInt16])
	}
	rep := mustVerify(t, dir, Options{Images: -1, Full: -1, Latency: 1})
	checkCycles(t, rep)
	if err := agree(rep, mustVerifyHLS(t, dir), nil, nil); err != nil {
		t.Error(err)
	}
}

// tokenPair is a design and a network that go together and whose tokens find their own scales, by number.
func tokenPair(t testing.TB, number uint64) (configs.Model, configs.Design) {
	t.Helper()
	part := widePart(t)
	rng := draw{rand.New(rand.NewPCG(number, 2028))}
	for range 1_000_000 {
		e, m := wideEngine(rng), wideModel(rng)
		if e.MACs() > mostProducts || e.TM*e.Columns() > mostLanes || e.TK > e.TN || e.Columns() > e.TK ||
			m.Validate() != nil {
			continue
		}
		net, err := network.Compile(m)
		if err != nil || configs.OnEngine(net) != nil || work(net) > mostWork {
			continue
		}
		d := configs.Design{Name: "random", Model: m.Name, Part: part.Name, ClockMHz: 200,
			Numerics: wideNumerics(rng, m), Engine: e}
		d.Numerics.Quantizer.TokenScales = configs.DynamicScales
		if d.Numerics.OnEngine(net) == nil && d.Validate(m, part) == nil {
			return m, d
		}
	}
	t.Fatalf("pair %d: none of a million draws is legal", number)
	return configs.Model{}, configs.Design{}
}

// TestTokenPairs draws pairs over all that may have scales of each token's own: every op equal in HLS and RTL, with an
// ideal memory every op's cycles as predicted, with a slow one the run's within a percent.
func TestTokenPairs(t *testing.T) {
	simulates(t)
	quickBuild(t)
	for n := range max(1, *pairs/3) { // one in CI
		number := uint64(*first + 1 + n)
		t.Run(fmt.Sprint(number), func(t *testing.T) {
			m, d := tokenPair(t, number)
			rng := rand.New(rand.NewPCG(number, 9))
			latency, stall := 16+rng.IntN(185), 0.3*rng.Float64()
			shape, err := temporal.NewShape(network.MustCompile(m), d)
			if err != nil {
				t.Fatal(err)
			}
			images := max(2, 1+int(slowRun/shape.Cycles(hwmodel.MemoryTiming{Latency: latency, Stall: stall})))
			dir, err := writeSeeded(t, m, d, images)
			if tooNarrow(err) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			lint(t, dir)
			if shape.Design.Engine.TM*shape.Design.Engine.TN <= 4096 {
				hls, err := RunHLS(context.Background(), dir, Options{Images: 2, Full: -1}, nil)
				if err != nil {
					t.Fatal(err)
				}
				checkReport(t, "HLS", hls)
			}
			cycles, _, off, err := runMemories(dir, latency, stall, number)
			r := wideResult{model: m, design: d, Images: images, Latency: latency, Stall: stall, Cycles: cycles, Slow: off}
			t.Log(r.String())
			if err != nil {
				t.Error(err)
			}
		})
	}
}
