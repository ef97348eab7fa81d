package page

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/configs/network"
	"vitdse/hwmodel"
	"vitdse/hwmodel/temporal"
)

// A trace is JSON in the Trace Event Format: slices of a thread follow one another, none overlaps the
// next, and the last ends when the cycle model says that the images are done.
func TestTrace(t *testing.T) {
	m, err := configs.LoadModel("../../../configs/digits/model.yaml")
	if err != nil {
		t.Fatal(err)
	}
	d := configs.Design{Name: "x", Model: m.Name, Part: "xc7z020", ClockMHz: 100, Numerics: configs.Uniform(m, 8, 8),
		Engine: configs.Engine{TM: 8, TN: 8, TK: 1, Multiplier: configs.MulDSP, BusBits: 64, ReadFIFO: 64, WeightBuffers: 2,
			Activations: configs.MemAuto, Weights: configs.MemAuto, Residual: configs.MemAuto}}
	var buf bytes.Buffer
	if err := WriteTrace(&buf, m, d, 2); err != nil {
		t.Fatal(err)
	}
	var trace struct {
		TraceEvents []struct {
			Name, Ph string
			TID      int
			TS, Dur  json.Number
			Args     map[string]any
		}
	}
	if err := json.Unmarshal(buf.Bytes(), &trace); err != nil {
		t.Fatal(err)
	}
	net, err := network.Compile(m)
	if err != nil {
		t.Fatal(err)
	}
	s, err := temporal.NewShape(net, d)
	if err != nil {
		t.Fatal(err)
	}
	var total, last int64
	for _, image := range s.Timeline(hwmodel.IdealMemory, 2) {
		for _, c := range image {
			total += c
		}
	}
	ends, threads := map[int]int64{}, map[int]string{}
	for _, e := range trace.TraceEvents {
		switch e.Ph {
		case "M":
			if e.Name == "thread_name" {
				threads[e.TID] = e.Args["name"].(string)
			}
		case "X":
			from, took := cycles(t, e.TS), cycles(t, e.Dur)
			if from < ends[e.TID] || took <= 0 || threads[e.TID] == "" {
				t.Errorf("%s of %q begins at %d and takes %d; the one before ended at %d",
					e.Name, threads[e.TID], from, took, ends[e.TID])
			}
			ends[e.TID] = from + took
			last = max(last, from+took)
		default:
			t.Errorf("%s is of phase %q", e.Name, e.Ph)
		}
	}
	if last != total {
		t.Errorf("the trace ends at %d; the images take %d cycles", last, total)
	}
}

// cycles reads a time in microseconds with three decimals.
func cycles(t *testing.T, n json.Number) int64 {
	t.Helper()
	v, err := strconv.ParseInt(strings.Replace(n.String(), ".", "", 1), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}
