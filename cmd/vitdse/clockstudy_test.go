package main

import (
	"slices"
	"strings"
	"testing"

	"vitdse/configs"
	"vitdse/emit/synth"
)

// A study of the clock holds every third design of a part out, whatever the draw says, routes every
// sixth with all seeds, and refuses parts that it is not for.
func TestClockStudy(t *testing.T) {
	seeds := clockStudy{seeds: []int{1, 2, 3}}
	for turn := range 12 {
		d, heldOut, opt := configs.Design{ClockMHz: 35}, turn%2 == 1, synth.Options{}
		seeds.rule(&d, turn, &heldOut)
		seeds.options(&opt, turn)
		want := []int{1}
		if turn%6 == 3 {
			want = []int{1, 2, 3}
		}
		if heldOut != (turn%3 == 2) || d.ClockMHz != routedFor || !opt.RouteOnly || !slices.Equal(opt.Seeds, want) {
			t.Errorf("design %d: held out %t, %g MHz asked for, %+v", turn, heldOut, d.ClockMHz, opt)
		}
	}
	d, heldOut, opt := configs.Design{ClockMHz: 35}, true, synth.Options{}
	clockStudy{}.rule(&d, 3, &heldOut)
	clockStudy{}.options(&opt, 3)
	if !heldOut || d.ClockMHz != 35 || opt.RouteOnly || opt.Control || len(opt.Seeds) > 0 {
		t.Errorf("a study of the resources: held out %t, %g MHz, %+v", heldOut, d.ClockMHz, opt)
	}
	for _, c := range []struct {
		of   clockStudy
		part string
		want string // "" for none
	}{
		{seeds, "lfe5u-85f", ""},
		{seeds, "xc7z020", "--seeds: part xc7z020 is of family xc7; open tools place and route ecp5 parts"},
		{clockStudy{control: true}, "xczu9eg", ""},
		{clockStudy{control: true}, "lfe5u-85f", "--control: part lfe5u-85f: there are no delays of family ecp5"},
		{clockStudy{}, "lfe5u-85f", ""},
	} {
		part, err := configs.LoadPart(c.part)
		if err != nil {
			t.Fatal(err)
		}
		err = c.of.check([]configs.Part{part})
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v on %s: %v; expected %q", c.of, c.part, err, c.want)
		}
	}
}
