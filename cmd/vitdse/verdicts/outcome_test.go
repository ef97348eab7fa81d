package verdicts

import (
	"strings"
	"testing"

	"vitdse/cmd/vitdse/table"
	"vitdse/emit/verify"
)

func passing() *Outcome {
	return &Outcome{&verify.Report{
		Hash: strings.Repeat("1a2b", 16), FullImages: 16, LogitImages: 360, LogitCompared: 3600, OK: true,
		Ops: []verify.OpResult{
			{Name: "patches", Elements: 1088, Compared: 1088, Predicted: 150, Measured: 150},
			{Name: "head", Elements: 160, Compared: 160, Predicted: 97, Measured: 97},
			{Name: "store", Predicted: 10, Measured: 10},
		},
		PredictedCycles: 257, MeasuredCycles: 257, PredictedRun: 92520, MeasuredRun: 92520,
	}, verify.Options{Latency: 1}}
}

func TestVerdict(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(o *Outcome)
		want   string
	}{
		{"pass", func(*Outcome) {},
			"PASS  design 1a2b1a2b1a2b1a2b: 2 ops, 1,248 elements of 16 images and 3,600 logits of 360 compared, " +
				"0 mismatches; 257 cycles an image predicted, 257 measured"},
		{"mismatch", func(o *Outcome) { o.Report.Ops[1].Mismatches, o.Report.OK = 1, false },
			"FAIL  design 1a2b1a2b1a2b1a2b: 2 ops, 1,248 elements of 16 images and 3,600 logits of 360 compared, 1 mismatch; " +
				"257 cycles an image predicted, 257 measured"},
		{"not compared", func(o *Outcome) { o.Report.Ops[1].Compared, o.Report.OK = 100, false },
			"FAIL  design 1a2b1a2b1a2b1a2b: 2 ops, 1,188 elements of 16 images and 3,600 logits of 360 compared, " +
				"0 mismatches, 60 elements not compared; 257 cycles an image predicted, 257 measured"},
		{"late", func(o *Outcome) { o.Report.Ops[1].Measured, o.Report.MeasuredCycles = 98, 258 },
			"FAIL  design 1a2b1a2b1a2b1a2b: 2 ops, 1,248 elements of 16 images and 3,600 logits of 360 compared, " +
				"0 mismatches, cycles of head are not the predicted ones; 257 cycles an image predicted, 258 measured"},
		{"late in a later image", func(o *Outcome) { o.Report.MeasuredRun++ },
			"FAIL  design 1a2b1a2b1a2b1a2b: 2 ops, 1,248 elements of 16 images and 3,600 logits of 360 compared, " +
				"0 mismatches, cycles of a later image are not the predicted ones; 257 cycles an image predicted, 257 measured"},
		{"changed", func(o *Outcome) { o.Report.Changed = []string{"rtl/vit_ram.sv"} },
			"FAIL  design 1a2b1a2b1a2b1a2b: 2 ops, 1,248 elements of 16 images and 3,600 logits of 360 compared, " +
				"0 mismatches, not what was emitted: rtl/vit_ram.sv; 257 cycles an image predicted, 257 measured"},
		{"late, but the memory stalls", func(o *Outcome) { o.Report.Ops[1].Measured, o.Opt.Stall = 98, 0.1 },
			"PASS  design 1a2b1a2b1a2b1a2b: 2 ops, 1,248 elements of 16 images and 3,600 logits of 360 compared, " +
				"0 mismatches; 257 cycles an image predicted, 257 measured"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := passing()
			c.change(o)
			if got := o.line(); got != c.want {
				t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
			}
			var b strings.Builder
			passes := Conclude(table.To(&b), []*Outcome{o})
			if pass := strings.HasPrefix(c.want, "PASS"); passes != pass || b.String() != c.want+"\n" {
				t.Errorf("%s: passes is %v, printed %q", c.name, passes, b.String())
			}
		})
	}
}
