package verify

import (
	"os"
	"path/filepath"
	"testing"

	"vitdse/configs"
	"vitdse/emit"
	"vitdse/golden/checkpoint"
	"vitdse/golden/dataset"
	"vitdse/golden/quant"
)

func TestScratch(t *testing.T) {
	m, err := configs.LoadModel("../../configs/digits/model.yaml")
	if err != nil {
		t.Fatal(err)
	}
	ck, err := checkpoint.Load("../../configs/digits/model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	w, err := ck.ViT(m)
	if err != nil {
		t.Fatal(err)
	}
	ar, err := dataset.Load("../../configs/digits/digits.npz")
	if err != nil {
		t.Fatal(err)
	}
	train, _ := ar.Images("train_images")
	test, _ := ar.Images("test_images")
	st, err := quant.Calibrate(m, w, train.Slice(0, 256))
	if err != nil {
		t.Fatal(err)
	}
	d := configs.Design{Name: "t", Model: m.Name, Part: "xczu9eg", ClockMHz: 200, Numerics: configs.Uniform(m, 8, 8),
		Engine: configs.Engine{TM: 8, TN: 8, TK: 2, Multiplier: configs.MulDSP, BusBits: 64, ReadFIFO: 128, WeightBuffers: 2,
			Activations: "auto", Weights: "auto", Residual: "auto"}}
	net, err := quant.Quantize(m, d.Numerics, w, st)
	if err != nil {
		t.Fatal(err)
	}
	p, err := emit.NewPlan(d, net, configs.Hash(d))
	if err != nil {
		t.Fatal(err)
	}
	files, err := p.Render("xcup", 2)
	if err != nil {
		t.Fatal(err)
	}
	var imgs [][]byte
	for i := range 4 {
		imgs = append(imgs, test.At(i))
	}
	vec, err := Vectors(p, imgs, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	files = append(files, vec...)
	files = append(files, p.MemoryImage()...)
	for _, f := range files {
		path := filepath.Join("/tmp/em", f.Path)
		os.MkdirAll(filepath.Dir(path), 0o755)
		os.WriteFile(path, f.Data, 0o644)
	}
	dbg(p, imgs[0])
	tl := p.Shape.Timeline(hwIdeal, 2)
	t.Log(tl[0], tl[1])
}

func init() {
	dbg = func(p *emit.Plan, img []byte) {
		l := p.Net.PatchEmbed
		for t := 1; t < 4; t++ {
			acc := int64(0)
			px := []int{}
			for k := 0; k < 4; k++ {
				a := int64(img[((t-1)/4*2+k/2)*8+((t-1)%4)*2+k%2]) - 128
				px = append(px, int(a))
				acc += a * int64(l.W[k])
			}
			println("row", t, "acc", acc, "bias", l.Bias[0], "M", l.M[0], "shift", l.Shift, "zero", l.Zero, "pos", p.Net.Pos[t*64], "y", (acc+l.Bias[0])*int64(l.M[0])>>l.Shift, px[0], px[1], px[2], px[3], "w", l.W[0], l.W[1], l.W[2], l.W[3], l.AccBits, p.Shape.AccBits)
		}
	}
}
var dbg func(*emit.Plan, []byte)
