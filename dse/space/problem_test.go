package space_test

import (
	"math"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/dse/metric"
	"vitdse/dse/searchtest"
	"vitdse/dse/space"
)

func TestProblemDecodesAndEvaluates(t *testing.T) {
	in := searchtest.Fixed(t)
	p, err := space.NewProblem(in.Engine, in.Model, in.Space, in.Parts[0], in.Noise, []metric.Metric{metric.Latency,
		"dsp", metric.Bytes, metric.Loss})
	if err != nil {
		t.Fatal(err)
	}
	genes := make([]int, len(p.Genes()))
	d, err := p.Decode(genes)
	if err != nil {
		t.Fatal(err)
	}
	v, err := p.Evaluate(d)
	if err != nil {
		t.Fatal(err)
	}
	noise, _ := in.Noise(d.Numerics)
	want := []float64{v.Estimate.Seconds, float64(v.Estimate.Resources.DSP),
		float64(v.Estimate.BytesRead + v.Estimate.BytesWritten), noise}
	for i := range want {
		if v.Costs[i] != want[i] || want[i] <= 0 {
			t.Errorf("cost of %s is %g; expected %g", p.Objectives[i], v.Costs[i], want[i])
		}
	}
	p.Noise = func(configs.Numerics) (float64, error) { return math.NaN(), nil }
	if _, err := p.Evaluate(d); err == nil || !strings.Contains(err.Error(), "objective loss is NaN") ||
		!strings.Contains(err.Error(), d.Name) {
		t.Errorf("NaN noise: error is %v; expected it to name the point and the objective", err)
	}
}

func TestUnknownMetricListsTheMetrics(t *testing.T) {
	in := searchtest.Fixed(t)
	_, err := space.NewProblem(in.Engine, in.Model, in.Space, in.Parts[0], in.Noise, []metric.Metric{"speed", metric.Loss})
	if err == nil || !strings.Contains(err.Error(), `unknown metric "speed"; expected one of latency, fps, lut`) {
		t.Errorf("error is %v; expected it to list the metrics", err)
	}
	for _, list := range [][]metric.Metric{{metric.Loss}, {metric.Loss, metric.Loss}, {metric.Loss, "lut", "ff", "dsp",
		"uram"}} {
		if metric.CheckObjectives(list) == nil {
			t.Errorf("objectives %v are accepted", list)
		}
	}
}
