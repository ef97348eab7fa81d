package pick

import (
	"reflect"
	"strings"
	"testing"

	"vitdse/dse/accuracy"
	"vitdse/dse/front"
)

func TestParseConditions(t *testing.T) {
	got, err := ParseConditions("fps>=60, dsp <= 800,use<50,latency=1.5")
	want := []Condition{{"fps", ">=", 60}, {"dsp", "<=", 800}, {"use", "<", 50}, {"latency", "=", 1.5}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v, %v; expected %v", got, err, want)
	}
	for text, words := range map[string]string{
		"":           "has no comparison",
		"fps":        "has no comparison",
		"speed>=1":   `unknown quantity "speed"; expected one of latency, fps`,
		"fps>=many":  `compares with "many"; expected a number`,
		"fps>=NaN":   "expected a number",
		"fps>=1,,":   "has no comparison",
		"lut <= 1 2": `compares with "1 2"`,
	} {
		t.Run(text, func(t *testing.T) {
			if _, err := ParseConditions(text); err == nil || !strings.Contains(err.Error(), words) {
				t.Errorf("%q: error %v; expected %q", text, err, words)
			}
		})
	}
}

func TestConditionsAndOrders(t *testing.T) {
	f := &front.Front{Points: []front.Point{
		{Name: "a", Seconds: 0.001, FPS: 1000, Use: 0.8, Noise: 1e-4, SQNRDB: 40, Estimate: front.Estimate{DSP: 100, LUT: 5}},
		{Name: "b", Seconds: 0.002, FPS: 500, Use: 0.4, Noise: 1e-3, SQNRDB: 30, Estimate: front.Estimate{DSP: 60, LUT: 9}},
		{Name: "c", Seconds: 0.004, FPS: 250, Use: 0.2, Noise: 1e-2, SQNRDB: 20, Estimate: front.Estimate{DSP: 20, LUT: 7}},
	}}
	for _, c := range []struct{ where, sort, want string }{
		{"fps>=500", "latency", "a b"}, {"fps>250,dsp<=60", "latency", "b"}, {"use<=100", "sqnr", "a b c"},
		{"use<=100", "dsp", "c b a"}, {"lut>5", "lut", "c b"}, {"latency<1", "use", ""},
	} {
		t.Run(c.where, func(t *testing.T) {
			w, err := ParseConditions(c.where)
			if err != nil {
				t.Fatal(err)
			}
			points, _, err := Select(f, Query{Where: w, Sort: Objective(c.sort)})
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, p := range points {
				names = append(names, p.Name)
			}
			if got := strings.Join(names, " "); got != c.want {
				t.Errorf("where %s sorted by %s: %s; expected %s", c.where, c.sort, got, c.want)
			}
		})
	}
	if _, _, err := Select(f, Query{Sort: "speed"}); err == nil || !strings.Contains(err.Error(), "unknown quantity") {
		t.Errorf("error %v", err)
	}
}

func TestCompare(t *testing.T) {
	p := func(s, u, n float64) front.Point { return front.Point{Seconds: s, Use: u, Noise: n} }
	a := []front.Point{p(1, 5, 5), p(2, 2, 2), p(9, 1, 1)}
	b := []front.Point{p(1, 4, 5), p(2, 2, 2), p(3, 3, 3), p(5, 0.5, 9)}
	a = append(a, front.Point{Part: "other", Seconds: 9, Use: 9, Noise: 9}) // only points of its part beat it
	if got, want := Compare(a, b, accuracy.CutPredicted), (Coverage{A: 4, B: 4, ABeaten: 1, BBeaten: 1, Equal: 1, OnlyA: 2,
		OnlyB: 2}); got != want {
		t.Errorf("%+v; expected %+v", got, want)
	}
}
