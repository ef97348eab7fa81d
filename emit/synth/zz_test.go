package synth

import (
	"fmt"
	"testing"

	"vitdse/configs"
	"vitdse/hwmodel"
)

func TestZZ(t *testing.T) {
	list, err := Study("/tmp/study/study.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		part, _ := configs.LoadPart(m.Design.Part)
		s, err := hwmodel.NewShape(m.Model, m.Design)
		if err != nil {
			t.Fatal(err)
		}
		e := map[string]hwmodel.Resources{}
		for _, x := range s.Modules(part) {
			e[x.Name] = e[x.Name].Add(x.Resources)
		}
		fmt.Printf("%s %dx%dx%dv%d acc %d out %d score %d ab %d norm %d qkv %d img %d num %d mul %s bus %d tiles %d\n", part.Name, s.TM, s.TN, s.TK, s.VC, s.AccBits, s.OutBits, s.ScoreBits, s.ActBits, s.NormBits, s.QKVBits, s.ImageBits, s.NumBits, m.Design.Engine.Multiplier, m.Design.Engine.BusBits, s.MTiles)
		for _, k := range []string{"vit_accel_core", "vit_layernorm", "vit_softmax", "vit_patch_gather", "vit_row_sums", "vit_requantize", "vit_sequencer", "vit_tile_drain", "vit_pe_array"} {
			a, y := e[k], m.Modules[k]
			fmt.Printf("    %-18s LUT %6d / %6d (%+5.1f %%)  FF %5d / %5d (%+d) DSP %d / %d RAM %d / %d\n", k, a.LUT, y.LUT, 100*float64(a.LUT-y.LUT)/float64(y.LUT), a.FF, y.FF, a.FF-y.FF, a.DSP, y.DSP, a.LUTRAM, y.LUTRAM)
		}
	}
}
