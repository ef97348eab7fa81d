package temporal

import (
	"math"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
)

// survey holds the arithmetic intensity of DeiT at 8 bits and batch 1 as published surveys
// of ViT accelerators count it: FLOPs of all matmuls over the bytes of those of the blocks.
func TestRooflineMatchesSurvey(t *testing.T) {
	part, err := configs.LoadPart("xczu9eg")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		model     string
		intensity float64
	}{{"deit-tiny", 146}, {"deit-small", 204}, {"deit-base", 265}} {
		t.Run(c.model, func(t *testing.T) {
			m, err := configs.LoadModel(c.model)
			if err != nil {
				t.Fatal(err)
			}
			d := configs.Design{Name: "x", Model: m.Name, Part: part.Name, ClockMHz: 200, Numerics: configs.Uniform(m, 8, 8),
				Engine: configs.Engine{TM: 16, TN: 16, TK: 1, Multiplier: configs.MulDSP, BusBits: 64, ReadFIFO: 64,
					WeightBuffers: 2,
					Activations:   configs.MemAuto, Weights: configs.MemAuto, Residual: configs.MemAuto}}
			rows, total, err := Engine{}.Roofline(network.MustCompile(m), d, part, hwmodel.TrafficUnfused, 1)
			if err != nil {
				t.Fatal(err)
			}
			bytes := total.Bytes
			for _, r := range rows {
				switch r.Kind {
				case "patch-embed", "head":
					bytes -= r.Bytes
				case "scores", "attn-value":
					near(t, c.model+" "+r.Name, r.Intensity, 78, 0.5)
				}
			}
			near(t, c.model, float64(total.FLOPs)/float64(bytes), c.intensity, 0.5)
		})
	}
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s: got %.2f, want %.2f within %g", what, got, want, tolerance)
	}
}

// What stays on the chip takes traffic away; the engine's traffic is what its price says.
func TestRooflinePolicies(t *testing.T) {
	m, part := load(t, "deit-tiny", "xczu9eg")
	_, d, _ := digits(t)
	d.Model, d.Part, d.Numerics = m.Name, part.Name, configs.Uniform(m, 4, 8)
	totals := map[hwmodel.Traffic]hwmodel.OpRoofline{}
	for _, policy := range hwmodel.Traffics {
		rows, total, err := Engine{}.Roofline(network.MustCompile(m), d, part, policy, 1)
		if err != nil {
			t.Fatal(err)
		}
		var flops, bytes int64
		for _, r := range rows {
			flops, bytes = flops+r.FLOPs, bytes+r.Bytes
		}
		if flops != total.FLOPs || bytes > total.Bytes {
			t.Errorf("%s: %d FLOPs and %d bytes in the rows, %d and %d in all", policy, flops, bytes, total.FLOPs, total.Bytes)
		}
		totals[policy] = total
		// A batch of 8 shares the weights of the surveys' policies, and nothing on the engine.
		_, batch, err := Engine{}.Roofline(network.MustCompile(m), d, part, policy, 8)
		if err != nil {
			t.Fatal(err)
		}
		grown := batch.Intensity / total.Intensity
		if shares := policy == hwmodel.TrafficUnfused || policy == hwmodel.TrafficWeights; shares != (grown > 1.05) {
			t.Errorf("%s: intensity %.1f for one image, %.1f for a batch of 8", policy, total.Intensity, batch.Intensity)
		}
	}
	if !(totals[hwmodel.TrafficUnfused].Bytes > totals[hwmodel.TrafficEngine].Bytes &&
		totals[hwmodel.TrafficEngine].Bytes > totals[hwmodel.TrafficWeights].Bytes &&
		totals[hwmodel.TrafficWeights].Bytes > totals[hwmodel.TrafficOnChip].Bytes) {
		t.Errorf("bytes do not shrink with what stays on the chip: %+v", totals)
	}
	e, err := Engine{}.Price(network.MustCompile(m), d, part)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := totals[hwmodel.TrafficEngine].Bytes, e.BytesRead+e.BytesWritten; got != want {
		t.Errorf("engine: %d bytes, its price says %d", got, want)
	}
	// At 8 bits: 5.31 M weights of the blocks, 0.148 M of the patch embedding and 0.192 M of
	// the head, an image of 0.151 MB and 2 kB of logits.
	d.Numerics = configs.Uniform(m, 8, 8)
	_, eight, err := Engine{}.Roofline(network.MustCompile(m), d, part, hwmodel.TrafficWeights, 1)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "weights, MB", float64(eight.Bytes)/1e6, 5.309+0.1475+0.192+0.1505+0.002, 0.005)
}

// The patch embedding's products are those of patches, whatever tokens are in front of them.
func TestRooflineCountsTheNetworksProducts(t *testing.T) {
	for _, registers := range []int{0, 4} {
		m, d, part := digits(t)
		m.Registers = registers
		net := network.MustCompile(m)
		_, total, err := Engine{}.Roofline(net, d, part, hwmodel.TrafficUnfused, 1)
		if err != nil {
			t.Fatal(err)
		}
		if total.FLOPs != 2*net.MACs() {
			t.Errorf("%d registers: %d operations; the network has %d products", registers, total.FLOPs, net.MACs())
		}
	}
}
