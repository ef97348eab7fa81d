package fault

import "testing"

func TestTexts(t *testing.T) {
	for text, want := range map[string][2]bool{
		"deit-tiny": {true, true}, "vit_b.16": {true, true}, "": {}, " ": {}, "a b": {false, true},
		"AMD Zynq (PYNQ-Z1, PYNQ-Z2)": {false, true},
		"Zynq-7000 für Übungen":       {false, true}, "-rf": {false, true}, ".hidden": {false, true}, "../x": {false, true},
		"x\ny": {}, "x\ty": {}, "x\x00y": {}, "x\"y": {}, "x'y": {}, "x`y`": {}, "$(x)": {}, "${x}": {}, "[exec x]": {},
		"x */ y": {}, "/* x": {}, "// x": {},
		"x;y": {}, "x\\": {}, "x{y}": {}, "<x>": {}, "x|y": {}, "x\u2028y": {}, "x\u202ey": {}, "x\x1b[31m": {},
	} {
		t.Run(text, func(t *testing.T) {
			if got := [2]bool{IsName(text), IsTitle(text)}; got != want {
				t.Errorf("%q: name and title %v; expected %v", text, got, want)
			}
		})
	}
	long := make([]byte, 201)
	for i := range long {
		long[i] = 'a'
	}
	if IsName(string(long)) || IsTitle(string(long)) {
		t.Error("a text of 201 letters is taken")
	}
}
