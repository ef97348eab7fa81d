package verify

import (
	"fmt"
	"testing"

	"vitdse/configs"
)

// TestDigits is the claim of the tool on its real case: every element of every op of 16
// images and the logits of all 360, at three precisions on two array shapes, and the cycles
// of every op as predicted.
func TestDigits(t *testing.T) {
	m := digitsData(t).model
	for _, bits := range [][2]int{{8, 8}, {4, 8}, {4, 4}} {
		for _, a := range [][3]int{{8, 8, 2}, {4, 16, 4}} {
			t.Run(fmt.Sprintf("W%dA%d/%dx%dx%d", bits[0], bits[1], a[0], a[1], a[2]), func(t *testing.T) {
				dir, _ := emitDigits(t, configs.Uniform(m, bits[0], bits[1]), engine(a[0], a[1], a[2]), 360, 16)
				rep := mustVerify(t, dir, Options{Images: -1, Full: -1, Latency: 1})
				if rep.FullImages != 16 || rep.LogitImages != 360 || rep.LogitCompared != 3600 {
					t.Errorf("compared %d images op by op, %d logits of %d images", rep.FullImages, rep.LogitCompared, rep.LogitImages)
				}
				checkCycles(t, rep)
				t.Logf("%d elements; %d cycles an image; %.2f Mcycles/s", rep.Elements(), rep.MeasuredCycles, rep.CyclesPerSecond/1e6)
			})
		}
	}
}

// checkCycles holds the prediction for the ideal memory to be exact.
func checkCycles(t *testing.T, rep *Report) {
	t.Helper()
	for _, op := range rep.Ops {
		if op.Predicted != op.Measured {
			t.Errorf("op %s: %d cycles predicted, %d measured", op.Name, op.Predicted, op.Measured)
		}
	}
	if rep.PredictedRun != rep.MeasuredRun {
		t.Errorf("run: %d cycles predicted, %d measured", rep.PredictedRun, rep.MeasuredRun)
	}
	if rep.PredictedBeatsRead != rep.BeatsRead {
		t.Errorf("bus: %d beats predicted, %d read", rep.PredictedBeatsRead, rep.BeatsRead)
	}
}
